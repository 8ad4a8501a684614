import Maintenance
import MaintenanceTesting
import Settings
import Testing

@testable import Engine

/// A routine that starts every night and waits for people: they are asked one thing.
@Suite("a routine that waits every night", .temporaryDirectory, .cluster)
struct OneWaitsTests {
    private static let scheduler = Requester(
        user: "mainstay", host: "here", processID: 7, service: Scheduler.serviceName)

    private func night(_ harness: TaskHarness, by requester: Requester = scheduler) async throws -> RunSummary {
        try await harness.run("test ledger", isRoutine: true, by: requester)
    }

    private func states(_ harness: TaskHarness, _ runs: RunSummary...) async throws -> [RunState] {
        var states: [RunState] = []
        for run in runs { states.append(try await harness.log.run(run.run.id).state) }
        return states
    }

    @Test("what nobody has answered makes place for the newer, which is what is asked for then")
    func newestStays() async throws {
        let estate = try await ApprovalEstate()
        let (first, second) = (try await night(estate.harness), try await night(estate.harness))
        let third = try await night(try estate.harness(["a", "b", "c"]))
        #expect(try await states(estate.harness, first, second, third) == [.cancelled, .cancelled, .waiting])
        let waiting = try await estate.harness.approvals(by: .bob).waiting()
        #expect(waiting.map(\.ballot.request.runID) == [third.run.id])
        let old = try await estate.harness.log.steps(of: second.run.id)
        #expect(old.map(\.state) == [.skipped] && old.first?.error?.problem.contains(third.run.id) == true)
        #expect(try await estate.harness.log.verifyAudit().isSound)
    }

    @Test("what somebody has approved stays, and the newer of the same plan ends and says so")
    func approvedStays() async throws {
        let estate = try await ApprovalEstate()
        var harness = estate.harness
        harness.inventory.approvals.rules = [.test { $0.count = .number(2) }]
        let first = try await night(harness)
        let id = try #require(try await estate.waiting(harness))
        try await harness.approvals(by: .ann).approve(id)
        let second = try await night(harness)
        #expect(second.run.state == .cancelled && second.step.state == .skipped)
        #expect(second.step.error?.code == "approval.joined")
        #expect(try await states(harness, first) == [.waiting])
        try await harness.approvals(by: .bob).approve(id)
        #expect(try await harness.resume(first.run.id, by: Self.scheduler).run.state == .succeeded)
        #expect(try await estate.rows() == ["a", "b"])
    }

    @Test("an approved one and another plan wait both")
    func bothStay() async throws {
        let estate = try await ApprovalEstate()
        var harness = estate.harness
        harness.inventory.approvals.rules = [.test { $0.count = .number(2) }]
        let first = try await night(harness)
        try await harness.approvals(by: .ann).approve(try #require(try await estate.waiting(harness)))
        var other = try estate.harness(["c"])
        other.inventory = harness.inventory
        let second = try await night(other)
        #expect(try await states(harness, first, second) == [.waiting, .waiting])
    }

    @Test("what has expired makes place")
    func expiredGoes() async throws {
        let estate = try await ApprovalEstate()
        let first = try await night(estate.harness)
        estate.clock.advance(by: .seconds(400 * 86_400))
        let second = try await night(estate.harness)
        #expect(try await states(estate.harness, first, second) == [.cancelled, .waiting])
    }

    @Test("what a person asked for by hand is a run of its own")
    func handStays() async throws {
        let estate = try await ApprovalEstate()
        let (first, second) = (try await night(estate.harness, by: .ann), try await night(estate.harness, by: .ann))
        let third = try await night(estate.harness)
        #expect(try await states(estate.harness, first, second, third) == [.waiting, .waiting, .waiting])
    }

    @Test("a scheduler that begins to lead does not go on with what ended for another")
    func isNotResumed() async throws {
        let estate = try await ApprovalEstate()
        var harness = estate.harness
        harness.inventory.approvals.rules = [.test { $0.count = .number(2) }]
        _ = try await night(harness)
        try await harness.approvals(by: .ann).approve(try #require(try await estate.waiting(harness)))
        let second = try await night(harness)
        #expect(try await !harness.log.hasMoreToDo(second.run))
    }
}
