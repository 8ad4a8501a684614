import Maintenance
import PostgreSQL

/// A sequence that is behind the column it fills: the next INSERT fails, or, where nothing is unique, gives a number twice.
/// A load of rows with their numbers, or a restore of data alone, leaves it so.
struct LateSequence: Sendable, Hashable {
    var name: QualifiedName
    var table: QualifiedName
    var column: String
    /// What it has come to; nil where it was never used.
    var last: Int64?
    /// The column's largest value; the smallest for one that counts down.
    var largest: Int64

    /// Sequences that belong to a column of this role's sight.
    static func all(_ session: SurveySession) async throws -> [LateSequence] {
        let session = session.unfiltered.with(settings: ["search_path": ""])
        let rows = try await session.query(
            """
            select n.nspname::text as schema, c.relname::text as name, tn.nspname::text as table_schema,
                t.relname::text as table_name, a.attname::text as column_name, s.seqincrement > 0 as rises,
                pg_catalog.pg_sequence_last_value(s.seqrelid) as last
            from pg_catalog.pg_sequence s
            join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_class'::regclass and d.objid = s.seqrelid
                and d.objsubid = 0 and d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjsubid > 0
                and d.deptype in ('a', 'i')
            join pg_catalog.pg_class c on c.oid = s.seqrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            join pg_catalog.pg_class t on t.oid = d.refobjid join pg_catalog.pg_namespace tn on tn.oid = t.relnamespace
            join pg_catalog.pg_attribute a on a.attrelid = t.oid and a.attnum = d.refobjsubid
            where c.relpersistence <> 't' and not s.seqcycle and a.atttypid in (20, 21, 23)
                and pg_catalog.has_sequence_privilege(s.seqrelid, 'USAGE, SELECT')
                and pg_catalog.has_column_privilege(t.oid, a.attnum, 'SELECT')
                and (a.attidentity <> '' or exists (select from pg_catalog.pg_attrdef f
                    where f.adrelid = t.oid and f.adnum = a.attnum
                        and pg_catalog.pg_get_expr(f.adbin, f.adrelid) like '%nextval(%'))
            order by 1, 2
            """)
        var late: [LateSequence] = []
        for row in rows {
            let rises: Bool = try row["rises"]
            let table = QualifiedName(schema: try row["table_schema"], name: try row["table_name"])
            let column: String = try row["column_name"]
            let best: SQL = rises ? "max" : "min"
            let found = try await session.query(
                SurveySQL("select \(best)(\(identifier: column))::bigint as value from \(relation: table)")
            ).only["value", as: Int64?.self]
            let last: Int64? = try row["last"]
            guard let largest = found else { continue }
            // One that was never used begins where it was told to, which may lie beyond everything.
            let isLate = last.map { rises ? $0 < largest : $0 > largest } ?? false
            if isLate || (last == nil && rises && largest >= 1) {
                late.append(
                    LateSequence(
                        name: QualifiedName(schema: try row["schema"], name: try row["name"]), table: table,
                        column: column, last: last, largest: largest))
            }
        }
        return late
    }

    /// `setval`, as a person or the task runs it; the number is looked up again, since rows may have come since.
    var statement: SQL {
        """
        select pg_catalog.setval(\(literal: name.quoted)::regclass, \(number: largest))
        """
    }

    func finding(at target: Target) -> Finding {
        Finding(
            code: "DI008", severity: .critical, target: target, object: name.description,
            summary:
                "it has come to \(last.map(\.grouped) ?? "nothing yet"), and \(table).\(column.displayedIdentifier) "
                + "to \(largest.grouped): numbers would be given twice",
            evidence: ["last value": last.map(Scalar.integer) ?? .null, "largest value": .integer(largest)],
            mend: "mainstay data consistency-check --fix-issues")
    }
}
