import Engine
import Maintenance
import Outside
import PostgreSQL

/// What a pg_repack that did not come to its end has left of a whole table: a trigger that goes on writing every change into
/// a log that nobody reads, that log, and a half copy of the table. Nothing of it is data of anybody: the copy was never
/// exchanged, and the table itself has every change.
struct RepackLeftovers: Sendable, Hashable {
    static let kind = "drop-repack"

    var tableOID: Int64
    /// Nil where the table is gone.
    var table: QualifiedName?
    var hasTrigger: Bool
    /// What lies in the schema `repack`, by name.
    var relations: [String]
    /// Of all of them.
    var bytes: Int64
    var mayDrop: Bool

    /// Those of tables that nobody repacks at this moment.
    static func all(_ session: SurveySession) async throws -> [RepackLeftovers] {
        let isThere = try await session.query("select from pg_catalog.pg_extension x where x.extname = 'pg_repack'")
        guard !isThere.isEmpty else { return [] }
        let rows = try await session.with(settings: ["search_path": ""]).query(
            SurveySQL(
                """
                with found as (
                    select substring(c.relname from '[0-9]+$')::bigint as oid, c.relname::text as relation, c.oid as own,
                        pg_has_role(c.relowner, 'USAGE') as may
                    from pg_class c join pg_namespace n on n.oid = c.relnamespace
                    where n.nspname = 'repack' and c.relkind = 'r' and c.relname ~ '^(log|table)_[0-9]{1,10}$'
                    union all
                    select g.tgrelid::bigint, null, null, pg_has_role(t.relowner, 'USAGE')
                    from pg_trigger g join pg_proc p on p.oid = g.tgfoid join pg_namespace n on n.oid = p.pronamespace
                    join pg_class t on t.oid = g.tgrelid
                    where g.tgname = 'repack_trigger' and n.nspname = 'repack' and p.proname = 'repack_trigger')
                select f.oid, min(n.nspname::text) as schema, min(t.relname::text) as name, bool_or(f.own is null) as trigger,
                    coalesce(array_agg(f.relation order by f.relation) filter (where f.relation is not null), '{}') as relations,
                    coalesce(sum(pg_total_relation_size(f.own)), 0)::bigint as bytes, bool_and(f.may) as may_drop
                from found f left join pg_class t on t.oid::bigint = f.oid left join pg_namespace n on n.oid = t.relnamespace
                where not \(Repack.isAtWork(on: "f.oid"))
                group by f.oid order by f.oid
                """))
        var all: [RepackLeftovers] = []
        for row in rows {
            let oid: Int64 = try row["oid"]
            var table: QualifiedName?
            if let schema = try row["schema", as: String?.self], let name = try row["name", as: String?.self] {
                table = QualifiedName(schema: schema, name: name)
            }
            all.append(
                RepackLeftovers(
                    tableOID: oid, table: table, hasTrigger: try row["trigger"], relations: try row["relations"],
                    bytes: try row["bytes"], mayDrop: try row["may_drop"]))
        }
        return all
    }

    var object: String { table?.description ?? "repack.log_\(tableOID)" }

    var reason: String {
        let room = "what a pg_repack has left that did not end takes \(ByteCount(bytes))"
        return hasTrigger ? "\(room), and its trigger writes every change a second time" : room
    }

    private var identity: Facts {
        [
            "table oid": .integer(tableOID), "table": .text(table?.description ?? ""),
            "trigger": .boolean(hasTrigger), "relations": .text(relations.joined(separator: ", ")),
        ]
    }

    var change: Change {
        var lines: [String] = []
        if hasTrigger, let table {
            lines.append(("drop trigger if exists repack_trigger on \(relation: table)" as SQL).literalText)
        }
        lines += [
            "drop table if exists repack.\("log_\(tableOID)".quotedIdentifier)",
            "drop table if exists repack.\("table_\(tableOID)".quotedIdentifier)",
            "drop type if exists repack.\("pk_\(tableOID)".quotedIdentifier)",
        ]
        return Change(
            kind: Self.kind, object: object, action: .sql(lines), effect: .maintains, lock: .accessExclusive,
            reversal: "nothing to undo: nobody reads it", identity: identity, reason: reason,
            estimate: Change.Estimate(seconds: 1, source: "nothing is read"),
            priority: hasTrigger ? .warning : nil)
    }

    private static func find(_ change: Change, _ session: SurveySession) async throws -> RepackLeftovers? {
        guard case .integer(let oid)? = change.identity["table oid"] else {
            preconditionFailure("leftovers of pg_repack do not name their table")
        }
        return try await all(session).first { $0.tableOID == oid }
    }

    static func inspect(_ change: Change, _ session: SurveySession) async throws -> Inspection {
        guard let left = try await find(change, session) else { throw CareError.objectIsGone(change.object) }
        return Inspection(identity: left.identity, witness: ["bytes": .integer(left.bytes)])
    }

    /// All in one transaction, which holds the lock by which pg_repack would begin anew. For a lock on the table it waits
    /// a second, because others wait behind it.
    static func apply(_ change: Change, _ act: Act) async throws {
        guard case .sql(let statements) = change.action, case .integer(let oid)? = change.identity["table oid"] else {
            preconditionFailure("dropping is SQL")
        }
        let connection = try await act.connection()
        let isFree = try await connection.query(
            "select pg_catalog.pg_try_advisory_lock(16185446, (-2147483648 + \(oid)::bigint)::int) as free"
        ).only["free", as: Bool.self]
        guard isFree else { throw CareError.isRepacked(change.object) }
        do {
            try await connection.executeScript(
                trusted: (["set local lock_timeout = '1s'"] + statements).joined(separator: "; "))
        } catch {
            let failure = error
            try await despiteCancellation { try await unlock(oid, connection) }
            throw failure
        }
        try await unlock(oid, connection)
    }

    private static func unlock(_ oid: Int64, _ connection: Connection) async throws {
        guard await connection.isOpen else { return }
        _ = try await connection.query(
            "select pg_catalog.pg_advisory_unlock(16185446, (-2147483648 + \(oid)::bigint)::int)")
    }

    static func prove(_ change: Change, before witness: Facts, _ session: SurveySession) async throws -> Proof {
        guard let left = try await find(change, session) else {
            guard case .integer(let oid)? = change.identity["table oid"],
                try await !Repack.isAtWork(on: oid, session)
            else { return .unknown("somebody repacks \(change.object) at this moment") }
            return .done(["bytes gained": witness["bytes"] ?? .null])
        }
        return .notDone(
            "there is still \((left.relations + (left.hasTrigger ? ["a trigger"] : [])).joined(separator: ", "))")
    }
}
