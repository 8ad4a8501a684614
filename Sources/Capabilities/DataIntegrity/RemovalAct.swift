import Engine
import Maintenance
import Outside
import PostgreSQL

/// Rows without a parent, moved into a table of their own in the schema `mainstay_removed`: archive, reading it back and
/// removal are one transaction, so that no row is ever in neither place.
struct RemovalAct: Sendable {
    static let kind = "remove-orphans"
    static let schema = "mainstay_removed"

    /// What is to be removed, found again each time somebody looks.
    struct Orphans: Sendable {
        /// As people know it: `public.orders.orders_customer_fkey`.
        var name: String
        var child: QualifiedName
        /// A FROM item called `c`, and what is so of the rows.
        var source: SQL
        var condition: SQL
        /// Whether a foreign key forbids them, which the server would ask if they came back.
        var breaksKey: Bool
    }

    /// The rows as they are: how many of how many, and the sum of their hashes, so that other rows are noticed.
    struct Picture: Sendable, Hashable {
        var rows: Int64
        var digest: String

        var identity: Facts { ["rows": .integer(rows), "digest": .text(digest)] }
    }

    static func change(
        _ orphans: Orphans, _ picture: Picture, columns: [String], all: Int64, archive: QualifiedName, limit: Int,
        reason: String
    ) -> Change {
        let rest = all > picture.rows ? ", and \((all - picture.rows).grouped) more are left for the next run" : ""
        return Change(
            kind: kind, object: orphans.name, action: .sql(statements(orphans, archive, limit).map(\.literalText)),
            effect: .destroys, lock: .rowExclusive,
            reversal: reversal(orphans, archive, columns),
            identity: picture.identity.merging([
                "archive": .text(archive.name), "schema": .text(orphans.child.schema),
                "table": .text(orphans.child.name),
            ]) { $1 },
            reason: "\(picture.rows.grouped) rows without a parent\(rest): \(reason)",
            estimate: Change.Estimate(
                seconds: max(1, Double(picture.rows) / 5_000), source: "assumed 5,000 rows a second"),
            keeps: "its rows, read back from \(archive)")
    }

    /// Columns that are reckoned are left to the server, numbers it gives itself are kept as they were. A foreign key
    /// would refuse the rows, so it is not asked: that takes a superuser, or whoever may set the parameter.
    private static func reversal(_ orphans: Orphans, _ archive: QualifiedName, _ columns: [String]) -> String {
        let list = columns.map { "\(identifier: $0)" as SQL }.joined(separator: ", ")
        let back: SQL = """
            insert into \(relation: orphans.child) (\(list)) overriding system value \
            select \(list) from \(relation: archive)
            """
        guard orphans.breaksKey else { return back.literalText }
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

    /// Create, move, and nothing else; what reads the archive back stands between moving and committing.
    private static func statements(_ orphans: Orphans, _ archive: QualifiedName, _ limit: Int) -> [SQL] {
        [
            "create schema if not exists \(identifier: schema)",
            "create table \(relation: archive) (like \(relation: orphans.child))",
            """
            with gone as (delete from \(orphans.source) where c.ctid = any (array(\(chosen(orphans, limit)))) returning c.*)
            insert into \(relation: archive) select * from gone
            """,
        ]
    }

    private static func chosen(_ orphans: Orphans, _ limit: Int) -> SQL {
        "select c.ctid from \(orphans.source) where \(orphans.condition) order by c.ctid limit \(number: limit)"
    }

    /// What would be removed now.
    static func picture(_ orphans: Orphans, limit: Int, _ session: SurveySession) async throws -> Picture {
        let row = try await session.query(
            SurveySQL(
                """
                select count(*) as rows, coalesce(sum(pg_catalog.hashtextextended(c::text, 0)::numeric), 0)::text as digest
                from \(orphans.source) where c.ctid = any (array(\(chosen(orphans, limit))))
                """)
        ).only
        return Picture(rows: try row["rows"], digest: try row["digest"])
    }

    static func archive(_ change: Change) -> QualifiedName {
        guard case .text(let name)? = change.identity["archive"] else {
            preconditionFailure("a removal does not name its archive")
        }
        return QualifiedName(schema: schema, name: name)
    }

    private static func read(_ archive: QualifiedName, rows query: (SurveySQL) async throws -> Rows) async throws
        -> Picture
    {
        let row = try await query(
            SurveySQL(
                """
                select count(*) as rows, coalesce(sum(pg_catalog.hashtextextended(a::text, 0)::numeric), 0)::text as digest
                from only \(relation: archive) a
                """)
        ).only
        return Picture(rows: try row["rows"], digest: try row["digest"])
    }

    /// - Throws: `IntegrityError.archiveDiffers`, and then nothing was removed.
    static func apply(_ change: Change, _ act: Act) async throws {
        guard case .sql(let statements) = change.action, case .integer(let wanted)? = change.identity["rows"],
            case .text(let digest)? = change.identity["digest"]
        else { preconditionFailure("a removal is SQL about known rows") }
        let connection = try await act.connection()
        let archive = archive(change)
        try await connection.transaction {
            // Row security would leave rows behind in silence.
            try await connection.executeScript(trusted: "set local row_security = off; set local search_path = ''")
            for statement in statements { try await connection.executeScript(trusted: statement) }
            let kept = try await read(archive) { try await connection.query($0.sql) }
            guard kept == Picture(rows: wanted, digest: digest) else {
                throw IntegrityError.archiveDiffers(archive.description, archived: kept.rows, wanted: wanted)
            }
        }
    }

    static func prove(_ change: Change, _ session: SurveySession) async throws -> Proof {
        let archive = archive(change)
        let there = try await session.query(
            """
            select from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            where n.nspname = \(archive.schema) and c.relname = \(archive.name)
            """)
        guard !there.isEmpty else { return .notDone("there is no archive \(archive)") }
        // Types outside the path are written with their schemas, as they were when the picture was taken.
        let reader = session.unfiltered.with(settings: ["search_path": ""])
        let kept = try await read(archive) { try await reader.query($0) }
        guard .integer(kept.rows) == change.identity["rows"], .text(kept.digest) == change.identity["digest"] else {
            return .failed("the archive \(archive) holds other rows than were to be removed", kept.identity)
        }
        return .done(["archive": .text(archive.description), "rows": .integer(kept.rows), "digest": .text(kept.digest)])
    }
}
