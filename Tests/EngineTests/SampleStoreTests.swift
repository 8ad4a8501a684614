import Maintenance
import MaintenanceTesting
import Monitor
import Outside
import Settings
import Store
import Testing

@testable import Engine

@Suite("samples over time", .temporaryDirectory)
struct SampleStoreTests {
    private static let target = Target(environment: "test", resource: "machine")
    private static let series = Measurement.Series(name: "load", target: target, unit: .count)
    private static let minute: Duration = .seconds(60)
    private static let hour: Duration = .seconds(3_600)
    private static let day: Duration = .seconds(86_400)
    /// 2026-11-21 00:00 UTC.
    private static let start = Timestamp(microseconds: 1_795_219_200_000_000)

    private func log(_ clock: ManualClock) throws -> RunLog {
        let store = try Store(
            directory: TemporaryDirectory.current + "/state", migrations: EngineSchema.migrations)
        return RunLog(store: store, clock: clock.clock, actor: TaskHarness.requester)
    }

    private func round(_ value: Double, _ state: CheckOutcome.State, at: Timestamp) -> MonitorRound {
        let terms = MonitoringTerms(
            CheckSchema(name: "load", summary: ""), CheckSetting(), of: .host, MonitoringSettings())
        let outcome = CheckOutcome(
            check: "load", code: "T1", title: "Load", target: Self.target, state: state, summary: "s", value: value,
            unit: .count, seconds: 0.1)
        return MonitorRound(
            answer: CheckAnswer(
                outcome: outcome, findings: [], isComplete: false, isAsked: true, unit: .count),
            terms: terms, began: at, at: at, instant: at - Self.start)
    }

    /// A round every minute, of which one in an hour is critical; the value is the minute of the day.
    private func fill(_ log: RunLog, from: Int, until: Int) async throws {
        var book = try await log.monitorBook()
        for begin in stride(from: from, to: until, by: 30) {
            let rounds = (begin..<min(begin + 30, until)).map { minute in
                round(
                    Double(minute % 1_440), minute % 60 == 7 ? .critical : .passed,
                    at: Self.start + Self.minute * minute + .seconds(1))
            }
            _ = try await log.take(rounds, into: &book)
        }
    }

    @Test("what was seen is the same before and after it was sorted into blocks")
    func compacts() async throws {
        let clock = ManualClock(now: Self.start)
        let log = try log(clock)
        try await fill(log, from: 0, until: 200)
        let until = Self.start + Self.day
        let before = try await log.checkSamples(Self.series, from: Self.start, until: until)
        #expect(before.count == 200)
        #expect(before.map { $0.value ?? -1 } == (0..<200).map { Float($0) })
        let fine = try await log.rollups(Self.series, from: Self.start, until: until, every: .seconds(300))
        let hourly = try await log.rollups(Self.series, from: Self.start, until: until, every: Self.hour)
        #expect(fine.count == 40)
        #expect(hourly.map(\.answers.critical) == [1, 1, 1, 1])
        // The fourth hour still goes on.
        clock.advance(by: Self.hour * 3 + .seconds(180))
        #expect(try await log.compactSamples(SampleSettings()) == 3)
        #expect(try await log.compactSamples(SampleSettings()) == 0)
        #expect(try await log.checkSamples(Self.series, from: Self.start, until: until) == before)
        let fineAfter = try await log.rollups(Self.series, from: Self.start, until: until, every: .seconds(300))
        #expect(fineAfter.map(\.answers) == fine.map(\.answers))
        #expect(fineAfter.map(\.maximum) == fine.map(\.maximum))
        let hourlyAfter = try await log.rollups(Self.series, from: Self.start, until: until, every: Self.hour)
        #expect(hourlyAfter == hourly)
        let daily = try await log.rollups(Self.series, from: Self.start, until: until, every: Self.day)
        #expect(daily.count == 1)
        #expect(daily.first?.values == 200)
        #expect(daily.first?.answers.critical == 4)
        #expect(daily.first?.sketch.percentile(100).map { abs($0 - 199) < 2 } == true)
    }

    @Test("what comes late is put to what is there")
    func late() async throws {
        let clock = ManualClock(now: Self.start)
        let log = try log(clock)
        try await fill(log, from: 0, until: 30)
        clock.advance(by: Self.hour * 2)
        try await log.compactSamples(SampleSettings())
        try await fill(log, from: 30, until: 60)
        try await log.compactSamples(SampleSettings())
        let until = Self.start + Self.day
        #expect(try await log.checkSamples(Self.series, from: Self.start, until: until).count == 60)
        let hourly = try await log.rollups(Self.series, from: Self.start, until: until, every: Self.hour)
        #expect(hourly.map(\.values) == [60])
    }

    @Test("what is kept no longer as finely is still there more coarsely")
    func downsamples() async throws {
        let clock = ManualClock(now: Self.start)
        let log = try log(clock)
        var settings = SampleSettings()
        settings.raw = Self.day
        settings.fine = Self.day * 2
        settings.hourly = Self.day * 3
        for day in 0..<6 {
            try await fill(log, from: day * 1_440, until: (day + 1) * 1_440)
            clock.advance(by: Self.day)
            try await log.compactSamples(settings)
        }
        clock.advance(by: Self.hour)
        try await log.compactSamples(settings)
        let until = Self.start + Self.day * 7
        let raw = try await log.checkSamples(Self.series, from: Self.start, until: until)
        #expect(raw.count >= 1_440 && raw.count < 2 * 1_440)
        let fine = try await log.rollups(Self.series, from: Self.start, until: until, every: .seconds(300))
        #expect(fine.count >= 2 * 288 && fine.count < 3 * 288)
        let hourly = try await log.rollups(Self.series, from: Self.start, until: until, every: Self.hour)
        #expect(hourly.count >= 3 * 24 && hourly.count <= 5 * 24)
        let daily = try await log.rollups(Self.series, from: Self.start, until: until, every: Self.day)
        #expect(daily.map(\.values) == Array(repeating: 1_440, count: 6))
        #expect(daily.map(\.answers.critical) == Array(repeating: 24, count: 6))
        // Pruned by age, the days go too.
        let limit = Self.start + Self.day * 60
        #expect(try await log.count(.monitored, before: limit) > 0)
        try await log.forget(.monitored, before: limit)
        #expect(try await log.count(.monitored, before: limit) == 0)
        #expect(try await log.rollups(Self.series, from: Self.start, until: until, every: Self.day).isEmpty)
    }

    @Test("nothing is kept of what nobody knows")
    func unknownSeries() async throws {
        let log = try log(ManualClock(now: Self.start))
        #expect(try await log.checkSamples(Self.series, from: Self.start, until: Self.start + Self.day).isEmpty)
        #expect(
            try await log.rollups(Self.series, from: Self.start, until: Self.start + Self.day, every: Self.hour).isEmpty
        )
    }

    @Test("reports see hours of what is asked all the time")
    func history() async throws {
        let clock = ManualClock(now: Self.start)
        let log = try log(clock)
        try await fill(log, from: 0, until: 120)
        clock.advance(by: Self.hour * 3)
        let found = try await log.history(of: "test", since: Self.start)
        #expect(found.first { $0.series == Self.series }?.samples.map(\.value) == [29.5, 89.5])
    }
}
