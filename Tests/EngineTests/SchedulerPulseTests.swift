import Calendar
import Glibc
import Maintenance
import MaintenanceTesting
import Outside
import Settings
import Synchronization
import Testing

@testable import Engine

@Suite("the pulse of the scheduler", .temporaryDirectory)
struct SchedulerPulseTests {
    private let clock = ManualClock()

    /// Counts how often it is told that all is well, and keeps whoever tells it of a finding until it is released.
    private final class Listener: Sendable {
        private let counts = Mutex((pulses: 0, findings: 0))
        private let isHeld = Mutex(true)

        func hear(_ event: SchedulerEvent) {
            switch event {
            case .isWell: counts.withLock { $0.pulses += 1 }
            case .found:
                counts.withLock { $0.findings += 1 }
                // Ten seconds at most, so that a test that failed leaves nobody waiting.
                for _ in 0..<10_000 where isHeld.withLock({ $0 }) { usleep(1_000) }
            default: break
            }
        }

        var pulses: Int { counts.withLock { $0.pulses } }
        var hangs: Bool { counts.withLock { $0.findings > 0 } }
        func release() { isHeld.withLock { $0 = false } }
    }

    @Test("a loop that hangs does not say that it is well, and says so again once it goes on")
    func hangs() async throws {
        let zones = ZoneDirectory(environment: [:])
        var inventory = Inventory(Environment("test", []))
        inventory.routines = [
            RoutineSettings(
                name: "monthly", schedule: Written(try ScheduleExpression("daily 02:10 UTC", zones: zones), at: .test),
                mode: .manual, steps: [RoutineStep(.task(["test", "visit"]), location: .test)], location: .test)
        ]
        let harness = try TaskHarness(
            [TaskEntry(SchedulerTests.Visit())], inventory: inventory, clock: clock.clock)
        let requester = Requester(user: "mainstay", host: "here", processID: 7, service: Scheduler.serviceName)
        let book = RoutineBook(inventory: inventory, catalog: harness.catalog, shipped: [])
        let listener = Listener()
        let scheduler = Scheduler(
            Scheduler.Work(book: book, runner: harness.runner), log: harness.log.acting(for: requester),
            clock: clock.clock, zones: zones, requester: requester, tell: listener.hear)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                do { try await scheduler.run() } catch is CancellationError {}
            }
            defer { listener.release() }
            try await eventually("it says that it is well") { listener.pulses > 0 }
            await clock.sleepers(atLeast: 1)
            // What people start is found to be due, in the loop, by whoever is told of it here.
            clock.advance(by: .seconds(600))
            try await eventually("the loop hangs") { listener.hangs }
            let before = listener.pulses
            clock.advance(by: Scheduler.standardPulse * 10)
            for _ in 0..<1_000 { await Task.yield() }
            #expect(listener.pulses == before)
            listener.release()
            try await eventually("it says so again") { listener.pulses > before }
            group.cancelAll()
            try await group.waitForAll()
        }
    }
}
