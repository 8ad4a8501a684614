import Maintenance

/// One alert as it stands: what is wrong, since when, and who has taken it on.
package struct AlertRecord: Codable, Hashable, Sendable {
    /// `pending` until it has lasted its `for`, then `firing` until what is wrong is mended.
    package enum State: String, Codable, CaseIterable, Sendable {
        case pending, firing, resolved
    }

    package struct Acknowledgement: Codable, Hashable, Sendable {
        package var by: String
        package var comment: String
        package var at: Timestamp
        /// Until when it counts; nil for as long as the alert lasts.
        package var until: Timestamp?

        package init(by: String, comment: String, at: Timestamp, until: Timestamp? = nil) {
            self.by = by
            self.comment = comment
            self.at = at
            self.until = until
        }
    }

    package let fingerprint: String
    package let labels: Labels
    /// What is said about it and does not make it another one: `summary`, `mend`. Hostile text.
    package var annotations: [String: String]
    package var state: State
    /// When it was seen first, this time.
    package var since: Timestamp
    package var firedAt: Timestamp?
    package var resolvedAt: Timestamp?
    /// When it was over the time before, as long as that is remembered.
    package var endedBefore: Timestamp?
    package var acknowledgement: Acknowledgement?
    /// When it last went from firing to well and back, as far as `AlertTerms.flapWindow` reaches.
    package var turns: [Timestamp]
    /// Since when what is wrong is not seen any more although the alert fires: it flaps, and has to stay well.
    package var wellSince: Timestamp?

    init(labels: Labels, fingerprint: String, annotations: [String: String], at now: Timestamp, turns: [Timestamp]) {
        self.fingerprint = fingerprint
        self.labels = labels
        self.annotations = annotations
        self.turns = turns
        state = .pending
        since = now
    }

    package var isFiring: Bool { state == .firing }

    package func isAcknowledged(at now: Timestamp) -> Bool {
        acknowledgement.map { $0.until.map { now < $0 } ?? true } ?? false
    }
}

/// How long something has to be wrong, and how restless it may be.
package struct AlertTerms: Hashable, Sendable {
    /// The `for:` of the field: how long it is pending.
    package var hold: Duration
    /// With this many ends within `flapWindow` an alert flaps; 0 for never.
    package var flapLimit: Int
    package var flapWindow: Duration
    /// How long an alert that flaps has to be well before it is resolved.
    package var calm: Duration

    package init(
        hold: Duration = .zero, flapLimit: Int = 3, flapWindow: Duration = .seconds(3_600),
        calm: Duration = .seconds(900)
    ) {
        self.hold = hold
        self.flapLimit = flapLimit
        self.flapWindow = flapWindow
        self.calm = calm
    }
}
