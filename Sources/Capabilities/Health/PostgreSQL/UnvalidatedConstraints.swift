import Engine
import Maintenance
import PostgreSQL
import Settings

extension Check {
    static let unvalidatedConstraints = Check(
        CheckSchema(
            name: "constraints.unvalidated", summary: "how many constraints do not hold for old rows",
            thresholds: .init(.count, warning: 1, critical: nil), every: .seconds(600)),
        code: "HC072",
        title: "Constraints not validated",
        kind: .postgresql,
        explanation: """
            A constraint that was added NOT VALID is enforced for new rows only: what was there before may break it, and \
            nobody has looked. That is a good way to add one without a long lock, and half of it: VALIDATE CONSTRAINT, with \
            the statement the finding shows, is the other half, and takes a lock that lets reads and writes go on. \
            'mainstay data validate-relationships' shows the rows that would break it.
            """,
        source: "https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-ADD-TABLE-CONSTRAINT",
        mend: "mainstay data validate-relationships --environment {environment}"
    ) { context in
        // One that is not enforced at all (PostgreSQL 18) is nobody's to validate.
        let rows = try await context.look.database(context.resource).query(
            """
            select n.nspname as schema, c.relname as name, k.conname as key
            from pg_catalog.pg_constraint k
            join pg_catalog.pg_class c on c.oid = k.conrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            where not k.convalidated and coalesce(pg_catalog.to_jsonb(k) ->> 'conenforced', 'true') = 'true'
                and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
            order by n.nspname, c.relname, k.conname
            """)
        var reading = Reading(value: Double(rows.count))
        let shown = try rows.prefix(3).map { row in
            "\(try row["key", as: String.self].displayedIdentifier) on "
                + "\(QualifiedName(schema: try row["schema"], name: try row["name"]))"
        }
        let rest = rows.count > 3 ? " and \(rows.count - 3) more" : ""
        reading.summary =
            rows.isEmpty
            ? "every constraint holds for all rows"
            : "\("constraint".counted(rows.count)) not validated: \(shown.joined(separator: ", "))\(rest)"
        for (index, row) in rows.prefix(20).enumerated() {
            let table = QualifiedName(schema: try row["schema"], name: try row["name"])
            let key = try row["key", as: String.self].quotedIdentifier
            reading.evidence["to mend \(index + 1)"] = .text("alter table \(table.quoted) validate constraint \(key);")
        }
        return reading
    }
}
