import Maintenance
import Monitor
import Settings

/// How finely the past is kept: every sample for some days, then what is left of five minutes, an hour, a day.
package enum SampleTier: Int, CaseIterable, Sendable {
    case raw = 0
    case fine
    case hourly
    case daily

    /// What one point of it stands for; nil for a sample.
    package var width: Duration? {
        switch self {
        case .raw: nil
        case .fine: .seconds(300)
        case .hourly: .seconds(3_600)
        case .daily: .seconds(86_400)
        }
    }

    /// What one block of it holds.
    var span: Duration {
        switch self {
        case .raw, .fine: .seconds(3_600)
        case .hourly: .seconds(86_400)
        // Forty days make few rows of a year, and little to write anew each hour.
        case .daily: .seconds(40 * 86_400)
        }
    }

    /// The coarsest one whose points are no wider than that.
    package static func coarsest(within width: Duration) -> SampleTier {
        if width < .seconds(300) { return .raw }
        if width < .seconds(3_600) { return .fine }
        return width < .seconds(86_400) ? .hourly : .daily
    }

    /// How long it is kept; nil for as long as 'history.keep' says.
    func kept(_ settings: SampleSettings) -> Duration? {
        switch self {
        case .raw: settings.raw
        case .fine: settings.fine
        case .hourly: settings.hourly
        case .daily: nil
        }
    }
}
