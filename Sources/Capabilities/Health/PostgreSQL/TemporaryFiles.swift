import Engine
import Maintenance
import PostgreSQL
import Settings

extension Check {
    static let temporaryFiles = Check(
        CheckSchema(
            name: "queries.temporary-files", summary: "how much queries write to temporary files in an hour",
            thresholds: .init(.bytes, warning: 10_737_418_240, critical: 107_374_182_400)),
        code: "HC051",
        title: "Temporary files",
        kind: .postgresql,
        explanation: """
            A sort or hash that does not fit into work_mem goes through files under the data directory: slow, and on the \
            disk that the database needs. 'log_temp_files = 0' names the statements; an index for the order, a narrower \
            select list, or more work_mem for that role mend it. Counted in this database, over the samples of the last \
            day, or since its statistics were reset.
            """,
        source: "https://www.postgresql.org/docs/current/runtime-config-resource.html#GUC-WORK-MEM"
    ) { context in
        let row = try await context.look.database(context.resource).query(
            """
            select temp_bytes::float8 as bytes, stats_reset as reset from pg_catalog.pg_stat_database
            where datname = pg_catalog.current_database()
            """
        ).only
        return try await Reading(
            counting: try row["bytes", as: Double.self], "temporary file", unit: .bytes,
            series: "queries.temporary-files.counted", reset: try row["reset", as: Timestamp?.self], context)
    }
}
