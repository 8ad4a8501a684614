import Maintenance

/// Whom a channel is to reach.
package enum Recipient: Hashable, Sendable, Codable {
    /// As the channel understands it: a mail address, a telephone number, a room.
    case address(String)
    /// Whoever a rotation says is on call when the notification is decided.
    case onCall(String)
}

/// What a channel can send to.
package enum Addressing: Hashable, Sendable {
    /// Nobody judges.
    case any
    case mail
    case telephone

    package func understands(_ address: String) -> Bool {
        switch self {
        case .any: true
        case .mail: MailAddress.isValid(address)
        case .telephone:
            address.hasPrefix("+") && address.utf8.count > 4
                && address.utf8.dropFirst().allSatisfy { (48...57).contains($0) }
        }
    }
}

/// Where a route's notifications go: one or several channels, each told for itself.
package struct Receiver: Hashable, Sendable {
    package struct Delivery: Hashable, Sendable {
        package var channel: String
        package var recipients: [Recipient]
        package var sendsResolved: Bool
        package var addressing = Addressing.any
        /// Whom the channel tells where none of the recipients can be reached through it.
        package var standard: [String] = []
        /// How often it has to hear of what goes on, acknowledged and silenced or not; nil for not at all.
        package var refresh: Duration?
        /// Whether it is told that somebody has taken everything on.
        package var hearsAcknowledgement = false

        package init(channel: String, recipients: [Recipient] = [], sendsResolved: Bool = true) {
            self.channel = channel
            self.recipients = recipients
            self.sendsResolved = sendsResolved
        }
    }

    package var name: String
    /// Each channel once: what it was told last is remembered by its name.
    package var deliveries: [Delivery]

    package init(name: String, deliveries: [Delivery]) {
        self.name = name
        var seen: Set<String> = []
        self.deliveries = deliveries.filter { seen.insert($0.channel).inserted }
    }
}

/// Whoever is told next where nobody has acknowledged an alert in time.
package struct EscalationStep: Hashable, Sendable {
    /// Since the first notification of the alert on its route.
    package var after: Duration
    package var receiver: String

    package init(after: Duration, receiver: String) {
        self.after = after
        self.receiver = receiver
    }
}
