import Alert
import Maintenance
import Outside
import Settings

/// Hands alerts over to an Alertmanager (API v2), which groups, silences and tells for itself.
struct AlertmanagerChannel: AlertChannel {
    let access: WebhookAccess
    let tools: ChannelTools

    /// Without an end Alertmanager would take an alert for resolved after its own resolve_timeout; this long it is believed
    /// to go on unless it is told otherwise.
    private static let lifetime: Duration = .seconds(86_400)

    struct Posted: Encodable {
        var labels: [String: String]
        var annotations: [String: String]
        var startsAt: String
        var endsAt: String
    }

    func send(_ message: AlertMessage) async throws -> String {
        let base = try await access.url.resolve(with: tools.programs).reveal()
        let url = (base.utf8.last == UInt8(ascii: "/") ? String(base.dropLast()) : base) + "/api/v2/alerts"
        var post = Post(url: url, body: wireJSON(Self.alerts(message)), of: access)
        if let token = access.token {
            post.headers.append(
                ("Authorization", Secret("Bearer \(try await token.resolve(with: tools.programs).reveal())")))
        }
        return try await post.send(with: tools)
    }

    static func alerts(_ message: AlertMessage) -> [Posted] {
        let notification = message.notification
        return (notification.firing + notification.resolved).map { alert in
            var labels = alert.labels.values
            // The one name every Alertmanager's templates ask for.
            labels["alertname"] = labels["alertname"] ?? labels[Labels.Name.alert]
            return Posted(
                labels: labels, annotations: alert.annotations, startsAt: (alert.firedAt ?? alert.since).iso8601,
                endsAt: (alert.resolvedAt ?? notification.decidedAt + lifetime).iso8601)
        }
    }
}
