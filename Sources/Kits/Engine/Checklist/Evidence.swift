import Maintenance

/// How an item stands. Green is only what something says that still counts; everything else is red or not known.
package enum ItemState: String, Codable, CaseIterable, Sendable {
    case green, red, unknown
}

/// What one target, or one person, says about an item.
struct Evidence: Hashable, Sendable {
    var state: ItemState
    /// One clause. Hostile text.
    var reason: String
    /// When it was looked at, or signed.
    var at: Timestamp?
    /// From when on it says nothing any more.
    var until: Timestamp?
    var runID: String?

    static func unknown(_ reason: String, runID: String? = nil) -> Evidence {
        Evidence(state: .unknown, reason: reason, runID: runID)
    }

    /// What was found at an instant, for as long as it counts. An instant that is still to come is no evidence: the clock
    /// was set back, and nobody knows how old it really is.
    ///
    /// - Parameter what: `run 20261121-020000-abcde`.
    init(
        _ state: ItemState, _ reason: String, what: String, at: Timestamp, countsFor: Duration, now: Timestamp,
        runID: String? = nil
    ) {
        self.init(state: state, reason: reason, at: at, until: at + countsFor, runID: runID)
        if at > now {
            self = .unknown("\(what) is from \(at), which is still to come: the clock was set back", runID: runID)
        } else if now >= at + countsFor {
            self = Evidence(
                state: .unknown, reason: "\(what) is from \(at) and counted until \(at + countsFor)", at: at,
                until: at + countsFor, runID: runID)
        }
    }

    init(state: ItemState, reason: String, at: Timestamp? = nil, until: Timestamp? = nil, runID: String? = nil) {
        self.state = state
        self.reason = reason
        self.at = at
        self.until = until
        self.runID = runID
    }

    /// All of them together: red where one is, green only where each of them is, and until the first of them ends.
    ///
    /// - Parameter noun: what each of them is: `target`, `check`.
    static func together(_ parts: [Evidence], _ noun: String) -> Evidence {
        guard parts.count > 1 else { return parts.first ?? .unknown("nobody looked at anything") }
        for state in [ItemState.red, .unknown] {
            let same = parts.filter { $0.state == state }
            guard var first = same.first else { continue }
            if same.count > 1 { first.reason += " (and \(same.count - 1) more)" }
            return first
        }
        let oldest = parts.min { ($0.at?.microseconds ?? 0) < ($1.at?.microseconds ?? 0) }
        return Evidence(
            state: .green, reason: "\(parts.count) \(noun)s are well, the oldest: \(oldest?.reason ?? "")",
            at: oldest?.at, until: parts.compactMap(\.until).min(), runID: oldest?.runID)
    }
}
