/// How much a finding matters, in the three steps every surface uses.
///
/// The guides' words map onto them: high is `critical`, medium is `warning`, low is `info`.
package enum Severity: String, Codable, CaseIterable, Sendable, Comparable {
    case info, warning, critical

    package static func < (left: Severity, right: Severity) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .info: 0
        case .warning: 1
        case .critical: 2
        }
    }
}
