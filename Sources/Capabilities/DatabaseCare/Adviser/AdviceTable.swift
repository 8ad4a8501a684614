import Maintenance
import PostgreSQL

/// A table as the adviser weighs indexes on it.
struct AdviceTable: Sendable, Hashable {
    var oid: Int64
    var name: QualifiedName
    var rows: Double
    var bytes: Int64
    /// Entries an index more would get or lose an hour: rows inserted, deleted, and updated, the last even where the
    /// update moves no entry today.
    var writesAnHour: Double
    /// By name.
    var columns: [String: Column]
    /// Its valid indexes, as the server writes them after USING: `btree (a, b)`.
    var indexes: [String]
    var mayChange: Bool

    struct Column: Sendable, Hashable {
        /// `pg_type.typname`.
        var type: String
        /// `pg_type.typcategory`: `A` an array, `R` a range.
        var category = "X"
        /// Different values; nil where nobody counted.
        var distinct: Double?
        var width: Double
        /// Share of rows that hold a value, 0 to 1.
        var filled: Double
        /// How far the order of the values is the order of the rows on disk, -1 to 1; nil where nobody counted.
        var correlation: Double?
    }

    /// The tables of these names, those of the system and of extensions left out.
    static func read(_ names: Set<QualifiedName>, _ session: SurveySession) async throws -> [QualifiedName: AdviceTable]
    {
        guard !names.isEmpty else { return [:] }
        let wanted = names.sorted()
        let listed: SQL =
            "select * from unnest(\(wanted.map(\.schema))::text[], \(wanted.map(\.name))::text[]) w (schema, name)"
        let session = session.with(settings: ["search_path": "", "jit": "off"])
        let rows = try await session.query(
            SurveySQL(
                """
                with w as (\(listed)), epoch as (
                    select greatest(extract(epoch from now() - coalesce(stats_reset, pg_postmaster_start_time())), 3600)
                        ::float8 / 3600 as hours
                    from pg_stat_database where datname = current_database())
                select c.oid::bigint as oid, n.nspname::text as schema, c.relname::text as name,
                    greatest(c.reltuples, 0)::float8 as rows,
                    greatest(c.relpages, 0)::bigint * current_setting('block_size')::bigint as bytes,
                    (pg_stat_get_tuples_inserted(c.oid) + pg_stat_get_tuples_updated(c.oid)
                        + pg_stat_get_tuples_deleted(c.oid))::float8 / (select hours from epoch) as writes,
                    pg_has_role(c.relowner, 'USAGE') as may_change,
                    array(select substring(pg_get_indexdef(i.indexrelid) from ' USING (.*)$') from pg_index i
                        where i.indrelid = c.oid and i.indisvalid) as indexes
                from w join pg_namespace n on n.nspname = w.schema
                join pg_class c on c.relnamespace = n.oid and c.relname = w.name
                where c.relkind in ('r', 'm') and c.relpersistence = 'p'
                    and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp)'
                    and not exists (select from pg_depend e where e.classid = 'pg_class'::regclass
                        and e.objid = c.oid and e.deptype = 'e')
                """))
        var tables: [QualifiedName: AdviceTable] = [:]
        for row in rows {
            let name = QualifiedName(schema: try row["schema"], name: try row["name"])
            tables[name] = AdviceTable(
                oid: try row["oid"], name: name, rows: try row["rows"], bytes: try row["bytes"],
                writesAnHour: try row["writes"], columns: [:], indexes: try row["indexes"],
                mayChange: try row["may_change"])
        }
        let columns = try await session.query(
            SurveySQL(
                """
                with w as (\(listed))
                select w.schema, w.name, a.attname::text as column_name, t.typname::text as type_name,
                    s.n_distinct::float8 as n_distinct, coalesce(s.avg_width, greatest(a.attlen, 8))::float8 as width,
                    (1 - coalesce(s.null_frac, 0))::float8 as filled, t.typcategory::text as category,
                    s.correlation::float8 as correlation
                from w join pg_namespace n on n.nspname = w.schema
                join pg_class c on c.relnamespace = n.oid and c.relname = w.name
                join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
                join pg_type t on t.oid = a.atttypid
                left join pg_stats s on s.schemaname = n.nspname and s.tablename = c.relname
                    and s.attname = a.attname and not s.inherited
                """))
        for row in columns {
            let name = QualifiedName(schema: try row["schema"], name: try row["name"])
            guard let table = tables[name] else { continue }
            let known: Double? = try row["n_distinct"]
            tables[name]?.columns[try row["column_name"]] = Column(
                type: try row["type_name"], category: try row["category"],
                distinct: known.map { $0 < 0 ? -$0 * table.rows : $0 },
                width: try row["width"], filled: try row["filled"], correlation: try row["correlation"])
        }
        return tables
    }
}
