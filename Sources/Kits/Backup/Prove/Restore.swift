import Maintenance
import Outside
import PostgreSQL

/// One restore of a backup into a proof cluster: its roles, then its database.
struct Restore: Sendable {
    let cluster: ProofCluster
    let source: any RestoreSource
    let database: String
    let programs: Programs
    /// As `--use-list` reads it; nil for everything.
    var list: String?

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
        let mirror = RestoreMirror(
            try cluster.cluster.makeFilesDirectory(), readableBy: cluster.cluster.serverUser)
        let child = ChildProgram(
            cluster.cluster.server.path("pg_restore"),
            [
                "--create", "--no-tablespaces", "--no-password", "--jobs=\(max(2, cluster.jobs))",
                "--dbname=\(cluster.entrance)",
            ] + (list.map { _ in ["--use-list=\(mirror.file(Self.listName))"] } ?? []) + [mirror.path],
            environment: environment, user: cluster.cluster.serverUser)
        if let list { try mirror.write(Self.listName, list) }
        // Its first statement makes the database.
        let gate = RestoreGate(
            address: cluster.address(cluster.entrance), settings: .unlimited(),
            relations: [QualifiedName(schema: "pg_catalog", name: "pg_database")], waiter: "pg_restore")
        let restore = FedRestore(
            source: source, mirror: mirror, child: child, jobs: max(2, cluster.jobs), gate: gate, programs: programs)
        return try await restore.run()
    }

    private static let listName = "part.list"

    private var environment: ChildEnvironment {
        var environment = ChildEnvironment(cluster.address(cluster.entrance).environment)
        environment.values["LC_ALL"] = "C"
        return environment
    }
}
