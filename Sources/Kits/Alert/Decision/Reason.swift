import Maintenance

/// Why a notification was sent, or was not: one link of the decision, with what it rests on.
package enum Reason: Codable, Hashable, Sendable {
    // Why it was sent.
    /// The group had not been told of.
    case firstOfGroup
    /// These fire and had not been told of as firing.
    case newlyFiring([String])
    /// Everything that had been told of is over.
    case allResolved
    /// These are over, and that had not been told yet.
    case newlyResolved([String])
    /// Nothing is new, but the last notification is older than the repeat interval.
    case repeated(last: Timestamp)
    /// Its channel takes it for over where it does not hear of it from time to time.
    case refreshed(last: Timestamp)
    /// The batch's time has come.
    case batch
    /// Nobody acknowledged it in time: the step, from 1, and since when it was known.
    case escalated(step: Int, since: Timestamp)
    /// Whoever was told by that step hears that it is over.
    case escalationOver(step: Int)
    /// Somebody has taken on everything that had been told of as firing, which its channel is to know.
    case takenOn(by: String, comment: String)
    /// Another channel was to tell it and does not take it. Hostile text.
    case instead(of: String, problem: String)
    /// What was told instead of another channel is over.
    case insteadOver(of: String)

    // Why it was not sent.
    case pending(until: Timestamp)
    /// It was over before it had lasted long enough to fire.
    case passed
    /// It comes and goes: it counts as firing until it has been well for this long.
    case flapping(calm: Duration)
    /// It waits for others of its group, for its delay, or for its batch.
    case waiting(until: Timestamp)
    /// It was over within its route's delay.
    case overWithinDelay
    case inhibited(rule: String, by: String)
    case silenced(id: String, author: String, comment: String, until: Timestamp)
    case muted(times: String)
    case inactive(times: [String])
    case quiet(times: String, until: Timestamp)
    /// Everything has been told; it is told again at the first tick after `again`.
    case nothingNew(last: Timestamp, again: Timestamp)
    /// It is over, and that it fired was never told.
    case neverTold
    case acknowledged(by: String, comment: String)
    /// The channel is not told what is over.
    case resolvedUnwanted
    /// None of those it is for can be reached through the channel, on call as they may be: its own recipients are told.
    case standIns(for: [String])
    /// It is about the channel itself, and told by others.
    case aboutItsChannel
    /// Nobody is on call, or the receiver has no channel.
    case nobody(receiver: String)
}

extension Reason {
    /// One clause that goes on from "sent because" or "not sent because".
    package var words: String {
        switch self {
        case .firstOfGroup: "nothing had been told of this group"
        case .newlyFiring(let alerts): "\("alert".counted(alerts.count)) of it had not been told of"
        case .allResolved: "everything that had been told of is over"
        case .newlyResolved(let alerts): "\("alert".counted(alerts.count)) of it ended"
        case .repeated(let last): "it still fires and was last told at \(last)"
        case .refreshed(let last): "it goes on, and its channel last heard so at \(last)"
        case .batch: "the batch was due"
        case .escalated(let step, let since):
            "nobody acknowledged it, told at \(since), in time (escalation step \(step))"
        case .escalationOver(let step): "it is over, and escalation step \(step) had told of it"
        case .takenOn(let by, let comment):
            "\(by.printable) has taken it on" + (comment.isEmpty ? "" : ": \(comment.printable)")
        case .instead(let channel, let problem):
            "it is told instead of by '\(channel.printable)', which does not take it: \(problem.printable)"
        case .insteadOver(let channel): "it is over, and was told here instead of by '\(channel.printable)'"
        case .pending(let until): "it has to last until \(until) before it counts"
        case .passed: "it was over before it had lasted long enough to count"
        case .flapping(let calm): "it comes and goes; it counts as firing until it has been well for \(calm.short)"
        case .waiting(let until): "it waits until \(until)"
        case .overWithinDelay: "it was over within the delay of its route"
        case .inhibited(let rule, let by): "alert \(by.prefix(8)) hides it (\(rule.printable))"
        case .silenced(let id, let author, let comment, let until):
            "silence \(id.printable) of \(author.printable) covers it until \(until): \(comment.printable)"
        case .muted(let times): "its route is muted in '\(times.printable)'"
        case .inactive(let times):
            "its route is active only in \(times.map { "'\($0.printable)'" }.joined(separator: ", "))"
        case .quiet(let times, let until):
            "quiet hours '\(times.printable)' last until \(until), and it is not critical"
        case .nothingNew(let last, let again): "nothing is new since \(last); it is repeated from \(again) on"
        case .neverTold: "it is over, and that it fired had not been told"
        case .acknowledged(let by, let comment):
            "\(by.printable) has taken it on" + (comment.isEmpty ? "" : ": \(comment.printable)")
        case .resolvedUnwanted: "its channel is not told what is over"
        case .standIns(let others):
            (others.isEmpty
                ? "nobody is on call" : "its channel cannot reach \(others.map(\.printable).joined(separator: ", "))")
                + "; the channel's own recipients are told instead"
        case .aboutItsChannel: "it is about this channel, and others tell it"
        case .nobody(let receiver): "the receiver '\(receiver.printable)' reaches nobody now"
        }
    }
}
