import Engine
import Maintenance
import PostgreSQL
import Settings

extension Check {
    static let connectionsUsed = Check(
        CheckSchema(
            name: "connections.used",
            summary: "how much of max_connections is in use",
            thresholds: .init(.percent, warning: 80, critical: 90)),
        code: "HC003",
        title: "Connections in use",
        kind: .postgresql,
        explanation: """
            Counts the sessions of the whole cluster against what ordinary roles may open: max_connections without the \
            slots kept for superusers. When they are used up, every new client is turned away. Find out who holds them \
            with 'mainstay db connections'; a pooler in front, or a smaller pool in the application, mends it for good.
            """,
        source: "https://www.postgresql.org/docs/current/runtime-config-connection.html",
        mend: "mainstay db connections --environment {environment}"
    ) { context in
        let row = try await context.look.database(context.resource).query(
            """
            select (select count(*) from pg_catalog.pg_stat_activity where backend_type = 'client backend') as used,
                pg_catalog.current_setting('max_connections')::bigint
                    - pg_catalog.current_setting('superuser_reserved_connections')::bigint
                    - coalesce(pg_catalog.current_setting('reserved_connections', true)::bigint, 0) as usable
            """
        ).only
        let used = try row["used", as: Int64.self]
        let usable = try row["usable", as: Int64.self]
        var reading = Reading(value: Percentage(Double(used), of: Double(usable)).value)
        reading.summary = "\(used) of \(usable) connections in use (\(context.limits.text))"
        reading.evidence = ["used": .integer(used), "usable": .integer(usable)]
        reading.measurements = [
            Measurement("connections", context.target, unit: .count, value: Double(used))
        ]
        return reading
    }
}
