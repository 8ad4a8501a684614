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
}

/// The table of alerts that other programs have brought.
enum OutsideAlertSchema {
    static let migration = Migration(
        "engine.35",
        [
            """
            create table outside_alert (
                fingerprint text primary key, labels text not null, annotations text not null, source text not null,
                first_seen bigint not null, last_seen bigint not null, ends_at bigint not null) {clustered}
            """,
            "create index outside_alert_end on outside_alert (ends_at)",
        ])
}

enum OutsideAlertStatement: String, StatementSet {
    case put = """
        insert into outside_alert (fingerprint, labels, annotations, source, first_seen, last_seen, ends_at)
        values (:fingerprint, :labels, :annotations, :source, :now, :now, :ends_at)
        on conflict (fingerprint) do update set annotations = excluded.annotations, source = excluded.source,
            last_seen = excluded.last_seen, ends_at = excluded.ends_at
        """
    case open = "select * from outside_alert where ends_at > :now order by fingerprint"
    case countOpen = "select count(*) as n from outside_alert where ends_at > :now"
    case forget = "delete from outside_alert where ends_at < :before"
}

extension RunLog {
    /// So many of them may be open at once: whoever sends labels that are others each time fills no store.
    package static let mostOutsideAlerts = 10_000

    /// Takes what another program says is wrong, or not wrong any more.
    ///
    /// - Returns: how many were not taken, because too many are open.
    package func take(_ alerts: [OutsideAlert]) async throws -> Int {
        let now = clock.now()
        return try await store.write { writer in
            // What is over is remembered for a day, for those who look.
            try writer.run(OutsideAlertStatement.forget, ["before": now - .seconds(86_400)])
            let open: Int = try writer.reader.first(OutsideAlertStatement.countOpen, ["now": now])?.get("n") ?? 0
            var room = max(0, Self.mostOutsideAlerts - open)
            var left = 0
            for alert in alerts {
                let isNew = alert.endsAt > now
                guard !isNew || room > 0 else {
                    left += 1
                    continue
                }
                if isNew { room -= 1 }
                try writer.run(
                    OutsideAlertStatement.put,
                    [
                        "fingerprint": alert.labels.fingerprint, "labels": StoredJSON(alert.labels),
                        "annotations": StoredJSON(alert.annotations), "source": alert.source, "now": now,
                        "ends_at": alert.endsAt,
                    ])
            }
            return left
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
