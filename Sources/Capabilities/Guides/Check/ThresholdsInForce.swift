import Engine
import Guide
import Maintenance
import Settings

/// What a guide warns at, held against what a check in an environment really warns at.
struct ThresholdsInForce {
    let inventory: Inventory
    let environment: String
    let checks: [Check]

    /// Throws where there is no such environment.
    init(_ inventory: Inventory, in environment: String, checks: [Check]) throws {
        guard inventory.environments.contains(where: { $0.name == environment }) else {
            throw StatementCheckingError.noEnvironment(environment, known: inventory.environments.map(\.name))
        }
        self.inventory = inventory
        self.environment = environment
        self.checks = checks
    }

    /// Only what both say with the same unit is compared.
    func findings(_ checking: GuideChecking) -> [GuideFinding] {
        checking.thresholds.compactMap { threshold in
            guard threshold.level != .target, let name = ThresholdChecks.names[threshold.metric],
                let check = checks.first(where: { $0.name == name })
            else { return nil }
            let setting = inventory.check(name, in: environment)
            let limits = CheckLimits(check.schema, setting)
            guard let unit = limits.unit, let said = threshold.amount(in: unit) else { return nil }
            let isCritical = threshold.level == .critical
            let value = isCritical ? limits.critical : limits.warning
            guard value != said else { return nil }
            let place =
                (isCritical ? setting.critical : setting.warning).map { $0.location.description }
                ?? "as nothing else is configured"
            let force = value.map { "\(unit.text($0)) is in force" } ?? "nothing is in force"
            return GuideFinding(
                .notInForce, checking.guide.file, threshold.line,
                "\(threshold.level.rawValue) for \(threshold.metric.printable) is \(threshold.quantity), and in "
                    + "'\(environment.printable)' \(force) (\(place))",
                fix: "Decide for one of them: 'checks.\(name).\(threshold.level.rawValue)', or the guide.")
        }
    }
}

extension Threshold {
    /// The number in a check's own unit; nil where the guide's is another one, or says none that could be told.
    func amount(in wanted: Measurement.Unit) -> Double? {
        switch (wanted, unit) {
        case (.percent, .percent): value
        // 'cpu_usage: 80' means percent; '0.8' could mean either.
        case (.percent, .none) where value > 1: value
        case (.seconds, .milliseconds): value / 1_000
        default: nil
        }
    }
}
