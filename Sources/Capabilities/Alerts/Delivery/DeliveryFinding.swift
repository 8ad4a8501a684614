import Alert
import Engine
import Maintenance

/// What can be wrong with alerts themselves: findings about the estate, which are alerts like any other.
enum DeliveryFinding {
    /// Its object is the channel, and behind a space whom it was to tell, where that is not the channel itself: one who
    /// bounces is another trouble than one who is reached.
    case undelivered(String, to: String?)
    /// Its object is the silence's id.
    case idleSilence(String)
    /// Its object is that of the first.
    case missedCanary(Canaries.Way)

    static let idleCode = "AL002"

    func finding(_ reason: String, severity: Severity = .warning) -> Finding {
        switch self {
        case .undelivered(let channel, let recipient):
            Finding(
                code: ChannelTrouble.undelivered, severity: severity, target: .estate, object: object,
                summary: "the channel '\(channel)' does not take what it is to tell"
                    + (recipient.map { " \($0)" } ?? "") + ": \(reason)",
                mend: "mainstay alerts test \(channel)" + (recipient.map { " --to=\($0.shellQuoted)" } ?? ""))
        case .idleSilence(let id):
            Finding(
                code: Self.idleCode, severity: .info, target: .estate, object: id, summary: reason,
                mend: "mainstay alerts unsilence \(id)")
        // Whoever would be told of it by this channel is not, so it is worth waking somebody by another.
        case .missedCanary(let way):
            Finding(
                code: ChannelTrouble.missedCanary, severity: .critical, target: .estate, object: object,
                summary: "the channel '\(way.channel)' has not taken its canary"
                    + (way.recipient.map { " to \($0)" } ?? "") + ": \(reason)",
                mend: "mainstay alerts test \(way.channel)"
                    + (way.recipient.map { " --to=\($0.shellQuoted)" } ?? ""))
        }
    }

    private var object: String? {
        switch self {
        case .undelivered(let channel, let recipient): recipient.map { "\(channel) \($0)" } ?? channel
        case .idleSilence(let id): id
        case .missedCanary(let way): way.object
        }
    }

    /// Those of the open findings that no success can end any more: nothing in the configuration is sent there.
    static func orphans(_ open: [FindingRecord], reached: [String: Set<String>]) -> [Finding] {
        let known = Set(
            reached.flatMap { channel, people in
                people.isEmpty ? [channel] : people.map { "\(channel) \($0)" }
            })
        return open.map(\.finding).filter { $0.code == ChannelTrouble.undelivered && !known.contains($0.object ?? "") }
    }
}

/// Channels whose canary did not get through.
struct MissedCanaries {
    /// What is to be found, and what is over: one that has been taken, and ways that are none any more.
    static func judge(
        _ standings: [Canaries.Standing], open known: [FindingRecord], at now: Timestamp
    ) -> (open: [Finding], over: [Finding]) {
        let missed = standings.filter { $0.isMissed(at: now) }.map { standing in
            DeliveryFinding.missedCanary(standing.way).finding(
                "it was due at \(standing.due.map { "\($0)" } ?? "no time"), and nothing says that it was taken")
        }
        let waitedFor = Set(standings.filter { $0.takenAt == nil && $0.due != nil }.map(\.way.object))
        let over = known.map(\.finding).filter {
            $0.code == ChannelTrouble.missedCanary && !waitedFor.contains($0.object ?? "")
        }
        return (missed, over)
    }
}

/// Silences that cover nothing: whoever wrote one made a mistake, or forgot it.
struct IdleSilences {
    /// So long one may cover nothing: half its own time, so that it is known before it is over, and a day at most.
    static func patience(of silence: Silence) -> Duration {
        min((silence.ends - silence.starts) / 2, .seconds(86_400))
    }

    /// What is to be found, and what is over, by the silences as they are now.
    static func judge(_ state: RouterState, at now: Timestamp) -> (open: [Finding], over: [Finding]) {
        var open: [Finding] = []
        var over: [Finding] = []
        for silence in state.silences.values.sorted(by: { $0.id < $1.id }) {
            let since = max(silence.starts, state.silencesUsed[silence.id] ?? silence.starts)
            let finding = DeliveryFinding.idleSilence(silence.id).finding(
                "the silence \(silence.matchers.text) of \(silence.author) has covered nothing since \(since)")
            if silence.isActive(at: now), silence.origin == .person, now - since >= patience(of: silence) {
                open.append(finding)
            } else {
                over.append(finding)
            }
        }
        return (open, over)
    }
}
