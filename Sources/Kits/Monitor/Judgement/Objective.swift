import Maintenance

/// How much of the time something has to be up, and how fast it uses up what it may be down: multiwindow, multi-burn-rate
/// alerts of Google's Site Reliability Workbook (chapter 5, "Alerting on SLOs", table 5-8).
package struct Objective: Hashable, Sendable {
    /// From 0 to below 100.
    package var target: Percentage

    package init(_ target: Percentage) { self.target = target }

    /// A pair of windows and how many times too fast the budget has to be used up in both. The short one makes it end soon
    /// after the trouble has.
    package struct Rule: Hashable, Sendable {
        package var long: Duration
        package var short: Duration
        package var factor: Double
        package var severity: Severity
    }

    /// 2 % of a month's budget in an hour and 5 % in six hours are for at once; 10 % in three days are for tomorrow.
    package static let rules = [
        Rule(long: .seconds(3_600), short: .seconds(300), factor: 14.4, severity: .critical),
        Rule(long: .seconds(6 * 3_600), short: .seconds(1_800), factor: 6, severity: .critical),
        Rule(long: .seconds(3 * 86_400), short: .seconds(6 * 3_600), factor: 1, severity: .warning),
    ]

    /// The longest window.
    package static let longest: Duration = .seconds(3 * 86_400)

    /// How many times as fast as it may the budget is used up; 1 uses it up exactly. Nil where nothing was seen.
    package func burnRate(_ answers: Rollup.Answers) -> Double? {
        guard let uptime = answers.uptime, target.value < 100 else { return nil }
        return (100 - uptime.value) / (100 - target.value)
    }

    /// A rule that holds, with what shows it.
    package struct Burn: Hashable, Sendable {
        package var rule: Rule
        package var long: Double
        package var short: Double
    }

    /// The first rule that holds, the most urgent first; nil where none does.
    ///
    /// - Parameter answers: what was seen in so long a time until now.
    package func burn(_ answers: (Duration) throws -> Rollup.Answers) rethrows -> Burn? {
        for rule in Self.rules {
            guard let long = burnRate(try answers(rule.long)), long >= rule.factor,
                let short = burnRate(try answers(rule.short)), short >= rule.factor
            else { continue }
            return Burn(rule: rule, long: long, short: short)
        }
        return nil
    }
}
