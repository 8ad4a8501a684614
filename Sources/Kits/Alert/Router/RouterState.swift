import Maintenance

/// All that has to be remembered between two decisions: a value, written before anything of what it decided is sent.
package struct RouterState: Codable, Hashable, Sendable {
    /// Alerts that are told together.
    struct Group: Codable, Hashable, Sendable {
        var route: String
        var labels: Labels
        /// Fingerprints of what fires or has ended since the last flush.
        var members: Set<String>
        /// When it is looked at next.
        var next: Timestamp
        var hasFlushed = false
    }

    /// What one channel was told last about one group (Alertmanager's notification log).
    struct Entry: Codable, Hashable, Sendable {
        var firing: Set<String>
        var resolved: Set<String>
        /// Told as firing, and its end not told yet, by whichever notification.
        var open: Set<String>
        var at: Timestamp
        var expires: Timestamp
        /// When all that is open was last said again, to those who have to hear it.
        var refreshed: Timestamp?
        /// What it was told that somebody has taken on.
        var taken: Set<String>?
    }

    /// An alert that waits for its route's delay.
    struct Wait: Codable, Hashable, Sendable {
        var alert: String
        var route: String
        var until: Timestamp
    }

    /// An alert nobody has acknowledged yet, on a route that escalates; and one that is over, until whoever it climbed to
    /// was told.
    struct Climb: Codable, Hashable, Sendable {
        var alert: String
        var route: String
        /// The group it was told with first; nil in what older versions wrote.
        var group: String?
        var labels: Labels?
        /// Steps taken.
        var taken: Int
        /// When it was told first.
        var since: Timestamp
        /// Where the next step was hidden: when that is looked at again.
        var look: Timestamp?
        /// The same for its end.
        var endLook: Timestamp?
        /// Whom each step has told; nil in what older versions wrote.
        var told: [Audience]?

        var audiences: [Audience] { told ?? [] }
    }

    /// Who was told by a step of an escalation, and will be told the end, whoever is on call then.
    struct Audience: Codable, Hashable, Sendable {
        /// From 0.
        var step: Int
        /// What its notifications are known by as belonging together.
        var key: String
        var labels: Labels
        var receiver: String
        var channel: String
        /// Nil where the channel is the addressee.
        var address: String?
        var sendsResolved: Bool
    }

    package internal(set) var book = AlertBook()
    /// Those that are over are kept for a while too.
    package internal(set) var silences: [String: Silence] = [:]
    /// When a silence last covered an alert that fires, by its id.
    package internal(set) var silencesUsed: [String: Timestamp] = [:]
    var groups: [String: Group] = [:]
    /// By group, then by channel.
    var entries: [String: [String: Entry]] = [:]
    var waits: [String: Wait] = [:]
    var climbs: [String: Climb] = [:]
    /// What was said last of a group's alerts or channels that was not sent, as digests, so that it is said once.
    var withheld: [String: [String: String]] = [:]
    /// Whose turn it is, by the rotation's name.
    var turns: [String: Rotation.Turn] = [:]
    var sweepAt: Timestamp?
    var now = Timestamp(microseconds: 0)
    var count = 0

    package init() {}

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        book = try values.decode(AlertBook.self, forKey: .book)
        silences = try values.decode([String: Silence].self, forKey: .silences)
        silencesUsed = try values.decode([String: Timestamp].self, forKey: .silencesUsed)
        groups = try values.decode([String: Group].self, forKey: .groups)
        entries = try values.decode([String: [String: Entry]].self, forKey: .entries)
        waits = try values.decode([String: Wait].self, forKey: .waits)
        climbs = try values.decode([String: Climb].self, forKey: .climbs)
        withheld = try values.decode([String: [String: String]].self, forKey: .withheld)
        // Older versions did not write it.
        turns = try values.decodeIfPresent([String: Rotation.Turn].self, forKey: .turns) ?? [:]
        sweepAt = try values.decodeIfPresent(Timestamp.self, forKey: .sweepAt)
        now = try values.decode(Timestamp.self, forKey: .now)
        count = try values.decode(Int.self, forKey: .count)
    }
}

extension RouterState {
    /// What a person says, which decides nothing by itself; other events are the router's.
    package mutating func note(_ event: AlertEvent, at instant: Timestamp) {
        switch event {
        case .silenced(let silence): silences[silence.id] = silence
        case .unsilenced(let id):
            guard let silence = silences[id], instant < silence.ends else { return }
            silences[id]?.ends = max(instant, silence.starts)
        case .acknowledged(let fingerprint, let acknowledgement):
            book.acknowledge(fingerprint, acknowledgement)
        case .wrong, .well: preconditionFailure("what is wrong or well is the router's to take")
        }
    }
}
