import Maintenance
import MaintenanceTesting
import PostgreSQL
import Settings
import Testing

@testable import Engine

/// A protected environment, a task that removes data there, and people: who may start it, and who may not.
@Suite("approvals", .temporaryDirectory, .cluster)
struct ApprovalTests {
    let estate: ApprovalEstate

    init() async throws { estate = try await ApprovalEstate() }

    @Test("what one person asked for another allows, and the trail tells of both")
    func isApproved() async throws {
        let waiting = try await estate.harness.run("test ledger", by: .ann)
        #expect(waiting.step.state == .waiting && waiting.run.endedAt == nil)
        let id = try #require(try await estate.waiting())
        try await estate.harness.approvals(by: .bob).approve(id, reason: "seen")
        let done = try await estate.harness.resume(by: .ann)
        #expect(done.run.state == .succeeded)
        #expect(try await estate.rows() == ["a", "b"])
        let told = try await estate.harness.log.audit(AuditFilter(most: 100)).reversed()
        #expect(
            told.map(\.kind) == [
                .asked, .waited, .ended, .approved, .resumed, .used, .changed, .changed, .changed, .changed, .ended,
            ])
        let approved = try #require(told.first { $0.kind == .approved })
        #expect(approved.actor == .bob && approved.detail["reason"] == "seen" && approved.approval == id)
        #expect(try await estate.harness.log.verifyAudit().isSound)
        #expect(try await estate.waiting() == nil)
    }

    @Test("until somebody has answered, going on changes nothing and asks nobody twice")
    func goesOnWaiting() async throws {
        _ = try await estate.harness.run("test ledger", by: .ann)
        let id = try await estate.waiting()
        for person in [Requester.ann, .bob] {
            let still = try await estate.harness.resume(by: person)
            #expect(still.step.state == .waiting && still.step.error?.code == "approval.waits")
        }
        #expect(try await estate.waiting() == id)
        #expect(try await estate.rows().isEmpty)
    }

    @Test(
        "nobody approves their own request, by whatever name they come",
        arguments: [
            (Requester.ann, Requester.ann), (.ann, .annByRoot), (.annByRoot, .ann), (.annByRoot, .annByDeploy),
            (.root, .root), (.deploy, .deploy), (.bobAsAnn, .ann), (.bobAsAnn, .bob), (.ann, .bobAsAnn),
            (.annByDeploy, .annByRoot),
        ])
    func refusesOwn(asker: Requester, approver: Requester) async throws {
        _ = try await estate.harness.run("test ledger", by: asker)
        let id = try #require(try await estate.waiting())
        await expect("approval.own-request") {
            try await estate.harness.approvals(by: approver).approve(id)
        }
        #expect(try await estate.harness.resume(by: approver).step.state == .waiting)
        #expect(try await estate.rows().isEmpty)
    }

    @Test("somebody else may, by sudo from whichever account", arguments: [Requester.bob, .bobByRoot, .bobByDeploy])
    func allowsOthers(approver: Requester) async throws {
        _ = try await estate.harness.run("test ledger", by: .annByDeploy)
        try await estate.harness.approvals(by: approver).approve(try #require(try await estate.waiting()))
        // Whoever approved may also go on with it.
        #expect(try await estate.harness.resume(by: approver).run.state == .succeeded)
    }

    @Test("where nothing is protected people may approve their own requests, and shared accounts may not")
    func sharedAccounts() async throws {
        var harness = estate.harness
        harness.inventory.environments[0].isProtected = false
        harness.inventory.approvals.rules = [.test { $0.effects = [.destroys] }]
        for (person, mayApprove) in [(Requester.ann, true), (.root, false), (.deploy, false), (.annByRoot, true)] {
            let run = try await harness.run("test ledger", by: person).run.id
            let id = try #require(try await estate.waiting(harness))
            let approvals = harness.approvals(by: person)
            if mayApprove {
                try await approvals.approve(id)
            } else {
                await expect("approval.own-request") { try await approvals.approve(id) }
                try await harness.approvals(by: .bob).approve(id)
            }
            #expect(try await harness.resume(run, by: person).run.state == .succeeded)
        }
    }

    @Test("two of three: the same person counts once, and others do not count")
    func countsPeople() async throws {
        var harness = estate.harness
        harness.inventory.approvals.rules = [
            .test {
                $0.effects = [.destroys]
                $0.count = .number(2)
                $0.approvers = ["bob", "carl", "dora"]
            }
        ]
        _ = try await harness.run("test ledger", by: .ann)
        let id = try #require(try await estate.waiting(harness))
        let first = try await harness.approvals(by: .bob).approve(id)
        #expect(first.state == .waiting && first.missing.hasPrefix("1 of 2 given"))
        for again in [Requester.bob, .bobByRoot] {
            await expect("approval.already-given") { try await harness.approvals(by: again).approve(id) }
        }
        for stranger in [Requester.person("eve"), .bobAsAnn, .root] {
            await #expect { try await harness.approvals(by: stranger).approve(id) } throws: { error in
                ["approval.not-an-approver", "approval.own-request"].contains((error as? ApprovalError)?.code)
            }
        }
        #expect(try await harness.resume(by: .ann).step.state == .waiting)
        let second = try await harness.approvals(by: .person("carl")).approve(id)
        #expect(second.state == .approved && second.missing.isEmpty)
        #expect(try await harness.resume(by: .ann).run.state == .succeeded)
    }

    @Test("a request that nobody can ever grant is refused at once")
    func refusesImpossible() async throws {
        var harness = estate.harness
        harness.inventory.approvals.rules = [
            .test {
                $0.effects = [.destroys]
                $0.count = .all
                $0.approvers = ["ann", "bob"]
            }
        ]
        let refused = try await harness.run("test ledger", by: .ann)
        #expect(refused.step.state == .refused && refused.step.error?.code == "approval.impossible")
        #expect(try await harness.run("test ledger", by: .person("carl")).step.state == .waiting)
    }

    @Test("after its time a request cannot be approved, and going on asks anew")
    func expires() async throws {
        _ = try await estate.harness.run("test ledger", by: .ann)
        let id = try #require(try await estate.waiting())
        estate.clock.advance(by: .seconds(86_400))
        for _ in 0..<2 {
            await expect("approval.expired") { try await estate.harness.approvals(by: .bob).approve(id) }
        }
        #expect(try await estate.harness.log.audit(AuditFilter(kinds: [.expired])).count == 1)
        #expect(try await estate.harness.resume(by: .ann).step.state == .waiting)
        let new = try #require(try await estate.waiting())
        #expect(new != id)
        await #expect(throws: ApprovalError.self) { try await estate.harness.approvals(by: .bob).approve(id) }
        try await estate.harness.approvals(by: .bob).approve(new)
        // Approved in time, and started too late.
        estate.clock.advance(by: .seconds(86_400))
        #expect(try await estate.harness.resume(by: .ann).step.state == .waiting)
        #expect(try await estate.rows().isEmpty)
        try await estate.harness.approvals(by: .bob).approve(try #require(try await estate.waiting()))
        #expect(try await estate.harness.resume(by: .ann).run.state == .succeeded)
    }

    @Test("one object more than was approved, and nothing starts")
    func refusesMovedPlan() async throws {
        _ = try await estate.harness.run("test ledger", by: .ann)
        try await estate.harness.approvals(by: .bob).approve(try #require(try await estate.waiting()))
        let changed = try estate.harness(["a", "b", "c"])
        let refused = try await changed.resume(by: .ann)
        #expect(refused.step.state == .refused && refused.run.state == .failed)
        #expect(
            refused.step.error?.problem.contains("new: production/main: insert into ledger (key) values ('c')") == true)
        #expect(try await estate.rows().isEmpty)
    }

    @Test("what was rejected stays rejected, and its run has ended")
    func rejects() async throws {
        let run = try await estate.harness.run("test ledger", by: .ann).run
        let id = try #require(try await estate.waiting())
        try await estate.harness.approvals(by: .ann).reject(id, reason: "not today")
        let ended = try await estate.harness.log.run(run.id)
        #expect(ended.state == .failed && ended.endedAt != nil)
        await expect("approval.rejected") { try await estate.harness.approvals(by: .bob).approve(id) }
        await expect("approval.rejected") {
            try await estate.harness.approvals(by: .bob).reject(id, reason: "again")
        }
        await #expect { try await estate.harness.resume(by: .ann) } throws: {
            ($0 as? EngineError)?.code == "run.ended"
        }
        #expect(try await estate.rows().isEmpty)
    }

    @Test("what has run is not approved any more")
    func refusesFinished() async throws {
        _ = try await estate.harness.run("test ledger", by: .ann)
        let id = try #require(try await estate.waiting())
        try await estate.harness.approvals(by: .bob).approve(id)
        _ = try await estate.harness.resume(by: .ann)
        for person in [Requester.bob, .person("carl")] {
            await expect("approval.over") { try await estate.harness.approvals(by: person).approve(id) }
        }
        await expect("approval.over") { try await estate.harness.approvals(by: .bob).reject(id, reason: "x") }
        await expect("approval.unknown") { try await estate.harness.approvals(by: .bob).approve("nothing") }
    }

    @Test("a dry run says what would have to be approved, and asks nobody")
    func dryRun() async throws {
        let dry = try await estate.harness.run("test ledger", isDryRun: true, by: .ann)
        #expect(dry.plans[0].needs?.map(\.people) == ["1 person"])
        #expect(dry.step.state == .succeeded)
        #expect(try await estate.waiting() == nil)
    }
}

/// Fails unless the body throws an error with this code.
func expect(
    _ code: String, at location: Testing.SourceLocation = #_sourceLocation, _ body: () async throws -> some Any
) async {
    do {
        _ = try await body()
        Issue.record("nothing was thrown, and '\(code)' was expected", sourceLocation: location)
    } catch {
        #expect((error as? any MaintenanceError)?.code == code, "\(error)", sourceLocation: location)
    }
}
