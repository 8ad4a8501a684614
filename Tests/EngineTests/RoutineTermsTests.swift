import Maintenance
import MaintenanceTesting
import Outside
import Settings
import Synchronization
import Testing

@testable import Engine

/// What a routine says about its whole, and about the rank of its changes.
@Suite("terms of a routine", .temporaryDirectory, .cluster)
struct RoutineTermsTests {
    private final class Crowd: Sendable {
        private let counts = Mutex((now: 0, most: 0))
        private let wanted: Int

        init(_ wanted: Int) { self.wanted = wanted }

        /// Stays until so many are there, and a little: whoever came too many would be seen.
        func enter() async {
            counts.withLock { counts in
                counts.now += 1
                counts.most = max(counts.most, counts.now)
            }
            for _ in 0..<100_000 where most < wanted { await Task.yield() }
            for _ in 0..<200 { await Task.yield() }
            counts.withLock { $0.now -= 1 }
        }

        var most: Int { counts.withLock { $0.most } }
    }

    private func request(
        _ harness: TaskHarness, _ name: String
    ) throws -> RunRequest {
        let book = RoutineBook(inventory: harness.inventory, catalog: harness.catalog, shipped: [])
        return try #require(
            try book.request(
                name, in: harness.inventory.environments.map(\.name), by: TaskHarness.requester,
                at: harness.clock.now()))
    }

    @Test("it works on as many environments at once as it says, four where it says nothing", arguments: [1, 2, 6, nil])
    func concurrency(count: Int?) async throws {
        let crowd = Crowd(count ?? 4)
        var inventory = Inventory(Environment("e0", []))
        inventory.environments = (0..<8).map { Environment("e\($0)", []) }
        let step = RoutineStep(.task(["test", "visit"]), location: .test)
        inventory.routines = [
            RoutineSettings(name: "all", concurrency: count, steps: [step], location: .test),
            // What stands in it says is for when it is run by itself.
            RoutineSettings(
                name: "outer", concurrency: count,
                steps: [RoutineStep(.routine("inner"), location: .test)], location: .test),
            RoutineSettings(name: "inner", concurrency: 8, steps: [step], location: .test),
        ]
        let harness = try TaskHarness([TaskEntry(SchedulerTests.Visit { await crowd.enter() })], inventory: inventory)
        for name in ["all", "outer"] {
            let run = try await harness.runner.run(try request(harness, name))
            #expect(run.run.state == .succeeded)
        }
        #expect(crowd.most == count ?? 4)
    }

    @Test("a run that goes on keeps to it")
    func goesOn() async throws {
        let crowd = Crowd(3)
        var inventory = Inventory(Environment("e0", []))
        inventory.environments = (0..<8).map { Environment("e\($0)", []) }
        inventory.routines = [
            RoutineSettings(
                name: "all", concurrency: 3,
                steps: [
                    RoutineStep(.approval(ApprovalStepSettings(reason: "go on")), location: .test),
                    RoutineStep(.task(["test", "visit"]), location: .test),
                ],
                location: .test)
        ]
        let harness = try TaskHarness([TaskEntry(SchedulerTests.Visit { await crowd.enter() })], inventory: inventory)
        let run = try await harness.runner.run(try request(harness, "all"))
        #expect(run.run.state == .waiting && crowd.most == 0)
        for waiting in try await harness.approvals(by: .bob).waiting() {
            try await harness.approvals(by: .bob).approve(waiting.ballot.request.id)
        }
        #expect(try await harness.resume(run.run.id).run.state == .succeeded)
        #expect(crowd.most == 3)
    }

    @Test("changes of a step are at least as urgent as it says: in a short window they go first")
    func priority() async throws {
        // Room for one change of ten minutes.
        let estate = try await WindowEstate([.test("daily 02:00-02:15")], keys: ["a"])
        var harness = estate.harness
        var first = Ledger()
        first.keys = ["b", "c"]
        first.adapting = { if $0.object == "c" { $0.priority = .critical } }
        harness.catalog = TaskCatalog([TaskEntry(first)])
        var step = RoutineStep(.task(["test", "ledger"]), location: .test)
        step.conditions.priority = .warning
        harness.inventory.routines = [RoutineSettings(name: "own", steps: [step], location: .test)]
        var dry = try request(harness, "own")
        dry.isDryRun = true
        let plan = try #require(try await harness.runner.run(dry).plans.first)
        #expect(plan.changes.map(\.priority) == [.warning, .critical])
        #expect(plan.packing?.starting.map(\.change) == ["add c"])
        // A plan is not another one because it is more urgent.
        let other = try await harness.run("test ledger", isDryRun: true)
        #expect(other.plans.first?.digest == plan.digest)
    }
}
