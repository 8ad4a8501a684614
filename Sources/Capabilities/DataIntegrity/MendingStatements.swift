import Maintenance
import PostgreSQL

/// Exact statements that show the rows which break a constraint and mend it; a person chooses one of them.
struct MendingStatements: Sendable {
    /// Lists the rows, or the keys that are there more than once.
    var show: String?
    /// Removes the rows.
    var remove: String?
    /// Keeps the rows and cuts their reference; nil where a column is NOT NULL.
    var detach: String?
    /// What the server has to be told once the data are right.
    var validate: String?
    /// The rows of a broken foreign key without a parent: a FROM item called `c`, and what is so of them.
    var orphans: (source: String, condition: String)?

    var evidence: Facts {
        let named = [("to see", show), ("to remove", remove), ("to detach", detach), ("then", validate)]
        return Facts(uniqueKeysWithValues: named.compactMap { name, text in text.map { (name, .text($0)) } })
    }

    /// - Throws: `PostgreSQLError`.
    static func read(_ verdict: ConstraintVerdict, _ session: SurveySession) async throws -> MendingStatements {
        switch verdict.kind {
        case .foreignKey: try await foreignKey(verdict, session)
        case .check, .exclusion: try await check(verdict, session)
        case .notNull: notNull(verdict)
        case .unique: try await unique(verdict, session)
        }
    }

    private static func foreignKey(
        _ verdict: ConstraintVerdict, _ session: SurveySession
    ) async throws -> MendingStatements {
        let row = try await session.query(
            """
            select pn.nspname as schema, p.relname as name, k.confmatchtype::text as match,
                c.relkind::text as kind, p.relkind::text as parent_kind,
                array(select a.attname::text from pg_catalog.unnest(k.conkey) with ordinality u(num, place)
                    join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.num
                    order by u.place) as columns,
                array(select a.attname::text from pg_catalog.unnest(k.confkey) with ordinality u(num, place)
                    join pg_catalog.pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.num
                    order by u.place) as parent_columns,
                coalesce((pg_catalog.to_jsonb(k) ->> 'conperiod')::boolean, false) as temporal,
                not exists (select from pg_catalog.pg_attribute a
                    where a.attrelid = k.conrelid and a.attnum = any(k.conkey) and a.attnotnull) as nullable
            from pg_catalog.pg_constraint k
            join pg_catalog.pg_class c on c.oid = k.conrelid
            join pg_catalog.pg_class p on p.oid = k.confrelid
            join pg_catalog.pg_namespace pn on pn.oid = p.relnamespace
            where k.contype = 'f' and k.conname = \(verdict.name) and k.conrelid = (\(oid(of: verdict.table)))
            """
        ).first
        guard let row else { return MendingStatements() }
        let parent = QualifiedName(schema: try row["schema"], name: try row["name"])
        let from = source(parent, kind: try row["parent_kind"])
        let columns: [String] = try row["columns"]
        let parentColumns: [String] = try row["parent_columns"]
        let period = try row["temporal", as: Bool.self] ? columns.count - 1 : nil
        var pairs = zip(parentColumns, columns).enumerated()
            .map { number, pair in
                let sign: SQL = number == period ? "&&" : "="
                return "p.\(identifier: pair.0) \(sign) c.\(identifier: pair.1)" as SQL
            }.joined(separator: " and ")
        if let period {
            pairs += " having c.\(identifier: columns[period]) <@ range_agg(p.\(identifier: parentColumns[period]))"
        }
        let child: SQL = "\(source(verdict.table, kind: try row["kind"])) as c"
        let nulls = columns.map { "c.\(identifier: $0)" as SQL }.joined(separator: ", ")
        var orphan: SQL =
            "num_nulls(\(nulls)) = 0 and not exists (select from \(from) as p where \(pairs))"
        if try row["match", as: String.self] == "f" {
            orphan = "(\(orphan)) or num_nulls(\(nulls)) between 1 and \(number: columns.count - 1)"
        }
        let cut = columns.map { "\(identifier: $0) = null" as SQL }.joined(separator: ", ")
        let isNullable: Bool = try row["nullable"]
        return MendingStatements(
            show: statement("select c.* from \(child) where \(orphan)"),
            remove: statement("delete from \(child) where \(orphan)"),
            detach: isNullable ? statement("update \(child) set \(cut) where \(orphan)") : nil,
            validate: validation(of: verdict), orphans: (child.literalText, orphan.literalText))
    }

    private static func check(_ verdict: ConstraintVerdict, _ session: SurveySession) async throws -> MendingStatements
    {
        let row = try await session.query(
            """
            select pg_catalog.pg_get_expr(k.conbin, k.conrelid) as expression, c.relkind::text as kind
            from pg_catalog.pg_constraint k join pg_catalog.pg_class c on c.oid = k.conrelid
            where k.contype = 'c' and k.conname = \(verdict.name) and k.conrelid = (\(oid(of: verdict.table)))
            """
        ).first
        guard let row, let expression = try row["expression", as: String?.self] else { return MendingStatements() }
        // The server's own text of the constraint.
        let source = source(verdict.table, kind: try row["kind"])
        let broken: SQL = "from \(source) where (\(SQL(trusted: expression))) is false"
        return MendingStatements(
            show: statement("select * \(broken)"), remove: statement("delete \(broken)"),
            validate: validation(of: verdict))
    }

    /// `is null` would be answered by the planner from the constraint itself.
    private static func notNull(_ verdict: ConstraintVerdict) -> MendingStatements {
        let empty: SQL = "from only \(relation: verdict.table) where num_nulls(\(identifier: verdict.name)) > 0"
        return MendingStatements(show: statement("select * \(empty)"), remove: statement("delete \(empty)"))
    }

    /// Which of two rows is right nobody but a person can say. An index that lets two rows through is broken itself.
    private static func unique(_ verdict: ConstraintVerdict, _ session: SurveySession) async throws -> MendingStatements
    {
        let row = try await session.query(
            """
            select pg_catalog.pg_get_expr(x.indpred, x.indrelid) as predicate from pg_catalog.pg_index x
            join pg_catalog.pg_class i on i.oid = x.indexrelid
            where i.relname = \(verdict.name) and x.indrelid = (\(oid(of: verdict.table)))
            """
        ).first
        guard let row else { return MendingStatements() }
        // Expressions as the server writes them.
        let columns = verdict.columns.map { SQL(trusted: $0) }.joined(separator: ", ")
        let filter: SQL =
            try row["predicate", as: String?.self].map { " where \(SQL(trusted: $0))" as SQL } ?? ""
        let index = QualifiedName(schema: verdict.table.schema, name: verdict.name)
        return MendingStatements(
            show: statement(
                """
                set enable_indexscan = off; set enable_indexonlyscan = off; set enable_bitmapscan = off; \
                select \(columns), count(*) from only \(relation: verdict.table)\(filter) group by \(columns) \
                having count(*) > 1
                """),
            validate: statement("reindex index concurrently \(relation: index)"))
    }

    /// As a person runs it.
    private static func statement(_ sql: SQL) -> String { "\(sql.literalText);" }

    /// Only where the server does not believe in it yet.
    private static func validation(of verdict: ConstraintVerdict) -> String? {
        guard !verdict.isValidated else { return nil }
        return statement("alter table \(relation: verdict.table) validate constraint \(identifier: verdict.name)")
    }

    /// A constraint is a table's own, and tables that inherit from it have theirs; a partitioned table's rows lie in its
    /// partitions.
    private static func source(_ table: QualifiedName, kind: String) -> SQL {
        kind == "p" ? "\(relation: table)" : "only \(relation: table)"
    }

    private static func oid(of table: QualifiedName) -> SQL {
        """
        select c.oid from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where n.nspname = \(table.schema) and c.relname = \(table.name)
        """
    }
}
