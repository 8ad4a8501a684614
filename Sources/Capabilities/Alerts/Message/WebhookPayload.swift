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

        init(_ told: ToldAlert) {
            let alert = told.alert
            status = told.end == nil ? "firing" : "resolved"
            labels = alert.labels.values
            annotations = alert.annotations.mapValues { $0.cut(bytes: WebhookPayload.longestAnnotation) }
            startsAt = told.start.iso8601
            // What Alertmanager writes for what is not over.
            endsAt = told.end?.iso8601 ?? "0001-01-01T00:00:00Z"
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

    /// Of one value, in bytes.
    static let longestAnnotation = 8_192
    /// Of a payload over HTTP: nginx takes 1 MB where nothing else is said ("client_max_body_size").
    static let budget = 900_000

    /// Alertmanager's `truncatedAlerts` says how many are left out, the least bad ones.
    ///
    /// - Parameter budget: bytes; nil for all there is.
    init(_ message: AlertMessage, within budget: Int? = budget) {
        let notification = message.notification
        let all = ToldAlert.all(message.notification)
        groupKey = notification.groupKey
        status = notification.isResolved ? "resolved" : "firing"
        receiver = notification.receiver
        groupLabels = notification.groupLabels.values
        commonLabels = Self.common(all.map(\.alert.labels.values))
        commonAnnotations = Self.common(all.map(\.alert.annotations)).mapValues {
            $0.cut(bytes: Self.longestAnnotation)
        }
        id = message.id
        reason = notification.reason.words
        alerts = []
        // The least there is room for is the first one, the worst.
        var left = budget.map { $0 / message.share - wireJSON(commonLabels).count - wireJSON(commonAnnotations).count }
        for alert in all.map(Alert.init) {
            if let room = left {
                let size = wireJSON(alert).count + 1
                guard size <= room || alerts.isEmpty else { break }
                left = room - size
            }
            alerts.append(alert)
        }
        truncatedAlerts = all.count - alerts.count
    }

    private static func common(_ all: [[String: String]]) -> [String: String] {
        guard let first = all.first else { return [:] }
        return first.filter { name, value in all.allSatisfy { $0[name] == value } }
    }
}

/// An alert as one notification speaks of it: by the list it stands in, since it may be pending again meanwhile.
struct ToldAlert {
    var alert: AlertRecord
    var start: Timestamp
    /// Nil where it is told as firing.
    var end: Timestamp?

    /// What fires first, the worst first.
    static func all(_ notification: AlertNotification) -> [ToldAlert] {
        AlertMessage.ranked(notification.firing).map {
            ToldAlert(alert: $0, start: $0.firedAt ?? $0.since)
        }
            + AlertMessage.ranked(notification.resolved).map { alert in
                let end = alert.resolvedAt ?? alert.endedBefore ?? notification.decidedAt
                return ToldAlert(alert: alert, start: min(alert.firedAt ?? alert.since, end), end: end)
            }
    }
}
