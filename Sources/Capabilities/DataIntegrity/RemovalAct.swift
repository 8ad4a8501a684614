import Engine
import Maintenance
import Outside
import PostgreSQL

/// Rows that are moved into a table of their own in the schema `mainstay_removed`, or removed without that where a policy
/// says so: moving, reading back and removing are one transaction, so that no row is ever in neither place.
struct RemovalAct: Sendable {
    static let schema = "mainstay_removed"

    /// What is to be removed, found again each time somebody looks.
    struct Rows: Sendable {
        /// Of the change, stable: `remove-orphans`.
        var kind: String
        /// As people know it: `public.orders.orders_customer_fkey`.
        var name: String
        var table: QualifiedName
        /// A FROM item called `c`, and what is so of the rows.
        var source: SQL
        var condition: SQL
        /// At most so many of them, the first by place; nil for all.
        var limit: Int?
        /// Whether a foreign key forbids them, which the server would ask if they came back.
        var breaksKey = false
    }

    /// Where rows go.
    struct Archive: Sendable {
        var table: QualifiedName
        /// It holds rows of earlier runs.
        var isThere = false
        /// What its rows are looked up by; nil where all of it is looked at.
        var column: String?
    }

    /// The rows as they are: how many of how many, and the sum of their hashes, so that other rows are noticed.
    struct Picture: Sendable, Hashable {
        var rows: Int64
        /// A whole number of any length.
        var digest: String

        static let none = Picture(rows: 0, digest: "0")

        var identity: Facts { ["rows": .integer(rows), "digest": .text(digest)] }
    }

    static func change(
        _ rows: Rows, _ picture: Picture, columns: [String], archive: Archive?, facts: Facts = [:], reason: String,
        authority: String? = nil
    ) -> Change {
        var identity = picture.identity.merging([
            "schema": .text(rows.table.schema), "table": .text(rows.table.name),
        ]) { $1 }
        if let archive { identity["archive"] = .text(archive.table.name) }
        return Change(
            kind: rows.kind, object: rows.name, action: .sql(statements(rows, archive).map(\.literalText)),
            effect: .destroys, lock: .rowExclusive,
            reversal: archive.map { reversal(rows, $0, columns) } ?? "none: the rows are gone for good",
            identity: identity.merging(facts) { $1 }, reason: reason, authority: authority,
            estimate: Change.Estimate(
                seconds: max(1, Double(picture.rows) / 5_000), source: "assumed 5,000 rows a second"),
            keeps: archive.map { "its rows, read back from \($0.table)" })
    }

    /// Columns that are reckoned are left to the server, numbers it gives itself are kept as they were. A foreign key
    /// would refuse the rows, so it is not asked: that takes a superuser, or whoever may set the parameter.
    private static func reversal(_ rows: Rows, _ archive: Archive, _ columns: [String]) -> String {
        let list = columns.map { "\(identifier: $0)" as SQL }.joined(separator: ", ")
        var back: SQL = """
            insert into \(relation: rows.table) (\(list)) overriding system value \
            select \(list) from \(relation: archive.table)
            """
        // An archive with rows of other runs gives back those of the same time alone.
        if archive.column != nil { back += " c where \(rows.condition)" }
        guard rows.breaksKey else { return back.literalText }
        return "begin; set local session_replication_role = replica; \(back.literalText); commit"
    }

    /// Those that are not reckoned from others, in their order.
    static func columns(of table: QualifiedName, _ session: SurveySession) async throws -> [String] {
        try await session.query(
            """
            select a.attname::text as name from pg_catalog.pg_attribute a
            join pg_catalog.pg_class c on c.oid = a.attrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            where n.nspname = \(table.schema) and c.relname = \(table.name) and a.attnum > 0 and not a.attisdropped
                and a.attgenerated = ''
            order by a.attnum
            """
        ).map { try $0["name"] }
    }

    /// Create, move, and nothing else; what reads the archive back stands between moving and committing. The last one
    /// removes.
    private static func statements(_ rows: Rows, _ archive: Archive?) -> [SQL] {
        let removal: SQL = "delete from \(rows.source) where \(chosen(rows))"
        guard let archive else { return [removal] }
        let table = archive.table
        var create: [SQL] = []
        if !archive.isThere {
            create.append("create schema if not exists \(identifier: schema)")
            if let column = archive.column {
                // Of several changes into the same archive, the first makes it.
                let index = "\(table.name)_at"
                create += [
                    "create table if not exists \(relation: table) (like \(relation: rows.table))",
                    "comment on table \(relation: table) is \(literal: origin(of: rows.table))",
                    "create index if not exists \(identifier: index) on \(relation: table) (\(identifier: column))",
                ]
            } else {
                create.append("create table \(relation: table) (like \(relation: rows.table))")
            }
        }
        return create + [
            """
            with gone as (\(removal) returning c.*)
            insert into \(relation: table) select * from gone
            """
        ]
    }

    /// What the comment of an archive says that later runs add to: names that were cut, or have '_' in them, may be alike.
    static func origin(of table: QualifiedName) -> String { "old rows of \(table.quoted)" }

    private static func chosen(_ rows: Rows) -> SQL {
        guard let limit = rows.limit else { return rows.condition }
        return """
            c.ctid = any (array(select c.ctid from \(rows.source) where \(rows.condition) order by c.ctid \
            limit \(number: limit)))
            """
    }

    /// What would be removed now.
    static func picture(_ rows: Rows, _ session: SurveySession) async throws -> Picture {
        try await session.query(SurveySQL(picture(of: "\(rows.source) where \(chosen(rows))"))).picture
    }

    /// - Parameter place: the FROM item called `c`, and what is so of its rows.
    private static func picture(of place: SQL) -> SQL {
        """
        select count(*) as rows, coalesce(sum(pg_catalog.hashtextextended((c.*)::text, 0)::numeric), 0)::text as digest
        from \(place)
        """
    }

    /// Nil where the change makes none.
    static func archive(_ change: Change) -> QualifiedName? {
        guard case .text(let name)? = change.identity["archive"] else { return nil }
        return QualifiedName(schema: schema, name: name)
    }

    /// What an archive holds of the rows of a change.
    ///
    /// - Parameter condition: what is so of them, called `c`; nil where it holds nothing else.
    static func kept(
        _ archive: QualifiedName, _ condition: SQL?, _ query: (SurveySQL) async throws -> PostgreSQL.Rows
    ) async throws -> Picture {
        let place: SQL = "only \(relation: archive) c"
        let sql = picture(of: condition.map { "\(place) where \($0)" } ?? place)
        return try await query(SurveySQL(sql)).picture
    }

    static func exists(_ table: QualifiedName, _ session: SurveySession) async throws -> Bool {
        try await !session.query(
            """
            select from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            where n.nspname = \(table.schema) and c.relname = \(table.name)
            """
        ).isEmpty
    }
}

extension PostgreSQL.Rows {
    fileprivate var picture: RemovalAct.Picture {
        get throws { RemovalAct.Picture(rows: try only["rows"], digest: try only["digest"]) }
    }
}
