import Maintenance

/// What can be wrong with watching itself: findings at the target that is not watched as it should be.
package enum MonitorFinding: String, CaseIterable, Sendable {
    /// A check could not be answered often enough in a row; its object is the check.
    case blind = "MO001"
    /// No round has come to its end for long.
    case silent = "MO002"

    package func finding(_ target: Target, _ object: String?, _ summary: String, mend: String? = nil) -> Finding {
        Finding(
            code: rawValue, severity: .warning, target: target, object: object, summary: summary, mend: mend)
    }
}
