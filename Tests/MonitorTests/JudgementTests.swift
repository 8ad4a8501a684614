import Maintenance
import Testing

@testable import Monitor

@Suite("what is learned and what was promised")
struct JudgementTests {
    private static let hour: Duration = .seconds(3_600)
    /// A Monday, 2026-11-02 00:00 UTC.
    private static let start = Timestamp(microseconds: 1_793_577_600_000_000)

    private func answers(passed: UInt64, critical: UInt64) -> Rollup.Answers {
        var answers = Rollup.Answers()
        answers.passed = passed
        answers.critical = critical
        return answers
    }

    @Test("the burn rate is how many times too fast the budget is used up")
    func burnRate() throws {
        let objective = Objective(Percentage(99.9))
        let rate = try #require(objective.burnRate(answers(passed: 9_856, critical: 144)))
        #expect(abs(rate - 14.4) < 0.001)
        #expect(objective.burnRate(answers(passed: 10, critical: 0)) == 0)
        #expect(objective.burnRate(Rollup.Answers()) == nil)
    }

    @Test(
        "it takes both windows, and the most urgent rule that holds is told",
        arguments: [
            // Errors in a thousand, in the windows of 5 min, 30 min, 1 h, 6 h and 3 d; the window of the rule that holds.
            ([20, 20, 20, 20, 20], 3_600), ([0, 20, 20, 20, 20], 6 * 3_600), ([20, 20, 10, 7, 0], 6 * 3_600),
            ([20, 20, 20, 2, 0], 3_600), ([0, 0, 0, 2, 2], 3 * 86_400), ([0, 0, 0, 0, 2], nil),
            ([20, 5, 5, 5, 0], nil),
            ([0, 0, 0, 0, 0], nil),
        ] as [([UInt64], Int?)])
    func burns(errors: [UInt64], expected: Int?) {
        let windows: [Duration] = [
            .seconds(300), .seconds(1_800), .seconds(3_600), .seconds(6 * 3_600), .seconds(3 * 86_400),
        ]
        let burn = Objective(Percentage(99.9)).burn { window in
            guard let index = windows.firstIndex(of: window) else { return Rollup.Answers() }
            return answers(passed: 1_000 - errors[index], critical: errors[index])
        }
        #expect(burn?.rule.long == expected.map { .seconds($0) })
    }

    private func hours(_ count: Int, _ value: (Int) -> Double) -> [Rollup] {
        (0..<count).map { index in
            var rollup = Rollup(start: Self.start + Self.hour * index)
            for place in 0..<9 {
                rollup.add(
                    CheckSample(
                        at: rollup.start, value: value(index) * (1 + Double(place - 4) / 100), state: .passed))
            }
            return rollup
        }
    }

    private func recent(_ value: Double, count: Int = 5) -> Rollup {
        var rollup = Rollup(start: Self.start)
        for _ in 0..<count { rollup.add(CheckSample(at: Self.start, value: value, state: .passed)) }
        return rollup
    }

    @Test("too few hours teach nothing")
    func few() {
        #expect(LearnedBaseline(hours(23) { _ in 0.2 }, at: Self.start + Self.hour * 25) == nil)
        #expect(LearnedBaseline(hours(24) { _ in 0.2 }, at: Self.start + Self.hour * 25) != nil)
        // The hour that goes on and the one before are compared and not learned from.
        #expect(LearnedBaseline(hours(25) { _ in 0.2 }, at: Self.start + Self.hour * 24) == nil)
    }

    @Test("the same hour of the week counts as soon as three weeks are known")
    func hourOfWeek() throws {
        // Mondays at nine are slow.
        let all = hours(24 * 21 + 5) { $0 % 168 == 9 ? 0.9 : 0.2 }
        let monday = try #require(LearnedBaseline(all, at: Self.start + Self.hour * (168 * 3 + 9)))
        #expect(monday.basis == .hourOfWeek)
        #expect(abs(monday.value - 0.9) < 0.01)
        #expect(monday.regression(recent(1), limit: Percentage(150), least: 0.05) == nil)
        let tuesday = try #require(LearnedBaseline(all, at: Self.start + Self.hour * (168 * 2 + 33)))
        #expect(tuesday.basis == .everyHour)
        #expect(abs(tuesday.value - 0.2) < 0.01)
    }

    @Test("a bad night does not move it")
    func robust() throws {
        let baseline = try #require(
            LearnedBaseline(hours(60) { $0 < 20 ? 30 : 0.2 }, at: Self.start + Self.hour * 70))
        #expect(abs(baseline.value - 0.2) < 0.01)
    }

    @Test("worse is what is beyond the limit, beyond the noise and beyond what is too little to mean anything")
    func regression() throws {
        let baseline = try #require(
            LearnedBaseline(hours(48) { 0.2 + Double($0 % 3) * 0.01 }, at: Self.start + Self.hour * 60))
        let limit = Percentage(150)
        #expect(baseline.regression(recent(0.3), limit: limit, least: 0.05) == nil)
        let worse = try #require(baseline.regression(recent(0.4), limit: limit, least: 0.05))
        #expect(abs(worse.before - 0.21) < 0.01)
        #expect(abs(worse.after - 0.4) < 0.01)
        #expect(worse.ratio > Percentage(180))
        #expect(baseline.regression(recent(0.4), limit: limit, least: 0.5) == nil)
        #expect(baseline.regression(recent(0.4, count: 2), limit: limit, least: 0.05) == nil)
        let noisy = try #require(
            LearnedBaseline(hours(48) { $0.isMultiple(of: 2) ? 0.1 : 0.5 }, at: Self.start + Self.hour * 60))
        #expect(noisy.regression(recent(0.6), limit: limit, least: 0.05) == nil)
    }
}
