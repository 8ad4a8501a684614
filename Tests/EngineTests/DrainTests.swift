import Maintenance
import MaintenanceTesting
import Settings
import Synchronization
import Testing

@testable import Engine

/// What is being changed when the process is to stop.
@Suite("draining", .temporaryDirectory)
struct DrainTests {
    /// A routine of two steps, of which the first is in the middle of its change when the run is cancelled.
    private func cancelled(
        _ drain: Drain, _ then: (AsyncStream<Void>.Continuation) -> Void
    ) async throws -> RunSummary {
        let (began, beginning) = AsyncStream<Void>.makeStream()
        let (released, release) = AsyncStream<Void>.makeStream()
        let count = Mutex(0)
        var effort = Effort()
        effort.body = { _ in
            beginning.yield()
            for await _ in released { break }
            try Task.checkCancellation()
            count.withLock { $0 += 1 }
        }
        effort.verdict = { _ in count.withLock { $0 } > 0 ? .done([:]) : .notDone("nothing was made") }
        let harness = try effort.harness([Environment("test", [])])
        let task = try harness.catalog.parse(["test", "effort"])
        let target = Target(environment: "test", resource: "")
        var runner = harness.runner
        runner.drain = drain
        let carrier = runner
        let request = RunRequest(
            name: "own", isRoutine: true,
            steps: [RunRequest.Step(task, on: target), RunRequest.Step(task, on: target)],
            requester: TaskHarness.requester)
        return try await withThrowingTaskGroup(of: RunSummary.self) { group in
            group.addTask { try await carrier.run(request) }
            for await _ in began { break }
            let drains = drain.begin()
            group.cancelAll()
            if drains { then(release) }
            return try #require(try await group.next())
        }
    }

    @Test("a change that has begun comes to its end and is proved, and nothing begins after it")
    func letsEnd() async throws {
        let drain = Drain()
        drain.prepare()
        let run = try await cancelled(drain) { $0.yield() }
        #expect(run.run.state == .cancelled)
        #expect(run.changes.map(\.state) == [.proved])
        #expect(run.steps.map(\.state) == [.succeeded, .pending])
    }

    @Test("when its time is over it is interrupted as without draining")
    func isBounded() async throws {
        let drain = Drain()
        drain.prepare()
        let run = try await cancelled(drain) { _ in drain.end() }
        #expect(run.run.state == .cancelled)
        #expect(run.changes.map(\.state) == [.planned])
    }

    @Test("nothing drains where nobody prepared for it")
    func isOff() async throws {
        let run = try await cancelled(Drain()) { _ in Issue.record("it drains") }
        #expect(run.changes.map(\.state) == [.planned])
    }

    @Test("draining begins once, and whoever waits for it is told")
    func beginsOnce() async {
        let drain = Drain()
        #expect(!drain.begin())
        drain.prepare()
        #expect(drain.begin() && !drain.begin())
        for await _ in drain.begun {}
        drain.end()
        drain.prepare()
        #expect(!drain.begin(), "what is over does not begin again")
    }
}
