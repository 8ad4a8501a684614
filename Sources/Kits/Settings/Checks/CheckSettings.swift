import Maintenance

/// What configuration says about checks, by the check's name.
package typealias CheckSettings = [String: CheckSetting]

/// What configuration says about one check; nil is the check's own default.
package struct CheckSetting: Sendable, Equatable {
    package var isEnabled: Written<Bool>?
    package var warning: Written<Limit>?
    package var critical: Written<Limit>?
    /// For one attempt.
    package var timeout: Written<Duration>?
    /// Attempts after the first.
    package var retries: Written<Int>?
    /// The check's own options, by name; a duration in seconds, a size in bytes, a percentage in percent.
    package var options: [String: Written<Scalar>] = [:]
    /// Between two rounds while it is asked all the time; also from the guides' `check_interval`.
    package var interval: Written<Duration>?
    /// Rounds in a row that have to be bad before that counts, and well before it is over.
    package var failures: Written<Int>?
    package var successes: Written<Int>?
    /// How long it has to have been bad before that counts.
    package var hold: Written<Duration>?
    /// How far behind its threshold a value has to be before it counts as better.
    package var hysteresis: Written<Percentage>?
    /// How much of the time it has to be up.
    package var objective: Written<Percentage>?
    /// From how much of what it usually is, in percent, it is a finding.
    package var baseline: Written<Limit>?
    /// From the guides' `alert_threshold`: the severity from which the check alerts.
    package var alertThreshold: Written<Severity>?

    package init() {}

    /// Where a threshold lies, in the check's own unit (count, percent, seconds, bytes).
    package enum Limit: Sendable, Hashable {
        case none
        case at(Double)

        package var value: Double? {
            switch self {
            case .none: nil
            case .at(let value): value
            }
        }
    }

    package func overridden(by other: CheckSetting) -> CheckSetting {
        var result = self
        result.isEnabled = other.isEnabled ?? isEnabled
        result.warning = other.warning ?? warning
        result.critical = other.critical ?? critical
        result.timeout = other.timeout ?? timeout
        result.retries = other.retries ?? retries
        result.options.merge(other.options) { _, new in new }
        result.interval = other.interval ?? interval
        result.failures = other.failures ?? failures
        result.successes = other.successes ?? successes
        result.hold = other.hold ?? hold
        result.hysteresis = other.hysteresis ?? hysteresis
        result.objective = other.objective ?? objective
        result.baseline = other.baseline ?? baseline
        result.alertThreshold = other.alertThreshold ?? alertThreshold
        return result
    }
}
