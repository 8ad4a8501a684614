import PostgreSQL

/// What GIN and GiST of a database can search by: the operators of their classes, extensions' among them (manual,
/// "Operator Classes and Operator Families").
struct OperatorClasses: Sendable {
    struct One: Sendable, Hashable {
        var method: IndexMethod
        var name: QualifiedName
        var isDefault: Bool
        /// `pg_type.typname` of what it indexes: `jsonb`, `anyarray`.
        var type: String
        var operators: Set<String>

        /// For a key of an index, as the server itself would write it but for the quotes: nothing where it is the default of
        /// its type, and the server's own without a schema.
        var sql: String {
            isDefault ? "" : name.schema == "pg_catalog" ? name.name.quotedIdentifier : name.quoted
        }
    }

    var all: [One]

    var operators: Set<String> { all.reduce(into: []) { $0.formUnion($1.operators) } }

    /// Those that a B-tree has too are left to it.
    static func read(_ session: SurveySession) async throws -> OperatorClasses {
        let rows = try await session.query(
            """
            select m.amname::text as method, n.nspname::text as schema, c.opcname::text as name,
                c.opcdefault as is_default, t.typname::text as type_name, array(select distinct o.oprname::text
                    from pg_catalog.pg_amop a join pg_catalog.pg_operator o on o.oid = a.amopopr
                    where a.amopfamily = c.opcfamily and a.amoppurpose = 's' and a.amoplefttype = c.opcintype
                        and o.oprname not in ('=', '<>', '<', '>', '<=', '>=')) as operators
            from pg_catalog.pg_opclass c
            join pg_catalog.pg_am m on m.oid = c.opcmethod
            join pg_catalog.pg_type t on t.oid = c.opcintype
            join pg_catalog.pg_namespace n on n.oid = c.opcnamespace
            where m.amname in ('gin', 'gist')
            order by m.amname, n.nspname, c.opcname
            """)
        return OperatorClasses(
            all: try rows.compactMap { row in
                guard let method = IndexMethod(rawValue: try row["method"]) else { return nil }
                return One(
                    method: method, name: QualifiedName(schema: try row["schema"], name: try row["name"]),
                    isDefault: try row["is_default"], type: try row["type_name"],
                    operators: Set(try row["operators", as: [String].self]))
            })
    }

    /// What could find rows by this operator, one for each way an index would be written.
    ///
    /// - Parameter column: nil for an expression, whose type nobody knows before it is built: then every default, and what
    ///   is for text. One that does not fit is refused by the server when it is built.
    func able(_ sign: String, _ column: AdviceTable.Column?) -> [One] {
        var seen: Set<String> = []
        return all.filter { one in
            guard one.operators.contains(sign) else { return false }
            let fits: Bool
            if let column {
                fits =
                    switch one.type {
                    case "anyarray": column.category == "A"
                    case "anyrange": column.category == "R" && !column.type.hasSuffix("multirange")
                    case "anymultirange": column.category == "R" && column.type.hasSuffix("multirange")
                    case "text": column.type == "text" || column.type == "varchar"
                    default: one.type == column.type
                    }
            } else {
                fits = one.isDefault || one.type == "text"
            }
            return fits && seen.insert("\(one.method.rawValue) \(one.sql)").inserted
        }
    }
}
