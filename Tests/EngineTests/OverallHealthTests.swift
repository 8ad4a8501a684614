import Maintenance
import MaintenanceTesting
import Monitor
import Outside
import Settings
import Store
import Testing

@testable import Engine

@Suite("the health of a whole environment", .temporaryDirectory)
struct OverallHealthTests {
    private static let start = Timestamp(microseconds: 1_795_219_200_000_000)
    private let clock = ManualClock(now: start)

    /// Twenty checks of one machine.
    private static let checks = (0..<20).map { number in
        Check(
            CheckSchema(name: "check-\(number)", summary: "check"), code: "T\(number)", title: "Check", kind: .host,
            explanation: "check"
        ) { _ in Reading(state: .passed) }
    }

    private func estate(_ configure: (inout CheckSetting) -> Void = { _ in }) throws -> (RunLog, WatchJudgement) {
        let store = try Store(
            directory: TemporaryDirectory.current + "/state", migrations: EngineSchema.migrations)
        var inventory = Inventory(Environment("test", [Resource("machine", .host(HostAccess()))]))
        inventory.monitoring = MonitoringSettings()
        var setting = CheckSetting()
        configure(&setting)
        inventory.checks["environment.health"] = setting
        let plan = WatchPlan(inventory, { _ in Self.checks }, gate: { _ in nil })
        return (
            RunLog(store: store, clock: clock.clock, actor: TaskHarness.requester),
            WatchJudgement(plan, inventory, at: clock.clock.now())
        )
    }

    /// A round of so many of the checks, the first of them bad. One is enough to be believed.
    private func round(_ log: RunLog, of count: Int = 20, warnings: Int = 0, criticals: Int = 0) async throws {
        clock.advance(by: .seconds(60))
        var settings = MonitoringSettings()
        settings.failures = 1
        settings.successes = 1
        let at = clock.clock.now()
        let rounds = Self.checks.prefix(count).enumerated().map { index, check in
            let state: CheckOutcome.State =
                index < criticals ? .critical : index < criticals + warnings ? .warning : .passed
            let outcome = CheckOutcome(
                check: check.name, code: check.code, title: check.title,
                target: Target(environment: "test", resource: "machine"), state: state, summary: "s", seconds: 0.1)
            return MonitorRound(
                answer: CheckAnswer(outcome: outcome, findings: [], isComplete: true, isAsked: true),
                terms: MonitoringTerms(check.schema, CheckSetting(), of: .host, settings), began: at, at: at,
                instant: at - Self.start)
        }
        var book = try await log.monitorBook()
        _ = try await log.take(rounds, into: &book)
    }

    private func open(_ log: RunLog) async throws -> [Finding] {
        try await log.openFindings().map(\.finding).filter { $0.code == "MO005" }
    }

    @Test("below 95 % is a warning and below 90 % critical, after two looks that agree, with the arithmetic")
    func levels() async throws {
        let (log, first) = try estate()
        var judgement = first
        // One warning of twenty is 97.5 %, one critical 95 %: as much as the threshold is enough.
        try await round(log, criticals: 1)
        for _ in 0..<2 { try await judgement.look(log) }
        #expect(try await open(log).isEmpty)
        // 92.5 %
        try await round(log, warnings: 1, criticals: 1)
        try await judgement.look(log)
        #expect(try await open(log).isEmpty)
        try await judgement.look(log)
        let warning = try #require(try await open(log).first)
        #expect(warning.severity == .warning)
        #expect(warning.target == Target(environment: "test"))
        #expect(warning.summary.contains("92.5 %"), "\(warning.summary)")
        let arithmetic = "(18 passed + ½ × 1 warning) / 20 checks = 92.5 % (1 critical count 0)"
        #expect(warning.evidence["arithmetic"] == .text(arithmetic))
        // 85 %
        try await round(log, criticals: 3)
        for _ in 0..<2 { try await judgement.look(log) }
        #expect(try await open(log).map(\.severity) == [.critical])
        // It ends as slowly as it began.
        try await round(log)
        try await judgement.look(log)
        #expect(try await open(log).map(\.severity) == [.critical])
        try await judgement.look(log)
        #expect(try await open(log).isEmpty)
    }

    @Test("of few checks nothing is made, unless that is wanted")
    func few() async throws {
        let (log, first) = try estate()
        var judgement = first
        try await round(log, of: 9, criticals: 5)
        for _ in 0..<3 { try await judgement.look(log) }
        #expect(try await open(log).isEmpty)
        var wanted = try estate { $0.options["checks"] = Written(.integer(2), at: .test) }.1
        for _ in 0..<2 { try await wanted.look(log) }
        #expect(try await open(log).map(\.severity) == [.critical])
    }

    @Test("its thresholds are the environment's, and where it is switched off what was found is over")
    func configured() async throws {
        let (log, first) = try estate {
            $0.warning = Written(.at(99), at: .test)
            $0.critical = Written(.none, at: .test)
        }
        var judgement = first
        try await round(log, criticals: 3)
        for _ in 0..<2 { try await judgement.look(log) }
        let finding = try #require(try await open(log).first)
        #expect(finding.severity == .warning)
        #expect(finding.summary.contains("warning 99 %"), "\(finding.summary)")
        #expect(!judgement.isOver(finding))
        let off = try estate { $0.isEnabled = Written(false, at: .test) }.1
        #expect(off.isOver(finding))
    }

    @Test("what was said before a long standstill says nothing, neither good nor bad, until somebody has asked again")
    func standstill() async throws {
        let (log, _) = try estate()
        try await round(log)
        clock.advance(by: .seconds(86_400))
        var judgement = try estate().1
        for _ in 0..<3 { try await judgement.look(log) }
        #expect(try await open(log).isEmpty)
        // What this process has asked and nobody asks any more is not known to be well.
        try await round(log)
        clock.advance(by: .seconds(86_400))
        for _ in 0..<2 { try await judgement.look(log) }
        #expect(try await open(log).map(\.severity) == [.critical])
    }
}
