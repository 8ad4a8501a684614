import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Settings
import Store
import Testing

@testable import Engine

@Suite("what the audit trail tells", .temporaryDirectory, .cluster)
struct AuditTests {
    private func harness(_ ledger: Ledger = Ledger()) async throws -> TaskHarness {
        try await TestDatabase.current.run(Ledger.table)
        return try TaskHarness([TaskEntry(ledger)], database: TestDatabase.current)
    }

    private func told(_ harness: TaskHarness) async throws -> [String] {
        try await harness.log.audit(AuditFilter(most: 1_000)).reversed().map { entry in
            ["\(entry.kind)", entry.detail["state"]?.description, entry.subject].compactMap(\.self)
                .joined(separator: " ")
        }
    }

    @Test("who asked, what began and what came of it, and how it ended")
    func tellsRun() async throws {
        var ledger = Ledger()
        ledger.keys = ["a", "b"]
        ledger.before = { change, _ in if change.object == "b" { throw Trouble() } }
        let harness = try await harness(ledger)
        let summary = try await harness.run("test ledger")
        #expect(
            try await told(harness) == [
                "asked test.ledger", "changed started add a", "changed proved add a", "changed started add b",
                "changed failed add b", "ended failed test.ledger",
            ])
        let entries = try await harness.log.audit(AuditFilter())
        #expect(entries.allSatisfy { $0.runID == summary.run.id && $0.actor == TaskHarness.requester })
        let started = try #require(entries.first { $0.detail["state"] == "started" })
        #expect(started.target == Target(environment: "test", resource: "main"))
        #expect(started.detail["action"] == "insert into ledger (key) values ('b')")
        #expect(
            started.detail["content"] == .text(Change.contentDigest(StoredJSON(summary.changes[1].change).text)))
        #expect(try await harness.log.verifyAudit().isSound)
    }

    /// What somebody might do to the run log so that the trail stays whole.
    private enum Rewriting: String, StatementSet, CaseIterable {
        case action =
            "update change set content = replace(content, 'values (''b'')', 'values (''c'')') where number = 2"
        case success = "update change set state = 'proved' where number = 2"
        case removal = "delete from change where number = 2"
    }

    @Test(
        "a run log that tells otherwise is found, and the change named",
        arguments: [
            (Rewriting.action, "'add b' that entry 4 tells of was altered since it started"),
            (.success, "'add b' that entry 5 tells of stands in the run log with another end"),
            (.removal, "'add b' that entry 4 tells of is not in its run any more"),
        ])
    private func findsRewriting(_ rewriting: Rewriting, _ words: String) async throws {
        var ledger = Ledger()
        ledger.keys = ["a", "b"]
        ledger.before = { change, _ in if change.object == "b" { throw Trouble() } }
        let harness = try await harness(ledger)
        _ = try await harness.run("test ledger")
        try await harness.store.write { try $0.run(rewriting) }
        let verdict = try await harness.log.verifyAudit()
        #expect(verdict.problems.first?.description.hasSuffix(words) == true, "\(verdict.problems)")
    }

    @Test("nothing of dry runs")
    func leavesOutDryRuns() async throws {
        let harness = try await harness()
        _ = try await harness.run("test ledger", isDryRun: true)
        #expect(try await told(harness).isEmpty)
    }

    @Test("who went on with a run, and what that person decided")
    func tellsDecision() async throws {
        var ledger = Ledger()
        ledger.keys = ["a"]
        ledger.verdict = { _ in .unknown("nobody looked") }
        let harness = try await harness(ledger)
        _ = try await harness.run("test ledger")
        let bob = Requester(user: "mainstay", sudoUser: "bob", host: "h", processID: 2)
        _ = try await harness.runner.resume("latest", decision: .done, requester: bob)
        let told = try await told(harness)
        #expect(
            told.suffix(4) == [
                "ended uncertain test.ledger", "resumed test.ledger", "decided proved add a",
                "ended succeeded test.ledger",
            ])
        let byBob = try await harness.log.audit(AuditFilter(actor: "bob"))
        #expect(byBob.map(\.kind) == [.ended, .decided, .resumed])
    }

    @Test("a configuration once, when it is first used")
    func tellsConfiguration() async throws {
        var harness = try await harness()
        harness.inventory.sourceFiles = ["mainstay.yaml"]
        for digest in ["1", "1", "2", "1"] {
            harness.inventory.sourceDigest = digest
            _ = try await harness.run("test ledger")
        }
        let entries = try await harness.log.audit(AuditFilter(kinds: [.configured]))
        #expect(entries.map { $0.detail["sha256"] } == ["1", "2", "1"])
        #expect(entries.allSatisfy { $0.subject == "mainstay.yaml" })
    }

    @Test("filters choose by time, environment, actor and kind")
    func filters() async throws {
        let clock = ManualClock()
        try await TestDatabase.current.run(Ledger.table)
        let harness = try TaskHarness(
            [TaskEntry(Ledger())],
            inventory: Inventory(
                Environment("one", [try TestDatabase.current.resource("main")]),
                Environment("two", [try TestDatabase.current.resource("main")])),
            clock: clock.clock)
        _ = try await harness.run("test ledger", in: ["one"])
        clock.advance(by: .seconds(3_600))
        _ = try await harness.run("test ledger", in: ["two"])
        func count(_ filter: AuditFilter) async throws -> Int {
            let found = try await harness.log.audit(filter)
            return found.count
        }
        #expect(try await count(AuditFilter()) == 16)
        #expect(try await count(AuditFilter(most: 3)) == 3)
        let now = clock.clock.now()
        #expect(try await count(AuditFilter(since: now)) == 8)
        #expect(try await count(AuditFilter(environments: ["one"], kinds: [.changed])) == 6)
        #expect(try await count(AuditFilter(actor: "nobody")) == 0)
    }
}
