import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Testing

@testable import Backup

@Suite("assertions about a restored copy", .cluster, .timeLimit(.minutes(2)))
struct AssertionTests {
    private static let snapshot = Timestamp(seconds: 1_795_226_400)

    private func problem(_ rule: Assertion.Rule, _ statement: String) async throws -> String? {
        try await Assertion("it", rule, statement)
            .outcome(at: TestDatabase.current.address, snapshot: Self.snapshot, clock: .system).problem
    }

    @Test(
        "one holds where its only row is true",
        arguments: [
            ("select true", nil), ("select 1 < 2, 'anything'", nil), ("select false", "it is false"),
            ("select null::bool", "it is NULL"), ("select true where false", "it gave 0 rows and not one"),
            ("values (true), (true)", "it gave 2 rows and not one"), ("select", "it gave a row without a column"),
        ] as [(String, String?)])
    func holds(statement: String, problem: String?) async throws {
        #expect(try await self.problem(.holds, statement) == problem)
    }

    @Test(
        "one that finds nothing counts what it finds, and shows none of it",
        arguments: [
            ("select 1 where false", nil), ("select 'secret'", "it found 1 row"),
            ("select n from generate_series(1, 1000) n", "it found 1,000 rows"),
            ("select n from generate_series(1, 1000000) n", "it found more than 1000 rows"),
        ] as [(String, String?)])
    func findsNothing(statement: String, problem: String?) async throws {
        #expect(try await self.problem(.findsNothing, statement) == problem)
    }

    @Test(
        "what cannot be asked does not hold",
        arguments: [
            ("select 1", "column"), ("select true from no_such_table", "no_such_table"),
            ("select true; select true", "cannot insert multiple commands"), ("copy (select true) to stdout", "COPY"),
            ("create table made (n int)", "read-only transaction"),
            ("select 'alice@example.com'::int > 0", "it failed with 22P02, whose words may hold a value"),
        ])
    func cannotBeAsked(statement: String, words: String) async throws {
        let problem = try #require(try await problem(.holds, statement))
        #expect(problem.contains(words), "\(problem)")
    }

    @Test("the moment of the backup is known to it, and the search path is the database's own")
    func snapshotAndPath() async throws {
        let database = TestDatabase.current
        try await database.run("create schema shop; create table shop.orders as select 1 as n")
        try await database.connect {
            try await $0.execute("alter database \(identifier: database.name) set search_path = shop")
        }
        #expect(
            try await problem(.holds, "select current_setting('mainstay.snapshot')::timestamptz = '2026-11-21 02:00Z'")
                == nil)
        #expect(try await problem(.holds, "select count(*) = 1 from orders") == nil)
    }

    @Test("one that is cancelled has not failed")
    func cancelled() async throws {
        let address = TestDatabase.current.address
        let task = Task {
            try await Assertion("it", .holds, "select pg_sleep(600) is null")
                .outcome(at: address, snapshot: Self.snapshot, clock: .system)
        }
        try await eventually("the statement runs") {
            try await TestDatabase.current.connect {
                try await $0.query("select 1 from pg_stat_activity where query like 'select pg_sleep(600)%'").count == 1
            }
        }
        task.cancel()
        await #expect(throws: PostgreSQLError.cancelled) { _ = try await task.value }
    }
}
