import Engine
import Maintenance
import PostgreSQL
import Settings

extension Check {
    static let databaseSize = Check(
        CheckSchema(
            name: "database.size", summary: "how big the database is",
            thresholds: .init(.bytes, warning: nil, critical: nil), every: .seconds(600)),
        code: "HC077",
        title: "Database size",
        kind: .postgresql,
        explanation: """
            What the database takes on the disk, with its indexes, as a sample for trends. There is no size that would be \
            wrong everywhere, so there is no threshold until a configuration names one.
            """,
        source: "https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-ADMIN-DBSIZE"
    ) { context in
        let bytes = try await context.look.database(context.resource).query(
            "select pg_catalog.pg_database_size(pg_catalog.current_database()) as bytes"
        ).only["bytes", as: Int64.self]
        var reading = Reading(value: Double(bytes))
        if context.limits.judge(Double(bytes)) == .passed { reading.summary = "\(ByteCount(bytes))" }
        return reading
    }
}
