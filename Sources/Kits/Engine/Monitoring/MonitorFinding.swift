import Maintenance

/// What can be wrong with watching itself: findings at the target that is not watched as it should be.
package enum MonitorFinding: String, CaseIterable, Sendable {
    /// A check could not be answered often enough in a row; its object is the check.
    case blind = "MO001"
    /// No round has come to its end for long.
    case silent = "MO002"
    /// A value is worse than it usually is; its object is the check.
    case regressed = "MO003"
    /// What a check may be down is used up too fast; its object is the check.
    case burning = "MO004"
    /// Too few of an environment's checks are well.
    case unwell = "MO005"
    /// Too many answers of an endpoint are bad; its object is the check.
    case erring = "MO006"

    package func finding(
        _ target: Target, _ object: String?, _ summary: String, severity: Severity = .warning,
        evidence: Facts = [:],
        mend: String? = nil
    ) -> Finding {
        Finding(
            code: rawValue, severity: severity, target: target, object: object, summary: summary,
            evidence: evidence,
            mend: mend)
    }
}
