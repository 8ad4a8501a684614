import Maintenance
import Monitor
import Outside
import Settings
import Store

/// What only the past of a check shows: that it is worse than it usually is, and that what was promised of it will not hold.
package struct Trend: Sendable {
    package var subject: MonitorSubject
    package var series: Measurement.Series
    package var terms: MonitoringTerms
    /// The smallest difference from the baseline that counts, in the series' unit: a tenth of where it would be a warning.
    package var least: Double

    /// Nil where nothing was promised and nothing is compared.
    init?(_ check: Check, _ group: WatchPlan.Group, _ inventory: Inventory) {
        guard let terms = group.terms[check.name], terms.objective != nil || terms.baseline != nil
        else { return nil }
        self.terms = terms
        subject = MonitorSubject(check: check.name, target: group.target)
        let setting = inventory.check(check.name, in: group.target.environment)
        let limits = CheckLimits(
            check.schema, setting, standard: check.standard?(inventory, group.target))
        series =
            limits.unit.map { Measurement.Series(name: check.name, target: group.target, unit: $0) }
            ?? .duration(of: check.name, at: group.target)
        least = (limits.warning ?? limits.critical ?? 0).magnitude / 10
    }

    /// What was learned of and what was promised, of everything that is asked.
    static func all(_ plan: WatchPlan, _ inventory: Inventory) -> [Trend] {
        plan.groups.flatMap { group in group.checks.compactMap { Trend($0, group, inventory) } }
    }
}

/// How a trend stands: the findings it makes, none where all is as it should be.
package struct TrendVerdict: Sendable {
    package var regression: LearnedBaseline.Regression?
    package var burn: Objective.Burn?
}

extension RunLog {
    /// So much is compared with what usually is.
    private static let recentSpan: Duration = .seconds(15 * 60)
    /// So far back is learned.
    private static let learning: Duration = .seconds(29 * 86_400)

    /// In the order of the trends; nil for what has no past.
    ///
    /// - Parameter learns: whether it is compared with what usually is, for which weeks have to be read.
    func verdicts(_ trends: [Trend], learns: Bool) async throws -> [TrendVerdict?] {
        let now = clock.now()
        return try await store.read { reader in
            let recent = try RecentSamples(reader)
            return try trends.map { trend in
                guard let id = try Self.seriesID(trend.series, reader) else { return nil }
                let hours = try Self.rollups(
                    id, now - (learns ? Self.learning : Objective.longest), now, .seconds(3_600), recent, reader)
                let minutes = try Self.samples(id, now - .seconds(6 * 3_600), now, recent, reader)
                return Self.judge(trend, hours: hours, samples: minutes, learns: learns, at: now)
            }
        }
    }

    static func judge(_ trend: Trend, hours: [Rollup], samples: [CheckSample], learns: Bool, at now: Timestamp)
        -> TrendVerdict
    {
        func answers(_ window: Duration) -> Rollup.Answers {
            guard window > .seconds(6 * 3_600) else {
                var sum = Rollup(start: now)
                for sample in samples where sample.at >= now - window { sum.add(sample) }
                return sum.answers
            }
            return hours.filter { $0.start >= now - window }.reduce(Rollup.Answers()) { $0 + $1.answers }
        }
        var verdict = TrendVerdict()
        verdict.burn = trend.terms.objective.flatMap { Objective($0).burn(answers) }
        if learns, let limit = trend.terms.baseline, let baseline = LearnedBaseline(hours, at: now) {
            var last = Rollup(start: now)
            for sample in samples where sample.at >= now - recentSpan { last.add(sample) }
            verdict.regression = baseline.regression(last, limit: limit, least: trend.least)
        }
        return verdict
    }

    /// Opens and ends the findings of trends.
    ///
    /// - Parameter learns: false leaves what is compared with what usually is as it stands.
    func judge(_ trends: [Trend], learns: Bool) async throws {
        let trends = learns ? trends : trends.filter { $0.terms.objective != nil }
        let verdicts = try await verdicts(trends, learns: learns)
        let open = Set(try await openFindings().map(\.finding.fingerprint))
        for (trend, verdict) in zip(trends, verdicts) {
            let findings = (learns ? [MonitorFinding.regressed, .burning] : [.burning]).map { kind in
                (
                    kind.finding(trend.subject.target, trend.subject.check, ""),
                    verdict.flatMap { kind.finding(trend, $0) }
                )
            }
            for (none, finding) in findings {
                if let finding {
                    try await self.open(alertFinding: finding)
                } else if open.contains(none.fingerprint) {
                    try await resolve(alertFinding: none)
                }
            }
        }
    }
}

extension MonitorFinding {
    /// What it says about a verdict; nil where that gives no cause.
    fileprivate func finding(_ trend: Trend, _ verdict: TrendVerdict) -> Finding? {
        let (check, target, unit) = (trend.subject.check, trend.subject.target, trend.series.unit)
        switch self {
        case .regressed:
            guard let found = verdict.regression else { return nil }
            let hours =
                "\(found.baseline.hours) \(found.baseline.basis == .hourOfWeek ? "weeks at this hour" : "hours")"
            return finding(
                target, check,
                "'\(check)' is at \(unit.text(found.after)) over 15 min, \(found.ratio) of what it usually is "
                    + "(\(unit.text(found.before)), learned from \(hours))",
                evidence: [
                    "before": .number(found.before), "after": .number(found.after),
                    "usual deviation": .number(found.baseline.deviation), "learned from": .text(hours),
                ],
                mend: "mainstay monitor performance --environment \(target.environment)")
        case .burning:
            guard let burn = verdict.burn, let objective = trend.terms.objective else { return nil }
            let long = burn.rule.long.short
            return finding(
                target, check,
                "'\(check)' uses up what it may be down \(burn.long.formatted(decimals: 1)) times too fast over \(long) "
                    + "(objective \(objective.text), a finding from \(burn.rule.factor.formatted(decimals: 1)) times on)",
                severity: burn.rule.severity,
                evidence: [
                    "burn rate over \(long)": .number(burn.long),
                    "burn rate over \(burn.rule.short.short)": .number(burn.short),
                    "objective": .text(objective.text),
                ])
        case .blind, .silent, .unwell, .erring: return nil
        }
    }
}

extension Percentage {
    /// With as many digits as it has: `99.95 %`.
    package var text: String { "\(Scalar.number(value).description) %" }
}
