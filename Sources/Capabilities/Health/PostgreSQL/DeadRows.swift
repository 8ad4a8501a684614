import Engine
import Maintenance
import PostgreSQL
import Settings

extension Check {
    static let deadRows = Check(
        CheckSchema(
            name: "tables.dead-rows", summary: "how many rows of the worst table are dead and not cleared away",
            thresholds: .init(.percent, warning: 40, critical: nil), every: .seconds(600),
            options: [
                .init(
                    "rows", .count(1...1_000_000_000_000), standard: 10_000,
                    summary: "how many rows a table has to have, dead ones too")
            ]),
        code: "HC082",
        title: "Dead rows",
        kind: .postgresql,
        explanation: """
            Each update and delete leaves a dead row behind, which autovacuum clears away once a fifth of a table is dead \
            (autovacuum_vacuum_scale_factor). At twice that it does not come through: it is switched off, too slow, or held \
            back by an old transaction. Tables get big and slow meanwhile. The numbers are the server's own estimates; \
            'mainstay db doctor' says what holds it back, and 'mainstay db bloat' how much room is lost already.
            """,
        source: "https://www.postgresql.org/docs/current/routine-vacuuming.html",
        mend: "mainstay db vacuum --environment {environment}"
    ) { context in
        let least = Int64(context.limits.count("rows"))
        let tables = try await UsedTable.all(in: context, atLeast: least)
        guard let worst = tables.max(by: { $0.dead < $1.dead }) else {
            return Reading(value: 0, summary: "no table has \(least.grouped) rows")
        }
        var reading = Reading(value: worst.dead.value)
        let vacuumed = worst.sinceVacuum.map { "vacuumed \($0.short) ago" } ?? "never vacuumed"
        reading.summary = "\(worst.dead) of \(worst.name) are dead, \(vacuumed) (\(context.limits.text))"
        return reading
    }

    static let staleStatistics = Check(
        CheckSchema(
            name: "tables.analyzed", summary: "how long ago a table was analyzed whose rows have changed much since",
            thresholds: .init(.seconds, warning: 604_800, critical: nil), every: .seconds(600),
            options: [
                .init(
                    "rows", .count(1...1_000_000_000_000), standard: 10_000,
                    summary: "how many rows a table has to have, dead ones too")
            ]),
        code: "HC083",
        title: "Last analyze",
        kind: .postgresql,
        explanation: """
            The planner chooses by the statistics that ANALYZE collects. Of the tables of which more than a fifth has \
            changed since, the one is named whose statistics are oldest; where a table was never analyzed it counts from \
            when the server's statistics began. Autovacuum does it at a tenth, so that such a table is one it does not \
            reach: a partitioned one, a foreign one, or one it is switched off for.
            """,
        source: "https://www.postgresql.org/docs/current/routine-vacuuming.html#VACUUM-FOR-STATISTICS",
        mend: "mainstay db update-stats --environment {environment}"
    ) { context in
        let least = Int64(context.limits.count("rows"))
        let stale = try await UsedTable.all(in: context, atLeast: least).filter { $0.changed.value > 20 }
        guard let oldest = stale.max(by: { $0.age < $1.age }) else {
            return Reading(value: 0, summary: "no table has changed much since it was analyzed")
        }
        var reading = Reading(value: oldest.age.inSeconds)
        let words = oldest.sinceAnalyze.map { "was analyzed \($0.short) ago" } ?? "was never analyzed"
        reading.summary = "\(oldest.name) \(words) and \(oldest.changed) of it has changed (\(context.limits.text))"
        return reading
    }
}

/// What the server's statistics say of a table that has some rows.
private struct UsedTable {
    /// For people.
    var name: String
    var dead: Percentage
    /// Since the last analyze, of the rows there are.
    var changed: Percentage
    var sinceVacuum: Duration?
    var sinceAnalyze: Duration?
    /// Since its last analyze, or since anything is known.
    var age: Duration

    static func all(in context: CheckContext, atLeast rows: Int64) async throws -> [UsedTable] {
        try await context.look.database(context.resource).query(
            """
            select n.nspname as schema, c.relname as name, s.n_live_tup::bigint as live, s.n_dead_tup::bigint as dead,
                s.n_mod_since_analyze::bigint as changed,
                pg_catalog.date_part(
                    'epoch', pg_catalog.now() - greatest(s.last_vacuum, s.last_autovacuum))::float8 as vacuumed,
                pg_catalog.date_part(
                    'epoch', pg_catalog.now() - greatest(s.last_analyze, s.last_autoanalyze))::float8 as analyzed,
                pg_catalog.date_part(
                    'epoch', pg_catalog.now() - coalesce(d.stats_reset, pg_catalog.pg_postmaster_start_time()))::float8
                    as known
            from pg_catalog.pg_stat_user_tables s join pg_catalog.pg_class c on c.oid = s.relid
            join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            cross join (
                select stats_reset from pg_catalog.pg_stat_database
                where datname = pg_catalog.current_database()) as d
            where s.n_live_tup + s.n_dead_tup >= \(rows)
            """
        ).map { row in
            let (live, dead) = (try row["live", as: Int64.self], try row["dead", as: Int64.self])
            func ago(_ column: String) throws -> Duration? {
                try row[column, as: Double?.self].map { .seconds(max(0, $0)) }
            }
            let analyzed = try ago("analyzed")
            return UsedTable(
                name: QualifiedName(schema: try row["schema"], name: try row["name"]).description,
                dead: Percentage(Double(dead), of: Double(live + dead)),
                changed: Percentage(
                    min(100, Double(try row["changed", as: Int64.self]) / Double(max(1, live + dead)) * 100)),
                sinceVacuum: try ago("vacuumed"), sinceAnalyze: analyzed,
                age: try analyzed ?? ago("known") ?? .zero)
        }
    }
}
