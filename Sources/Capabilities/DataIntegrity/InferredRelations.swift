import Maintenance
import PostgreSQL

/// A column that names rows of another table although no foreign key says so: `orders.customer_id`, and a table
/// `customers` with one key column of the same type. Taken for a relation where nine of ten values are found there.
struct InferredRelation: Sendable, Hashable {
    var child: QualifiedName
    var column: String
    var parent: QualifiedName
    var key: String
    /// Different values that name something.
    var values: Int64
    /// Rows whose value is not found.
    var orphans: Int64

    /// `public.orders.customer_id → public.customers`.
    var description: String { "\(child).\(column.displayedIdentifier) → \(parent)" }
    /// As `--relation` takes it: `public.orders.customer_id=public.customers`.
    var word: String { "\(child.schema).\(child.name).\(column)=\(parent.schema).\(parent.name)" }

    var source: SQL { "only \(relation: child) as c" }

    var condition: SQL {
        """
        c.\(identifier: column) is not null and not exists (
            select from only \(relation: parent) p where p.\(identifier: key) = c.\(identifier: column))
        """
    }

    /// Share of values that have to be found for it to be one.
    static let leastShare = 0.9
    /// Rows that are looked at to see whether it is one.
    static let sample = 10_000

    /// - Parameters:
    ///   - session: one that may read every table, and counts every row.
    ///   - among: those of this table alone; all where nil.
    /// - Returns: the relations, and a gap for each that could not be looked at.
    static func all(
        _ session: SurveySession, among: QualifiedName? = nil, tell: (String) -> Void
    ) async throws -> (relations: [InferredRelation], gaps: [Observation.Gap]) {
        let session = session.unfiltered.with(settings: ["search_path": ""])
        var relations: [InferredRelation] = []
        var gaps: [Observation.Gap] = []
        for candidate in try await candidates(session) where among == nil || among == candidate.child {
            tell("looking at \(candidate.description)")
            do {
                if let relation = try await candidate.confirmed(session) { relations.append(relation) }
            } catch let error as PostgreSQLError where error.exitStatus != .unreachable && error != .cancelled {
                gaps.append(Observation.Gap(candidate.description, error))
            }
        }
        return (relations, gaps)
    }

    /// By name and type: the column is called as the table, in singular or plural, with `_id`, or `_<key>`; and no
    /// foreign key has the column.
    private static func candidates(_ session: SurveySession) async throws -> [InferredRelation] {
        try await session.query(
            """
            with keyed as (
                select c.oid, c.relnamespace, c.relname::text as name, a.attname::text as key, a.atttypid
                from pg_catalog.pg_class c
                join pg_catalog.pg_index i on i.indrelid = c.oid and i.indisprimary and i.indnkeyatts = 1
                join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
                where c.relkind = 'r' and c.relpersistence = 'p' and not c.relispartition),
            named as (
                select *, lower(name) as whole, lower(regexp_replace(name, 's$', '', 'i')) as single, lower(case
                    when name ~* 'ies$' then regexp_replace(name, 'ies$', 'y', 'i')
                    when name ~* '(s|x|ch|sh)es$' then regexp_replace(name, 'es$', '', 'i') else name end) as other
                from keyed)
            select n.nspname::text as schema, c.relname::text as name, a.attname::text as column_name,
                pn.nspname::text as parent_schema, p.name as parent, p.key
            from pg_catalog.pg_class c
            join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
            join named p on p.atttypid = a.atttypid and p.oid <> c.oid
                and lower(a.attname) in (p.single || '_id', p.other || '_id', p.whole || '_id', p.single || 'id',
                    p.other || 'id', p.single || '_' || lower(p.key), p.other || '_' || lower(p.key))
            join pg_catalog.pg_namespace pn on pn.oid = p.relnamespace
            where c.relkind = 'r' and c.relpersistence = 'p' and not c.relispartition and p.relnamespace = c.relnamespace
                and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_'
                and not exists (select from pg_catalog.pg_constraint f where f.contype = 'f' and f.conrelid = c.oid
                    and a.attnum = any (f.conkey))
                and not exists (select from pg_catalog.pg_inherits h where h.inhrelid in (c.oid, p.oid)
                    or h.inhparent in (c.oid, p.oid))
                and not exists (select from pg_catalog.pg_depend e where e.classid = 'pg_catalog.pg_class'::regclass
                    and e.objid = c.oid and e.deptype = 'e')
            order by n.nspname, c.relname, a.attname, p.name
            """
        ).map { row in
            InferredRelation(
                child: QualifiedName(schema: try row["schema"], name: try row["name"]), column: try row["column_name"],
                parent: QualifiedName(schema: try row["parent_schema"], name: try row["parent"]), key: try row["key"],
                values: 0, orphans: 0)
        }
    }

    /// Nil where too few values are found for it to be one, or where there are too few to tell.
    private func confirmed(_ session: SurveySession) async throws -> InferredRelation? {
        let seen = try await session.query(
            SurveySQL(
                """
                select count(*) as named, count(*) filter (where exists (
                    select from only \(relation: parent) p where p.\(identifier: key) = c.value)) as found
                from (select distinct s.\(identifier: column) as value from (
                    select \(identifier: column) from only \(relation: child)
                    where \(identifier: column) is not null limit \(Self.sample)) s) c
                """)
        ).only
        let named: Int64 = try seen["named"]
        let found: Int64 = try seen["found"]
        guard named >= 10, Double(found) >= Self.leastShare * Double(named) else { return nil }
        var relation = self
        relation.values = named
        relation.orphans = try await session.query(
            SurveySQL("select count(*) as n from \(source) where \(condition)")
        ).only["n"]
        return relation
    }
}
