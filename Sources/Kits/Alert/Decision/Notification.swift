import Maintenance

/// What one channel is to tell, decided and not yet sent.
package struct AlertNotification: Codable, Hashable, Sendable {
    /// The same however often it is sent: what a receiver knows a second delivery by.
    package var id: String
    package var decidedAt: Timestamp
    package var receiver: String
    package var channel: String
    package var recipients: [String]
    package var groupKey: String
    package var groupLabels: Labels
    package var firing: [AlertRecord]
    package var resolved: [AlertRecord]
    package var reason: Reason

    /// Whether everything it speaks of is over.
    package var isResolved: Bool { firing.isEmpty }

    /// The worst severity of what fires, else of what is over; nil where none is named.
    package var severity: Severity? {
        (firing.isEmpty ? resolved : firing).compactMap(\.labels.severity).max()
    }
}

/// What was decided about some alerts at one moment for one channel, and why.
package struct AlertDecision: Codable, Hashable, Sendable {
    package enum Outcome: Codable, Hashable, Sendable {
        /// The notification's id.
        case sent(String)
        case withheld
    }

    package var at: Timestamp
    /// Of the route; nil where it never came to one.
    package var route: String?
    package var receiver: String?
    package var channel: String?
    /// Fingerprints.
    package var alerts: [String]
    package var outcome: Outcome
    package var reason: Reason

    package init(
        at: Timestamp, route: String? = nil, receiver: String? = nil, channel: String? = nil, alerts: [String],
        outcome: Outcome, reason: Reason
    ) {
        self.at = at
        self.route = route
        self.receiver = receiver
        self.channel = channel
        self.alerts = alerts
        self.outcome = outcome
        self.reason = reason
    }
}

/// What came of some events and the time that passed.
package struct AlertOutcome: Hashable, Sendable {
    package var notifications: [AlertNotification] = []
    package var decisions: [AlertDecision] = []
    package var turns: [AlertBook.Turn] = []
}
