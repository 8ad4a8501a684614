import Calendar
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Settings
import Synchronization
import Testing

@testable import Engine

@Suite("the scheduler", .temporaryDirectory)
struct SchedulerTests {
    /// 2026-11-21 02:00 UTC at its beginning.
    private let clock = ManualClock()

    /// Says when it was surveyed, and ends when a test lets it.
    struct Visit: MaintenanceTask {
        struct Options: Sendable {}
        static let declaration = TaskDeclaration(
            name: "test.visit", summary: "look", explanation: "For tests.", effect: .observes, subject: .environments)
        var body: @Sendable () async throws -> Void = {}

        init(_ options: Options) {}
        init(_ body: @escaping @Sendable () async throws -> Void = {}) { self.body = body }
        func survey(_ look: Look) async throws -> Observation {
            try await body()
            return Observation()
        }
    }

    private final class Told: Sendable {
        private let events = Mutex<[String]>([])
        func add(_ event: SchedulerEvent) {
            if case .isWell = event { return }
            let line: String =
                switch event {
                case .leads: "leads"
                case .waits: "waits"
                case .starts(let start, _): "starts \(start.routine) \(start.due)"
                case .resumes(let run, let reason): "resumes \(run.name): \(reason)"
                case .ended(let summary): "ended \(summary.run.name) \(summary.run.state.rawValue)"
                case .found(let finding): "\(finding.code) \(finding.object ?? "")"
                case .failed(let what, let error): "failed \(what): \(error.problem)"
                case .reloaded: "reloaded"
                case .isWell: "is well"
                case .refusedConfiguration(let error): "refused \(error.code)"
                }
            events.withLock { $0.append(line) }
        }
        var lines: [String] { events.withLock { $0 } }
        func count(_ prefix: String) -> Int { lines.count { $0.hasPrefix(prefix) } }
    }

    private func harness(
        _ schedules: [String: String], timing: RoutineTiming = RoutineTiming(),
        _ body: @escaping @Sendable () async throws -> Void = {}
    ) throws -> TaskHarness {
        var inventory = Inventory(Environment("test", []))
        let zones = ZoneDirectory(environment: [:])
        inventory.routines = try schedules.sorted { $0.key < $1.key }.map { name, text in
            RoutineSettings(
                name: name, schedule: Written(try ScheduleExpression(text, zones: zones), at: .test), timing: timing,
                steps: [RoutineStep(.task(["test", "visit"]), location: .test)], location: .test)
        }
        return try TaskHarness([TaskEntry(Visit(body))], inventory: inventory, clock: clock.clock)
    }

    private func work(_ harness: TaskHarness) -> Scheduler.Work {
        Scheduler.Work(
            book: RoutineBook(inventory: harness.inventory, catalog: harness.catalog, shipped: []),
            runner: harness.runner)
    }

    private func scheduler(_ harness: TaskHarness, _ told: Told) -> Scheduler {
        let requester = Requester(user: "mainstay", host: "here", processID: 7, service: Scheduler.serviceName)
        return Scheduler(
            work(harness), log: harness.log.acting(for: requester), clock: clock.clock,
            zones: ZoneDirectory(environment: [:]), requester: requester, tell: told.add)
    }

    /// Runs a scheduler while `body` moves the clock.
    private func serving(
        _ harness: TaskHarness, _ told: Told, _ body: (Scheduler) async throws -> Void
    ) async throws {
        let scheduler = scheduler(harness, told)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                do { try await scheduler.run() } catch is CancellationError {}
            }
            try await eventually("it leads") { told.count("leads") > 0 }
            await clock.sleepers(atLeast: 1)
            try await body(scheduler)
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    /// Half a minute at a time, as far as the scheduler sleeps at most.
    private func advance(minutes: Int) async {
        for _ in 0..<(2 * minutes) {
            await clock.sleepers(atLeast: 1)
            clock.advance(by: .seconds(30))
        }
        await clock.sleepers(atLeast: 1)
    }

    @Test("what people start is not started: it is due, until somebody has run it")
    func tellsPeople() async throws {
        var harness = try harness(["monthly": "daily 02:10 UTC"])
        harness.inventory.routines[0].mode = .manual
        let told = Told()
        func due() async throws -> [Finding] {
            try await harness.log.openFindings().map(\.finding).filter { $0.code == ScheduleFinding.due.rawValue }
        }
        try await serving(harness, told) { _ in
            await advance(minutes: 15)
            try await eventually("it is told") { told.count("SC008") > 0 }
            #expect(told.count("starts") == 0)
            let found = try await due()
            #expect(found.map(\.object) == ["monthly"])
            #expect(found.first?.mend == "mainstay run monthly --all-environments")
            let request = try #require(
                try work(harness).book.request("monthly", in: ["test"], by: .ann, at: clock.clock.now()))
            #expect(try await harness.runner.run(request).run.state == .succeeded)
            await advance(minutes: 11)
            try await eventually("it is over") { try await due().isEmpty }
        }
    }

    @Test("two routines that start at the same minute take turns on a target, and both succeed")
    func takesTurns() async throws {
        let harness = try harness([:])
        var runner = harness.runner
        runner.busyPatience = .seconds(60)
        let patient = runner
        let target = Target(environment: "test", resource: "")
        let request = RunRequest(
            name: "visit", steps: [.init(try TaskEntry(Change()).parse([]), on: target)],
            requester: Requester(user: "mainstay", host: "here", processID: 7))
        var other = try StateLocks(stateDirectory: harness.stateDirectory).target(target)
        #expect(other != nil)
        async let running = patient.run(request)
        await clock.sleepers(atLeast: 1)
        other = nil
        clock.advance(by: .seconds(1))
        #expect(try await running.steps.map(\.state) == [.succeeded])
        other = try StateLocks(stateDirectory: harness.stateDirectory).target(target)
        let busy = try await harness.runner.run(request)
        #expect(busy.steps.first?.error?.code == "target.busy")
        withExtendedLifetime(other) {}
    }

    /// May change something, and finds nothing to change.
    struct Change: MaintenanceTask {
        struct Options: Sendable {}
        static let declaration = TaskDeclaration(
            name: "test.change", summary: "change", explanation: "For tests.", effect: .maintains,
            subject: .environments)

        init() {}
        init(_ options: Options) {}
        func survey(_ look: Look) async throws -> Observation { Observation() }
    }

    @Test("starts a routine at its time through the runner, once, and says who asked")
    func startsOnce() async throws {
        let harness = try harness(["nightly": "daily 02:10"])
        let told = Told()
        try await serving(harness, told) { _ in
            await advance(minutes: 9)
            #expect(told.count("starts") == 0)
            await advance(minutes: 2)
            try await eventually("it has ended") { told.count("ended nightly succeeded") == 1 }
            await advance(minutes: 60)
        }
        #expect(told.count("starts nightly 2026-11-21 02:10 UTC") == 1)
        #expect(told.count("starts") == 1, "\(told.lines)")
        let runs = try await harness.log.recentRuns(most: 10)
        #expect(runs.map(\.requester.name) == ["scheduler as mainstay"])
        let starts = try await harness.log.starts(of: "nightly", most: 5)
        #expect(starts.map(\.runID) == [runs.first?.id])
        #expect(starts.map(\.outcome) == [.started])
    }

    @Test("a restart neither doubles a start nor loses it")
    func survivesRestart() async throws {
        let harness = try harness(["nightly": "daily 02:10"])
        let first = Told()
        try await serving(harness, first) { _ in await advance(minutes: 5) }
        // Nobody is there at 02:10.
        clock.advance(by: .seconds(20 * 60))
        let second = Told()
        try await serving(harness, second) { _ in
            try await eventually("it has ended") { second.count("ended nightly succeeded") == 1 }
        }
        let third = Told()
        try await serving(harness, third) { _ in await advance(minutes: 5) }
        #expect(third.count("starts") == 0)
        #expect(try await harness.log.recentRuns(most: 5).count == 1)
    }

    @Test("a start that is too late is a finding and no run, until the next start")
    func saysMissed() async throws {
        let harness = try harness(["nightly": "daily 02:10"])
        let told = Told()
        try await serving(harness, told) { _ in }
        clock.advance(by: .seconds(2 * 3_600))
        try await serving(harness, told) { _ in
            try await eventually("it is found") { told.count("SC001 nightly") == 1 }
        }
        #expect(try await harness.log.recentRuns(most: 5).isEmpty)
        #expect(try await harness.log.openFindings().map(\.finding.code) == ["SC001"])
        #expect(try await harness.log.starts(of: "nightly", most: 5).map(\.outcome) == [.missed])
        clock.advance(by: .seconds(23 * 3_600))
        try await serving(harness, told) { _ in
            try await eventually("it has ended") { told.count("ended nightly succeeded") == 1 }
        }
        #expect(try await harness.log.openFindings().isEmpty)
    }

    @Test("a clock that jumps an hour forward or back doubles nothing", arguments: [3_600, -3_600])
    func survivesJumps(seconds: Int) async throws {
        let harness = try harness(["nightly": "daily 02:10"])
        let told = Told()
        try await serving(harness, told) { _ in
            await advance(minutes: 11)
            try await eventually("it has ended") { told.count("ended") == 1 }
            clock.set(clock.clock.now() + .seconds(seconds))
            await advance(minutes: 70)
        }
        #expect(told.count("starts") == 1, "\(told.lines)")
    }

    @Test("a clock that jumps over a start makes it at once")
    func noticesJump() async throws {
        let harness = try harness(["nightly": "daily 02:30"])
        let told = Told()
        try await serving(harness, told) { _ in
            clock.set(clock.clock.now() + .seconds(3_600))
            clock.advance(by: .seconds(30))
            try await eventually("it has ended") { told.count("ended nightly succeeded") == 1 }
        }
    }

    @Test("a clock that was wrong by days does not keep a routine from starting")
    func forgetsWrongClock() async throws {
        let harness = try harness(["nightly": "daily 02:10"])
        let told = Told()
        try await serving(harness, told) { _ in
            clock.set(clock.clock.now() + .seconds(30 * 86_400 + 900))
            clock.advance(by: .seconds(30))
            try await eventually("it has ended") { told.count("ended nightly") == 1 }
            clock.set(clock.clock.now() - .seconds(30 * 86_400 + 900))
            await advance(minutes: 12)
            try await eventually("it has ended again") { told.count("ended nightly") == 2 }
        }
    }

    @Test("a start while the routine is at work is left out, or made afterwards", arguments: ["skip", "queue"])
    func judgesOverlap(word: String) async throws {
        var timing = RoutineTiming()
        timing.overlap = try #require(RoutineTiming.Overlap(rawValue: word))
        timing.lateWithin = .seconds(150)
        let (released, release) = AsyncStream.makeStream(of: Void.self)
        let visits = Mutex(0)
        let harness = try harness(["often": "every 5m"], timing: timing) {
            if visits.withLock({ visits in
                visits += 1
                return visits == 1
            }) {
                for await _ in released { break }
            }
        }
        let told = Told()
        try await serving(harness, told) { _ in
            await advance(minutes: 5)
            try await eventually("it started") { visits.withLock { $0 } == 1 }
            await advance(minutes: 7)
            #expect(visits.withLock { $0 } == 1)
            release.yield()
            try await eventually("it has ended") { told.count("ended often") >= 1 }
            if timing.overlap == .queue {
                try await eventually("it has ended again") { told.count("ended often") == 2 }
            }
            release.finish()
        }
        let outcomes = try await harness.log.starts(of: "often", most: 5).map(\.outcome)
        #expect(outcomes == (word == "skip" ? [.overlapped, .started] : [.started, .started]))
        #expect(told.count("SC002 often") == (word == "skip" ? 1 : 0))
    }

    @Test("a calendar that cannot be read any more lets nothing start, and says so")
    func failsClosed() async throws {
        let file = TemporaryDirectory.current + "/days.ics"
        let calendar = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nEND:VCALENDAR\r\n"
        try calendar.write(toFile: file, atomically: true, encoding: .utf8)
        var harness = try harness(["nightly": "daily 02:10"])
        harness.inventory.calendars = [
            CalendarSettings(source: CalendarSource(name: "freeze", isBlackout: true, file: file), location: .test)
        ]
        let told = Told()
        try await serving(harness, told) { _ in
            await advance(minutes: 5)
            try "not a calendar".write(toFile: file, atomically: true, encoding: .utf8)
            await advance(minutes: 6)
            try await eventually("it is found") { told.count("SC003 nightly") == 1 }
            #expect(told.count("starts") == 0)
            try calendar.write(toFile: file, atomically: true, encoding: .utf8)
            await advance(minutes: 1)
            try await eventually("it has ended") { told.count("ended nightly succeeded") == 1 }
        }
        #expect(try await harness.log.openFindings().isEmpty)
    }

    @Test("a routine that fails until its deadline is a finding, which a success ends")
    func deadMan() async throws {
        let fails = Mutex(true)
        let harness = try harness(["nightly": "daily 02:10"]) {
            if fails.withLock({ $0 }) { throw EngineError.noSuchRun("x") }
        }
        let told = Told()
        try await serving(harness, told) { _ in
            await advance(minutes: 11)
            try await eventually("it has failed") { told.count("ended nightly failed") == 1 }
            await advance(minutes: 6 * 60)
            try await eventually("it is found") { told.count("SC005 nightly") >= 1 }
            #expect(try await harness.log.openFindings().map(\.finding.code) == ["SC005"])
            fails.withLock { $0 = false }
            await advance(minutes: 18 * 60)
            try await eventually("it has ended") { told.count("ended nightly succeeded") == 1 }
            try await eventually("it is over") { try await harness.log.openFindings().isEmpty }
        }
    }

    @Test("one leads, and the other takes over when it has gone")
    func takesOver() async throws {
        let harness = try harness(["nightly": "daily 02:10"])
        let (first, second) = (Told(), Told())
        let waiting = scheduler(harness, second)
        try await withThrowingTaskGroup(of: Void.self) { group in
            try await serving(harness, first) { _ in
                group.addTask {
                    do { try await waiting.run() } catch is CancellationError {}
                }
                try await eventually("it waits") { second.count("waits") == 1 }
                #expect(second.count("leads") == 0)
            }
            try await eventually("it takes over") {
                clock.advance(by: .seconds(1))
                return second.count("leads") == 1
            }
            group.cancelAll()
        }
    }

    @Test("a new configuration takes the place of the old one as a whole, or not at all")
    func reloads() async throws {
        let harness = try harness(["nightly": "daily 02:10"])
        var other = harness
        other.inventory.routines = try self.harness(["later": "daily 02:20"]).inventory.routines
        let told = Told()
        try await serving(harness, told) { scheduler in
            scheduler.reload(.failure(ErrorReport(code: "configuration.invalid", problem: "no")))
            try await eventually("it is refused") { told.count("refused configuration.invalid") == 1 }
            try await eventually("it is noted") {
                try await harness.log.service(Scheduler.serviceName)?.record.refused?.problem == "no"
            }
            scheduler.reload(.success(work(other)))
            try await eventually("it is used") { told.count("reloaded") == 1 }
            await advance(minutes: 21)
            try await eventually("it has ended") { told.count("ended later succeeded") == 1 }
        }
        #expect(told.count("starts nightly") == 0)
    }
}
