import Backup
import MaintenanceTesting
import Outside
import PostgreSQL
import Testing

@Suite("the canary", .cluster, .timeLimit(.minutes(1)))
struct CanaryTests {
    @Test("it is not made where a logical replica would be sent it, and needs no right to make it a second time")
    func isNotPublished() async throws {
        try await TestDatabase.current.connect { connection in
            let canary = Canary(connection, clock: .system, runID: "run")
            try await connection.execute("create publication everything for all tables")
            await #expect(throws: PhysicalError.canaryPublished) { try await canary.prepare() }
            let isThere = try await connection.query("select to_regnamespace('mainstay') is not null as yes")
            #expect(try !isThere.only["yes", as: Bool.self])

            try await connection.execute("drop publication everything")
            try await canary.prepare()
            _ = try await canary.beat(1)
            try await connection.execute("set default_transaction_read_only = on")
            try await canary.prepare()
        }
    }
}
