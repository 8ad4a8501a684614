import Maintenance
import MaintenanceTesting
import Monitor
import Outside
import Settings
import Store
import Testing

@testable import Engine

@Suite("what only the past of a check shows", .temporaryDirectory)
struct TrendTests {
    private static let target = Target(environment: "test", resource: "machine")
    /// 2026-11-21 00:00 UTC.
    private static let start = Timestamp(microseconds: 1_795_219_200_000_000)

    private let clock = ManualClock(now: start)

    private static let check = Check(
        CheckSchema(
            name: "answer", summary: "answer", thresholds: .init(.seconds, warning: 0.5, critical: 1), baseline: 150),
        code: "T1", title: "Answer", kind: .host, explanation: "answer"
    ) { _ in Reading(value: 0) }

    private func estate(_ configure: (inout CheckSetting) -> Void = { _ in }) throws -> (RunLog, [Trend]) {
        let store = try Store(
            directory: TemporaryDirectory.current + "/state", migrations: EngineSchema.migrations)
        var inventory = Inventory(Environment("test", [Resource("machine", .host(HostAccess()))]))
        inventory.monitoring = MonitoringSettings()
        var setting = CheckSetting()
        configure(&setting)
        inventory.checks["answer"] = setting
        let plan = WatchPlan(inventory, { _ in [Self.check] }, gate: { _ in nil })
        return (
            RunLog(store: store, clock: clock.clock, actor: TaskHarness.requester), Trend.all(plan, inventory)
        )
    }

    /// A round every minute, and the time passes with them.
    private func pass(
        _ minutes: Int, _ log: RunLog, value: Double, state: (Int) -> CheckOutcome.State = { _ in .passed }
    ) async throws {
        var book = try await log.monitorBook()
        let terms = MonitoringTerms(Self.check.schema, CheckSetting(), of: .host, MonitoringSettings())
        for begin in stride(from: 0, to: minutes, by: 60) {
            var rounds: [MonitorRound] = []
            for minute in begin..<min(begin + 60, minutes) {
                clock.advance(by: .seconds(60))
                let at = clock.clock.now()
                let outcome = CheckOutcome(
                    check: "answer", code: "T1", title: "Answer", target: Self.target, state: state(minute),
                    summary: "s", value: value, unit: .seconds, seconds: 0.1)
                rounds.append(
                    MonitorRound(
                        answer: CheckAnswer(
                            outcome: outcome, findings: [], isComplete: false, isAsked: true, unit: .seconds),
                        terms: terms, began: at, at: at, instant: at - Self.start))
            }
            _ = try await log.take(rounds, into: &book)
        }
        try await log.compactSamples(SampleSettings())
    }

    private func codes(_ log: RunLog) async throws -> [String] {
        try await log.openFindings().map(\.finding.code).sorted()
    }

    @Test("an answer that takes longer than it usually does is a finding that says what was before and after")
    func regression() async throws {
        let (log, trends) = try estate()
        #expect(trends.map(\.least) == [0.05])
        try await pass(30 * 60, log, value: 0.1)
        try await log.judge(trends, learns: true)
        #expect(try await codes(log).isEmpty)
        // 149 % is not enough, and so is what is too little to mean anything.
        try await pass(20, log, value: 0.149)
        try await log.judge(trends, learns: true)
        #expect(try await codes(log).isEmpty)
        try await pass(20, log, value: 0.3)
        try await log.judge(trends, learns: true)
        let finding = try #require(try await log.openFindings().first?.finding)
        #expect(finding.code == "MO003")
        #expect(finding.object == "answer")
        #expect(finding.summary.contains("300"), "\(finding.summary)")
        guard case .number(let before)? = finding.evidence["before"] else {
            Issue.record("no evidence of what was before")
            return
        }
        #expect(abs(before - 0.1) < 0.002)
        // Where it is not looked at, it stays.
        try await pass(20, log, value: 0.1)
        try await log.judge(trends, learns: false)
        #expect(try await codes(log) == ["MO003"])
        try await log.judge(trends, learns: true)
        #expect(try await codes(log).isEmpty)
    }

    @Test("what a check may be down is used up too fast, first in both windows, and that is over soon after")
    func burning() async throws {
        let (log, trends) = try estate { setting in
            setting.objective = Written(Percentage(99.9), at: .test)
            setting.baseline = Written(.none, at: .test)
        }
        try await pass(5 * 60, log, value: 0.1)
        try await log.judge(trends, learns: true)
        #expect(try await codes(log).isEmpty)
        try await pass(10, log, value: 0.1) { _ in .critical }
        try await log.judge(trends, learns: false)
        let finding = try #require(try await log.openFindings().first?.finding)
        #expect(finding.code == "MO004")
        #expect(finding.severity == .critical)
        #expect(finding.summary.contains("objective 99.9 %"), "\(finding.summary)")
        // Half an hour later the short windows of both are clean; the three days still say that it was too much.
        try await pass(40, log, value: 0.1)
        try await log.judge(trends, learns: false)
        #expect(try await log.openFindings().map(\.finding.severity) == [.warning])
    }

    @Test("without a baseline and an objective nothing is judged")
    func nothing() throws {
        let (_, trends) = try estate { $0.baseline = Written(.none, at: .test) }
        #expect(trends.isEmpty)
    }
}
