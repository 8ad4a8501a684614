import Engine
import Maintenance
import PostgreSQL
import Settings

extension Check {
    static let outdatedExtensions = Check(
        CheckSchema(
            name: "extensions.outdated", summary: "how many extensions are older in the database than on the server",
            thresholds: .init(.count, warning: 1, critical: nil), every: .seconds(3600)),
        code: "HC073",
        title: "Outdated extensions",
        kind: .postgresql,
        explanation: """
            A new package of an extension brings its library at once, but what stands in the database stays as it was until \
            somebody runs ALTER EXTENSION … UPDATE there, in each database: security fixes of its SQL do not reach it, and \
            the two may not fit. An extension whose files are gone from the server altogether cannot be restored from a \
            dump, and is critical.
            """,
        source: "https://www.postgresql.org/docs/current/sql-alterextension.html"
    ) { context in
        let rows = try await context.look.database(context.resource).query(
            """
            select e.extname as name, e.extversion as version, a.default_version as available
            from pg_catalog.pg_extension e left join pg_catalog.pg_available_extensions a on a.name = e.extname
            where a.default_version is distinct from e.extversion order by a.default_version is not null, e.extname
            """)
        var reading = Reading(value: Double(rows.count))
        let shown = try rows.prefix(5).map { row in
            let available = try row["available", as: String?.self] ?? "gone from the server"
            return "\(try row["name", as: String.self]) \(try row["version", as: String.self]) (\(available))".printable
        }
        if try rows.contains(where: { try $0["available", as: String?.self] == nil }) { reading.state = .critical }
        reading.summary =
            rows.isEmpty
            ? "every extension is as new as the server has it" : "outdated: \(shown.joined(separator: ", "))"
        for (index, row) in rows.prefix(10).enumerated() {
            let name = try row["name", as: String.self].quotedIdentifier
            reading.evidence["to mend \(index + 1)"] = .text("alter extension \(name) update;")
        }
        return reading
    }
}
