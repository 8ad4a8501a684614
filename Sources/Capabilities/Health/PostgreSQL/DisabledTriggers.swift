import Engine
import Maintenance
import PostgreSQL
import Settings

extension Check {
    static let disabledTriggers = Check(
        CheckSchema(
            name: "triggers.disabled", summary: "how many triggers are switched off",
            thresholds: .init(.count, warning: 1, critical: nil), every: .seconds(600)),
        code: "HC057",
        title: "Disabled triggers",
        kind: .postgresql,
        explanation: """
            A trigger that was switched off for a bulk load and not on again does nothing from then on, and nobody is told. \
            The server's own triggers enforce foreign keys: ALTER TABLE … DISABLE TRIGGER ALL switches those off too, and \
            then the constraint stands in the catalog as valid while rows without their parents come in. Such a one is \
            critical. Switch them on with the statement the finding shows, and then look at the rows with \
            'mainstay data validate-relationships'.
            """,
        source: "https://www.postgresql.org/docs/current/sql-altertable.html",
        mend: "mainstay data validate-relationships --environment {environment}"
    ) { context in
        let rows = try await context.look.database(context.resource).query(
            """
            select n.nspname as schema, c.relname as name, t.tgname as trigger, t.tgisinternal as internal,
                (select k.conname from pg_catalog.pg_constraint k where k.oid = t.tgconstraint) as key
            from pg_catalog.pg_trigger t
            join pg_catalog.pg_class c on c.oid = t.tgrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            where t.tgenabled = 'D' order by t.tgisinternal desc, n.nspname, c.relname, t.tgname
            """)
        var reading = Reading(value: Double(rows.count))
        guard !rows.isEmpty else {
            reading.summary = "no trigger is disabled"
            return reading
        }
        let isForeignKeyOff = try rows.contains { try $0["internal", as: Bool.self] }
        if isForeignKeyOff { reading.state = .critical }
        let tables = try Set(rows.map { QualifiedName(schema: try $0["schema"], name: try $0["name"]) }).sorted()
        let shown = tables.prefix(3).map(\.description).joined(separator: ", ")
        let rest = tables.count > 3 ? " and \(tables.count - 3) more" : ""
        let keys = isForeignKeyOff ? ", foreign keys are not enforced" : ""
        reading.summary = "\("trigger".counted(rows.count)) disabled on \(shown)\(rest)\(keys)"
        for (index, row) in rows.prefix(20).enumerated() {
            let table = QualifiedName(schema: try row["schema"], name: try row["name"])
            let name = try row["trigger", as: String.self].quotedIdentifier
            let key = try row["key", as: String?.self].map { " -- \($0.printable)" } ?? ""
            reading.evidence["to mend \(index + 1)"] = .text(
                "alter table \(table.quoted) enable trigger \(name);\(key)")
        }
        return reading
    }
}
