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
    /// From the guides' `check_interval`: when the scheduler runs the check.
    package var interval: Written<Duration>?
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
        result.alertThreshold = other.alertThreshold ?? alertThreshold
        return result
    }
}
