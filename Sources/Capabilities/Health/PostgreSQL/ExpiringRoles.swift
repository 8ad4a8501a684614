import Engine
import Maintenance
import PostgreSQL
import Settings

extension Check {
    static let expiringRoles = Check(
        CheckSchema(
            name: "roles.expiring", summary: "how many days the next password is still valid",
            thresholds: .init(.count, worse: .lower, warning: 14, critical: 3, range: -36_500...36_500),
            every: .seconds(3600),
            options: [
                .init(
                    "expired-days", .count(0...36_500), standard: 30,
                    summary: "a password that expired longer ago is one that nobody uses any more")
            ]),
        code: "HC074",
        title: "Expiring passwords",
        kind: .postgresql,
        explanation: """
            A role with VALID UNTIL cannot log in with its password after that moment: an application stops, at midnight, \
            for no reason anybody sees. This is how many days the first of them still has; roles that may not log in, and \
            passwords that expired long ago, do not count. Give the role a new password and a new date.
            """,
        source: "https://www.postgresql.org/docs/current/sql-createrole.html"
    ) { context in
        let forgotten = context.limits.count("expired-days")
        let rows = try await context.look.database(context.resource).query(
            """
            select rolname as name, rolvaliduntil as until,
                extract(epoch from rolvaliduntil - pg_catalog.clock_timestamp())::float8 / 86400 as days
            from pg_catalog.pg_roles
            where rolcanlogin and rolvaliduntil is not null and pg_catalog.isfinite(rolvaliduntil)
                and rolvaliduntil > pg_catalog.clock_timestamp() - \(Double(forgotten)) * interval '1 day'
            order by rolvaliduntil, rolname
            """)
        guard let first = rows.first else {
            return Reading(summary: "no password has an end", state: .passed)
        }
        let days = try first["days", as: Double.self]
        var reading = Reading(value: days.rounded(.down))
        let name = try first["name", as: String.self].printable
        let until = try first["until", as: Timestamp.self]
        reading.summary =
            days < 0
            ? "the password of '\(name)' expired on \(until)"
            : "the password of '\(name)' expires on \(until) (\(context.limits.text) days)"
        for (index, row) in rows.prefix(10).enumerated() {
            reading.evidence["role \(index + 1)"] = .text(
                "\(try row["name", as: String.self].printable): \(try row["until", as: Timestamp.self])")
        }
        return reading
    }
}
