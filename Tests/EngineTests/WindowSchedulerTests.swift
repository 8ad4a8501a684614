import Calendar
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Settings
import Synchronization
import Testing

@testable import Engine

/// The scheduler goes on with what waits for a window, on a clock that a test moves.
@Suite("the scheduler and windows", .temporaryDirectory, .cluster)
struct WindowSchedulerTests {
    private final class Told: Sendable {
        private let events = Mutex<[String]>([])
        func add(_ event: SchedulerEvent) {
            let line: String? =
                switch event {
                case .leads: "leads"
                case .resumes(let run, let reason): "resumes \(run.name): \(reason)"
                case .ended(let summary): "ended \(summary.run.id) \(summary.run.state.rawValue)"
                case .failed(let what, let error): "failed \(what): \(error.problem)"
                default: nil
                }
            if let line { events.withLock { $0.append(line) } }
        }
        var lines: [String] { events.withLock { $0 } }
        func count(_ prefix: String) -> Int { lines.count { $0.hasPrefix(prefix) } }
    }

    private func serving(_ harness: TaskHarness, _ clock: ManualClock, _ told: Told, _ body: () async throws -> Void)
        async throws
    {
        let requester = Requester(user: "mainstay", host: "here", processID: 7, service: Scheduler.serviceName)
        let scheduler = Scheduler(
            Scheduler.Work(
                book: RoutineBook(inventory: harness.inventory, catalog: harness.catalog, shipped: []),
                runner: harness.runner),
            log: harness.log.acting(for: requester), clock: clock.clock, zones: ZoneDirectory(environment: [:]),
            requester: requester, tell: told.add)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                do { try await scheduler.run() } catch is CancellationError {}
            }
            try await eventually("it leads") { told.count("leads") > 0 }
            try await body()
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    private func advance(_ clock: ManualClock, minutes: Int) async {
        for _ in 0..<(2 * minutes) {
            await clock.sleepers(atLeast: 1)
            clock.advance(by: .seconds(30))
        }
        await clock.sleepers(atLeast: 1)
    }

    @Test("goes on when the window opens, not before, and with what is left in the one after that")
    func goesOn() async throws {
        let estate = try await WindowEstate([.test("daily 03:00-03:30")])
        let run = try await estate.harness.run("test ledger").run
        let told = Told()
        try await serving(estate.harness, estate.clock, told) {
            await advance(estate.clock, minutes: 59)
            #expect(told.count("resumes") == 0)
            await advance(estate.clock, minutes: 2)
            try await eventually("the window is over") { told.count("ended \(run.id) waiting") == 1 }
            #expect(told.lines.contains("resumes test.ledger: its window is open"))
            #expect(try await estate.rows() == ["a", "b"])
            // What was left out of a window is not asked about again in it.
            await advance(estate.clock, minutes: 4)
            #expect(told.count("resumes") == 1)
            estate.clock.advance(by: .seconds(86_400 - 40 * 60))
            try await eventually("it has ended") {
                estate.clock.advance(by: .seconds(30))
                return told.count("ended \(run.id) succeeded") == 1
            }
        }
        #expect(try await estate.rows() == ["a", "b", "c"])
        let failed = told.lines.filter { $0.hasPrefix("failed") && !$0.hasSuffix(": cancelled") }
        #expect(failed.isEmpty, "\(failed)")
    }

    @Test("the most urgent goes first, and the next gets what that does not need")
    func takesTurns() async throws {
        let estate = try await WindowEstate([.test("daily 03:00-03:30")])
        func keyed(_ priority: Severity) -> (inout Ledger) -> Void {
            { $0.adapting = { $0.priority = priority } }
        }
        // As a routine, or the second would take the place of the first.
        let small = try await estate.proposing(["small"], adapting: keyed(.info)).run("test ledger", isRoutine: true)
            .run
        let great = try await estate.proposing(["great"], adapting: keyed(.critical)).run("test ledger").run
        // Each run plans anew when it goes on: what both would propose now.
        let now = estate.proposing(["either"], minutes: 12) { _ in }
        let told = Told()
        try await serving(now, estate.clock, told) {
            await advance(estate.clock, minutes: 61)
            try await eventually("both have ended") { told.count("ended") == 2 }
        }
        let ended = told.lines.filter { $0.hasPrefix("ended") }
        #expect(ended == ["ended \(great.id) succeeded", "ended \(small.id) succeeded"])
    }

    @Test("what people have still to approve starts in no window, and what they approved waits for its window")
    func needsBoth() async throws {
        let estate = try await WindowEstate(
            [.test("daily 03:00-03:30")], isProtected: true, keys: ["a"]
        ) { $0.effect = .destroys }
        let run = try await estate.harness.run("test ledger", by: .ann).run
        let told = Told()
        try await serving(estate.harness, estate.clock, told) {
            await advance(estate.clock, minutes: 61)
            #expect(told.count("resumes") == 0)
            estate.clock.advance(by: .seconds(3_600))
            let id = try #require(try await estate.request())
            try await estate.harness.approvals(by: .bob).approve(id)
            await advance(estate.clock, minutes: 5)
            #expect(told.count("resumes") == 0, "\(told.lines)")
        }
        #expect(try await estate.rows().isEmpty)
        #expect(try await estate.harness.log.run(run.id).state == .waiting)
    }

    @Test("what a killed run had not begun by the end of its window counts as left out of it, once")
    func countsOnceAfterKill() async throws {
        let estate = try await WindowEstate([.test("daily 02:00-03:00")]) { ledger in
            ledger.after = { change, _ in
                if change.object == "a" { withUnsafeCurrentTask { $0?.cancel() } }
            }
        }
        let run = try await estate.harness.run("test ledger")
        #expect(run.changes.map(\.state) == [.proved, .planned, .planned])
        try estate.set("2026-11-21T12:00:00Z")
        for _ in 0..<3 {
            #expect(try await estate.harness.resume().step.state == .waiting)
            #expect(
                try await estate.harness.log.handedOn("test.ledger", at: run.step.target) == ["add b": 1, "add c": 1])
        }
        try estate.set("2026-11-22T02:00:00Z")
        #expect(try await estate.harness.resume().run.state == .succeeded)
        #expect(try await estate.rows() == ["a", "b", "c"])
    }

    @Test("time is kept for what waits at the same target and matters more, while somebody leads")
    func keepsTime() async throws {
        let estate = try await WindowEstate([.test("daily 03:00-03:15")])
        _ = try await estate.proposing(["great"]) { $0.adapting = { $0.priority = .critical } }.run("test ledger")
        try estate.set("2026-11-21T03:00:00Z")
        let other = estate.proposing(["small"])
        let leader = try StateLocks(stateDirectory: other.stateDirectory).scheduler()
        #expect(try await other.run("test ledger", isDryRun: true).plans.first?.packing?.starting.isEmpty == true)
        withExtendedLifetime(leader) {}
    }
}
