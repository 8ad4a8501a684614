import Alert
import Engine
import Maintenance

/// A notification as people read it: one line that says it all, and the rest below.
///
/// Everything from outside is printable here; what a channel's own syntax makes of it is the channel's matter.
struct AlertMessage: Sendable {
    /// The same at every attempt.
    var id: String
    var notification: AlertNotification

    init(_ spooled: SpooledNotification) {
        id = spooled.id
        notification = spooled.notification
    }

    init(id: String, notification: AlertNotification) {
        self.id = id
        self.notification = notification
    }

    /// `critical production/main DB012: 95 of 100 connections are used`, `resolved production: 3 alerts`.
    var title: String {
        let alerts = notification.firing.isEmpty ? notification.resolved : notification.firing
        let state = notification.isResolved ? "resolved" : notification.severity?.rawValue ?? "firing"
        guard alerts.count == 1, let alert = alerts.first else {
            let places = Set(alerts.map { Self.place($0.labels) }).sorted().filter { !$0.isEmpty }
            let place = places.count == 1 ? " \(places[0])" : notification.groupLabels[Labels.Name.environment].leading
            return "\(state)\(place): \("alert".counted(alerts.count))".printable
        }
        let summary = alert.annotations["summary"].map { ": \($0)" } ?? ""
        return "\(state) \(Self.subject(alert.labels))\(summary)".printable
    }

    /// Below the title: every alert with its age, what mends it, and why this is told.
    var lines: [String] {
        var lines: [String] = []
        if !notification.firing.isEmpty {
            lines.append("Firing:")
            lines += notification.firing.flatMap(firing)
        }
        if !notification.resolved.isEmpty {
            if !lines.isEmpty { lines.append("") }
            lines.append("Over:")
            lines += notification.resolved.map { alert in
                let length =
                    zip([alert.firedAt], [alert.resolvedAt]).compactMap { from, until in
                        from.flatMap { from in until.map { " after \(($0 - from).short)" } }
                    }.first ?? ""
                return "- \(Self.subject(alert.labels))\(length)".printable
            }
        }
        lines += ["", "Told because \(notification.reason.words)."]
        return lines
    }

    private func firing(_ alert: AlertRecord) -> [String] {
        var lines = ["- \(Self.subject(alert.labels)) since \(alert.firedAt ?? alert.since)".printable]
        if let summary = alert.annotations["summary"] { lines.append("  \(summary.printable)") }
        if let mend = alert.annotations["mend"] { lines.append("  mend: \(mend.printable)") }
        if let taken = alert.acknowledgement { lines.append("  taken on by \(taken.by.printable)") }
        lines.append("  alert \(alert.fingerprint.prefix(12))")
        return lines
    }

    private static func place(_ labels: Labels) -> String {
        [labels[Labels.Name.environment], labels[Labels.Name.resource]].filter { !$0.isEmpty }.joined(separator: "/")
    }

    private static func subject(_ labels: Labels) -> String {
        [place(labels), labels[Labels.Name.alert], labels[Labels.Name.object]].filter { !$0.isEmpty }
            .joined(separator: " ")
    }
}

extension String {
    /// With a space before it, where it is something.
    fileprivate var leading: String { isEmpty ? "" : " \(self)" }
}
