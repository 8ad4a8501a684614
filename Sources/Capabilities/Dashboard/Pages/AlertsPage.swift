import Alert
import Engine
import Maintenance
import Page
import Report
import Settings
import Web

/// What somebody is or will be told of, who has taken it on, and what is silenced.
enum AlertsPage {
    static func show(_ visit: Visit) async throws -> WebResponse {
        let state = try await visit.site.log.alertState()
        let now = visit.now
        let open = state.book.alerts.values.filter { $0.state != .resolved && sees($0, visit) }.sorted {
            ($1.labels.severity?.rank ?? 0, $0.since, $0.fingerprint) < (
                $0.labels.severity?.rank ?? 0, $1.since, $1.fingerprint
            )
        }
        let silences = state.silences.values.filter { now < $0.ends && sees($0, visit) }.sorted {
            ($0.starts, $0.id) < ($1.starts, $1.id)
        }
        let items = open.prefix(300).map { alert in
            item(alert, silences.filter { $0.isActive(at: now) && $0.covers(alert.labels) }, visit)
        }
        return visit.page(
            "Alerts",
            """
            <h1>Alerts</h1>
            \(items.isEmpty ? Pieces.empty("No alert: nothing that was looked at is wrong. Whom alerts reach is written under <code>alerts</code> in the configuration.") : Pieces.list(items))\
            <h2>Silences</h2>
            \(self.silences(silences, visit))
            """)
    }

    static func sees(_ alert: AlertRecord, _ visit: Visit) -> Bool {
        visit.sees(alert.labels[Labels.Name.environment])
    }

    /// One that is not bound to environments the visitor sees may be about others.
    static func sees(_ silence: Silence, _ visit: Visit) -> Bool { visit.sees(environment(of: silence)) }

    /// The environment a silence is bound to; empty where it may be about others.
    static func environment(of silence: Silence) -> String {
        silence.matchers.first { $0.name == Labels.Name.environment && $0.operation == .equal }?.value ?? ""
    }

    private static func item(_ alert: AlertRecord, _ silences: [Silence], _ visit: Visit) -> HTML {
        let now = visit.now
        let labels = alert.labels
        let object: HTML? =
            labels[Labels.Name.object].isEmpty
            ? nil : " \(Pieces.code(Pieces.clipped(labels[Labels.Name.object], to: 300)))"
        var state = alert.state.rawValue
        if alert.isAcknowledged(at: now) { state += ", taken on" }
        if !silences.isEmpty { state += ", silenced" }
        let taken: HTML? =
            alert.isAcknowledged(at: now)
            ? alert.acknowledgement.map {
                "<div class=\"muted\">taken on by \($0.by) at \(time: $0.at): \(Pieces.clipped($0.comment, to: 1_000))</div>"
            }
            : nil
        return Pieces.item(
            labels.severity?.standing ?? .unknown,
            """
            <strong>\([labels[Labels.Name.environment], labels[Labels.Name.resource]].filter { !$0.isEmpty }.joined(separator: "/"))</strong> \
            <span class="muted">\(Pieces.explained(labels[Labels.Name.alert], visit))</span>\(object) <span class="tag">\(state)</span><br>\
            \(Pieces.clipped(alert.annotations["summary"] ?? "", to: 2_000))\(Pieces.mend(alert.annotations["mend"]))\
            <div class="facts"><span>since \(time: alert.firedAt ?? alert.since)</span></div>\(taken)\
            \(AlertActs.forms(alert, visit))
            """)
    }

    private static func silences(_ silences: [Silence], _ visit: Visit) -> HTML {
        guard !silences.isEmpty else {
            return Pieces.empty(
                "Nothing is silenced. <code>mainstay alerts silence environment=test --for 2h --comment …</code>")
        }
        return Pieces.list(
            silences.map { silence in
                Pieces.item(
                    .notice,
                    """
                    <code>\(Pieces.clipped(silence.matchers.text, to: 600))</code><br>by \(silence.author) until \(time: silence.ends): \
                    \(Pieces.clipped(silence.comment, to: 1_000))
                    """)
            })
    }
}

extension Severity {
    fileprivate var rank: Int { Self.allCases.firstIndex(of: self).map { $0 + 1 } ?? 0 }
}
