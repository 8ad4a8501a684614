import Engine
import Maintenance
import PostgreSQL

/// An index as its upkeep sees it.
struct CareIndex: Sendable, Hashable {
    var oid: Int64
    var name: QualifiedName
    var table: QualifiedName
    var tableOID: Int64
    var method: String
    /// `CREATE INDEX …`, as the server writes it: what makes it again, but for what `recreation` adds.
    var definition: String
    var isValid: Bool
    /// An exclusion constraint's index cannot be rebuilt concurrently (manual, REINDEX).
    var isExclusion: Bool
    var bytes: Int64
    /// How full a rebuild leaves its pages, in percent.
    var fillFactor: Int
    /// What a rebuild replaces in place; CONCURRENTLY makes a new oid instead.
    var fileNode: Int64
    var mayChange: Bool
    /// Whether the server here has counted a scan of it.
    var isScanned: Bool
    /// What it is for besides being read: replica identity, CLUSTER, a constraint; empty for nothing.
    var role: String
    /// Where it lies, if not where its database's do.
    var tablespace: String?
    /// Statements for what the definition does not say either: its comment, statistics targets.
    var particulars: [String]

    /// What makes it again, all that belongs to it included, without locking anybody out. A tablespace that is set
    /// afterwards would.
    var recreation: [String] {
        let place = tablespace.map { ["set default_tablespace = \($0.quotedLiteral)"] } ?? []
        let back = tablespace == nil ? [] : ["reset default_tablespace"]
        return place + [CreateIndexAct.concurrently(definition)] + back + particulars
    }

    /// What has to be so still when the change starts.
    var identity: Facts {
        [
            "oid": .integer(oid), "schema": .text(name.schema), "name": .text(name.name),
            "definition": .text(definition),
        ]
    }

    var witness: Facts {
        [
            "oid": .integer(oid), "file node": .integer(fileNode), "bytes": .integer(bytes),
            "valid": .boolean(isValid),
        ]
    }

    /// Those of the users' tables that have files: not a partitioned one, nor one of a temporary table or an extension's.
    static func all(_ session: SurveySession, leastBytes: Int64) async throws -> [CareIndex] {
        try await read(
            session, size: "c.relpages::bigint * current_setting('block_size')::bigint",
            """
            c.relpages::bigint * current_setting('block_size')::bigint >= \(leastBytes)::bigint
                and not exists (select from pg_depend e where e.classid = 'pg_class'::regclass and e.objid = i.indrelid
                    and e.deptype = 'e')
            """)
    }

    /// By name as it stands now; nil where there is none.
    static func named(_ name: QualifiedName, _ session: SurveySession) async throws -> CareIndex? {
        try await read(session, "n.nspname = \(name.schema) and c.relname = \(name.name)").first
    }

    static func with(oid: Int64, _ session: SurveySession) async throws -> CareIndex? {
        try await read(session, "c.oid = \(oid)::oid").first
    }

    /// What a rebuild that did not come to its end has left at a table: `_ccnew` and `_ccold` (manual, REINDEX).
    static func leftovers(of index: CareIndex, _ session: SurveySession) async throws -> [CareIndex] {
        try await read(
            session, "i.indrelid = \(index.tableOID)::oid and not i.indisvalid and c.relname ~ '_cc(new|old)[0-9]*$'")
    }

    /// - Parameter size: the files' own for a few, which opens the index and waits for its lock; the catalogue's page count
    ///   for all.
    private static func read(
        _ session: SurveySession, size: SQL = "coalesce(pg_relation_size(c.oid), 0)", _ filter: SQL
    ) async throws -> [CareIndex] {
        try await session.with(settings: ["search_path": "", "jit": "off"]).query(
            SurveySQL(
                """
                select c.oid::bigint as oid, n.nspname::text as schema, c.relname::text as name, t.relname::text as table_name,
                    i.indrelid::bigint as table_oid, am.amname::text as method, pg_get_indexdef(c.oid) as definition,
                    i.indisvalid as valid, i.indisexclusion as exclusion, \(size) as bytes,
                    c.relfilenode::bigint as file_node,
                    pg_stat_get_numscans(c.oid) > 0 as scanned,
                    concat_ws(', ', case when i.indisreplident then 'replica identity' end,
                        case when i.indisclustered then 'clustered' end,
                        (select 'constraint ' || string_agg(k.conname, ', ' order by k.conname) from pg_constraint k
                            where k.conindid = c.oid having count(*) > 0)) as role,
                    (select s.spcname::text from pg_tablespace s where s.oid = c.reltablespace) as tablespace,
                    array(select format('comment on index %I.%I is %L', n.nspname, c.relname, d.description)
                            from pg_description d where d.objoid = c.oid and d.classoid = 'pg_class'::regclass
                                and d.objsubid = 0)
                        || array(select format('alter index %I.%I alter column %s set statistics %s', n.nspname, c.relname,
                                a.attnum, a.attstattarget)
                            from pg_attribute a where a.attrelid = c.oid and a.attstattarget >= 0 and a.attnum > 0
                            order by a.attnum) as particulars,
                    coalesce((select o.option_value::int from pg_options_to_table(c.reloptions) o
                        where o.option_name = 'fillfactor'), 90) as fill_factor,
                    pg_has_role(t.relowner, 'USAGE')
                        or (current_setting('server_version_num')::int >= 170000
                            and has_table_privilege(t.oid, case when current_setting('server_version_num')::int >= 170000
                                then 'MAINTAIN' else 'SELECT' end)) as may_change
                from pg_index i
                join pg_class c on c.oid = i.indexrelid
                join pg_class t on t.oid = i.indrelid
                join pg_namespace n on n.oid = c.relnamespace
                join pg_am am on am.oid = c.relam
                where c.relkind = 'i' and c.relpersistence <> 't'
                    and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp)'
                    and (\(filter))
                order by n.nspname, c.relname
                """)
        ).map { row in
            let schema: String = try row["schema"]
            return CareIndex(
                oid: try row["oid"], name: QualifiedName(schema: schema, name: try row["name"]),
                table: QualifiedName(schema: schema, name: try row["table_name"]), tableOID: try row["table_oid"],
                method: try row["method"], definition: try row["definition"], isValid: try row["valid"],
                isExclusion: try row["exclusion"], bytes: try row["bytes"],
                fillFactor: try row["fill_factor"], fileNode: try row["file_node"],
                mayChange: try row["may_change"], isScanned: try row["scanned"], role: try row["role"],
                tablespace: try row["tablespace"], particulars: try row["particulars"])
        }
    }
}

extension Change {
    /// The name of the index it is about, from its identity.
    var indexName: QualifiedName {
        guard case .text(let schema)? = identity["schema"], case .text(let name)? = identity["name"] else {
            preconditionFailure("a change of an index does not name it")
        }
        return QualifiedName(schema: schema, name: name)
    }

    var objectID: Int64 {
        guard case .integer(let oid)? = identity["oid"] else { preconditionFailure("a change does not hold an oid") }
        return oid
    }

    /// Whether it drops an index because of how it is used.
    var isAdvisedDrop: Bool { identity["has been scanned"] != nil }
}
