import Maintenance
import PostgreSQL

/// A sequence that is behind the column it fills: the next INSERT fails, or, where nothing is unique, gives a number twice.
/// A load of rows with their numbers, or a restore of data alone, leaves it so.
struct LateSequence: Sendable, Hashable {
    var name: QualifiedName
    var table: QualifiedName
    var column: String
    /// What it stands at, and whether that number has been given already.
    var last: Int64
    var isCalled: Bool
    /// The column's largest value; the smallest for one that counts down.
    var largest: Int64
    var rises: Bool
    /// From here on the numbers come to an end, or were never counted: a row with the last number there is, say, that
    /// stands for something.
    var bound: Int64
    /// Whether this role may set it and keep others from inserting meanwhile.
    var mayChange: Bool

    /// Beyond it only a person can say what the sequence should go on with.
    var isNearEnd: Bool { rises ? largest > bound : largest < bound }

    struct Result: Sendable {
        var late: [LateSequence] = []
        var gaps: [Observation.Gap] = []
    }

    /// Sequences that belong to a column of this role's sight.
    ///
    /// - Parameter only: this one alone.
    static func all(_ session: SurveySession, only: QualifiedName? = nil) async throws -> Result {
        let session = session.unfiltered.with(settings: ["search_path": ""])
        let filter: SQL = only.map { "n.nspname = \($0.schema) and c.relname = \($0.name)" } ?? "true"
        let rows = try await session.query(
            SurveySQL(
                """
                select n.nspname::text as schema, c.relname::text as name, tn.nspname::text as table_schema,
                    t.relname::text as table_name, a.attname::text as column_name, s.seqincrement as step,
                    case a.atttypid when 21 then greatest(s.seqmin, -32768) when 23 then greatest(s.seqmin, -2147483648)
                        else s.seqmin end as low,
                    case a.atttypid when 21 then least(s.seqmax, 32767) when 23 then least(s.seqmax, 2147483647)
                        else s.seqmax end as high,
                    pg_catalog.has_sequence_privilege(s.seqrelid, 'UPDATE')
                        and pg_catalog.has_table_privilege(t.oid, 'UPDATE, DELETE, TRUNCATE') as may_change
                from pg_catalog.pg_sequence s
                join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_class'::regclass and d.objid = s.seqrelid
                    and d.objsubid = 0 and d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjsubid > 0
                    and d.deptype in ('a', 'i')
                join pg_catalog.pg_class c on c.oid = s.seqrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
                join pg_catalog.pg_class t on t.oid = d.refobjid join pg_catalog.pg_namespace tn on tn.oid = t.relnamespace
                join pg_catalog.pg_attribute a on a.attrelid = t.oid and a.attnum = d.refobjsubid
                where c.relpersistence <> 't' and not s.seqcycle and a.atttypid in (20, 21, 23)
                    and pg_catalog.has_sequence_privilege(s.seqrelid, 'SELECT')
                    and pg_catalog.has_column_privilege(t.oid, a.attnum, 'SELECT')
                    and (a.attidentity <> '' or exists (select from pg_catalog.pg_attrdef f
                        where f.adrelid = t.oid and f.adnum = a.attnum
                            and pg_catalog.pg_get_expr(f.adbin, f.adrelid) like '%nextval(%'))
                    and (\(filter))
                order by 1, 2
                """))
        var result = Result()
        for row in rows {
            let name = QualifiedName(schema: try row["schema"], name: try row["name"])
            do {
                if let late = try await read(name, row, session) { result.late.append(late) }
            } catch let error as PostgreSQLError where error.exitStatus != .unreachable && error != .cancelled {
                result.gaps.append(Observation.Gap("sequence \(name)", error))
            }
        }
        return result
    }

    /// Nil where the next number is free: it goes on from `last`, or begins with it (RESTART, START).
    private static func read(_ name: QualifiedName, _ row: Row, _ session: SurveySession) async throws -> LateSequence?
    {
        let step: Int64 = try row["step"]
        let rises = step > 0
        let table = QualifiedName(schema: try row["table_schema"], name: try row["table_name"])
        let column: String = try row["column_name"]
        let best: SQL = rises ? "max" : "min"
        let now = try await session.query(
            SurveySQL(
                """
                select s.last_value as last, s.is_called as called,
                    (select \(best)(\(identifier: column))::bigint from \(relation: table)) as value
                from \(relation: name) s
                """)
        ).only
        guard let largest = try now["value", as: Int64?.self] else { return nil }
        let last: Int64 = try now["last"]
        let isCalled: Bool = try now["called"]
        let (next, isOver) = isCalled ? last.addingReportingOverflow(step) : (last, false)
        guard !isOver, rises ? next <= largest : next >= largest else { return nil }
        let end: Int64 = rises ? try row["high"] : try row["low"]
        return LateSequence(
            name: name, table: table, column: column, last: last, isCalled: isCalled, largest: largest, rises: rises,
            bound: end / 10 * 9, mayChange: try row["may_change"])
    }

    /// Run in one transaction: nobody inserts between looking and setting, and it never goes back.
    var statements: [SQL] {
        let best: SQL = rises ? "max" : "min"
        let farther: SQL = rises ? "greatest" : "least"
        let sign: SQL = rises ? "<=" : ">="
        return [
            "lock table \(relation: table) in share row exclusive mode",
            """
            select pg_catalog.setval(\(literal: name.quoted)::regclass, \(farther)(x.found, s.last_value)) \
            from (select \(best)(\(identifier: column))::bigint as found from \(relation: table)) x, \
            \(relation: name) s where x.found \(sign) \(number: bound)
            """,
        ]
    }

    /// `50`, or `50, which it has not given yet`.
    var position: String { isCalled ? last.grouped : "\(last.grouped), which it has not given yet" }

    func finding(at target: Target) -> Finding {
        Finding(
            code: "DI008", severity: .critical, target: target, object: name.description,
            summary:
                "it has come to \(position), and \(table).\(column.displayedIdentifier) to \(largest.grouped): "
                + (isNearEnd
                    ? "that is near the last number there is, and may stand for something else"
                    : "numbers would be given twice"),
            evidence: ["last value": .integer(last), "largest value": .integer(largest)],
            mend: isNearEnd
                ? "look at the row with the number \(largest); then set the sequence by hand (setval)"
                : "mainstay data consistency-check --fix-issues")
    }
}
