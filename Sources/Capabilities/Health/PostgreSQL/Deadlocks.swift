import Engine
import Maintenance
import PostgreSQL
import Settings

extension Check {
    static let deadlocks = Check(
        CheckSchema(
            name: "transactions.deadlocks", summary: "how many deadlocks the server has to break in an hour",
            thresholds: .init(.count, warning: 1, critical: 60)),
        code: "HC050",
        title: "Deadlocks",
        kind: .postgresql,
        explanation: """
            Two transactions that wait for each other would wait for ever, so the server ends one of them with an error. \
            Now and then that is the price of concurrency; every hour it is an application that takes its locks in \
            different orders. The server's log has the statements of both ('deadlock detected'). Counted in this database, \
            over the samples of the last day, or since its statistics were reset.
            """,
        source: "https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-DEADLOCKS"
    ) { context in
        let row = try await context.look.database(context.resource).query(
            """
            select deadlocks::float8 as count, stats_reset as reset from pg_catalog.pg_stat_database
            where datname = pg_catalog.current_database()
            """
        ).only
        return try await Reading(
            counting: try row["count", as: Double.self], "deadlock", series: "transactions.deadlocks.counted",
            reset: try row["reset", as: Timestamp?.self], context)
    }
}
