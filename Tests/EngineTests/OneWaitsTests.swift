import Maintenance
import MaintenanceTesting
import Outside
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

    @Test("a run in its middle, with a step that was approved and made, is left to its end")
    func middleStays() async throws {
        let estate = try await ApprovalEstate()
        var harness = estate.harness
        harness.inventory.routines = [
            RoutineSettings(
                name: "switch",
                steps: ["on", "off"].flatMap { word in
                    [
                        RoutineStep(.approval(ApprovalStepSettings(reason: "switch \(word)")), location: .test),
                        RoutineStep(.task(["test", "ledger"]), location: .test),
                    ]
                }, location: .test)
        ]
        harness.inventory.environments[0].isProtected = false
        let first = try await week(harness)
        let id = try #require(try await harness.approvals(by: .bob).waiting().first?.ballot.request.id)
        try await harness.approvals(by: .bob).approve(id)
        #expect(try await harness.resume(first.run.id, by: Self.scheduler).run.state == .waiting)
        #expect(try await estate.rows() == ["a", "b"])
        let second = try await week(harness)
        // The older waits for its second approval, the newer for its first one.
        #expect(try await states(harness, first, second) == [.waiting, .waiting])
        let third = try await week(harness)
        #expect(try await states(harness, first, second, third) == [.waiting, .cancelled, .waiting])
    }

    private func week(_ harness: TaskHarness) async throws -> RunSummary {
        let book = RoutineBook(inventory: harness.inventory, catalog: harness.catalog, shipped: [])
        return try await harness.runner.run(
            try #require(
                try book.request("switch", in: ["production"], by: Self.scheduler, at: harness.clock.now())))
    }

    @Test("a newer run joins an older one only where everything it waits for waits there too")
    func joinsWhole() async throws {
        let estate = try await ApprovalEstate()
        var harness = estate.harness
        var second = harness.inventory.environments[0].resources[0]
        second.name = "other"
        harness.inventory.environments[0].resources.append(second)
        harness.inventory.approvals.rules = [.test { $0.count = .number(2) }]
        let first = try await night(harness)
        for waiting in try await harness.approvals(by: .ann).waiting() {
            let request = waiting.ballot.request
            try await harness.approvals(by: .ann).approve(request.id)
            // That of one database is complete and made, that of the other is half.
            if request.plan.target.resource == "main" { try await harness.approvals(by: .bob).approve(request.id) }
        }
        #expect(try await harness.resume(first.run.id, by: Self.scheduler).run.state == .waiting)
        let second2 = try await night(harness)
        #expect(try await states(harness, first, second2) == [.waiting, .waiting])
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
