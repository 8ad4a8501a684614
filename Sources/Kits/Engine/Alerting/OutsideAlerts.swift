import Alert
import Maintenance
import Outside
import Store

/// An alert that another program has brought, as it stands until it ends or is not said again.
package struct OutsideAlert: Hashable, Sendable {
    package var labels: Labels
    /// Hostile text.
    package var annotations: [String: String]
    /// From when on it is over.
    package var endsAt: Timestamp
    /// Whose token brought it.
    package var source: String

    package init(labels: Labels, annotations: [String: String], endsAt: Timestamp, source: String) {
        self.labels = labels
        self.annotations = annotations
        self.endsAt = endsAt
        self.source = source
    }

    /// Of all its names and texts.
    package var bytes: Int {
        let texts = [labels.values, annotations].flatMap(\.self).map { $0.key.utf8.count + $0.value.utf8.count }
        return texts.reduce(0, +)
    }
}

/// The table of alerts that other programs have brought.
enum OutsideAlertSchema {
    static let migration = Migration(
        "engine.35",
        [
            """
            create table outside_alert (
                fingerprint text primary key, labels text not null, annotations text not null, source text not null,
                first_seen bigint not null, last_seen bigint not null, ends_at bigint not null,
                bytes bigint not null) {clustered}
            """,
            "create index outside_alert_end on outside_alert (ends_at)",
        ])
}

enum OutsideAlertStatement: String, StatementSet {
    case put = """
        insert into outside_alert (fingerprint, labels, annotations, source, first_seen, last_seen, ends_at, bytes)
        values (:fingerprint, :labels, :annotations, :source, :now, :now, :ends_at, :bytes)
        on conflict (fingerprint) do update set annotations = excluded.annotations, source = excluded.source,
            last_seen = excluded.last_seen, ends_at = excluded.ends_at, bytes = excluded.bytes
        """
    case one = "select ends_at, bytes from outside_alert where fingerprint = :fingerprint"
    case open = "select * from outside_alert where ends_at > :now order by fingerprint"
    case countOpen = """
        select source, count(*) as n, cast(sum(bytes) as bigint) as bytes from outside_alert
        where ends_at > :now group by source
        """
    case end = "update outside_alert set ends_at = :now where fingerprint = :fingerprint and ends_at > :now"
    case forget = "delete from outside_alert where ends_at < :before"
}

extension RunLog {
    /// So many of them may be open at once: whoever sends labels that are others each time fills no store.
    package static let mostOutsideAlerts = 10_000
    /// Of one account: whoever sends too many keeps nobody else from being heard.
    package static let mostOutsideAlertsOfOne = 2_500
    /// What all that are open may weigh together, in bytes of UTF-8: they are read whenever it is looked what is open.
    package static let mostOutsideAlertBytes = 16 * 1_048_576
    /// For how long one counts at most that is not said again, whatever it says itself.
    package static let outsideAlertsLast: Duration = .seconds(86_400)

    /// Takes what another program says is wrong, or not wrong any more.
    ///
    /// - Returns: how many were not taken, because too many are open, or too much.
    package func take(_ alerts: [OutsideAlert]) async throws -> Int {
        let now = clock.now()
        defer { wake.ring() }
        return try await store.write { writer in
            // What is over is remembered for a day, for those who look.
            try writer.run(OutsideAlertStatement.forget, ["before": now - .seconds(86_400)])
            var open: [String: Int] = [:]
            var bytes = 0
            for row in try writer.reader.rows(OutsideAlertStatement.countOpen, ["now": now]) {
                open[try row.get("source")] = try row.get("n")
                bytes += try row.get("bytes", as: Int.self)
            }
            var left = 0
            for alert in alerts {
                let fingerprint = alert.labels.fingerprint
                let known = try writer.reader.first(OutsideAlertStatement.one, ["fingerprint": fingerprint])
                let isKnown = try known.map { try $0.get("ends_at", as: Timestamp.self) > now } ?? false
                let was = isKnown ? try known?.get("bytes", as: Int.self) ?? 0 : 0
                let isOpen = alert.endsAt > now
                // The end of what nobody was told of.
                if !isOpen, !isKnown { continue }
                let grows = (isOpen ? alert.bytes : 0) - was
                if isOpen {
                    let hasRoom =
                        isKnown
                        || (open.values.reduce(0, +) < Self.mostOutsideAlerts
                            && open[alert.source, default: 0] < Self.mostOutsideAlertsOfOne)
                    guard hasRoom, grows <= 0 || bytes + grows <= Self.mostOutsideAlertBytes else {
                        left += 1
                        continue
                    }
                }
                bytes += grows
                open[alert.source, default: 0] += (isOpen ? 1 : 0) - (isKnown ? 1 : 0)
                try writer.run(
                    OutsideAlertStatement.put,
                    [
                        "fingerprint": fingerprint, "labels": StoredJSON(alert.labels),
                        "annotations": StoredJSON(alert.annotations), "source": alert.source, "now": now,
                        "ends_at": min(alert.endsAt, now + Self.outsideAlertsLast), "bytes": alert.bytes,
                    ])
            }
            return left
        }
    }
}

extension RunLog {
    /// Somebody says that what another program has brought is over; where it is brought again, it is open again.
    ///
    /// - Returns: whether it was open.
    package func endOutside(_ labels: Labels, by name: String) async throws -> Bool {
        let now = clock.now()
        let fingerprint = labels.fingerprint
        return try await store.write { writer in
            let ended = try writer.run(OutsideAlertStatement.end, ["fingerprint": fingerprint, "now": now])
            guard ended > 0 else { return false }
            let place = Target(environment: labels[Labels.Name.environment], resource: labels[Labels.Name.resource])
            try note(
                AuditDraft(
                    kind: .endedAlert, target: place, subject: "alert \(fingerprint) \(labels[Labels.Name.alert])",
                    detail: ["by": .text(name)]),
                at: now, in: writer)
            return true
        }
    }
}

extension AlertTrouble {
    /// What other programs say is wrong now.
    static func outside(_ reader: StoreReader, at now: Timestamp) throws -> [AlertTrouble] {
        try reader.rows(OutsideAlertStatement.open, ["now": now]).map { row in
            AlertTrouble(
                labels: try row.get("labels", as: StoredJSON<Labels>.self).value,
                annotations: try row.get("annotations", as: StoredJSON<[String: String]>.self).value)
        }
    }
}
