import Alert
import Maintenance
import Outside
import Settings

/// Hands alerts over to an Alertmanager (API v2), which groups, silences and tells for itself.
struct AlertmanagerChannel: AlertChannel {
    let access: WebhookAccess
    let tools: ChannelTools
    let mostAtOnce = 4

    /// Without an end Alertmanager would take an alert for resolved after its own resolve_timeout; this long it is believed
    /// to go on unless it is told otherwise.
    private static let lifetime: Duration = .seconds(86_400)

    struct Posted: Encodable {
        var labels: [String: String]
        var annotations: [String: String]
        var startsAt: String
        var endsAt: String
    }

    /// Of one request; what is more goes into further ones, since each alert has to be known there.
    private static let budget = 500_000

    func send(_ message: AlertMessage) async throws -> String {
        let base = try await access.url.resolve(with: tools.programs).reveal()
        let url = (base.utf8.last == UInt8(ascii: "/") ? String(base.dropLast()) : base) + "/api/v2/alerts"
        let token = try await access.token?.resolve(with: tools.programs).reveal()
        var answer = ""
        for part in Self.parts(Self.alerts(message), within: Self.budget / message.share) {
            var post = Post(url: url, body: wireJSON(part), of: access)
            if let token { post.headers.append(("Authorization", Secret("Bearer \(token)"))) }
            answer = try await post.send(with: tools)
        }
        return answer
    }

    static func alerts(_ message: AlertMessage) -> [Posted] {
        ToldAlert.all(message.notification).map { told in
            var labels = told.alert.labels.values
            // The one name every Alertmanager's templates ask for.
            labels["alertname"] = labels["alertname"] ?? labels[Labels.Name.alert]
            return Posted(
                labels: labels,
                annotations: told.alert.annotations.mapValues { $0.cut(bytes: WebhookPayload.longestAnnotation) },
                startsAt: told.start.iso8601,
                endsAt: (told.end ?? message.notification.decidedAt + lifetime).iso8601)
        }
    }

    static func parts(_ alerts: [Posted], within budget: Int) -> [[Posted]] {
        var parts: [[Posted]] = []
        var left = 0
        for alert in alerts {
            let size = wireJSON(alert).count + 1
            if parts.isEmpty || size > left {
                parts.append([])
                left = budget
            }
            parts[parts.count - 1].append(alert)
            left -= size
        }
        return parts
    }
}
