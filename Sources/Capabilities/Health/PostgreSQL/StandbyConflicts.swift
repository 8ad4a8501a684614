import Engine
import Maintenance
import PostgreSQL
import Settings

extension Check {
    static let standbyConflicts = Check(
        CheckSchema(
            name: "standby.conflicts", summary: "how many queries a standby cancels in an hour for replay to go on",
            thresholds: .init(.count, warning: 10, critical: nil)),
        code: "HC059",
        title: "Cancelled on the standby",
        kind: .postgresql,
        explanation: """
            On a standby, replaying what the primary did (a vacuum, a lock, a dropped tablespace) may need what a query \
            there still uses; after max_standby_streaming_delay the query is cancelled. Its users see an error that no \
            test on the primary shows. hot_standby_feedback or a longer delay mend it, each at a price. A primary passes.
            """,
        source: "https://www.postgresql.org/docs/current/hot-standby.html#HOT-STANDBY-CONFLICT"
    ) { context in
        let row = try await context.look.database(context.resource).query(
            """
            select pg_catalog.pg_is_in_recovery() as standby, conflicts::float8 as count, stats_reset as reset
            from pg_catalog.pg_stat_database where datname = pg_catalog.current_database()
            """
        ).only
        guard try row["standby", as: Bool.self] else { return Reading(summary: "this is no standby", state: .passed) }
        return try await Reading(
            counting: try row["count", as: Double.self], "cancellation", series: "standby.conflicts.counted",
            reset: try row["reset", as: Timestamp?.self], context)
    }
}
