import Engine
import Maintenance
import PostgreSQL
import Settings

extension Check {
    static let freezeAge = Check(
        CheckSchema(
            name: "autovacuum.freeze-age", summary: "how far autovacuum is behind with freezing the oldest table",
            thresholds: .init(.percent, warning: 110, critical: 200, range: 0...10_000), every: .seconds(600)),
        code: "HC054",
        title: "Age of the oldest table",
        kind: .postgresql,
        explanation: """
            Once the oldest transaction id of a table is as old as autovacuum_freeze_max_age (or the table's own setting, or \
            the one for multixacts), autovacuum freezes it even where it is switched off: that is 100 %. Clearly beyond it \
            means that autovacuum does not come through: it is cancelled again and again by locks, held back by an old \
            transaction, a prepared one or a replication slot, or too slow. Long before the ids run out \
            (transactions.wraparound) this is the time to look. Finding and statement name the table.
            """,
        source: "https://www.postgresql.org/docs/current/routine-vacuuming.html#VACUUM-FOR-WRAPAROUND"
    ) { context in
        let rows = try await context.look.database(context.resource).query(
            """
            select * from (
                select n.nspname as schema, c.relname as name, c.relkind = 't' as toast,
                    age(c.relfrozenxid)::bigint as age, mxid_age(c.relminmxid)::bigint as multixact_age,
                    greatest(
                        age(c.relfrozenxid)::float8 / coalesce(
                            (select option_value::float8 from pg_catalog.pg_options_to_table(c.reloptions)
                             where option_name = 'autovacuum_freeze_max_age'),
                            pg_catalog.current_setting('autovacuum_freeze_max_age')::float8),
                        mxid_age(c.relminmxid)::float8 / coalesce(
                            (select option_value::float8 from pg_catalog.pg_options_to_table(c.reloptions)
                             where option_name = 'autovacuum_multixact_freeze_max_age'),
                            pg_catalog.current_setting('autovacuum_multixact_freeze_max_age')::float8)) * 100 as share
                from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
                where c.relkind in ('r', 'm', 't') and c.relpersistence <> 't' and c.relfrozenxid <> '0') as tables
            order by share desc, schema, name limit 10
            """)
        guard let worst = rows.first else { return Reading(value: 0, summary: "there is no table") }
        let share = try worst["share", as: Double.self]
        let name = QualifiedName(schema: try worst["schema"], name: try worst["name"])
        var reading = Reading(value: share)
        reading.summary =
            "\(name) is \(try worst["age", as: Int64.self].grouped) transactions old, \(Percentage(share)) of where "
            + "autovacuum freezes it (\(context.limits.text))"
        for (index, row) in rows.enumerated() where try row["share", as: Double.self] >= 100 {
            let name = QualifiedName(schema: try row["schema"], name: try row["name"])
            reading.evidence["to mend \(index + 1)"] = .text("vacuum (freeze, verbose) \(name.quoted);")
        }
        return reading
    }
}
