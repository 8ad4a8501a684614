import Calendar
import Maintenance
import MaintenanceTesting
import Outside
import Settings
import Testing

@testable import Engine

/// What `mainstay status` says of routines that should start by themselves: each trouble in a line, with its reason and
/// the command that resolves it.
@Suite("how the schedule stands", .temporaryDirectory)
struct ScheduleStandingTests {
    private typealias Attention = ScheduleStanding.Attention

    /// 2026-11-21 02:00 UTC at its beginning.
    private let clock = ManualClock()
    private let zones = ZoneDirectory(environment: [:])
    private static let scheduler = Requester(
        user: "mainstay", host: "here", processID: 7, service: Scheduler.serviceName)

    private func harness(
        _ schedule: String = "daily 03:00 UTC", calendars: [CalendarSettings] = [], step: RoutineStep? = nil,
        _ tasks: [TaskEntry] = [TaskEntry(SchedulerTests.Visit())]
    ) throws -> TaskHarness {
        var inventory = Inventory(Environment("test", []))
        inventory.calendars = calendars
        inventory.routines = [
            RoutineSettings(
                name: "nightly", schedule: Written(try ScheduleExpression(schedule, zones: zones), at: .test),
                steps: [step ?? RoutineStep(.task(["test", "visit"]), location: .test)], location: .test)
        ]
        return try TaskHarness(tasks, inventory: inventory, clock: clock.clock)
    }

    private func scheduled(_ harness: TaskHarness) throws -> [ScheduledRoutine] {
        try RoutineBook(inventory: harness.inventory, catalog: harness.catalog, shipped: []).scheduled(zones)
    }

    /// Of the routine alone: that no scheduler runs is said of it beside this.
    private func attentions(_ harness: TaskHarness) async throws -> [Attention] {
        let standing = try await ScheduleStanding(harness.log, harness.inventory, try scheduled(harness), zones)
        #expect(standing.attentions.first?.kind == .notRunning)
        return standing.attentions.filter { $0.subject == "nightly" }
    }

    private func run(_ harness: TaskHarness) async throws -> RunSummary {
        let book = RoutineBook(inventory: harness.inventory, catalog: harness.catalog, shipped: [])
        return try await harness.runner.run(
            try #require(try book.request("nightly", in: ["test"], by: Self.scheduler, at: clock.clock.now())))
    }

    @Test("what is not due yet needs nobody; then it is late, then missed, then overdue")
    func ages() async throws {
        let harness = try harness()
        _ = try await harness.log.watch(try scheduled(harness))
        #expect(try await attentions(harness).isEmpty)
        clock.advance(by: .seconds(3_600 + 90))
        let late = try #require(try await attentions(harness).first)
        #expect(late.kind == .late && late.resolve == "mainstay run nightly --all-environments")
        #expect(late.reason.contains("and not started yet"))
        clock.advance(by: .seconds(3_600))
        #expect(try await attentions(harness).map(\.kind) == [.missed])
        clock.advance(by: .seconds(6 * 3_600))
        #expect(try await attentions(harness).map(\.kind) == [.missed, .overdue])
    }

    @Test("a schedule of which no start is still to come is said to have ended")
    func hasEnded() async throws {
        let harness = try harness("2020-01-01 02:00 UTC")
        _ = try await harness.log.watch(try scheduled(harness))
        let ended = try await attentions(harness)
        #expect(ended.map(\.kind) == [.ended])
        #expect(ended.first?.resolve == "mainstay calendar explain nightly")
    }

    @Test("several problems of a refused configuration are one line: how many, and the first")
    func countsProblems() {
        func first(_ problems: [Problem]) -> String { ErrorReport(ConfigurationError(problems)).firstProblem }
        let one = Problem("it is wrong", at: .test)
        #expect(!first([one]).contains("\n") && first([one]).contains("it is wrong"))
        #expect(first([one, one, one]).hasPrefix("the configuration has 3 problems; the first: "))
        #expect(first([one, one, one]).hasSuffix("it is wrong"))
    }

    @Test("a calendar that cannot be read keeps it closed, and says which")
    func closes() async throws {
        let source = CalendarSource(name: "holidays", file: TemporaryDirectory.current + "/none.ics")
        let harness = try harness(
            "business days 03:00 UTC",
            calendars: [CalendarSettings(source: source, location: .test)])
        let closed = try #require(try await attentions(harness).first)
        #expect(closed.kind == .closed && closed.resolve == "mainstay calendar explain nightly")
        #expect(closed.reason.contains("the calendar 'holidays' cannot be read"))
    }

    @Test(
        "what the scheduler has noted is there until it is over",
        arguments: [
            (ScheduleFinding.overlapped, ScheduleStanding.Attention.Kind.skipped), (.refused, .refused),
            (.unheard, .unheard),
            (.missed, .missed),
        ])
    func notes(finding: ScheduleFinding, kind: ScheduleStanding.Attention.Kind) async throws {
        let harness = try harness()
        _ = try await harness.log.watch(try scheduled(harness))
        try await harness.log.open(finding.finding("nightly", "it is so", mend: "do that"))
        #expect(
            try await attentions(harness)
                == [Attention(kind: kind, subject: "nightly", reason: "it is so", resolve: "do that")])
        try await harness.log.resolve(finding, of: "nightly")
        #expect(try await attentions(harness).isEmpty)
    }

    @Test("a failed run says what failed, and not what was left out before it")
    func names() async throws {
        struct Broken: Error {}
        var left = RoutineStep(.task(["test", "visit"]), location: .test)
        var occasion = StepOccasion()
        occasion.labels = ["tier": "1"]
        left.conditions.when = occasion
        var harness = try harness(step: left, [TaskEntry(SchedulerTests.Visit { throw Broken() })])
        harness.inventory.routines[0].steps.append(RoutineStep(.task(["test", "visit"]), location: .test))
        _ = try await harness.log.watch(try scheduled(harness))
        let run = try await run(harness)
        #expect(run.steps.map(\.state) == [.skipped, .failed])
        let failed = try #require(try await attentions(harness).first)
        #expect(failed.kind == .failed && failed.resolve == "mainstay show \(run.run.id)")
        let problem = try #require(run.steps[1].error).problem
        #expect(failed.reason.contains(problem))
    }

    @Test("a manual routine is due until somebody has run it, and nothing starts it")
    func manual() async throws {
        var harness = try harness()
        harness.inventory.routines[0].mode = .manual
        #expect(try scheduled(harness).map(\.mode) == [.manual])
        _ = try await harness.log.watch(try scheduled(harness))
        try await harness.log.open(ScheduleFinding.due.finding("nightly", "it is due", mend: "run it"))
        let due = try #require(try await attentions(harness).first)
        #expect(due.kind == .due && due.kind.exitStatus == .waiting && due.resolve == "run it")
    }

    @Test("a semi-automatic routine asks before what may remove something, where its schedule starts it")
    func semiAutomatic() async throws {
        var harness = try harness(step: RoutineStep(.task(["test", "visit"]), location: .test))
        harness.inventory.environments.append(Environment("other", []))
        harness.inventory.routines[0].mode = .semiAutomatic
        harness.inventory.routines[0].steps.append(
            RoutineStep(.command(CommandSettings(program: ["/bin/true"])), location: .test))
        func names(_ requester: Requester) throws -> [String] {
            let book = RoutineBook(inventory: harness.inventory, catalog: harness.catalog, shipped: [])
            return try #require(
                try book.request("nightly", in: ["test", "other"], by: requester, at: clock.clock.now())
            ).steps.map { "\($0.task.declaration.name) \($0.target)" }
        }
        #expect(
            try names(Self.scheduler) == [
                "test.visit test", "test.visit other", "approval test", "command test", "approval other",
                "command other",
            ])
        #expect(
            try names(.ann) == ["test.visit test", "test.visit other", "command test", "command other"])
    }
}
