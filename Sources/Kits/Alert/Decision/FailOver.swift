import Maintenance

/// What other channels tell because one does not take it, and who has to hear the end of it: decided for one message of
/// one recipient, as a value, so that whoever runs it can write all of it with what became of the message.
package struct FailOver: Hashable, Sendable {
    /// A channel and, where it tells people one by one, one of them.
    package struct Way: Codable, Hashable, Sendable {
        package var channel: String
        package var recipient: String?

        package init(channel: String, recipient: String? = nil) {
            self.channel = channel
            self.recipient = recipient
        }
    }

    /// By whom what was told instead of this channel: fingerprints of what fires as far as they know.
    package private(set) var open: [Way: Set<String>]

    package init(open: [Way: Set<String>] = [:]) { self.open = open }

    /// The channel does not take the message: it is told by the ways instead. An end is told only to those who were told
    /// of the beginning.
    package mutating func refused(
        _ notification: AlertNotification, ways: [Way], problem: String
    ) -> [(way: Way, notification: AlertNotification)] {
        let reason = Reason.instead(of: notification.channel, problem: problem)
        var others = ways
        // A configuration that has changed meanwhile keeps nobody from hearing the end.
        let ended = Set(notification.resolved.map(\.fingerprint))
        others += open.keys.filter { !ways.contains($0) && !(open[$0] ?? []).isDisjoint(with: ended) }.sorted {
            ($0.channel, $0.recipient ?? "") < ($1.channel, $1.recipient ?? "")
        }
        return others.compactMap { tell(notification, $0, reason) }
    }

    /// The channel has taken the message: whoever was told something of it instead hears its end as well.
    package mutating func taken(_ notification: AlertNotification) -> [(way: Way, notification: AlertNotification)] {
        let ended = Set(notification.resolved.map(\.fingerprint))
        let ways = open.filter { !$0.value.isDisjoint(with: ended) }.keys.sorted {
            ($0.channel, $0.recipient ?? "") < ($1.channel, $1.recipient ?? "")
        }
        return ways.compactMap { tell(notification, $0, .insteadOver(of: notification.channel)) }
    }

    private mutating func tell(
        _ notification: AlertNotification, _ way: Way, _ reason: Reason
    ) -> (way: Way, notification: AlertNotification)? {
        let known = open[way] ?? []
        let ended = Set(notification.resolved.map(\.fingerprint))
        guard !notification.firing.isEmpty || !known.isDisjoint(with: ended) else { return nil }
        let left = known.union(notification.firing.map(\.fingerprint)).subtracting(ended)
        open[way] = left.isEmpty ? nil : left
        var copy = notification
        copy.id = "\(notification.id)-\(way.channel)"
        copy.channel = way.channel
        copy.recipients = way.recipient.map { [$0] } ?? []
        copy.reason = reason
        return (way, copy)
    }
}
