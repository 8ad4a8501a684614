import Maintenance

/// A table as a digest sees it: the columns that hold data, in their order, and the relations its rows lie in.
package struct DigestTable: Hashable, Sendable {
    package let name: QualifiedName
    /// All but the generated ones, which are computed again by a restore.
    package let columns: [String]
    /// Itself, or the leaves of a partitioned table.
    let parts: [Part]

    /// A relation with rows of its own; read in one piece unless its size is known.
    ///
    /// - Parameter blocks: of its main fork; only for a table whose rows can be addressed by block (`heap`).
    package init(_ name: QualifiedName, columns: [String], blocks: Int64 = 0) {
        self.init(name: name, columns: columns, parts: [Part(name: name, blocks: blocks)])
    }

    init(name: QualifiedName, columns: [String], parts: [Part]) {
        self.name = name
        self.columns = columns
        self.parts = parts
    }

    struct Part: Hashable, Sendable {
        let name: QualifiedName
        /// Its size in blocks when it was looked at; zero where rows cannot be addressed by block.
        let blocks: Int64
        /// COPY reads a materialised view only as a query (before PostgreSQL 18).
        var isView = false
    }

    /// The statements that together read every row once. A relation of many blocks is cut into `ranges`; the last range
    /// is open, since it may have grown.
    func statements(ranges: Int, smallest: Int64 = 1_024) -> [SQL] {
        parts.flatMap { part -> [SQL] in
            let count = Int64(min(Int64(ranges), part.blocks / smallest))
            guard count > 1 else {
                if columns.isEmpty { return ["copy (select from only \(relation: part.name)) to stdout"] }
                if part.isView {
                    return ["copy (select \(identifiers: columns) from \(relation: part.name)) to stdout"]
                }
                return ["copy \(relation: part.name) (\(identifiers: columns)) to stdout"]
            }
            return (0..<count).map { index in
                let first = part.blocks * index / count
                let next = part.blocks * (index + 1) / count
                var condition: SQL = "ctid >= \(literal: "(\(first),0)")"
                if index < count - 1 { condition += " and ctid < \(literal: "(\(next),0)")" }
                let list: SQL = columns.isEmpty ? "" : "\(identifiers: columns)"
                return "copy (select \(list) from only \(relation: part.name) where \(condition)) to stdout"
            }
        }
    }
}

/// What a digest of a database does not cover, by name. A class left out in silence would be a defect.
package struct Uncovered: Hashable, Sendable, Codable {
    package enum Reason: String, Codable, Sendable {
        /// Its values are recomputed by a restore.
        case materializedView = "materialised view"
        /// Lives outside every snapshot.
        case sequence
        /// Its rows are another server's.
        case foreignTable = "foreign table"
        case noPrivilege = "no right to read"
        /// Row security would hide rows from this role.
        case rowSecurity = "row security"
        /// A standby has no rows of it.
        case unlogged
    }

    package let name: QualifiedName
    package let reason: Reason
    /// The partitioned table whose digest lacks the rows of this leaf; nil for what is no leaf.
    package let root: QualifiedName?

    package init(name: QualifiedName, reason: Reason, root: QualifiedName? = nil) {
        self.name = name
        self.reason = reason
        self.root = root
    }
}

extension DatabaseSnapshot {
    /// Every table of the users, and what is left out.
    ///
    /// - Throws: `PostgreSQLError`.
    package func tables() async throws -> (tables: [DigestTable], uncovered: [Uncovered]) {
        try await tables(where: "true")
    }

    /// Materialised views that hold rows: those that may be read, and those that may not.
    ///
    /// - Throws: `PostgreSQLError`.
    package func materializedViews() async throws -> (readable: [DigestTable], hidden: [Uncovered]) {
        let rows = try await query(
            """
            select n.nspname::text as schema, c.relname::text as name,
                pg_catalog.has_schema_privilege(n.oid, 'usage')
                    and pg_catalog.has_table_privilege(c.oid, 'select') as is_readable,
                array(
                    select a.attname::text from pg_catalog.pg_attribute a
                    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped order by a.attnum) as columns
            from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            where c.relkind = 'm' and c.relispopulated and n.nspname !~ '^pg_'
            order by n.nspname collate "C", c.relname collate "C"
            """)
        var readable: [DigestTable] = []
        var hidden: [Uncovered] = []
        for row in rows {
            let name = QualifiedName(schema: try row["schema"], name: try row["name"])
            guard try row["is_readable", as: Bool.self] else {
                hidden.append(Uncovered(name: name, reason: .noPrivilege))
                continue
            }
            readable.append(
                DigestTable(
                    name: name, columns: try row["columns"],
                    parts: [DigestTable.Part(name: name, blocks: 0, isView: true)]))
        }
        return (readable, hidden)
    }

    /// One table by name.
    ///
    /// - Throws: `PostgreSQLError`, `DigestError` when it cannot be digested.
    package func table(_ name: QualifiedName) async throws -> DigestTable {
        let found = try await tables(where: "n.nspname = \(name.schema) and c.relname = \(name.name)", any: true)
        if let reason = found.uncovered.first?.reason { throw DigestError.uncovered(name, reason) }
        guard let table = found.tables.first else { throw DigestError.noSuchTable(name) }
        return table
    }

    /// - Parameter any: also partitions, and tables of the system's schemas.
    private func tables(where condition: SQL, any: Bool = false) async throws
        -> (tables: [DigestTable], uncovered: [Uncovered])
    {
        let rows = try await query(
            """
            with recursive part (root, oid) as (
                select c.oid, c.oid from pg_catalog.pg_class c where c.relkind in ('r', 'p', 'm', 'S', 'f')
                union all
                select part.root, i.inhrelid
                from part
                    join pg_catalog.pg_class c on c.oid = part.oid and c.relkind = 'p'
                    join pg_catalog.pg_inherits i on i.inhparent = part.oid and not i.inhdetachpending),
            leaf as (
                select part.root, l.oid, ln.nspname::text as part_schema, l.relname::text as part_name,
                    l.relkind::text as part_kind, am.amname = 'heap' as is_heap,
                    pg_catalog.has_schema_privilege(ln.oid, 'usage') and (
                        pg_catalog.has_table_privilege(l.oid, 'select')
                        or not exists (
                            select from pg_catalog.pg_attribute a
                            where a.attrelid = l.oid and a.attnum > 0 and not a.attisdropped
                                and not pg_catalog.has_column_privilege(l.oid, a.attnum, 'select'))) as is_readable,
                    pg_catalog.row_security_active(l.oid) as is_filtered,
                    l.relpersistence = 'u' and pg_catalog.pg_is_in_recovery() as is_nowhere
                from part
                    join pg_catalog.pg_class l on l.oid = part.oid
                    join pg_catalog.pg_namespace ln on ln.oid = l.relnamespace
                    left join pg_catalog.pg_am am on am.oid = l.relam
                where l.relkind <> 'p')
            select n.nspname::text as schema, c.relname::text as name,
                array(
                    select a.attname::text from pg_catalog.pg_attribute a
                    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
                    order by a.attnum) as columns,
                p.part_schema, p.part_name, p.part_kind,
                case when p.is_heap then
                    pg_catalog.pg_relation_size(p.oid) / pg_catalog.current_setting('block_size')::int else 0
                end as blocks,
                p.is_readable, p.is_filtered, p.is_nowhere
            from pg_catalog.pg_class c
                join pg_catalog.pg_namespace n on n.oid = c.relnamespace
                left join leaf p on p.root = c.oid
            where c.relkind in ('r', 'p', 'm', 'S', 'f') and c.relpersistence <> 't'
                and (\(any) or not c.relispartition and n.nspname !~ '^pg_' and n.nspname <> 'information_schema')
                and (\(condition))
            order by n.nspname collate "C", c.relname collate "C", p.part_schema collate "C", p.part_name collate "C"
            """)
        var tables: [DigestTable] = []
        var uncovered: [Uncovered] = []
        for row in rows {
            let name = QualifiedName(schema: try row["schema"], name: try row["name"])
            guard let partSchema: String = try row["part_schema"] else {
                tables.append(DigestTable(name: name, columns: try row["columns"], parts: []))
                continue
            }
            let part = QualifiedName(schema: partSchema, name: try row["part_name"])
            if let reason = try Self.obstacle(row) {
                uncovered.append(Uncovered(name: part, reason: reason, root: part == name ? nil : name))
                continue
            }
            var parts = [DigestTable.Part(name: part, blocks: try row["blocks"])]
            if let last = tables.last, last.name == name {
                parts = last.parts + parts
                tables.removeLast()
            }
            tables.append(DigestTable(name: name, columns: try row["columns"], parts: parts))
        }
        return (tables, uncovered)
    }

    private static func obstacle(_ row: Row) throws -> Uncovered.Reason? {
        switch try row["part_kind", as: String.self] {
        case "m": return .materializedView
        case "S": return .sequence
        case "f": return .foreignTable
        default: break
        }
        if try row["is_nowhere", as: Bool.self] { return .unlogged }
        if try row["is_filtered", as: Bool.self] { return .rowSecurity }
        return try row["is_readable", as: Bool.self] ? nil : .noPrivilege
    }
}

/// A table that cannot be digested.
package enum DigestError: MaintenanceError, Hashable {
    case noSuchTable(QualifiedName)
    case uncovered(QualifiedName, Uncovered.Reason)

    package var code: String {
        switch self {
        case .noSuchTable: "digest.no-such-table"
        case .uncovered: "digest.uncovered"
        }
    }

    package var problem: String {
        switch self {
        case .noSuchTable(let name): "there is no table '\(name)'"
        case .uncovered(let name, let reason): "the rows of '\(name)' cannot be digested: \(reason.rawValue)"
        }
    }

    package var hint: String? {
        switch self {
        case .uncovered(_, .noPrivilege): "Grant pg_read_all_data, or SELECT on it, to this role."
        case .uncovered(_, .rowSecurity): "Use a role with BYPASSRLS."
        default: nil
        }
    }

    package var exitStatus: ExitStatus { .configuration }
}
