import Engine
import Maintenance
import PostgreSQL
import Settings

extension Check {
    static let requestedCheckpoints = Check(
        CheckSchema(
            name: "checkpoints.requested", summary: "share of the checkpoints that the volume of WAL forced",
            thresholds: .init(.percent, warning: 50, critical: nil),
            options: [
                .init(
                    "checkpoints", .count(1...1_000_000), standard: 100,
                    summary: "how many there have to have been before the share means something")
            ]),
        code: "HC053",
        title: "Requested checkpoints",
        kind: .postgresql,
        explanation: """
            A checkpoint should come by the clock (checkpoint_timeout). One that comes because max_wal_size was reached \
            comes too early: it writes everything at once, and after it every page is written whole again. Where more than \
            half of them are such, raise max_wal_size. Of the whole cluster, since its statistics were reset; a backup or a \
            CHECKPOINT by hand counts as requested too.
            """,
        source: "https://www.postgresql.org/docs/current/wal-configuration.html"
    ) { context in
        let session = try await context.look.database(context.resource)
        // From 17 on they have a view of their own.
        let row =
            try await session.serverVersion >= 170_000
            ? session.query(
                "select num_timed as timed, num_requested as requested from pg_catalog.pg_stat_checkpointer"
            ).only
            : session.query(
                "select checkpoints_timed as timed, checkpoints_req as requested from pg_catalog.pg_stat_bgwriter"
            ).only
        let timed = try row["timed", as: Int64.self]
        let requested = try row["requested", as: Int64.self]
        guard timed + requested >= context.limits.count("checkpoints") else {
            return Reading(summary: "only \((timed + requested).grouped) checkpoints were counted yet", state: .passed)
        }
        let share = Percentage(Double(requested), of: Double(timed + requested))
        var reading = Reading(value: share.value)
        reading.summary =
            "\(share) of \((timed + requested).grouped) checkpoints were requested (\(context.limits.text))"
        reading.evidence = ["timed": .integer(timed), "requested": .integer(requested)]
        return reading
    }
}
