import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Settings
import Store
import Testing

@testable import Engine

/// What somebody who can write to the store's file might do to approvals.
private enum Forgery: String, StatementSet {
    case allowUpdate = "drop trigger approval_no_update"
    case allowAudit = "drop trigger audit_no_update"
    case content = "update approval set content = replace(content, '\"a\"', '\"x\"')"
    case actor = "update audit set actor = replace(actor, 'bob', 'carl') where kind = 'approved'"
    case kind = "update audit set kind = 'approved' where kind = 'waited'"
    case insert = """
        insert into audit (number, recorded_at, kind, actor, environment, resource, run_id, step, subject, approval,
            detail, previous, hash)
        select number + 1000, recorded_at, 'approved', replace(actor, 'ann', 'bob'), environment, resource, run_id, step,
            subject, approval, '{"next":1,"plan":"' || :plan || '"}', hash, hash
        from audit where kind = 'waited'
        """
}

@Suite("approvals of several occurrences, and forged ones", .temporaryDirectory, .cluster)
struct StandingApprovalTests {
    let estate: ApprovalEstate

    init() async throws { estate = try await ApprovalEstate() }

    /// Ann asks, bob approves for the next occurrences, and the first of them is carried out.
    private func approve(next: Int) async throws -> String {
        _ = try await estate.harness.run("test ledger", by: .ann)
        let id = try #require(try await estate.waiting())
        try await estate.harness.approvals(by: .bob).approve(id, next: next)
        #expect(try await estate.harness.resume(by: .ann).run.state == .succeeded)
        return id
    }

    @Test("count as often as was said, for the same and for less")
    func countsOccurrences() async throws {
        _ = try await approve(next: 3)
        #expect(try await estate.harness.run("test ledger", by: .ann).run.state == .succeeded)
        #expect(try await estate.harness(["b"]).run("test ledger", isRoutine: true, by: .ann).run.state == .succeeded)
        #expect(try await estate.rows() == ["a", "b", "a", "b", "b"])
        #expect(try await estate.harness.run("test ledger", by: .ann).step.state == .waiting, "a fourth time")
        let used = try await estate.harness.log.audit(AuditFilter(kinds: [.used]))
        #expect(used.count == 3 && Set(used.map(\.runID)).count == 3)
    }

    @Test(
        "count for no object, no kind and no effect that was not approved",
        arguments: ["object", "kind", "effect", "lock", "class", "pair"])
    func keepsShape(what: String) async throws {
        _ = try await approve(next: 5)
        let harness = try estate.harness(what == "object" ? ["a", "b", "c"] : ["a", "b"]) { ledger in
            ledger.adapting = { change in
                guard change.object == "a" else { return }
                switch what {
                case "kind": change.kind = "drop"
                case "effect": change.effect = .maintains
                case "lock": change.lock = .accessExclusive
                case "class": change.changeClass = .major
                case "pair": change.object = "B"
                default: break
                }
            }
        }
        let waiting = try await harness.run("test ledger", by: .ann)
        #expect(waiting.step.state == .waiting, "\(what)")
        #expect(try await estate.rows() == ["a", "b"])
    }

    @Test("do not count when the person runs the task themselves, nor after their time, nor when withdrawn")
    func ends() async throws {
        let id = try await approve(next: 10)
        #expect(try await estate.harness.run("test ledger", by: .bob).step.state == .waiting)
        #expect(try await estate.harness.run("test ledger", by: .bobByRoot).step.state == .waiting)
        #expect(try await estate.harness.run("test ledger", by: .ann).run.state == .succeeded)
        try await estate.harness.approvals(by: .ann).reject(id, reason: "no longer")
        #expect(try await estate.harness.run("test ledger", by: .ann).step.state == .waiting)
    }

    @Test("end with their time")
    func expires() async throws {
        _ = try await approve(next: 10)
        estate.clock.advance(by: .seconds(99 * 86_400))
        #expect(try await estate.harness.run("test ledger", by: .ann).run.state == .succeeded)
        estate.clock.advance(by: .seconds(86_400))
        #expect(try await estate.harness.run("test ledger", by: .ann).step.state == .waiting)
    }

    @Test("the last occurrence is used once, however many want it")
    func isUsedOnce() async throws {
        let id = try await approve(next: 2)
        let log = estate.harness.log
        let standing = try await estate.harness.approvals(by: .bob).named(id)
        let steps = (1...8).map { number in
            StepRecord(
                runID: "r\(number)", number: 1, task: "test.ledger", arguments: [],
                target: standing.ballot.request.plan.target, state: .running)
        }
        let won = try await withThrowingTaskGroup(of: Bool.self) { group in
            for step in steps {
                group.addTask {
                    let wanted = Ballot.Case(
                        plan: standing.ballot.request.plan, needs: standing.ballot.request.needs,
                        use: .init(runID: step.runID, step: 1), requester: .ann, now: estate.clock.clock.now(),
                        standing: .seconds(1_000_000), shared: [])
                    do {
                        try await log.use(ApprovalUse(id: id, wanted: wanted), step)
                        return true
                    } catch ApprovalError.usedMeanwhile {
                        return false
                    }
                }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(won == 1)
    }

    @Test("a forged request or approval starts nothing", arguments: 0...3)
    func findsForgery(form: Int) async throws {
        let summary = try await estate.harness.run("test ledger", by: .ann)
        let id = try #require(try await estate.waiting())
        let store = estate.harness.store
        try await store.write { writer in
            try writer.run(Forgery.allowUpdate)
            try writer.run(Forgery.allowAudit)
        }
        if form < 2 { try await estate.harness.approvals(by: .bob).approve(id) }
        let digest = summary.plans[0].digest
        try await store.write { writer in
            switch form {
            case 0: try writer.run(Forgery.content)
            case 1: try writer.run(Forgery.actor)
            case 2: try writer.run(Forgery.insert, ["plan": digest])
            default: try writer.run(Forgery.kind)
            }
        }
        let resumed = try await estate.harness.resume(by: .ann)
        #expect(resumed.run.state != .succeeded, "form \(form)")
        #expect(try await estate.rows().isEmpty)
        #expect(resumed.step.error?.code == "approval.forged", "\(String(describing: resumed.step.error))")
        if form > 0 { #expect(!(try await estate.harness.log.verifyAudit().isSound)) }
    }

    @Test("a shape takes in exactly its own kinds at its own objects", arguments: 1...200 as ClosedRange<UInt64>)
    func comparesShapes(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        func plan() -> Plan {
            let changes = (0..<Int.random(in: 0...3, using: &random)).map { _ in
                Change(
                    kind: ["drop", "add"].randomElement(using: &random) ?? "",
                    object: "o\(Int.random(in: 0...1, using: &random))",
                    action: .sql(["\(UInt64.random(in: 0...9, using: &random))"]),
                    effect: Bool.random(using: &random) ? .destroys : .maintains, reversal: "", identity: [:],
                    reason: "")
            }
            return Plan(
                task: "t", taskVersion: 1, arguments: [], target: .estate, identity: [:], changes: changes)
        }
        let (approved, found) = (plan(), plan())
        let isWithin = found.changes.allSatisfy { change in
            approved.changes.contains { ($0.kind, $0.object, $0.effect) == (change.kind, change.object, change.effect) }
        }
        #expect(PlanShape(approved).departures(of: PlanShape(found)).isEmpty == isWithin)
    }
}
