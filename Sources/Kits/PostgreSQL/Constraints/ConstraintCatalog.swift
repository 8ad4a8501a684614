import Maintenance

/// A table whose rows are to be looked at.
struct ConstrainedTable: Hashable, Sendable {
    let name: QualifiedName
    let isPartitioned: Bool
    /// The planner's estimate; negative or zero when nobody knows.
    let estimatedRows: Double
    /// Why this role does not see all its rows; nil if it does.
    let obstacle: String?

    /// As a FROM item: a constraint is a table's own, but a partitioned table's rows lie in its leaves.
    var source: SQL { isPartitioned ? "\(relation: name)" : "only \(relation: name)" }

    /// As a FROM item with about `rows` rows from random blocks, or all of a table that is not much larger. The rows
    /// still have to be limited.
    func sampled(_ rows: Int) -> SQL {
        let wanted = Double(rows) * 2
        guard estimatedRows > wanted else { return source }
        // At least some blocks, since a block of a small share may hold nothing.
        let share = min(100, max(wanted / estimatedRows * 100, 0.000_1))
        return "\(source) tablesample system (\(literal: share))"
    }

    /// Reads the columns `PREFIX_schema`, `_name`, `_kind`, `_rows`, `_readable` and `_filtered`.
    init(_ row: Row, _ prefix: String) throws {
        name = QualifiedName(schema: try row["\(prefix)_schema"], name: try row["\(prefix)_name"])
        isPartitioned = try row["\(prefix)_kind", as: String.self] == "p"
        estimatedRows = try row["\(prefix)_rows"]
        if try row["\(prefix)_filtered", as: Bool.self] {
            obstacle = "row security hides rows of '\(name)' from this role"
        } else {
            obstacle = try row["\(prefix)_readable", as: Bool.self] ? nil : "no right to read '\(name)'"
        }
    }

    /// The columns that `init` reads, of a `pg_class` and a `pg_namespace` by their aliases.
    static func columns(_ table: SQL, _ namespace: SQL, prefix: SQL) -> SQL {
        """
        \(namespace).nspname::text as \(prefix)_schema, \(table).relname::text as \(prefix)_name,
        \(table).relkind::text as \(prefix)_kind, \(table).reltuples::float8 as \(prefix)_rows,
        pg_catalog.has_schema_privilege(\(namespace).oid, 'usage')
            and (pg_catalog.has_table_privilege(\(table).oid, 'select') or not exists (
                select from pg_catalog.pg_attribute pa
                where pa.attrelid = \(table).oid and pa.attnum > 0 and not pa.attisdropped
                    and not pg_catalog.has_column_privilege(\(table).oid, pa.attnum, 'select'))) as \(prefix)_readable,
        pg_catalog.row_security_active(\(table).oid) as \(prefix)_filtered
        """
    }

    /// Tables of the users that hold rows.
    static let condition: SQL = """
        n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and c.relpersistence <> 't'
        """
}

/// A foreign key with what its check needs.
struct ForeignKey: Sendable {
    let name: String
    let child: ConstrainedTable
    let parent: ConstrainedTable
    let isValidated: Bool
    /// `s` (simple) or `f` (full); the manual's MATCH PARTIAL was never built.
    let match: String
    /// The last column is a PERIOD (PostgreSQL 18), and its operator is `&&`.
    let isTemporal: Bool
    let columns: [String]
    let parentColumns: [String]
    /// The operator and, where the two sides differ, the collation of each pair: `operator(pg_catalog.=)`.
    let operators: [String]
    let collations: [String]
    /// The child's primary key, to name an orphan by.
    let keyColumns: [String]

    /// Copies of a partitioned table's own constraint on its partitions are left out: the check of the whole covers them.
    static let survey: SurveySQL = """
        select k.conname::text as name, k.convalidated as validated, k.confmatchtype::text as match,
            coalesce((pg_catalog.to_jsonb(k) ->> 'conperiod')::boolean, false) as temporal,
            \(ConstrainedTable.columns("c", "n", prefix: "child")),
            \(ConstrainedTable.columns("p", "pn", prefix: "parent")),
            array(select a.attname::text from pg_catalog.unnest(k.conkey) with ordinality u(num, place)
                join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.num
                order by u.place) as columns,
            array(select a.attname::text from pg_catalog.unnest(k.confkey) with ordinality u(num, place)
                join pg_catalog.pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.num
                order by u.place) as parent_columns,
            array(select pg_catalog.format('operator(%I.%s)', o.nspname, op.oprname)
                from pg_catalog.unnest(k.conpfeqop) with ordinality u(id, place)
                join pg_catalog.pg_operator op on op.oid = u.id
                join pg_catalog.pg_namespace o on o.oid = op.oprnamespace order by u.place) as operators,
            array(select coalesce((select pg_catalog.format(' collate %I.%I', cn.nspname, co.collname)
                        from pg_catalog.pg_collation co join pg_catalog.pg_namespace cn on cn.oid = co.collnamespace
                        where co.oid = pa.attcollation and pa.attcollation <> fa.attcollation), '')
                from unnest(k.conkey, k.confkey) with ordinality u(num, parent_num, place)
                join pg_catalog.pg_attribute fa on fa.attrelid = k.conrelid and fa.attnum = u.num
                join pg_catalog.pg_attribute pa on pa.attrelid = k.confrelid and pa.attnum = u.parent_num
                order by u.place) as collations,
            array(select a.attname::text from pg_catalog.pg_index i
                cross join lateral pg_catalog.unnest(i.indkey::pg_catalog.int2[]) with ordinality u(num, place)
                join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = u.num
                where i.indrelid = k.conrelid and i.indisprimary order by u.place) as key_columns
        from pg_catalog.pg_constraint k
            join pg_catalog.pg_class c on c.oid = k.conrelid
            join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            join pg_catalog.pg_class p on p.oid = k.confrelid
            join pg_catalog.pg_namespace pn on pn.oid = p.relnamespace
        where k.contype = 'f' and k.conparentid = 0 and \(ConstrainedTable.condition)
        order by n.nspname collate "C", c.relname collate "C", k.conname collate "C"
        """

    init(_ row: Row) throws {
        name = try row["name"]
        child = try ConstrainedTable(row, "child")
        parent = try ConstrainedTable(row, "parent")
        isValidated = try row["validated"]
        match = try row["match"]
        isTemporal = try row["temporal"]
        columns = try row["columns"]
        parentColumns = try row["parent_columns"]
        operators = try row["operators"]
        collations = try row["collations"]
        keyColumns = try row["key_columns"]
    }
}

/// The NOT NULL columns of one table; partitions one by one, since that is where rows lie.
struct NotNullColumns: Sendable {
    let table: ConstrainedTable
    let columns: [String]
    /// Those that PostgreSQL 18 knows as NOT VALID.
    let unvalidated: [String]
    let keyColumns: [String]

    static let survey: SurveySQL = """
        select \(ConstrainedTable.columns("c", "n", prefix: "table")),
            array(select a.attname::text from pg_catalog.pg_attribute a
                where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attnotnull
                order by a.attnum) as columns,
            array(select a.attname::text from pg_catalog.pg_constraint k
                join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = any(k.conkey)
                where k.conrelid = c.oid and k.contype = 'n' and not k.convalidated) as unvalidated,
            array(select a.attname::text from pg_catalog.pg_index i
                cross join lateral pg_catalog.unnest(i.indkey::pg_catalog.int2[]) with ordinality u(num, place)
                join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = u.num
                where i.indrelid = c.oid and i.indisprimary order by u.place) as key_columns
        from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where c.relkind = 'r' and \(ConstrainedTable.condition)
            and exists (select from pg_catalog.pg_attribute a
                where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attnotnull)
        order by n.nspname collate "C", c.relname collate "C"
        """

    init(_ row: Row) throws {
        table = try ConstrainedTable(row, "table")
        columns = try row["columns"]
        unvalidated = try row["unvalidated"]
        keyColumns = try row["key_columns"]
    }
}

/// A unique index, of a constraint or not; those of partitions one by one, since a key is unique in the whole if it is in
/// each.
struct UniqueKey: Sendable {
    let name: String
    let table: ConstrainedTable
    let isValid: Bool
    let nullsAreDistinct: Bool
    /// Columns or expressions, as the server writes them.
    let expressions: [String]
    /// Of a partial index.
    let predicate: String?

    static let survey: SurveySQL = """
        select i.relname::text as name, x.indisvalid as valid, not x.indnullsnotdistinct as nulls_distinct,
            \(ConstrainedTable.columns("c", "n", prefix: "table")),
            array(select pg_catalog.pg_get_indexdef(x.indexrelid, u::int, false)
                from pg_catalog.generate_series(1, x.indnkeyatts) u order by u) as expressions,
            pg_catalog.pg_get_expr(x.indpred, x.indrelid) as predicate
        from pg_catalog.pg_index x
            join pg_catalog.pg_class i on i.oid = x.indexrelid
            join pg_catalog.pg_class c on c.oid = x.indrelid
            join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where x.indisunique and not x.indisexclusion and c.relkind in ('r', 'm') and \(ConstrainedTable.condition)
        order by n.nspname collate "C", c.relname collate "C", i.relname collate "C"
        """

    init(_ row: Row) throws {
        name = try row["name"]
        table = try ConstrainedTable(row, "table")
        isValid = try row["valid"]
        nullsAreDistinct = try row["nulls_distinct"]
        expressions = try row["expressions"]
        predicate = try row["predicate"]
    }
}

/// A check constraint; what a partition inherits is verified with its parent. Exclusion constraints, and the keys
/// WITHOUT OVERLAPS that PostgreSQL 18 keeps as such, come with them, to be named as not verified.
struct CheckConstraint: Sendable {
    let name: String
    let table: ConstrainedTable
    let isValidated: Bool
    let isExclusion: Bool
    let columns: [String]
    let expression: String
    let keyColumns: [String]

    static let survey: SurveySQL = """
        select k.conname::text as name, k.convalidated as validated, k.contype <> 'c' as exclusion,
            \(ConstrainedTable.columns("c", "n", prefix: "table")),
            array(select a.attname::text from pg_catalog.pg_attribute a
                where a.attrelid = c.oid and a.attnum = any(k.conkey) order by a.attnum) as columns,
            coalesce(pg_catalog.pg_get_expr(k.conbin, k.conrelid), '') as expression,
            array(select a.attname::text from pg_catalog.pg_index i
                cross join lateral pg_catalog.unnest(i.indkey::pg_catalog.int2[]) with ordinality u(num, place)
                join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = u.num
                where i.indrelid = c.oid and i.indisprimary order by u.place) as key_columns
        from pg_catalog.pg_constraint k
            join pg_catalog.pg_class c on c.oid = k.conrelid
            join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            left join pg_catalog.pg_index x on x.indexrelid = k.conindid
        where (k.contype in ('c', 'x') or k.contype in ('p', 'u') and x.indisexclusion) and c.relkind in ('r', 'p') and \(ConstrainedTable.condition)
            and not (c.relispartition and k.coninhcount > 0 and not k.conislocal)
        order by n.nspname collate "C", c.relname collate "C", k.conname collate "C"
        """

    init(_ row: Row) throws {
        name = try row["name"]
        table = try ConstrainedTable(row, "table")
        isValidated = try row["validated"]
        isExclusion = try row["exclusion"]
        columns = try row["columns"]
        expression = try row["expression"]
        keyColumns = try row["key_columns"]
    }
}
