import Engine
import Foundation
import Glibc
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Settings
import Testing

@testable import Health

@Suite("A PgBouncer", .cluster, .temporaryDirectory, .timeLimit(.minutes(2)))
struct PoolerCheckTests {
    /// A real one before the test's database, with one server connection, on a socket in the test's directory.
    private func withPooler(_ body: (_ url: String) async throws -> Void) async throws {
        let database = TestDatabase.current
        let directory = TemporaryDirectory.current
        let user = try SystemUser.unprivileged()
        let settings = """
            [databases]
            \(database.name) = host=\(database.cluster.socketDirectory) port=\(database.address.port ?? "5432") user=postgres pool_size=1
            [pgbouncer]
            listen_addr =
            listen_port = 6432
            unix_socket_dir = \(directory)
            auth_type = trust
            auth_file = \(directory)/users
            pool_mode = session
            admin_users = admin
            stats_users = watcher
            logfile = \(directory)/log
            """
        let file = "\(directory)/pgbouncer.ini"
        try settings.write(toFile: file, atomically: true, encoding: .utf8)
        let users = "\(directory)/users"
        try ["postgres", "admin", "watcher", "somebody"].map { "\"\($0)\" \"\"\n" }.joined()
            .write(toFile: users, atomically: true, encoding: .utf8)
        if let user {
            for path in [directory, file, users] { #expect(chown(path, user.id, user.group) == 0) }
        }
        let programs = Programs(environment: ProcessInfo.processInfo.environment)
        let pooler = ChildProgram("/usr/sbin/pgbouncer", ["-q", file], user: user)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { _ = try await programs.run(pooler) }
            defer { group.cancelAll() }
            let url = "postgresql://watcher@/pgbouncer?host=\(directory.urlComponent)&port=6432"
            try await eventually("the console answers") {
                try await ask(url).check("pgbouncer.waiting")?.state == .passed
            }
            try await body(url)
        }
    }

    private func ask(_ url: String, _ keys: String = "", warning: Double = 60) async throws -> RunSummary {
        try await check(
            "pgbouncer.waiting", on: written("kind: pgbouncer\nurl: \(url)\n\(keys)"), warning: warning,
            critical: .infinity)
    }

    @Test("clients that wait for a connection are found, and a paused database is critical")
    func waiting() async throws {
        try await withPooler { url in
            let idle = try await ask(url, "conditions: [waiting == 0, databases == 1]")
            #expect(
                idle.check("pgbouncer.waiting")?.state == .passed, "\(idle.check("pgbouncer.waiting")?.summary ?? "")")
            let directory = TemporaryDirectory.current
            let address = DatabaseAddress(
                host: directory, port: 6432, database: TestDatabase.current.name, user: "postgres")
            try await Connection.with(address) { holder in
                _ = try await holder.query("select 1 as one")
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await Connection.with(address) { _ in } }
                    try await eventually("somebody waits") {
                        let run = try await ask(url, warning: 0.000_001)
                        return run.check("pgbouncer.waiting")?.state == .warning
                    }
                    let strict = try await ask(url, "conditions: [waiting == 0]")
                    #expect(strict.check("pgbouncer.waiting")?.summary == "waiting == 0: it is 1")
                    let full = try await ask(url, "conditions: [pool-used < 90%]")
                    #expect(full.check("pgbouncer.waiting")?.state == .critical)
                    await holder.close()
                    try await group.waitForAll()
                }
            }
            let admin = ChildProgram(
                "psql", ["--no-psqlrc", "-c", "pause \(TestDatabase.current.name)"],
                environment: [
                    "PGHOST": .plain(directory), "PGPORT": "6432", "PGUSER": "admin", "PGDATABASE": "pgbouncer",
                ])
            _ = try await Programs(environment: ProcessInfo.processInfo.environment).run(admin).checked()
            let paused = try await ask(url)
            #expect(paused.check("pgbouncer.waiting")?.state == .critical)
            #expect(paused.check("pgbouncer.waiting")?.summary == "paused or disabled: \(TestDatabase.current.name)")
        }
    }

    @Test("a console that is not there, or not for this user, is a gap")
    func strangers() async throws {
        try await withPooler { url in
            let run = try await ask(url.replacing("watcher", with: "somebody"))
            #expect(run.check("pgbouncer.waiting")?.state == .unknown)
            #expect(run.gaps.first?.reason.code == "health.pgbouncer")
        }
    }
}
