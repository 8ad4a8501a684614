import Alert
import Maintenance
import Outside
import Store

/// One time that an alert fired, as it is remembered when the router has long forgotten the alert.
package struct AlertLife: Hashable, Sendable {
    package var fingerprint: String
    package var labels: Labels
    package var firedAt: Timestamp
    /// When somebody took it on first; nil where nobody did.
    package var acknowledgedAt: Timestamp?
    /// Nil while it fires.
    package var resolvedAt: Timestamp?

    init(
        fingerprint: String, labels: Labels, firedAt: Timestamp, acknowledgedAt: Timestamp?, resolvedAt: Timestamp?
    ) {
        self.fingerprint = fingerprint
        self.labels = labels
        self.firedAt = firedAt
        self.acknowledgedAt = acknowledgedAt
        self.resolvedAt = resolvedAt
    }

    /// Nil for one that has not fired yet.
    init?(_ alert: AlertRecord) {
        guard let firedAt = alert.firedAt else { return nil }
        self.init(
            fingerprint: alert.fingerprint, labels: alert.labels, firedAt: firedAt,
            acknowledgedAt: alert.acknowledgement?.at, resolvedAt: alert.resolvedAt)
    }
}

enum AlertLifeStatement: String, StatementSet {
    /// Who took it on first stays: an acknowledgement that is said again is no other.
    case put = """
        insert into alert_life (fingerprint, fired_at, labels, acknowledged_at, resolved_at)
        values (:fingerprint, :fired_at, :labels, :acknowledged_at, :resolved_at)
        on conflict (fingerprint, fired_at) do update set
            acknowledged_at = coalesce(alert_life.acknowledged_at, excluded.acknowledged_at),
            resolved_at = excluded.resolved_at
        """
    case since = """
        select * from alert_life where resolved_at is null or resolved_at >= :since
        order by fired_at desc, fingerprint limit :most
        """
    case countOver = "select count(*) as n from alert_life where resolved_at < :before"
    case forget = "delete from alert_life where resolved_at < :before"
}

/// The table of the times that alerts fired.
enum AlertLifeSchema {
    static let migration = Migration(
        "engine.36",
        [
            """
            create table alert_life (
                fingerprint text not null, fired_at bigint not null, labels text not null, acknowledged_at bigint,
                resolved_at bigint,
                primary key (fingerprint, fired_at)) {clustered}
            """,
            "create index alert_life_end on alert_life (resolved_at)",
        ])
}

extension RunLog {
    /// Keeps what became of alerts, in the transaction in which it became so.
    static func keepLives(from before: AlertBook, to after: AlertBook, in writer: StoreWriter) throws {
        for (fingerprint, alert) in after.alerts.sorted(by: { $0.key < $1.key }) {
            guard let life = AlertLife(alert), life != before[fingerprint].flatMap(AlertLife.init) else { continue }
            try writer.run(
                AlertLifeStatement.put,
                [
                    "fingerprint": fingerprint, "fired_at": life.firedAt, "labels": StoredJSON(life.labels.values),
                    "acknowledged_at": life.acknowledgedAt, "resolved_at": life.resolvedAt,
                ])
        }
    }

    /// Every time that an alert fired at or after that instant, or still fires; the latest first.
    package func alertLives(since: Timestamp, most: Int) async throws -> [AlertLife] {
        try await store.read { reader in
            try reader.rows(AlertLifeStatement.since, ["since": since, "most": most]).map { row in
                AlertLife(
                    fingerprint: try row.get("fingerprint"),
                    labels: Labels(try row.get("labels", as: StoredJSON<[String: String]>.self).value),
                    firedAt: try row.get("fired_at"), acknowledgedAt: try row.get("acknowledged_at"),
                    resolvedAt: try row.get("resolved_at"))
            }
        }
    }
}
