import Maintenance

/// What a statement would cost with indexes that do not exist, and without some that do.
///
/// The planner is asked, and the statement is not run: it is prepared in a READ ONLY transaction and its *generic* plan
/// explained, which needs no values (manual, "PREPARE", "plan_cache_mode"). Indexes that do not exist are HypoPG's, which
/// lie in the session's memory alone (https://hypopg.readthedocs.io). One that exists can be hidden from version 1.4 on.
///
/// Planning itself calls functions that are IMMUTABLE or STABLE, with the rights of whoever asks (manual, "Function
/// Volatility Categories"), and the statements are anybody's. So one that could come to call a function of somebody who
/// is no superuser and not the role that asks is not planned; see `UntrustedCode`.
package struct StatementPlanner: Sendable {
    private let session: SurveySession
    /// The schema HypoPG lies in; nil where the database does not have it.
    private let schema: String?
    /// Whether it knows to hide what exists.
    package let canHide: Bool

    /// - Parameter session: one that nobody else uses, whose prepared statements are all the planner's own.
    /// - Throws: `PostgreSQLError`.
    package init(_ session: SurveySession) async throws {
        self.session = session
        let row = try await session.query(
            """
            select n.nspname::text as schema, exists (
                select from pg_catalog.pg_proc p where p.pronamespace = n.oid and p.proname = 'hypopg_hide_index') as hides
            from pg_catalog.pg_extension x join pg_catalog.pg_namespace n on n.oid = x.extnamespace
            where x.extname = 'hypopg' and pg_catalog.has_schema_privilege(n.oid, 'USAGE')
            """
        ).first
        schema = try row?["schema"]
        canHide = try row?["hides"] ?? false
    }

    /// Whether indexes that do not exist can be thought of.
    package var canSuppose: Bool { schema != nil }

    /// - Parameters:
    ///   - statement: as `pg_stat_statements` keeps it, `$1` in the place of each constant.
    ///   - supposed: definitions, `create index on …`.
    ///   - hidden: oids of indexes that are left out of account.
    /// - Throws: `SurveyRefusal` where it is no single statement that can be explained, or planning it could run somebody's
    ///   code; `PostgreSQLError` where the server
    ///   does not take it, as when a table is gone, a type cannot be told, or the role may not read it.
    package func plan(
        _ statement: String, supposing supposed: [SQL] = [], hiding hidden: [Int64] = []
    ) async throws -> SupposedPlan {
        let tokens = try SQLLexer.tokens(of: statement)
        guard let first = tokens.first(where: { $0 != .sign("(") }), Self.plannable.contains(first) else {
            throw SurveyRefusal.statement(tokens.first?.name ?? "?")
        }
        let parameters = tokens.reduce(0) { highest, token in
            if case .parameter(let number) = token { max(highest, number) } else { highest }
        }
        let names = try UntrustedCode.Names(tokens + supposed.flatMap { try SQLLexer.tokens(of: $0.literalText) })
        precondition(supposed.isEmpty || canSuppose, "indexes are supposed where there is no HypoPG")
        precondition(hidden.isEmpty || canHide, "an index is hidden where HypoPG cannot")
        return try await session.alone {
            let connection = session.connection
            // What an attempt that failed has left; neither is undone with a transaction.
            try await connection.executeScript(
                trusted: "set local plan_cache_mode = force_generic_plan; set local jit = off; deallocate all")
            // The extended protocol takes one statement alone.
            try await connection.execute("prepare mainstay_supposed as \(SQL(trusted: statement))")
            // Analysed, and with that bound to what it calls, but not planned yet.
            try await UntrustedCode.refuse(names, connection)
            var indexes: [SupposedPlan.Index] = []
            if let schema {
                _ = try await connection.query("select \(identifier: schema).hypopg_reset()")
                if canHide {
                    _ = try await connection.query("select \(identifier: schema).hypopg_unhide_all_indexes()")
                }
                for definition in supposed { indexes.append(try await suppose(definition, schema, connection)) }
                for oid in hidden {
                    _ = try await connection.query(
                        "select \(identifier: schema).hypopg_hide_index(\(oid)::bigint::oid)")
                }
            }
            let values = Array(repeating: "null", count: parameters).joined(separator: ", ")
            let call = parameters == 0 ? "mainstay_supposed" : "mainstay_supposed(\(values))"
            let rows = try await connection.query(SQL(trusted: "explain (format json, verbose) execute \(call)"))
            return SupposedPlan(json: try rows.only.text(0) ?? "", indexes: indexes)
        }
    }

    private static let plannable: [SQLToken] = [
        .word("select"), .word("with"), .word("insert"), .word("update"), .word("delete"), .word("merge"),
    ]

    private func suppose(_ definition: SQL, _ schema: String, _ connection: Connection) async throws
        -> SupposedPlan.Index
    {
        let row = try await connection.query(
            """
            select h.indexrelid::bigint as oid, h.indexname::text as name,
                \(identifier: schema).hypopg_relation_size(h.indexrelid)::bigint as bytes
            from \(identifier: schema).hypopg_create_index(\(definition.literalText)) h
            """
        ).only
        return SupposedPlan.Index(name: try row["name"], bytes: try row["bytes"])
    }
}

/// A plan, and the indexes that were supposed for it, in the order they were asked for.
package struct SupposedPlan: Sendable, Hashable {
    /// As EXPLAIN (FORMAT JSON, VERBOSE) writes it.
    package var json: String
    package var indexes: [Index]

    package struct Index: Sendable, Hashable {
        /// What the plan calls it: `<13556>btree_orders_customer_id`.
        package var name: String
        /// As HypoPG estimates it.
        package var bytes: Int64
    }
}
