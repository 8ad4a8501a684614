import Maintenance
import PostgreSQL

/// An index of pgvector: HNSW or IVFFlat (https://github.com/pgvector/pgvector).
struct VectorIndex: Sendable, Hashable {
    enum Method: String, Sendable { case hnsw, ivfflat }

    var oid: Int64
    var name: QualifiedName
    var table: QualifiedName
    var method: Method
    /// Nil where it is over an expression.
    var column: String?
    /// As a cast takes it: `public.vector`.
    var type: String
    /// What it orders by: `operator(public.<->)`.
    var distance: String
    var bytes: Int64
    var rows: Double
    var deadRows: Int64
    var isPartial: Bool
    var mayRead: Bool
    /// `lists` of an IVFFlat index; nil for the default.
    var lists: Int?

    /// What says how far a search looks.
    var setting: String { method == .hnsw ? "hnsw.ef_search" : "ivfflat.probes" }
    /// What pgvector does where nobody says anything.
    var standard: Int { method == .hnsw ? 40 : 1 }

    /// The values that are tried, upwards; no more than pgvector takes.
    var steps: [Int] {
        switch method {
        case .hnsw: [40, 60, 80, 120, 200, 300, 500, 1_000]
        case .ivfflat: [1, 2, 4, 8, 16, 32, 64, 128, 256].filter { $0 <= lists ?? 100 }
        }
    }

    /// Why its recall cannot be measured; nil where it can.
    var obstacle: String? {
        if column == nil { return "it is over an expression" }
        if isPartial { return "it is over a part of the rows" }
        return mayRead ? nil : "this role may not read its table"
    }

    static func all(_ session: SurveySession) async throws -> [VectorIndex] {
        try await session.with(settings: ["search_path": ""]).query(
            """
            select c.oid::bigint as oid, n.nspname::text as schema, c.relname::text as name, t.relname::text as table_name,
                am.amname::text as method, a.attname::text as column_name,
                coalesce(pg_catalog.format_type(a.atttypid, null), '') as type,
                coalesce((select pg_catalog.format('operator(%I.%s)', onn.nspname, o.oprname) from pg_catalog.pg_amop ao
                    join pg_catalog.pg_operator o on o.oid = ao.amopopr
                    join pg_catalog.pg_namespace onn on onn.oid = o.oprnamespace
                    where ao.amopfamily = oc.opcfamily and ao.amopstrategy = 1 and ao.amopmethod = am.oid
                        and ao.amoplefttype = oc.opcintype limit 1), '') as distance,
                pg_catalog.pg_relation_size(c.oid) as bytes, greatest(t.reltuples, 0)::float8 as rows,
                pg_catalog.pg_stat_get_dead_tuples(t.oid) as dead, i.indpred is not null as partial,
                pg_catalog.has_table_privilege(t.oid, 'SELECT') as may_read,
                (select o.option_value::int from pg_catalog.pg_options_to_table(c.reloptions) o
                    where o.option_name = 'lists') as lists
            from pg_catalog.pg_index i
            join pg_catalog.pg_class c on c.oid = i.indexrelid join pg_catalog.pg_class t on t.oid = i.indrelid
            join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            join pg_catalog.pg_am am on am.oid = c.relam
            join pg_catalog.pg_opclass oc on oc.oid = i.indclass[0]
            left join pg_catalog.pg_attribute a on a.attrelid = t.oid and a.attnum = i.indkey[0] and i.indkey[0] > 0
            where am.amname in ('hnsw', 'ivfflat') and c.relkind = 'i' and i.indisvalid and c.relpersistence <> 't'
            order by n.nspname, c.relname
            """
        ).map { row in
            let schema: String = try row["schema"]
            return VectorIndex(
                oid: try row["oid"], name: QualifiedName(schema: schema, name: try row["name"]),
                table: QualifiedName(schema: schema, name: try row["table_name"]),
                method: Method(rawValue: try row["method"]) ?? .hnsw, column: try row["column_name"],
                type: try row["type"], distance: try row["distance"], bytes: try row["bytes"], rows: try row["rows"],
                deadRows: try row["dead"], isPartial: try row["partial"], mayRead: try row["may_read"],
                lists: try row["lists"])
        }
    }
}
