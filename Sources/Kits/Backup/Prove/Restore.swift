import Maintenance
import Outside
import PostgreSQL

/// One restore of a backup into a proof cluster: its roles, then its database.
struct Restore: Sendable {
    let cluster: ProofCluster
    let source: any RestoreSource
    let database: String
    let programs: Programs
    var blocking = Blocking(label: "mainstay.restore")

    /// What came of it.
    struct Outcome: Sendable {
        /// Of psql and pg_restore; empty where all went well.
        var complaints: [Complaint]
        /// How many there were, those too many to keep among them.
        var count: Int
        var commandLine: String
        var duration: Duration
    }

    /// Makes the roles, none of which may log in.
    ///
    /// - Throws: `ProgramError`, `PostgreSQLError`.
    func roles(_ script: [UInt8]) async throws -> Complaints {
        let child = ChildProgram(
            cluster.cluster.server.path("psql"),
            ["--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=0", "--dbname=\(cluster.entrance)"],
            environment: environment, user: cluster.cluster.serverUser, input: .bytes(script))
        let outcome = try await programs.run(child)
        let complaints = Complaints(ofRoles: outcome)
        try await Connection.with(cluster.address(cluster.entrance), .unlimited()) { connection in
            try await connection.execute(
                """
                do $$ declare name text; begin
                    for name in select rolname from pg_catalog.pg_roles where rolname !~ '^pg_' and rolname <> current_user
                    loop execute pg_catalog.format('alter role %I nologin', name); end loop;
                end $$
                """)
        }
        return complaints
    }

    /// Restores the database while the source hands its files over.
    ///
    /// - Throws: what keeps the files from coming; pg_restore's own complaints are in the outcome.
    func run() async throws -> Outcome {
        let began = programs.clock.monotonic()
        let mirror = RestoreMirror(
            try cluster.cluster.makeFilesDirectory(), readableBy: cluster.cluster.serverUser)
        let feeds = source.feeds
        try await blocking.run { try mirror.makeStandIns(feeds, contents: source.contents(), $0) }
        let queue = FeedQueue(feeds, mirror)
        let child = ChildProgram(
            cluster.cluster.server.path("pg_restore"),
            [
                "--create", "--no-tablespaces", "--no-password", "--jobs=\(max(2, cluster.jobs))",
                "--dbname=\(cluster.entrance)", mirror.path,
            ], environment: environment, user: cluster.cluster.serverUser)
        let outcome = try await fed(child, by: queue, mirror, feeds)
        var complaints = Complaints(of: outcome)
        if complaints.all.isEmpty { complaints.add(unread: queue.leftovers) }
        return Outcome(
            complaints: complaints.all, count: complaints.count, commandLine: outcome.commandLine,
            duration: programs.clock.monotonic() - began)
    }

    /// pg_restore looks at the files' lengths before its first statement, which makes the database and needs a lock on
    /// `pg_database`. We hold that lock until the pipes stand where the stand-ins stood.
    private func fed(
        _ child: ChildProgram, by queue: FeedQueue, _ mirror: RestoreMirror, _ feeds: [RestoreFeed]
    ) async throws -> ProgramOutcome {
        try await Connection.with(cluster.address(cluster.entrance), .unlimited()) { gate in
            try await gate.execute("begin")
            try await gate.execute("lock table pg_catalog.pg_database in share mode")
            return try await withThrowingTaskGroup(of: ProgramOutcome?.self) { group in
                group.addTask {
                    defer { queue.end() }
                    return try await programs.run(child)
                }
                try await waitUntilReady(queue)
                try await blocking.run { try mirror.makePipes(feeds, $0) }
                try await gate.execute("commit")
                for _ in 0..<max(2, cluster.jobs) {
                    group.addTask {
                        try await Feeder(source: source, queue: queue, blocking: blocking).run()
                        return nil
                    }
                }
                while let result = try await group.next() {
                    guard let result else { continue }
                    if let failure = queue.failure { throw failure }
                    // Whoever still waits for a file waits for nothing.
                    group.cancelAll()
                    return result
                }
                preconditionFailure("the task that runs pg_restore returns its outcome")
            }
        }
    }

    /// Returns when pg_restore waits for our lock, or has ended.
    private func waitUntilReady(_ queue: FeedQueue) async throws {
        try await Connection.with(cluster.address(cluster.entrance), .unlimited()) { watcher in
            while !queue.isOver {
                let waiting = try await watcher.query(
                    """
                    select from pg_catalog.pg_locks
                    where not granted and relation = 'pg_catalog.pg_database'::regclass
                    """)
                if !waiting.isEmpty { return }
                try await programs.clock.sleep(for: .milliseconds(2))
            }
        }
    }

    private var environment: ChildEnvironment {
        var environment = ChildEnvironment(cluster.address(cluster.entrance).environment)
        environment.values["LC_ALL"] = "C"
        return environment
    }
}
