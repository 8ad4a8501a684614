import Maintenance

/// Who is on call when: members take turns, and somebody may stand in.
package struct Rotation: Hashable, Sendable {
    /// One person takes another's place, whoever's turn it would be.
    package struct Override: Hashable, Sendable {
        package var member: String
        package var from: Timestamp
        package var until: Timestamp

        package init(member: String, from: Timestamp, until: Timestamp) {
            self.member = member
            self.from = from
            self.until = until
        }
    }

    package var name: String
    /// In their order; the first has the turn from `since` until the first handover.
    package var members: [String]
    package var since: Timestamp
    package var handover: Beat
    /// The last one that covers an instant counts.
    package var overrides: [Override]

    package init(name: String, members: [String], since: Timestamp, handover: Beat, overrides: [Override] = []) {
        self.name = name
        self.members = members
        self.since = since
        self.handover = handover
        self.overrides = overrides
    }

    /// Nil where there is no member. Before `since` it is the first member's turn.
    package func onCall(at instant: Timestamp) -> String? {
        if let override = overrides.last(where: { $0.from <= instant && instant < $0.until }) { return override.member }
        guard !members.isEmpty else { return nil }
        return members[handovers(until: instant) % members.count]
    }

    private func handovers(until instant: Timestamp) -> Int {
        var count = 0
        var last = since
        while let next = handover.next(after: last), next <= instant {
            count += 1
            last = next
        }
        return count
    }
}
