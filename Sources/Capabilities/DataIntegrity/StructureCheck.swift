import Maintenance
import PostgreSQL

/// Whether tables and indexes are what the server takes them for: amcheck's `bt_index_check` with `heapallindexed`, which
/// looks for every row of the table in the index, and `verify_heapam`, which reads every row and its TOAST values; and
/// pg_visibility's two looks at the visibility map (manual, "amcheck", "pg_visibility").
///
/// All take ACCESS SHARE alone: reads and writes go on. Everything is read once.
struct StructureCheck: Sendable {
    /// A relation that is read.
    struct Relation: Sendable, Hashable {
        var oid: Int64
        var name: QualifiedName
        /// The table of an index; its own name for a table.
        var table: QualifiedName
        var tableOID: Int64
        var bytes: Int64
        /// Whether REINDEX CONCURRENTLY can rebuild it: no system catalogue's, no exclusion constraint's.
        var isRebuildable: Bool
        var mayRebuild: Bool
    }

    /// What is wrong with one.
    struct Damage: Sendable, Hashable {
        enum Kind: Sendable, Hashable { case index, table, visibility }
        var kind: Kind
        var relation: Relation
        /// The server's own words, the first few.
        var complaints: [String]
    }

    struct Result: Sendable {
        var damages: [Damage] = []
        var gaps: [Observation.Gap] = []
        var indexes = 0
        var tables = 0
        /// Indexes that nothing can check: other methods than B-tree.
        var unchecked = 0
        var bytes: Int64 = 0
        var seesVisibility = false
        /// Oids of the tables that were read whole, with nothing wrong.
        var sound: Set<Int64> = []
    }

    let session: SurveySession
    /// These tables alone: `orders`, `public.orders`; all where nil.
    var tables: Set<String>?

    /// Complaints that are kept of one relation.
    static let mostComplaints = 5

    /// - Parameter tell: told which relation is read next.
    func run(tell: @Sendable (String) -> Void) async throws -> Result {
        var result = Result()
        let place = try await place()
        let checker = place["amcheck"]
        guard let checker else {
            result.gaps.append(Observation.Gap("tables and indexes", IntegrityError.noAmcheck))
            return result
        }
        if try await !mayCheck(checker) {
            result.gaps.append(
                Observation.Gap("tables and indexes", IntegrityError.noRight("call the functions of amcheck")))
            return result
        }
        for index in try await relations(.index) where isChosen(index) {
            tell("index \(index.name)")
            result.bytes += index.bytes
            do {
                _ = try await session.query(
                    SurveySQL("select \(identifier: checker).bt_index_check(\(index.oid)::bigint::oid::regclass, true)")
                )
                result.indexes += 1
            } catch {
                try await note(error, index, .index, &result)
            }
        }
        for table in try await relations(.table) where isChosen(table) {
            tell("table \(table.name)")
            result.bytes += table.bytes
            do {
                let rows = try await session.query(
                    SurveySQL(
                        """
                        select format('block %s, line %s: %s', blkno, offnum, msg) as complaint
                        from \(identifier: checker).verify_heapam(\(table.oid)::bigint::oid::regclass,
                            on_error_stop => false, check_toast => true) limit \(Self.mostComplaints)::bigint
                        """))
                result.tables += 1
                let complaints = try rows.map { try $0["complaint", as: String.self] }
                if !complaints.isEmpty {
                    result.damages.append(Damage(kind: .table, relation: table, complaints: complaints))
                }
                let before = result.damages.count
                if let viewer = place["pg_visibility"] {
                    result.seesVisibility = true
                    try await visibility(table, viewer, &result)
                }
                if complaints.isEmpty, result.damages.count == before { result.sound.insert(table.oid) }
            } catch {
                try await note(error, table, .table, &result)
            }
        }
        result.unchecked = try await session.query(
            """
            select count(*) as n from pg_catalog.pg_class c join pg_catalog.pg_am a on a.oid = c.relam
            where c.relkind = 'i' and a.amname <> 'btree' and c.relpersistence <> 't'
            """
        ).only["n"]
        return result
    }

    private func visibility(_ table: Relation, _ schema: String, _ result: inout Result) async throws {
        let rows = try await session.query(
            SurveySQL(
                """
                select 'called all-visible and is not: ' || v.t_ctid::text as complaint
                from \(identifier: schema).pg_check_visible(\(table.oid)::bigint::oid::regclass) v
                union all
                select 'called frozen and is not: ' || f.t_ctid::text
                from \(identifier: schema).pg_check_frozen(\(table.oid)::bigint::oid::regclass) f
                limit \(Self.mostComplaints)::bigint
                """))
        guard !rows.isEmpty else { return }
        result.damages.append(
            Damage(
                kind: .visibility, relation: table,
                complaints: try rows.map { try $0["complaint", as: String.self] }))
    }

    /// An error is damage where the server says so (`data_corrupted`, `index_corrupted`, and `undefined_file` for one
    /// that is missing: manual, appendix A), and a gap where something else kept us from looking. What was dropped in the
    /// meantime is neither.
    private func note(
        _ error: any Error, _ relation: Relation, _ kind: Damage.Kind, _ result: inout Result
    ) async throws {
        let report = ErrorReport(error)
        guard report.exitStatus != .unreachable, report.exitStatus != .interrupted else { throw error }
        guard let state = (error as? PostgreSQLError)?.sqlState else { throw error }
        if ["XX001", "XX002", "58P01"].contains(state) {
            result.damages.append(Damage(kind: kind, relation: relation, complaints: [report.problem]))
        } else if try await isThere(relation) {
            result.gaps.append(Observation.Gap(relation.name.description, error))
        }
    }

    private func isThere(_ relation: Relation) async throws -> Bool {
        try await !session.query("select from pg_catalog.pg_class where oid = \(relation.oid)::oid").isEmpty
    }

    private func isChosen(_ relation: Relation) -> Bool {
        guard let tables else { return true }
        return tables.contains(relation.table.name)
            || tables.contains("\(relation.table.schema).\(relation.table.name)")
    }

    /// The schemas of the extensions that are there.
    private func place() async throws -> [String: String] {
        let rows = try await session.query(
            """
            select x.extname::text as name, n.nspname::text as schema from pg_catalog.pg_extension x
            join pg_catalog.pg_namespace n on n.oid = x.extnamespace where x.extname in ('amcheck', 'pg_visibility')
            """)
        return Dictionary(
            try rows.map { (try $0["name", as: String.self], try $0["schema", as: String.self]) }
        ) { first, _ in first }
    }

    private func mayCheck(_ schema: String) async throws -> Bool {
        try await session.query(
            """
            select bool_and(pg_catalog.has_function_privilege(p.oid, 'execute')) as may
            from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
            where n.nspname = \(schema) and p.proname in ('bt_index_check', 'verify_heapam')
            """
        ).only["may"] ?? false
    }

    private enum Form { case index, table }

    /// Those of the system too: everything rests on them. Largest last, so that most is known when a limit ends it.
    private func relations(_ form: Form) async throws -> [Relation] {
        let filter: SQL =
            form == .index
            ? "c.relkind = 'i' and i.indisvalid and i.indisready and (select amname from pg_catalog.pg_am where oid = c.relam) = 'btree'"
            : "c.relkind in ('r', 'm', 't') and (select amname from pg_catalog.pg_am where oid = c.relam) = 'heap'"
        return try await session.query(
            SurveySQL(
                """
                select c.oid::bigint as oid, n.nspname::text as schema, c.relname::text as name,
                    tn.nspname::text as table_schema, t.relname::text as table_name, t.oid::bigint as table_oid,
                    greatest(c.relpages, 0)::bigint * pg_catalog.current_setting('block_size')::bigint as bytes,
                    n.nspname not in ('pg_catalog', 'information_schema')
                        and not coalesce(i.indisexclusion, false) as rebuildable,
                    pg_catalog.pg_has_role(t.relowner, 'USAGE') as may_rebuild
                from pg_catalog.pg_class c
                join pg_catalog.pg_namespace n on n.oid = c.relnamespace
                left join pg_catalog.pg_index i on i.indexrelid = c.oid
                join pg_catalog.pg_class t on t.oid = coalesce(i.indrelid, c.oid)
                join pg_catalog.pg_namespace tn on tn.oid = t.relnamespace
                where c.relpersistence <> 't' and not pg_catalog.pg_is_other_temp_schema(n.oid) and \(filter)
                order by c.relpages, n.nspname, c.relname
                """)
        ).map { row in
            Relation(
                oid: try row["oid"], name: QualifiedName(schema: try row["schema"], name: try row["name"]),
                table: QualifiedName(schema: try row["table_schema"], name: try row["table_name"]),
                tableOID: try row["table_oid"], bytes: try row["bytes"], isRebuildable: try row["rebuildable"],
                mayRebuild: try row["may_rebuild"])
        }
    }
}
