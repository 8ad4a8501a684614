import Engine
import Maintenance
import Outside
import PostgreSQL

/// Rebuilds an index that amcheck found damaged, from its table, which amcheck found sound. Proved by amcheck again.
enum RepairIndexAct {
    static let kind = "repair-index"
    /// How long one rebuild may take.
    static let limit: Duration = .seconds(4 * 3_600)
    private static let restored = "set lock_timeout = '5s'; set statement_timeout = 0"

    /// - Parameter leftovers: what lies beside it already, of somebody else's rebuild, and is not ours to drop.
    static func change(_ damage: StructureCheck.Damage, leftovers: Set<QualifiedName>) -> Change {
        let index = damage.relation
        let statement: SQL = "reindex index concurrently \(relation: index.name)"
        return Change(
            kind: kind, object: index.name.description, action: .sql([statement.literalText]), effect: .maintains,
            lock: .shareUpdateExclusive, reversal: "nothing to undo: what is damaged is of no use",
            identity: [
                "oid": .integer(index.oid), "schema": .text(index.name.schema), "name": .text(index.name.name),
                "table oid": .integer(index.tableOID),
                "leftovers": .text(leftovers.map(\.description).sorted().joined(separator: ", ")),
            ],
            reason: damage.complaints.first ?? "damaged",
            estimate: Change.Estimate(
                seconds: max(1, Double(index.bytes) / 31_457_280), source: "assumed 30 MB of index a second"),
            priority: .critical)
    }

    private static func name(_ change: Change) -> QualifiedName {
        guard case .text(let schema)? = change.identity["schema"], case .text(let name)? = change.identity["name"]
        else {
            preconditionFailure("a repair does not name its index")
        }
        return QualifiedName(schema: schema, name: name)
    }

    private static func oid(_ change: Change, _ session: SurveySession) async throws -> Int64? {
        let name = name(change)
        return try await session.query(
            """
            select c.oid::bigint as oid from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            where n.nspname = \(name.schema) and c.relname = \(name.name) and c.relkind = 'i'
            """
        ).first?["oid"]
    }

    static func inspect(_ change: Change, _ session: SurveySession) async throws -> Inspection {
        guard let oid = try await oid(change, session) else { throw IntegrityError.objectIsGone(change.object) }
        var identity = change.identity
        identity["oid"] = .integer(oid)
        return Inspection(identity: identity, witness: ["oid": .integer(oid)])
    }

    /// Leftovers of a rebuild that fails, say because a unique index let the same key in twice, are dropped at once.
    static func apply(_ change: Change, _ act: Act) async throws {
        guard case .sql(let statements) = change.action, case .integer(let table)? = change.identity["table oid"] else {
            preconditionFailure("a repair is a REINDEX")
        }
        let session = try await act.look.database()
        let connection = try await act.connection()
        try await OldTransaction.refuse(session)
        try await dropLeftovers(change, table, session, connection)
        let seconds = limit.inSeconds.formatted(decimals: 0)
        try await connection.executeScript(trusted: "set lock_timeout = 0; set statement_timeout = '\(seconds)s'")
        do {
            for statement in statements { try await connection.executeScript(trusted: statement) }
            try await connection.executeScript(trusted: restored)
        } catch {
            let failure = error
            try await despiteCancellation {
                guard await connection.isOpen else { return }
                try await connection.executeScript(trusted: restored)
                try await dropLeftovers(change, table, session, connection)
            }
            throw failure
        }
    }

    /// Only what appeared since the plan was made is ours.
    private static func dropLeftovers(
        _ change: Change, _ table: Int64, _ session: SurveySession, _ connection: Connection
    ) async throws {
        guard case .text(let before)? = change.identity["leftovers"] else { return }
        let known = Set(before.split(separator: ", ").map(String.init))
        for left in try await leftovers(table, session) where !known.contains(left.description) {
            try await connection.executeScript(
                trusted: ("drop index concurrently \(relation: left)" as SQL).literalText)
        }
    }

    static func leftovers(_ table: Int64, _ session: SurveySession) async throws -> Set<QualifiedName> {
        Set(
            try await session.query(
                """
                select n.nspname::text as schema, c.relname::text as name from pg_catalog.pg_index i
                join pg_catalog.pg_class c on c.oid = i.indexrelid
                join pg_catalog.pg_namespace n on n.oid = c.relnamespace
                where i.indrelid = \(table)::oid and not i.indisvalid and c.relname ~ '_cc(new|old)[0-9]*$'
                """
            ).map { QualifiedName(schema: try $0["schema"], name: try $0["name"]) })
    }

    static func prove(_ change: Change, before witness: Facts, _ session: SurveySession) async throws -> Proof {
        guard let oid = try await oid(change, session) else { return .unknown("there is no index \(change.object)") }
        guard .integer(oid) != witness["oid"] else { return .notDone("the index is the one that was there") }
        var check = StructureCheck(session: session)
        let name = name(change)
        let table = try await session.query(
            """
            select n.nspname::text as schema, c.relname::text as name from pg_catalog.pg_index i
            join pg_catalog.pg_class c on c.oid = i.indrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            where i.indexrelid = \(oid)::oid
            """
        ).only
        check.tables = ["\(try table["schema", as: String.self]).\(try table["name", as: String.self])"]
        let result = try await check.run { _ in }
        guard !result.damages.contains(where: { $0.relation.name == name }) else {
            return .failed("the rebuilt index is damaged too", ["oid": .integer(oid)])
        }
        guard result.gaps.isEmpty else { return .unknown("nobody could look at it again") }
        return .done(["oid": .integer(oid), "checked": "bt_index_check with heapallindexed finds nothing"])
    }
}
