import Maintenance
import Monitor
import Outside
import Settings
import Store

/// How many of an endpoint's answers are bad, as its samples have it, where it is asked all the time.
///
/// Like a burn rate it has to be so in a long window and in a short one: the long one says that it matters, the short one
/// that it still goes on, so that an outage is not told of for as long as the long one remembers it
/// (https://sre.google/workbook/alerting-on-slos/).
package struct ErrorRate: Sendable {
    /// What it may be is configured like that of a check.
    package static let schema = CheckSchema(
        name: "endpoint.error-rate", summary: "the share of bad answers of an endpoint that is asked all the time",
        thresholds: .init(
            .percent, warning: 1, critical: 2,
            origin: ThresholdOrigin(
                [
                    ("agentic-ecosystem", "| Error Rate | <0.5% | 0.5-2% | >2% |"),
                    ("agentic-ecosystem", "Error rate >1%: Investigate and optimize"),
                    ("next-portal", "Error rate < 1%"), ("next-portal", "High error rates (>5%)"),
                    ("event-manager", "error_rate: 1%"), ("environment-management", "\"warning\": 0.01"),
                    ("environment-management", "\"critical\": 0.05"), ("contribux", "API error rates < 0.1%"),
                ],
                "Three of five begin at 1 %, and agentic-ecosystem acts there; from 2 % on one calls it critical and none "
                    + "good.")),
        options: [
            .init(
                "window", .duration(.seconds(300)...(.seconds(86_400))), standard: 3_600,
                summary: "over how long; the last sixth of it has to be as bad too"),
            .init(
                "errors", .count(1...1_000_000), standard: 3,
                summary: "how many answers have to be bad before their share means something"),
        ], guideKeys: ["performance_metrics.error_rate"], isAsked: false)

    /// The check whose answers are counted: the one that comes before all others of the endpoint.
    let subject: MonitorSubject
    let limits: CheckLimits
    let every: Duration

    /// Nil where the group does not ask whether the endpoint answers at all.
    init?(_ group: WatchPlan.Group, _ inventory: Inventory) {
        guard group.resource.kind == .http, let gate = group.gate, let terms = group.terms[gate.name],
            group.checks.contains(where: { $0.name == gate.name })
        else { return nil }
        let setting = inventory.check(Self.schema.name, in: group.target.environment)
        guard setting.isEnabled?.value ?? true else { return nil }
        subject = MonitorSubject(check: gate.name, target: group.target)
        limits = CheckLimits(Self.schema, setting)
        every = terms.every
    }

    static func all(_ plan: WatchPlan, _ inventory: Inventory) -> [ErrorRate] {
        plan.groups.compactMap { ErrorRate($0, inventory) }
    }

    /// The long window.
    var window: Duration { limits.duration("window") }

    /// - Parameter samples: of the whole window.
    func finding(_ samples: [CheckSample], at now: Timestamp) -> Finding? {
        func answers(_ span: Duration) -> Rollup.Answers {
            var sum = Rollup(start: now - span)
            for sample in samples where sample.at >= now - span { sum.add(sample) }
            return sum.answers
        }
        // What is seldom asked has to have been asked in the short one too.
        let recent = max(window / 6, every * 2)
        let (long, short) = (answers(window), answers(recent))
        guard let share = long.errors, let last = short.errors, long.critical >= UInt64(limits.count("errors"))
        else { return nil }
        let severity: Severity
        switch limits.judge(min(share.value, last.value)) {
        case .critical: severity = .critical
        case .warning: severity = .warning
        case .passed, .unknown: return nil
        }
        return MonitorFinding.erring.finding(
            subject.target, subject.check,
            "\(share) of \(Int64(long.evidence).grouped) answers in \(window.short) were bad, \(last) of those in "
                + "\(recent.short) (\(limits.text))",
            severity: severity,
            evidence: [
                "errors": .integer(Int64(long.critical)), "answers": .integer(Int64(long.evidence)),
                "share": .number(share.value), "share of the last": .number(last.value),
            ], mend: "mainstay monitor performance --environment \(subject.target.environment)")
    }
}

extension RunLog {
    /// Opens and ends the findings about shares of bad answers.
    func judge(_ rates: [ErrorRate]) async throws {
        guard !rates.isEmpty else { return }
        let now = clock.now()
        let found = try await store.read { reader in
            let recent = try RecentSamples(reader)
            return try rates.map { rate -> Finding? in
                let series = Measurement.Series.duration(of: rate.subject.check, at: rate.subject.target)
                guard let id = try Self.seriesID(series, reader) else { return nil }
                // What is seldom asked is looked at over a longer time than the window.
                let span = max(rate.window, rate.every * 2)
                return rate.finding(try Self.samples(id, now - span, now + .seconds(1), recent, reader), at: now)
            }
        }
        let open = Set(try await openFindings().map(\.finding.fingerprint))
        for (rate, finding) in zip(rates, found) {
            if let finding {
                try await self.open(alertFinding: finding)
                continue
            }
            let none = MonitorFinding.erring.finding(rate.subject.target, rate.subject.check, "")
            if open.contains(none.fingerprint) { try await resolve(alertFinding: none) }
        }
    }
}

extension Rollup.Answers {
    /// How much of what was seen was bad; nil where nothing was seen.
    fileprivate var errors: Percentage? {
        evidence == 0 ? nil : Percentage(Double(critical), of: Double(evidence))
    }
}
