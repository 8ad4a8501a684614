import Engine
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Settings
import Testing

/// Ways around the protection of an environment, each tried on real servers.
@Suite("a protected database under another name", .temporaryDirectory, .cluster, .timeLimit(.minutes(5)))
struct ProtectionTests {
    private let database = TestDatabase.current

    /// `production`, protected, with one database, and `test` with another.
    private func harness(_ production: Resource, _ test: Resource, ledger: Ledger = Ledger(), state: String? = nil)
        throws -> TaskHarness
    {
        var protected = Environment("production", [production])
        protected.isProtected = true
        return try TaskHarness(
            [TaskEntry(ledger)], inventory: Inventory(protected, Environment("test", [test])),
            stateDirectory: state.map { TemporaryDirectory.current + "/\($0)" })
    }

    private func refusals(_ summary: RunSummary) -> Set<String> {
        Set(summary.changes.filter { $0.state == .refused }.compactMap(\.error?.code))
    }

    @Test(
        "production's own address under 'test' changes nothing, neither what keeps data nor what removes it",
        arguments: [
            Effect.maintains, .destroys,
        ])
    func sameAddress(effect: Effect) async throws {
        try await database.run(Ledger.table)
        let role = "other_\(database.name)"
        try await database.connect { try await $0.execute("create role \(identifier: role) login superuser") }
        var ledger = Ledger()
        ledger.effect = effect
        // Another user: the address differs, the database does not.
        let harness = try harness(
            try database.resource("main"), try database.resource("main", user: role), ledger: ledger)
        let dry = try await harness.run("test ledger", in: ["test"], isDryRun: true)
        #expect(dry.plans.first?.refusals.count == 3)
        let summary = try await harness.run("test ledger", in: ["test"])
        #expect(refusals(summary) == ["policy.protected-elsewhere"])
        #expect(summary.steps.map(\.state) == [.refused])
        #expect(
            summary.changes.first?.error?.problem.contains("test/main is the very database production/main") == true)
        #expect(try await Ledger.rows(database).isEmpty)
    }

    @Test(
        "a database beside production's in one server is changed, and the server as a whole is not",
        arguments: [
            Change.Scope.resource, .cluster,
        ])
    func sameServer(scope: Change.Scope) async throws {
        try await TestDatabase.with(.v15) { other in
            try await other.run(Ledger.table)
            var ledger = Ledger()
            ledger.keys = ["a"]
            ledger.adapting = { $0.scope = scope }
            let harness = try harness(
                try database.resource("main"), try other.resource("main"), ledger: ledger)
            let summary = try await harness.run("test ledger", in: ["test"])
            #expect(refusals(summary) == (scope == .cluster ? ["policy.shares-server"] : []))
            #expect(try await Ledger.rows(other) == (scope == .cluster ? [] : ["a"]))
        }
    }

    @Test("a standby of production, and the server that production follows, are refused; a promoted copy is its own")
    func standbys() async throws {
        var ledger = Ledger()
        ledger.keys = ["a"]
        let task = ledger
        try await withPrimary { primary in
            try await Connection.with(primary.address()) {
                try await $0.executeScript(trusted: Ledger.table.description)
            }
            try await withStandby(of: primary) { standby in
                try await eventually("it follows") {
                    try await Connection.with(standby.address()) { connection in
                        try await connection.query("select to_regclass('ledger') is not null as there")
                            .only["there", as: Bool.self]
                    }
                }
                let first = try primary.resource("main", database: "postgres")
                let second = try standby.resource("main", database: "postgres")
                // The standby under 'test', whose primary is protected.
                let follower = try await harness(first, second, ledger: task, state: "a").run(
                    "test ledger", in: ["test"])
                #expect(refusals(follower) == ["policy.protected-elsewhere"])
                #expect(follower.changes.first?.error?.problem.contains("is a standby of production/main") == true)
                // The primary under 'test', whose standby is what the configuration calls production.
                let upstream = try await harness(second, first, ledger: task, state: "b").run(
                    "test ledger", in: ["test"])
                #expect(refusals(upstream) == ["policy.protected-elsewhere"])
                #expect(upstream.changes.first?.error?.problem.contains("follows the server of test/main") == true)

                try await Connection.with(standby.address()) { _ = try await $0.query("select pg_promote()") }
                let copy = try await harness(first, second, ledger: task, state: "c").run("test ledger", in: ["test"])
                #expect(copy.steps.map(\.state) == [.succeeded], "\(copy.changes.first?.error?.problem ?? "")")
                let rows = try await Connection.with(primary.address()) { connection in
                    try await connection.query("select count(*)::int as n from ledger").only["n", as: Int.self]
                }
                #expect(rows == 0)
            }
        }
    }

    @Test("where production cannot be asked nothing starts, unless it was seen to be another server before")
    func cannotAsk() async throws {
        var ledger = Ledger()
        ledger.keys = ["a"]
        try await database.run(Ledger.table)
        try await withPrimary { production in
            let resource = try production.resource("main", database: "postgres")
            let unseen = try harness(resource, try database.resource("main"), ledger: ledger, state: "unseen")
            let seen = try harness(resource, try database.resource("main"), ledger: ledger, state: "seen")
            #expect(try await seen.run("test ledger", in: ["test"]).steps.map(\.state) == [.succeeded])
            try await production.stop(.fast)

            let refused = try await unseen.run("test ledger", in: ["test"])
            #expect(refusals(refused) == ["policy.identity-unknown"])
            #expect(try await Ledger.rows(database) == ["a"])
            // Another process, which knows only what the state remembers.
            let again = try harness(resource, try database.resource("main"), ledger: ledger, state: "seen")
            #expect(try await again.run("test ledger", in: ["test"]).steps.map(\.state) == [.succeeded])
            // What was remembered of one address says nothing about another.
            let moved = try harness(
                try production.resource("main", database: "template1"), try database.resource("main"), ledger: ledger,
                state: "seen")
            #expect(refusals(try await moved.run("test ledger", in: ["test"])) == ["policy.identity-unknown"])
            try await production.start()
        }
    }

    @Test("a command for a whole environment is not kept back by its one database, which may be down")
    func wholeEnvironment() async throws {
        let down = Resource(
            "main",
            .postgresql(
                PostgreSQLAccess(
                    .keywords(
                        try ConfiguredText(
                            "host=\(TemporaryDirectory.current) dbname=none", secrecy: .keywords,
                            location: SourceLocation(file: "test", line: 1, column: 1))))))
        let harness = try harness(try database.resource("main"), down)
        var settings = CommandSettings(program: ["/bin/true"])
        settings.effect = .maintains
        let summary = try await harness.runner.run(
            RunRequest(
                name: "start", steps: [.init(.command(settings), on: Target(environment: "test"))],
                requester: TaskHarness.requester))
        #expect(summary.steps.map(\.state) == [.succeeded], "\(summary.steps[0].error?.problem ?? "")")
    }

    @Test("two names for one database: the target itself keeps the second away while the first changes it")
    func twoNames() async throws {
        try await database.run(Ledger.table)
        let (held, holds) = AsyncStream.makeStream(of: Void.self)
        let (released, release) = AsyncStream.makeStream(of: Void.self)
        var ledger = Ledger()
        ledger.keys = ["a"]
        ledger.before = { _, act in
            if act.look.target.environment == "one" {
                // It holds the fence by now.
                _ = try await act.connection()
                holds.yield()
                for await _ in released { break }
            }
        }
        var harness = try TaskHarness(
            [TaskEntry(ledger)],
            inventory: Inventory(
                Environment("one", [try database.resource("main")]),
                Environment("two", [try database.resource("main")])))
        harness.fencePatience = .milliseconds(300)
        let patient = harness
        async let first = patient.run("test ledger", in: ["one"])
        for await _ in held { break }
        let second = try await patient.run("test ledger", in: ["two"])
        release.yield()
        #expect(second.changes.compactMap(\.error?.code) == ["change.fenced"])
        #expect(try await first.steps.map(\.state) == [.succeeded])
        #expect(try await Ledger.rows(database) == ["a"])
    }

    @Test("a lock that does not come is given up after its bound, and nobody was queued behind it for longer")
    func lockDoesNotCome() async throws {
        try await database.run("create table busy (id int); create table ledger (key text not null, step serial)")
        var ledger = Ledger()
        ledger.keys = ["a"]
        ledger.adapting = { $0.action = .sql(["alter table busy add column more int"]) }
        let harness = try TaskHarness([TaskEntry(ledger)], database: database)
        try await database.connect { holder in
            try await holder.execute("begin")
            _ = try await holder.query("select * from busy")
            async let summary = harness.run("test ledger")
            try await eventually("the change waits for its lock") {
                try await database.connect { connection in
                    try await connection.query(
                        "select count(*)::int as n from pg_locks where not granted and relation = 'busy'::regclass"
                    ).only["n", as: Int.self] > 0
                }
            }
            // Whoever comes behind it gets its turn although the lock was never given back: the change has stepped aside.
            try await database.connect { reader in _ = try await reader.query("select * from busy") }
            let ended = try await summary
            #expect(ended.changes.map(\.state) == [.failed])
            try await holder.execute("rollback")
        }
    }
}
