import Alert
import Engine
import Maintenance

/// What can be wrong with alerts themselves: findings about the estate, which are alerts like any other.
enum DeliveryFinding {
    /// Its object is the channel.
    case undelivered(String)
    /// Its object is the silence's id.
    case idleSilence(String)

    func finding(_ reason: String, severity: Severity = .warning) -> Finding {
        switch self {
        case .undelivered(let channel):
            Finding(
                code: "AL001", severity: severity, target: .estate, object: channel,
                summary: "the channel '\(channel)' does not take what it is to tell: \(reason)",
                mend: "mainstay alerts test \(channel)")
        case .idleSilence(let id):
            Finding(
                code: "AL002", severity: .info, target: .estate, object: id, summary: reason,
                mend: "mainstay alerts unsilence \(id)")
        }
    }
}

/// Silences that cover nothing: whoever wrote one made a mistake, or forgot it.
struct IdleSilences {
    /// So long one may cover nothing.
    static let patience: Duration = .seconds(86_400)

    /// What is to be found, and what is over, by the silences as they are now.
    static func judge(_ state: RouterState, at now: Timestamp) -> (open: [Finding], over: [Finding]) {
        var open: [Finding] = []
        var over: [Finding] = []
        for silence in state.silences.values.sorted(by: { $0.id < $1.id }) {
            let since = max(silence.starts, state.silencesUsed[silence.id] ?? silence.starts)
            let finding = DeliveryFinding.idleSilence(silence.id).finding(
                "the silence \(silence.matchers.text) of \(silence.author) has covered nothing since \(since)")
            if silence.isActive(at: now), silence.origin == .person, now - since >= patience {
                open.append(finding)
            } else {
                over.append(finding)
            }
        }
        return (open, over)
    }
}
