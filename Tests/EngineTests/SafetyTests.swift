import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Settings
import Store
import Testing

@testable import Engine

/// Rule 2 of the house through the choke point: in a protected environment nothing is removed whose way back is not proved.
@Suite("what is replaced is safe", .temporaryDirectory, .cluster)
struct SafetyTests {
    private let clock = ManualClock()
    private let main = Target(environment: "production", resource: "main")

    private func harness(isProtected: Bool = true, adapting: (inout Ledger) -> Void = { _ in }) async throws
        -> TaskHarness
    {
        try await TestDatabase.current.run(Ledger.table)
        var ledger = Ledger()
        ledger.keys = ["a"]
        ledger.effect = .destroys
        ledger.keeps = nil
        adapting(&ledger)
        let inventory = Inventory(
            Environment("production", isProtected: isProtected, [try TestDatabase.current.resource("main")]))
        return try TaskHarness([TaskEntry(ledger)], inventory: inventory, clock: clock.clock)
    }

    private func rows() async throws -> [String] { try await Ledger.rows(TestDatabase.current) }

    /// What the tasks that prove backups leave behind.
    private func prove(
        _ target: Target, in harness: TaskHarness, state: String = "proved", old: Duration? = .zero
    ) async throws {
        var detail: Facts = ["state": .text(state)]
        if let old { detail[RunLog.bringsBack] = .text((clock.clock.now() - old).iso8601) }
        try await harness.log.noteSigned("certificate of x", target: target, detail: detail)
    }

    private func approve(_ harness: TaskHarness) async throws {
        let waiting = try #require(try await harness.approvals(by: .bob).waiting().first)
        try await harness.approvals(by: .bob).approve(waiting.ballot.request.id)
    }

    @Test("without a proved backup it is refused, and nobody is asked to approve it")
    func refused() async throws {
        let harness = try await harness()
        let summary = try await harness.run("test ledger", confirm: { _ in true })
        #expect(summary.step.state == .refused)
        #expect(summary.step.error?.code == "policy.not-safe")
        #expect(summary.step.error?.problem.contains("production/main") == true)
        #expect(try await harness.approvals(by: .bob).waiting().isEmpty)
        #expect(try await rows().isEmpty)
        let dry = try await harness.run("test ledger", isDryRun: true)
        #expect(dry.plans.first?.refusals.first?.reason.code == "policy.not-safe")
        // No earlier step of this routine takes the backup.
        let plan = try await harness.run("test ledger", isDryRun: true, isRoutine: true)
        #expect(plan.plans.first?.refusals.first?.reason.code == "policy.not-safe")
        #expect(try await harness.run("test ledger", isRoutine: true).step.state == .refused)
        #expect(try await rows().isEmpty)
    }

    @Test("with a fresh backup that was proved whole, and an approval, it starts")
    func starts() async throws {
        let harness = try await harness()
        try await prove(main, in: harness, old: .seconds(23 * 3_600))
        let asked = try await harness.run("test ledger")
        #expect(asked.step.state == .waiting)
        try await approve(harness)
        #expect(try await harness.resume(asked.run.id).run.state == .succeeded)
        #expect(try await rows() == ["a"])
    }

    @Test("one that grew old while people were asked does not count any more")
    func growsOld() async throws {
        let harness = try await harness()
        try await prove(main, in: harness, old: .seconds(23 * 3_600))
        let asked = try await harness.run("test ledger")
        try await approve(harness)
        clock.advance(by: .seconds(2 * 3_600))
        let resumed = try await harness.resume(asked.run.id)
        #expect(resumed.step.state == .refused && resumed.step.error?.code == "policy.not-safe")
        #expect(try await rows().isEmpty)
    }

    @Test(
        "an old one, one of a part, one that was refuted, another database's and another environment's count nothing",
        arguments: ["old", "part", "refuted", "neighbour", "elsewhere", "said by a person"])
    func countsNothing(trick: String) async throws {
        let harness = try await harness()
        switch trick {
        case "old": try await prove(main, in: harness, old: .seconds(86_401))
        case "part": try await prove(main, in: harness, state: "partly", old: nil)
        case "refuted": try await prove(main, in: harness, state: "refuted", old: nil)
        case "neighbour": try await prove(Target(environment: "production", resource: "other"), in: harness)
        case "elsewhere": try await prove(Target(environment: "staging", resource: "main"), in: harness)
        default:
            try await harness.log.noteSigned("certificate of x", target: main, detail: ["state": "proved"])
        }
        let summary = try await harness.run("test ledger")
        #expect(summary.step.error?.code == "policy.not-safe")
        #expect(try await rows().isEmpty)
    }

    @Test("an entry of the trail that somebody wrote by hand proves nothing")
    func forged() async throws {
        let harness = try await harness()
        var detail: Facts = ["state": "proved"]
        detail[RunLog.bringsBack] = .text(clock.clock.now().iso8601)
        let draft = AuditDraft(kind: .signed, target: main, subject: "certificate of x", detail: detail)
        var row = AuditRow(draft, by: "{}", at: clock.clock.now(), after: try await harness.log.auditHead())
        row.hash = String(repeating: "0", count: 64)
        let forged = row
        try await harness.store.write { try $0.run(FilledStatement(AuditStatement.append, inOrder: forged.values)) }
        let summary = try await harness.run("test ledger")
        #expect(summary.step.error?.code == "policy.not-safe")
    }

    @Test(
        "what keeps the old one itself, what keeps data and what is not protected needs none",
        arguments: ["keeps", "maintains", "open"])
    func needsNone(reason: String) async throws {
        let harness = try await harness(isProtected: reason != "open") { ledger in
            switch reason {
            case "keeps": ledger.keeps = "the old one, renamed"
            case "maintains": ledger.effect = .maintains
            default: break
            }
        }
        let summary = try await harness.run("test ledger", confirm: { _ in true })
        #expect(summary.step.error?.code != "policy.not-safe")
        #expect(summary.plans.first?.refusals.isEmpty == true)
    }

    @Test("rows that a policy in writing lets go have to be somewhere else too")
    func allowedInWriting() async throws {
        let harness = try await harness { $0.authority = "mainstay.yaml:3" }
        let refused = try await harness.run("test ledger", confirm: { _ in true })
        #expect(refused.step.error?.code == "policy.not-safe")
        #expect(try await rows().isEmpty)
        try await prove(main, in: harness)
        #expect(try await harness.run("test ledger", confirm: { _ in true }).run.state == .succeeded)
        #expect(try await rows() == ["a"])
    }

    @Test("a program of a team's own can reach every database of its environment, or those it is run for")
    func program() async throws {
        var harness = try await harness()
        harness.inventory.environments[0].resources.append(try TestDatabase.current.resource("second"))
        var settings = CommandSettings.shell("true")
        func run() async throws -> RunSummary {
            harness.inventory.routines = [
                RoutineSettings(
                    name: "own", steps: [RoutineStep(.command(settings), location: .test)], location: .test)
            ]
            let book = RoutineBook(inventory: harness.inventory, catalog: harness.catalog, shipped: [])
            let request = try #require(
                try book.request("own", in: ["production"], by: TaskHarness.requester, at: clock.clock.now()))
            return try await harness.runner.run(request)
        }
        let bare = try await run()
        #expect(bare.step.error?.code == "policy.not-safe")
        #expect(bare.step.error?.problem.contains("production/main, production/second") == true)
        try await prove(main, in: harness)
        let half = try await run()
        #expect(half.step.error?.problem.contains("production/second") == true)
        #expect(half.step.error?.problem.contains("production/main") == false)
        settings.effect = .maintains
        #expect(try await run().run.state == .succeeded)
        settings.effect = .destroys
        try await prove(Target(environment: "production", resource: "second"), in: harness)
        #expect(try await run().step.state == .waiting)
    }
}
