import Foundation
import Glibc
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Testing

@testable import Backup

@Suite("connection poolers", .temporaryDirectory, .cluster, .timeLimit(.minutes(2)))
struct PoolerTests {
    @Test(
        "one that gives each transaction another session is refused; one that keeps the session is as good as none",
        arguments: ["transaction", "statement", "session"])
    func pooler(mode: String) async throws {
        try await TestDatabase.current.run("create table one as select 1")
        try await withPooler(mode) { address in
            let settings = ConnectionSettings()
            if mode == "session" {
                try await PoolerProbe.refuseTransactionPooler(address, settings)
            } else {
                let error = await #expect(throws: BackupError.self) {
                    try await PoolerProbe.refuseTransactionPooler(address, settings)
                }
                #expect(error?.code == "backup.transaction-pooler")
            }
        }
    }

    @Test("the server itself is none")
    func server() async throws {
        try await PoolerProbe.refuseTransactionPooler(TestDatabase.current.address, ConnectionSettings())
    }

    /// PgBouncer in front of the test's database, on a socket in the test's directory.
    private func withPooler(_ mode: String, _ body: (DatabaseAddress) async throws -> Void) async throws {
        let database = TestDatabase.current
        let directory = TemporaryDirectory.current
        let user = try SystemUser.unprivileged()
        let settings = """
            [databases]
            * = host=\(database.cluster.socketDirectory) port=\(database.address.port ?? "5432") user=postgres
            [pgbouncer]
            listen_addr =
            listen_port = 6432
            unix_socket_dir = \(directory)
            auth_type = any
            pool_mode = \(mode)
            server_round_robin = 1
            logfile = \(directory)/log
            """
        let file = "\(directory)/pgbouncer.ini"
        try settings.write(toFile: file, atomically: true, encoding: .utf8)
        if let user {
            for path in [directory, file] { #expect(chown(path, user.id, user.group) == 0) }
        }
        let pooler = ChildProgram("/usr/sbin/pgbouncer", ["-q", file], user: user)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { _ = try await programs.run(pooler) }
            let address = DatabaseAddress(host: directory, port: 6432, database: database.name, user: "postgres")
            try await eventually("the pooler answers") {
                do {
                    try await Connection.with(address) { _ in }
                    return true
                } catch PostgreSQLError.unreachable {
                    return false
                }
            }
            try await body(address)
            group.cancelAll()
            do { try await group.waitForAll() } catch is CancellationError {}
        }
    }
}
