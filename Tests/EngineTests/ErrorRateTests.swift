import Maintenance
import MaintenanceTesting
import Monitor
import Outside
import Settings
import Store
import Testing

@testable import Engine

@Suite("the share of bad answers", .temporaryDirectory)
struct ErrorRateTests {
    private static let start = Timestamp(microseconds: 1_795_219_200_000_000)
    private static let target = Target(environment: "test", resource: "site")
    private let clock = ManualClock(now: start)

    private static let answer = Check(
        CheckSchema(name: "answer", summary: "answer"), code: "T1", title: "Answer", kind: .http, explanation: "answer"
    ) { _ in Reading(state: .passed) }

    private func estate(_ configure: (inout CheckSetting) -> Void = { _ in }) throws -> (RunLog, [ErrorRate]) {
        let store = try Store(
            directory: TemporaryDirectory.current + "/state", migrations: EngineSchema.migrations)
        let access = HTTPAccess(url: try ConfiguredText("http://127.0.0.1/", secrecy: .url, location: .test))
        var inventory = Inventory(Environment("test", [Resource("site", .http(access))]))
        inventory.monitoring = MonitoringSettings()
        var setting = CheckSetting()
        configure(&setting)
        inventory.checks["endpoint.error-rate"] = setting
        let plan = WatchPlan(inventory, { _ in [Self.answer] }, gate: { _ in Self.answer })
        return (
            RunLog(store: store, clock: clock.clock, actor: TaskHarness.requester), ErrorRate.all(plan, inventory)
        )
    }

    /// A sample every minute.
    private func pass(_ minutes: Int, _ log: RunLog, isPlanned: Bool = false, bad: (Int) -> Bool) async throws {
        for minute in 0..<minutes {
            clock.advance(by: .seconds(60))
            let state: CheckOutcome.State = bad(minute) ? .critical : .passed
            try await log.keep([
                (
                    series: .duration(of: "answer", at: Self.target),
                    sample: CheckSample(at: clock.clock.now(), value: 0.1, state: state, isPlanned: isPlanned)
                )
            ])
        }
    }

    private func open(_ log: RunLog) async throws -> [Finding] { try await log.openFindings().map(\.finding) }

    @Test("an endpoint that fails now and then is a finding, and an outage that is over is none for long")
    func share() async throws {
        let (log, rates) = try estate()
        #expect(rates.count == 1)
        try await pass(60, log) { _ in false }
        try await log.judge(rates)
        #expect(try await open(log).isEmpty)
        // Two are chance, whatever their share.
        try await pass(2, log) { _ in true }
        try await log.judge(rates)
        #expect(try await open(log).isEmpty)
        try await pass(1, log) { _ in true }
        try await log.judge(rates)
        let finding = try #require(try await open(log).first)
        #expect(finding.code == "MO006")
        #expect(finding.severity == .critical)
        #expect(finding.target == Self.target)
        #expect(finding.object == "answer")
        #expect(finding.evidence["errors"] == .integer(3))
        // Ten minutes later none of the last answers is bad, and the hour still has all three.
        try await pass(12, log) { _ in false }
        try await log.judge(rates)
        #expect(try await open(log).isEmpty)
    }

    @Test("the guides' numbers are in force: from 1 % on a warning, from 2 % on critical")
    func levels() async throws {
        let (log, rates) = try estate { $0.options["window"] = Written(.number(14_400), at: .test) }
        // 3 of 240 are 1.25 %; in the last forty minutes 2 of 40.
        try await pass(240, log) { [100, 210, 230].contains($0) }
        try await log.judge(rates)
        #expect(try await open(log).map(\.severity) == [.warning])
        try await pass(1, log) { _ in true }
        try await pass(1, log) { _ in true }
        try await log.judge(rates)
        #expect(try await open(log).map(\.severity) == [.critical])
    }

    @Test("what was seen while Mainstay worked there does not count, and what is switched off is not judged")
    func planned() async throws {
        let (log, rates) = try estate()
        try await pass(60, log) { _ in false }
        try await pass(10, log, isPlanned: true) { _ in true }
        try await log.judge(rates)
        #expect(try await open(log).isEmpty)
        #expect(try estate { $0.isEnabled = Written(false, at: .test) }.1.isEmpty)
    }
}
