import Maintenance
import MaintenanceTesting
import Outside
import Settings
import Store
import Synchronization
import Testing

@testable import Engine

@Suite("checks that are asked all the time", .temporaryDirectory)
struct CheckWatchTests {
    private static let target = Target(environment: "test", resource: "machine")

    private static func inventory(every: Duration = .milliseconds(20), _ names: [String] = ["machine"]) -> Inventory {
        var inventory = Inventory(Environment("test", names.map { Resource($0, .host(HostAccess())) }))
        var settings = MonitoringSettings()
        settings.every = every
        settings.failures = 3
        inventory.monitoring = settings
        return inventory
    }

    private static func log(_ clock: WallClock = .system) throws -> RunLog {
        let store = try Store(
            directory: TemporaryDirectory.current + "/state", migrations: EngineSchema.migrations)
        return RunLog(store: store, clock: clock, actor: TaskHarness.requester)
    }

    private static func check(
        _ name: String, code: String = "T1", _ probe: @escaping @Sendable (CheckContext) async throws -> Reading
    ) -> Check {
        Check(
            CheckSchema(name: name, summary: name, timeout: .seconds(30)), code: code, title: name, kind: .host,
            explanation: name, probe: probe)
    }

    /// Runs the watch until the body has come to its end.
    private func watching(
        _ log: RunLog, _ current: CurrentInventory, _ checks: [Check], gate: Check? = nil, clock: WallClock = .system,
        tell: @escaping @Sendable (WatchEvent) -> Void = { _ in }, _ body: () async throws -> Void
    ) async throws {
        let watch = CheckWatch(
            log: log, clock: clock, programs: Programs(environment: [:], clock: .system), checks: { _ in checks },
            gate: { _ in gate }, tell: tell)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                do {
                    try await watch.run(current)
                } catch is CancellationError {}
            }
            try await body()
            group.cancelAll()
            for try await _ in group {}
        }
    }

    @Test("what is wrong is open after as many bad rounds as that takes, and over after as many good ones")
    func opensAndEnds() async throws {
        let log = try Self.log()
        let state = Mutex<(isBad: Bool, rounds: Int)>((true, 0))
        let check = Self.check("load") { _ in
            Reading(
                summary: "much",
                state: state.withLock { state in
                    state.rounds += 1
                    return state.isBad ? .critical : .passed
                })
        }
        try await watching(log, CurrentInventory(Self.inventory()), [check]) {
            let finding = try await eventually("the finding opens") { try await log.openFindings().first }
            #expect(finding.finding.code == "T1")
            #expect(finding.finding.severity == .critical)
            #expect(finding.finding.target == Self.target)
            #expect(state.withLock(\.rounds) >= 3)
            state.withLock { $0.isBad = false }
            try await eventually("the finding is over") { try await log.openFindings().isEmpty }
        }
        let kept = try #require(try await log.monitored().first)
        #expect(kept.standing == .passed)
        #expect(kept.outcome.target == Self.target)
        #expect(kept.countsUntil > kept.seenAt)
    }

    @Test("a target that hangs keeps nobody else from being asked, though only one may be at work at once")
    func hanging() async throws {
        let log = try Self.log()
        var inventory = Self.inventory(["a", "b", "c", "machine"])
        inventory.monitoring?.concurrency = 1
        let asked = Mutex<[String: Int]>([:])
        let check = Self.check("load") { context in
            asked.withLock { $0[context.resource.name, default: 0] += 1 }
            if context.resource.name != "machine" { try await WallClock.system.sleep(for: .seconds(3_600)) }
            return Reading(summary: "little", state: .passed)
        }
        try await watching(log, CurrentInventory(inventory), [check]) {
            try await eventually("the one that answers is asked ten times") {
                asked.withLock { $0["machine"] ?? 0 } >= 10
            }
        }
        #expect(asked.withLock { $0.filter { $0.key != "machine" }.values.allSatisfy { $0 == 1 } })
    }

    @Test("what cannot be answered is not well, and a finding of its own until it can")
    func blindness() async throws {
        let log = try Self.log()
        let isBroken = Mutex(true)
        let check = Self.check("load") { _ in
            if isBroken.withLock({ $0 }) { throw ErrorReport(CheckTimeout(check: "load", limit: .seconds(1))) }
            return Reading(summary: "little", state: .passed)
        }
        try await watching(log, CurrentInventory(Self.inventory()), [check]) {
            let finding = try await eventually("somebody is told") { try await log.openFindings().first }
            #expect(finding.finding.code == "MO001")
            #expect(finding.finding.object == "load")
            #expect(try await log.monitored().first?.standing == .unknown)
            isBroken.withLock { $0 = false }
            try await eventually("that is over") { try await log.openFindings().isEmpty }
        }
    }

    @Test("that no round ends is a finding of its own, until one does")
    func silence() async throws {
        // Real, and set forward by the test.
        let ahead = Mutex(Duration.zero)
        let system = WallClock.system
        let clock = WallClock(
            now: { system.now() + ahead.withLock { $0 } }, monotonic: { system.monotonic() + ahead.withLock { $0 } },
            sleep: { try await system.sleep(for: $0) })
        let log = try Self.log(clock)
        let isHanging = Mutex(true)
        let hasBegun = Mutex(false)
        let check = Self.check("load") { _ in
            hasBegun.withLock { $0 = true }
            while isHanging.withLock({ $0 }) { try await system.sleep(for: .milliseconds(20)) }
            return Reading(summary: "little", state: .passed)
        }
        try await watching(log, CurrentInventory(Self.inventory()), [check], clock: clock) {
            try await eventually("a round is under way") { hasBegun.withLock { $0 } }
            ahead.withLock { $0 += .seconds(300) }
            let finding = try await eventually("the silence is told") { try await log.openFindings().first }.finding
            #expect(finding.code == "MO002")
            #expect(finding.target == Self.target)
            #expect(finding.summary.contains("no round has ended for 5 min"), "\(finding.summary)")
            isHanging.withLock { $0 = false }
            try await eventually("a round ends") { try await log.monitored().first?.standing == .passed }
            // It is looked for every ten seconds.
            ahead.withLock { $0 += .seconds(11) }
            try await eventually("the silence is over") { try await log.openFindings().isEmpty }
        }
    }

    @Test("what is behind a closed gate is unknown, and one finding in all")
    func gate() async throws {
        let log = try Self.log()
        let gate = Self.check("gate", code: "T0") { _ in throw CheckTimeout(check: "gate", limit: .seconds(1)) }
        let check = Self.check("load") { _ in Reading(summary: "little", state: .passed) }
        try await watching(log, CurrentInventory(Self.inventory()), [gate, check], gate: gate) {
            try await eventually("both stand") {
                let standing = try await log.monitored().map(\.standing)
                return standing == [.critical, .unknown]
            }
        }
        #expect(try await log.openFindings().map(\.finding.code) == ["T0"])
    }

    @Test("another configuration counts at once, and what is not asked any more is not wrong any more")
    func follows() async throws {
        let log = try Self.log()
        let current = CurrentInventory(Self.inventory(["machine", "other"]))
        let check = Self.check("load") { _ in Reading(summary: "much", state: .critical) }
        try await watching(log, current, [check]) {
            try await eventually("both are open") { try await log.openFindings().count == 2 }
            current.replace(Self.inventory())
            try await eventually("only one is") { try await log.openFindings().count == 1 }
            #expect(try await log.monitored().map(\.outcome.target) == [Self.target])
            current.replace(Inventory(Environment("test", [])))
            try await eventually("none is") { try await log.openFindings().isEmpty }
        }
    }

    // MARK: taking rounds in

    private func round(
        _ state: CheckOutcome.State, at: Timestamp, instant: Duration, every: Duration = .seconds(10),
        hold: Duration = .zero, severity: Severity = .critical
    ) -> MonitorRound {
        var settings = MonitoringSettings()
        settings.failures = 3
        settings.hold = hold
        settings.every = every
        let terms = MonitoringTerms(
            CheckSchema(name: "load", summary: ""), CheckSetting(), of: .host, settings)
        let outcome = CheckOutcome(
            check: "load", code: "T1", title: "Load", target: Self.target, state: state, summary: "s", seconds: 0.1)
        let findings =
            state == .passed || state == .unknown
            ? [] : [Finding(code: "T1", severity: severity, target: Self.target, summary: "s")]
        return MonitorRound(
            answer: CheckAnswer(
                outcome: outcome, findings: findings, isComplete: state != .unknown, isAsked: true),
            terms: terms, began: at, at: at, instant: instant)
    }

    @Test("a restart between two bad rounds forgets neither")
    func survivesRestarts() async throws {
        let clock = ManualClock()
        let log = try Self.log(clock.clock)
        var book = try await log.monitorBook()
        let now = clock.clock.now()
        for second in 0..<2 {
            let rounds = [round(.critical, at: now + .seconds(10 * second), instant: .seconds(10 * second))]
            #expect(try await log.take(rounds, into: &book).isEmpty)
        }
        #expect(try await log.openFindings().isEmpty)
        // Another process, whose clock that only goes forward begins elsewhere.
        var again = try await log.monitorBook()
        let changes = try await log.take(
            [round(.critical, at: now + .seconds(25), instant: .seconds(100_000))], into: &again)
        #expect(changes.map(\.to) == [.critical])
        #expect(try await log.openFindings().map(\.finding.code) == ["T1"])
    }

    @Test("time that the machine's clock jumps over is no time in which anything was wrong")
    func clockSteps() async throws {
        let clock = ManualClock()
        let log = try Self.log(clock.clock)
        var book = try await log.monitorBook()
        var now = clock.clock.now()
        for (index, step) in [Duration.zero, .seconds(86_400), .seconds(-172_800), .seconds(10)].enumerated() {
            now = now + step
            let rounds = [
                round(.critical, at: now, instant: .seconds(10 * index), hold: .seconds(40))
            ]
            #expect(try await log.take(rounds, into: &book).isEmpty, "round \(index)")
        }
        let last = [round(.critical, at: now, instant: .seconds(40), hold: .seconds(40))]
        #expect(try await log.take(last, into: &book).map(\.to) == [.critical])
    }

    @Test("a write that fails leaves everything to be taken in again")
    func failedWrite() async throws {
        let log = try Self.log()
        var book = try await log.monitorBook()
        try log.store.close()
        let before = book.standing(of: "load", at: Self.target)
        await #expect(throws: (any Error).self) {
            _ = try await log.take([round(.passed, at: WallClock.system.now(), instant: .zero)], into: &book)
        }
        #expect(book.standing(of: "load", at: Self.target) == before)
    }

    @Test("a finding that a run by hand has opened is over with the next good round, and a pending one stays as it is")
    func sharesFindings() async throws {
        let log = try Self.log()
        var book = try await log.monitorBook()
        let now = WallClock.system.now()
        _ = try await log.take([round(.passed, at: now, instant: .zero)], into: &book)
        try await log.open(
            alertFinding: Finding(code: "T1", severity: .warning, target: Self.target, summary: "by hand"))
        _ = try await log.take([round(.critical, at: now, instant: .seconds(10))], into: &book)
        #expect(try await log.openFindings().map(\.finding.severity) == [.warning])
        _ = try await log.take([round(.passed, at: now, instant: .seconds(20))], into: &book)
        #expect(try await log.openFindings().isEmpty)
    }

    @Test("while a change of ours is made there, what is bad is marked and does not count")
    func plannedWork() async throws {
        let log = try Self.log()
        let now = log.clock.now()
        let run = RunRecord(
            id: "r1", name: "restore", isRoutine: false, isDryRun: false, environments: ["test"], state: .running,
            requester: TaskHarness.requester, startedAt: now)
        let step = StepRecord(
            runID: "r1", number: 1, task: "backup.restore", arguments: [], target: Self.target, state: .running)
        try await log.begin(run, steps: [step])
        let lock = try StateLocks(stateDirectory: log.directory).run("r1")
        let change = Change(
            kind: "restore", object: "main", action: .files("restore"), effect: .maintains, reversal: "none",
            identity: [:], reason: "test", interrupts: ["machine"])
        let plan = Plan(
            task: step.task, taskVersion: 1, arguments: [], target: step.target, identity: [:], changes: [change])
        let planned = try #require(try await log.planned(step, plan, approval: nil).first)
        let started = try await log.move(planned, at: step.target, to: .started)
        var book = try await log.monitorBook()
        for second in 0..<6 {
            let at = log.clock.now()
            _ = try await log.take([round(.critical, at: at, instant: .seconds(10 * second))], into: &book)
        }
        #expect(try await log.openFindings().isEmpty)
        #expect(try await log.monitored().first?.isPlanned == true)
        let work = try await log.plannedWork(from: now, until: log.clock.now())
        #expect(work.map(\.target) == [Self.target])
        #expect(work.map(\.ended) == [nil])
        // Of a process that died nobody works there any more.
        withExtendedLifetime(lock) {}
        let applied = try await log.move(started, at: step.target, to: .applied)
        _ = try await log.move(applied, at: step.target, to: .proved, evidence: [:])
        let later = log.clock.now() + .seconds(1)
        for second in 6..<9 {
            _ = try await log.take([round(.critical, at: later, instant: .seconds(10 * second))], into: &book)
        }
        #expect(try await log.openFindings().count == 1)
    }

    @Test("an open change of a process that died is no planned work")
    func abandonedWork() async throws {
        let log = try Self.log()
        let now = log.clock.now()
        let run = RunRecord(
            id: "r1", name: "restore", isRoutine: false, isDryRun: false, environments: ["test"], state: .running,
            requester: TaskHarness.requester, startedAt: now)
        let step = StepRecord(
            runID: "r1", number: 1, task: "backup.restore", arguments: [], target: Self.target, state: .running)
        try await log.begin(run, steps: [step])
        let change = Change(
            kind: "restore", object: "main", action: .files("restore"), effect: .maintains, reversal: "none",
            identity: [:], reason: "test", interrupts: ["machine"])
        let plan = Plan(
            task: step.task, taskVersion: 1, arguments: [], target: step.target, identity: [:], changes: [change])
        let planned = try #require(try await log.planned(step, plan, approval: nil).first)
        _ = try await log.move(planned, at: step.target, to: .started)
        #expect(try await log.plannedWork(from: now, until: log.clock.now() + .seconds(1)).isEmpty)
    }

    @Test(
        "a value has to come back beyond its threshold by the hysteresis",
        arguments: [
            (CheckSchema.Direction.higher, 80.0, 90.0, CheckOutcome.State.warning, 77.0, CheckOutcome.State.warning),
            (.higher, 80, 90, .warning, 75.9, .passed), (.higher, 80, 90, .critical, 86, .critical),
            (.higher, 80, 90, .critical, 85, .warning), (.higher, 80, 90, .passed, 79.9, .passed),
            (.lower, 90, 80, .warning, 92, .warning), (.lower, 90, 80, .warning, 95, .passed),
            // Nothing above 100 % can be asked for.
            (.lower, 99, 80, .warning, 99.4, .warning), (.lower, 99, 80, .warning, 99.6, .passed),
        ])
    func hysteresis(
        worse: CheckSchema.Direction, warning: Double, critical: Double, standing: CheckOutcome.State, value: Double,
        expected: CheckOutcome.State
    ) {
        var limits = CheckLimits(
            CheckSchema(
                name: "x", summary: "",
                thresholds: .init(.percent, worse: worse, warning: warning, critical: critical)), CheckSetting())
        limits.standing = standing
        limits.hysteresis = Percentage(5)
        #expect(limits.judge(value) == expected)
    }
}
