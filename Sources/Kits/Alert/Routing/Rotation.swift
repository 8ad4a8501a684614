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

    /// Whose turn it is, as it is remembered from one look to the next.
    package struct Turn: Codable, Hashable, Sendable {
        /// What was counted: from when on, and which handovers.
        var basis: String
        var member: String
        var place: Int
        /// The last handover that was counted, or the beginning.
        var last: Timestamp
    }

    /// Who stands in for whoever's turn it is.
    func standIn(at instant: Timestamp) -> String? {
        overrides.last { $0.from <= instant && instant < $0.until }?.member
    }

    /// Counts on from what is known, or from `since` where nothing is, where something else was counted, or where the
    /// clock was set back behind the last handover. Nil where there is no member. Before `since` it is the first member's
    /// turn. With other members whoever has the turn keeps it, if still there.
    func turn(after known: Turn?, at instant: Timestamp) -> Turn? {
        guard let first = members.first else { return nil }
        let basis = "\(since.iso8601) \(handover.text)"
        var turn = Turn(basis: basis, member: first, place: 0, last: since)
        if let known, known.basis == basis, known.last <= max(instant, since) {
            let isAtItsPlace = members.indices.contains(known.place) && members[known.place] == known.member
            turn.place = isAtItsPlace ? known.place : members.firstIndex(of: known.member) ?? known.place
            turn.last = known.last
        }
        while let next = handover.next(after: turn.last), next <= instant {
            turn.place += 1
            turn.last = next
        }
        turn.place %= members.count
        turn.member = members[turn.place]
        return turn
    }
}
