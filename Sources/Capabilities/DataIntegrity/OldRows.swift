import Maintenance
import PostgreSQL
import Settings

/// The rows of a table that are older than an instant, by one of its columns.
struct OldRows: Sendable {
    var rule: RetentionRule
    /// Rows from before it are old.
    var instant: Timestamp
    var type: TimeType

    /// Of the column. Its values are compared as they stand; those without a zone count as UTC.
    enum TimeType: String, Sendable {
        case timestamptz = "timestamp with time zone"
        case timestamp = "timestamp without time zone"
        case date

        var sql: SQL {
            switch self {
            case .timestamptz: "timestamptz"
            case .timestamp: "timestamp"
            case .date: "date"
            }
        }
    }

    /// How many there are, and from when to when; the texts are the server's own.
    struct Extent: Sendable, Hashable {
        var rows: Int64
        var oldest: String
        var newest: String
    }

    /// A part of them: everything between two values of the column, both included.
    struct Batch: Sendable, Hashable {
        var picture: RemovalAct.Picture
        var oldest: String
        var newest: String
        var bytes: Int64
    }

    var table: QualifiedName { QualifiedName(schema: rule.schema, name: rule.table) }

    var source: SQL { "only \(relation: table) c" }

    /// What is so of every old row; NULL and the future are not old, and what has been so for ever has no age.
    var condition: SQL {
        """
        c.\(identifier: rule.column) < \(literal: instant.iso8601)::\(type.sql) \
        and c.\(identifier: rule.column) > '-infinity'::\(type.sql)
        """
    }

    /// What is so of the rows of a batch.
    private static func condition(_ column: String, _ type: TimeType, from oldest: String, to newest: String) -> SQL {
        """
        c.\(identifier: column) >= \(literal: oldest)::\(type.sql) \
        and c.\(identifier: column) <= \(literal: newest)::\(type.sql)
        """
    }

    /// All of them, as far as it matters what else would happen.
    var all: RemovalAct.Rows {
        RemovalAct.Rows(
            kind: RetainRows.kind, name: table.description, table: table, source: source, condition: condition)
    }

    func rows(of batch: Batch) -> RemovalAct.Rows {
        RemovalAct.Rows(
            kind: RetainRows.kind, name: "\(table) until \(batch.newest)", table: table, source: source,
            condition: Self.condition(rule.column, type, from: batch.oldest, to: batch.newest))
    }

    /// What a change of a batch has to find again, beside its rows.
    func facts(of batch: Batch) -> Facts {
        [
            "column": .text(rule.column), "type": .text(type.rawValue), "from": .text(batch.oldest),
            "to": .text(batch.newest),
        ]
    }

    /// The rows of a change, as it says itself; what the policy says by now does not matter.
    static func rows(of change: Change) -> RemovalAct.Rows {
        func text(_ name: String) -> String {
            guard case .text(let text)? = change.identity[name] else {
                preconditionFailure("a removal of old rows does not say its \(name)")
            }
            return text
        }
        guard let type = TimeType(rawValue: text("type")) else { preconditionFailure("a time is of no known type") }
        let table = QualifiedName(schema: text("schema"), name: text("table"))
        return RemovalAct.Rows(
            kind: change.kind, name: change.object, table: table, source: "only \(relation: table) c",
            condition: condition(text("column"), type, from: text("from"), to: text("to")))
    }

    /// - Throws: `IntegrityError.objectIsGone`, `.leftAlone` for what is no plain table, or `.noTime` where the column
    ///   holds none.
    init(_ rule: RetentionRule, before instant: Timestamp, _ session: SurveySession) async throws {
        self.rule = rule
        self.instant = instant
        let row = try await session.query(
            """
            select pg_catalog.format_type(a.atttypid, null) as type, c.relkind::text as kind
            from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            left join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attname = \(rule.column) and a.attnum > 0
                and not a.attisdropped
            where n.nspname = \(rule.schema) and c.relname = \(rule.table)
            """
        ).first
        guard let row else { throw IntegrityError.objectIsGone("the table \(rule.name)") }
        guard try row["kind", as: String.self] == "r" else {
            throw IntegrityError.leftAlone(rule.name, "it is partitioned, or no table of its own", names: [])
        }
        guard let name = try row["type", as: String?.self] else {
            throw IntegrityError.objectIsGone("the column '\(rule.column)' of \(rule.name)")
        }
        guard let type = TimeType(rawValue: name) else {
            throw IntegrityError.noTime("\(rule.name).\(rule.column)", type: name)
        }
        self.type = type
    }

    /// Nil where there are none.
    func extent(_ session: SurveySession) async throws -> Extent? {
        let row = try await session.query(
            SurveySQL(
                """
                select count(*) as rows, min(c.\(identifier: rule.column))::text as oldest,
                    max(c.\(identifier: rule.column))::text as newest
                from \(source) where \(condition)
                """)
        ).only
        guard let oldest = try row["oldest", as: String?.self], let newest = try row["newest", as: String?.self] else {
            return nil
        }
        return Extent(rows: try row["rows"], oldest: oldest, newest: newest)
    }

    /// The oldest of them, in batches of so many rows; rows of the same time are in the same one, so that one may have
    /// more.
    ///
    /// - Parameter limit: of all batches together, as far as times can be told apart.
    func batches(of size: Int, limit: Int, _ session: SurveySession) async throws -> [Batch] {
        let rows = try await session.query(
            SurveySQL(
                """
                select count(*) as rows, min(b.at)::text as oldest, max(b.at)::text as newest,
                    coalesce(sum(b.hash), 0)::text as digest, coalesce(sum(b.bytes), 0)::bigint as bytes
                from (
                    select o.at, o.hash, o.bytes, (rank() over (order by o.at) - 1) / \(number: size) as batch
                    from (
                        select c.\(identifier: rule.column) as at,
                            pg_catalog.hashtextextended((c.*)::text, 0)::numeric as hash,
                            pg_catalog.pg_column_size(c.*)::bigint as bytes
                        from \(source) where \(condition)
                        order by c.\(identifier: rule.column) fetch first \(number: limit) rows with ties) o) b
                group by b.batch order by b.batch
                """))
        return try rows.map { row in
            Batch(
                picture: RemovalAct.Picture(rows: try row["rows"], digest: try row["digest"]),
                oldest: try row["oldest"], newest: try row["newest"], bytes: try row["bytes"])
        }
    }
}

extension RetentionRule {
    /// What lies before it may go now: of spans of a day and more the begin of that day (UTC), so that a plan stays the same
    /// for a day; of shorter ones the instant itself.
    func cutoff(at now: Timestamp) -> Timestamp {
        let exact = keep.before(now)
        guard keep.months > 0 || keep.duration >= .seconds(86_400) else { return exact }
        let day: Int64 = 86_400_000_000
        let rest = exact.microseconds % day
        return Timestamp(microseconds: exact.microseconds - (rest < 0 ? rest + day : rest))
    }
}
