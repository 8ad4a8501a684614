import Maintenance
import Outside
import PostgreSQL

/// The standby of a rehearsal: a base backup of the private primary, streaming from it.
struct StandbyCluster: Sendable {
    let rehearsal: FailoverRehearsal
    let primary: PrivateCluster
    /// A database both have, to connect to.
    let database: String

    private var clock: WallClock { rehearsal.clock }

    /// How long streaming may take to begin, and a standby to catch up.
    static let patience: Duration = .seconds(300)

    /// - Throws: `FailoverError`, `ClusterError`, `ProgramError`, `PostgreSQLError`; nothing is left behind then.
    func make() async throws -> PrivateCluster {
        let standby = try await PrivateCluster.filled(
            primary.server, in: rehearsal.workDirectory, with: rehearsal.programs
        ) { [primary, database, programs = rehearsal.programs] empty in
            _ = try await programs.run(
                ChildProgram(
                    primary.server.path("pg_basebackup"),
                    [
                        "--pgdata=\(empty.dataDirectory)", "--dbname=\(Self.conninfo(of: primary, database))",
                        "--write-recovery-conf", "--checkpoint=fast", "--wal-method=stream", "--no-sync",
                        "--no-password",
                    ],
                    environment: ["LC_ALL": "C"], workingDirectory: "/", user: empty.serverUser,
                    timeLimit: .seconds(6 * 3_600))
            ).checked()
            return Self.options(following: primary, database)
        }
        do {
            try await standby.start()
            if rehearsal.isSynchronous { try await waitForEachOther() }
            try await Self.wait("the standby did not begin to stream", clock) {
                try await isStreaming(synchronously: rehearsal.isSynchronous)
            }
            return standby
        } catch {
            // What failed first is what a person has to know; what resists is left to a sweep.
            do { try await Blocking().runToEnd { try standby.destroy() } } catch {}
            throw error
        }
    }

    /// Of a server that follows another one; of the same superuser and the same settings, as a standby needs them.
    static func options(following primary: PrivateCluster, _ database: String) -> ClusterOptions {
        var options = primary.options
        options.settings["primary_conninfo"] = conninfo(of: primary, database)
        return options
    }

    /// libpq quotes values as `'…'` with backslashes (PostgreSQL manual, "Connection Strings").
    static func conninfo(of server: PrivateCluster, _ database: String) -> String {
        func quoted(_ text: String) -> String {
            "'\(text.replacingBytes(of: "\\", with: "\\\\").replacingBytes(of: "'", with: "\\'"))'"
        }
        return "host=\(quoted(server.socketDirectory)) port=\(server.options.port) "
            + "user=\(quoted(server.options.superuser)) dbname=\(quoted(database)) "
            + "application_name=\(FailoverRehearsal.standbyName)"
    }

    private func waitForEachOther() async throws {
        try await Connection.with(primary.address(database: database), .unlimited()) { connection in
            try await connection.executeScript(
                trusted: "alter system set synchronous_standby_names = '\(FailoverRehearsal.standbyName)'")
            try await connection.execute("select pg_catalog.pg_reload_conf()")
        }
    }

    private func isStreaming(synchronously: Bool) async throws -> Bool {
        try await Connection.with(primary.address(database: database), .unlimited()) { connection in
            let rows = try await connection.query(
                """
                select state = 'streaming' as streaming, sync_state in ('sync', 'quorum') as synchronous
                from pg_catalog.pg_stat_replication where application_name = \(FailoverRehearsal.standbyName)
                """)
            return try rows.contains { row in
                try row["streaming", as: Bool.self] && (!synchronously || (try row["synchronous", as: Bool.self]))
            }
        }
    }

    /// Asks until it is so.
    ///
    /// - Throws: `FailoverError.didNot`.
    static func wait(_ failure: String, _ clock: WallClock, _ isSo: () async throws -> Bool) async throws {
        let began = clock.monotonic()
        while try await !isSo() {
            guard clock.monotonic() - began < patience else {
                throw FailoverError.didNot(failure, after: patience)
            }
            try await clock.sleep(for: .milliseconds(50))
        }
    }
}
