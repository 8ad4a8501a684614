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
    }

    /// An alert that waits for its route's delay.
    struct Wait: Codable, Hashable, Sendable {
        var alert: String
        var route: String
        var until: Timestamp
    }

    /// An alert nobody has acknowledged yet, on a route that escalates.
    struct Climb: Codable, Hashable, Sendable {
        var alert: String
        var route: String
        /// Steps taken.
        var taken: Int
        /// When it was told first.
        var since: Timestamp
        var due: Timestamp?
    }

    package internal(set) var book = AlertBook()
    /// Those that are over are kept for a while too.
    package internal(set) var silences: [String: Silence] = [:]
    /// When a silence last covered an alert that fires, by its id.
    package internal(set) var silencesUsed: [String: Timestamp] = [:]
    var groups: [String: Group] = [:]
    /// By group, then by receiver and the place of the delivery in it.
    var entries: [String: [String: Entry]] = [:]
    var waits: [String: Wait] = [:]
    var climbs: [String: Climb] = [:]
    /// What was said last of a group's alerts or channels that was not sent, as digests, so that it is said once.
    var withheld: [String: [String: String]] = [:]
    var sweepAt: Timestamp?
    var now = Timestamp(microseconds: 0)
    var count = 0

    package init() {}
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
