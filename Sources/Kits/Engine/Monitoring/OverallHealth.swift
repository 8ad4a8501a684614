import Maintenance
import Outside
import Settings

/// The health percentage of each environment, judged where its checks are asked all the time.
///
/// The percentage moves with every check that is being looked at, so two looks in a row have to say the same before
/// anything becomes of it.
package struct OverallHealth: Sendable {
    /// What it may be is configured like that of a check.
    package static let schema = CheckSchema(
        name: "environment.health",
        summary: "the share of an environment's checks that passed; a finding where it is less than these",
        thresholds: .init(
            .percent, worse: .lower, warning: 95, critical: 90,
            origin: ThresholdOrigin(
                [
                    ("agentic-ecosystem", "| Overall Health | >95% | 90-95% | <90% |"),
                    ("agentic-ecosystem", "system_health < 95%"), ("agentic-ecosystem", "system_health < 90%"),
                ], "What is just as much as the threshold is well.")),
        options: [
            .init(
                "checks", .count(1...1_000_000), standard: 10,
                summary: "how many there have to be before the share says more than they do")
        ], isAsked: false)

    /// Of every environment that is judged.
    let limits: [String: CheckLimits]
    /// What was said before does not tell of now where its time is over and nobody has got to it since then.
    let began: Timestamp
    private var last: [String: Severity?] = [:]

    init(_ plan: WatchPlan, _ inventory: Inventory, at now: Timestamp) {
        began = now
        var limits: [String: CheckLimits] = [:]
        for environment in Set(plan.groups.map(\.target.environment)) {
            let setting = inventory.check(Self.schema.name, in: environment)
            guard setting.isEnabled?.value ?? true else { continue }
            limits[environment] = CheckLimits(Self.schema, setting)
        }
        self.limits = limits
    }

    /// What two looks in a row have said.
    enum Verdict: Hashable {
        case well
        case unwell(Finding)
        /// They do not agree, or there was only one.
        case undecided
    }

    /// - Parameter checks: all of the environment, as they stand.
    mutating func look(at environment: String, _ checks: [MonitoredCheck], now: Timestamp) -> Verdict {
        guard let limits = limits[environment] else { return .well }
        let counted = checks.filter { $0.seenAt >= began || now <= $0.countsUntil }
        let score = HealthScore(counted.map { $0.standing(at: now) })
        var severity: Severity?
        if score.count >= limits.count("checks"), let percentage = score.percentage {
            severity = Self.severity(percentage, limits)
        }
        let before = last.updateValue(severity, forKey: environment)
        guard let before, before == severity else { return .undecided }
        return severity.map { .unwell(Self.finding(environment, $0, score, limits)) } ?? .well
    }

    /// At a threshold it is still well enough: the guide alerts on `system_health < 90%`.
    private static func severity(_ percentage: Percentage, _ limits: CheckLimits) -> Severity? {
        if let critical = limits.critical, percentage.value < critical { return .critical }
        if let warning = limits.warning, percentage.value < warning { return .warning }
        return nil
    }

    private static func finding(
        _ environment: String, _ severity: Severity, _ score: HealthScore, _ limits: CheckLimits
    ) -> Finding {
        var evidence: Facts = ["arithmetic": .text(score.arithmetic)]
        if let percentage = score.percentage { evidence["health"] = .number(percentage.value) }
        return MonitorFinding.unwell.finding(
            Target(environment: environment), nil,
            "\(score.percentage?.description ?? "nothing") of its checks are well (\(limits.text)): \(score.arithmetic)",
            severity: severity, evidence: evidence, mend: "mainstay monitor show --environment \(environment)")
    }
}

extension RunLog {
    /// Opens and ends the findings about whole environments.
    func judge(_ health: inout OverallHealth) async throws {
        guard !health.limits.isEmpty else { return }
        let now = clock.now()
        let checks = Dictionary(grouping: try await monitored()) { $0.outcome.target.environment }
        let open = Set(try await openFindings().map(\.finding.fingerprint))
        for environment in health.limits.keys.sorted() {
            switch health.look(at: environment, checks[environment] ?? [], now: now) {
            case .undecided: continue
            case .unwell(let finding): try await self.open(alertFinding: finding)
            case .well:
                let none = MonitorFinding.unwell.finding(Target(environment: environment), nil, "")
                if open.contains(none.fingerprint) { try await resolve(alertFinding: none) }
            }
        }
    }
}
