import Alert
import Maintenance

/// What a webhook gets: Alertmanager's own payload (version 4), so that whatever understands that understands this, and
/// beside it our id and the reason.
struct WebhookPayload: Encodable {
    struct Alert: Encodable {
        var status: String
        var labels: [String: String]
        var annotations: [String: String]
        var startsAt: String
        var endsAt: String
        var generatorURL = ""
        var fingerprint: String

        init(_ alert: AlertRecord) {
            status = alert.isFiring ? "firing" : "resolved"
            labels = alert.labels.values
            annotations = alert.annotations
            startsAt = (alert.firedAt ?? alert.since).iso8601
            // What Alertmanager writes for what is not over.
            endsAt = alert.resolvedAt?.iso8601 ?? "0001-01-01T00:00:00Z"
            fingerprint = alert.fingerprint
        }
    }

    var version = "4"
    var groupKey: String
    var truncatedAlerts = 0
    var status: String
    var receiver: String
    var groupLabels: [String: String]
    var commonLabels: [String: String]
    var commonAnnotations: [String: String]
    var externalURL = ""
    var alerts: [Alert]
    var id: String
    var reason: String

    init(_ message: AlertMessage) {
        let notification = message.notification
        let all = notification.firing + notification.resolved
        groupKey = notification.groupKey
        status = notification.isResolved ? "resolved" : "firing"
        receiver = notification.receiver
        groupLabels = notification.groupLabels.values
        commonLabels = Self.common(all.map(\.labels.values))
        commonAnnotations = Self.common(all.map(\.annotations))
        alerts = all.map(Alert.init)
        id = message.id
        reason = notification.reason.words
    }

    private static func common(_ all: [[String: String]]) -> [String: String] {
        guard let first = all.first else { return [:] }
        return first.filter { name, value in all.allSatisfy { $0[name] == value } }
    }
}
