import Alert
import Maintenance
import Outside
import Settings

/// PagerDuty's Events API v2: one incident for a group, opened while anything of it fires, acknowledged when somebody has
/// taken all of it on, and resolved with the last.
struct PagerDutyChannel: AlertChannel {
    let access: WebhookAccess
    let tools: ChannelTools
    let mostAtOnce = 4

    /// An event has at most 512 kB ("Events API v2 overview", section "API limits"); a person reads less.
    private static let budget = 100_000

    struct Event: Encodable {
        struct Payload: Encodable {
            var summary: String
            var source: String
            var severity: String
            var timestamp: String
            var custom_details: [String: String]
        }

        var routing_key: String
        var event_action: String
        /// What a second event is known by as the same incident's.
        var dedup_key: String
        var payload: Payload?
    }

    func send(_ message: AlertMessage) async throws -> String {
        guard let token = access.token else { throw ChannelError.noRecipient }
        let url = try await access.url.resolve(with: tools.programs).reveal()
        let event = Self.event(message, key: try await token.resolve(with: tools.programs).reveal(), host: tools.host)
        return try await Post(url: url, body: wireJSON(event), of: access).send(with: tools)
    }

    static func event(_ message: AlertMessage, key: String, host: String) -> Event {
        let notification = message.notification
        var digest = CanonicalDigest()
        // The channel's name and not the receiver's: that is the route's place in a list.
        digest.add([notification.groupKey, notification.channel])
        let dedup = "mainstay-\(digest.hexadecimal.prefix(32))"
        guard !notification.isResolved else {
            return Event(routing_key: key, event_action: "resolve", dedup_key: dedup)
        }
        if case .takenOn = notification.reason {
            return Event(routing_key: key, event_action: "acknowledge", dedup_key: dedup)
        }
        let severity = notification.severity ?? .warning
        return Event(
            routing_key: key, event_action: "trigger", dedup_key: dedup,
            payload: Event.Payload(
                // Longer ones are refused: 1,024 characters.
                summary: message.title(within: 1_000),
                source: notification.groupLabels[Labels.Name.environment].isEmpty
                    ? host : notification.groupLabels[Labels.Name.environment],
                severity: severity.rawValue, timestamp: notification.decidedAt.iso8601,
                custom_details: [
                    "alerts": message.lines(within: budget, costing: AlertMessage.jsonCost).joined(separator: "\n")
                ]))
    }
}
