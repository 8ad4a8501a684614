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
    /// What every channel divides its length by: more than 1 after the other side found a message too long.
    var share = 1
    /// Nil where nobody answers by a link.
    var answers: AnswerAddresses?
    /// What the channel answered to the messages that this is the end of, for one that changes them.
    var receipts: [String] = []

    init(_ spooled: SpooledNotification, answers: AnswerAddresses? = nil) {
        id = spooled.id
        notification = spooled.notification
        self.answers = answers
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

    /// What stands under `Firing:` and under `Over:`, the worst first: the lines of each alert.
    var sections: [(heading: String, blocks: [[String]])] {
        [
            (heading: "Firing:", blocks: Self.ranked(notification.firing).map(firing)),
            (heading: "Over:", blocks: Self.ranked(notification.resolved).map { [over($0)] }),
        ].filter { !$0.blocks.isEmpty }
    }

    /// The worst first, then what has lasted longest.
    static func ranked(_ alerts: [AlertRecord]) -> [AlertRecord] {
        alerts.sorted { left, right in
            let severities = (left.labels.severity ?? .info, right.labels.severity ?? .info)
            guard severities.0 == severities.1 else { return severities.0 > severities.1 }
            return (left.since, left.fingerprint) < (right.since, right.fingerprint)
        }
    }

    private func over(_ alert: AlertRecord) -> String {
        let length = alert.firedAt.flatMap { from in alert.resolvedAt.map { " after \(($0 - from).short)" } } ?? ""
        return "- \(Self.subject(alert.labels))\(length)".printable
    }

    private func firing(_ alert: AlertRecord) -> [String] {
        var lines = ["- \(Self.subject(alert.labels)) since \(alert.firedAt ?? alert.since)".printable]
        if let summary = alert.annotations["summary"] { lines.append("  \(summary.printable)") }
        if let mend = alert.annotations["mend"] { lines.append("  mend: \(mend.printable)") }
        if let taken = alert.acknowledgement { lines.append("  taken on by \(taken.by.printable)") }
        lines.append("  alert \(alert.fingerprint.prefix(12))")
        if !alert.isAcknowledged(at: notification.decidedAt), let answers { lines += answers.lines(alert) }
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
