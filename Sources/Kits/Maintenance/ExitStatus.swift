/// What the process tells its caller; the same for every command.
package enum ExitStatus: Int32, Codable, CaseIterable, Sendable {
    case success = 0
    /// Something failed, or could not be proved.
    case failure = 1
    case usage = 2
    /// Findings at or above `--fail-on`.
    case findings = 3
    /// The configuration is wrong, or a program or package is missing.
    case configuration = 4
    case unreachable = 5
    /// Waits for an approval or a window, or a person has to decide about an uncertain change.
    case waiting = 6
    case interrupted = 130
    case terminated = 143

    /// Of several statuses the one that matters most: 130 (and 143), 2, 4, 1, 5, 6, 3, then 0.
    package static func combined(_ statuses: some Sequence<ExitStatus>) -> ExitStatus {
        statuses.min { $0.urgency < $1.urgency } ?? .success
    }

    private var urgency: Int {
        switch self {
        case .interrupted: 0
        case .terminated: 1
        case .usage: 2
        case .configuration: 3
        case .failure: 4
        case .unreachable: 5
        case .waiting: 6
        case .findings: 7
        case .success: 8
        }
    }

    /// One line for a command's help.
    package var explanation: String {
        switch self {
        case .success: "fine"
        case .failure: "failed, or could not be proved"
        case .usage: "wrong usage"
        case .findings: "findings at or above --fail-on (default: critical)"
        case .configuration: "wrong configuration, or a missing requirement"
        case .unreachable: "a target could not be reached"
        case .waiting: "waits for an approval, a window or a decision"
        case .interrupted: "interrupted"
        case .terminated: "terminated"
        }
    }
}
