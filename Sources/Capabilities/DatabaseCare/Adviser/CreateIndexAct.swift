import Engine
import Maintenance
import Outside
import PostgreSQL

/// `CREATE INDEX CONCURRENTLY`, for one that never was and for one that is wanted back.
struct CreateIndexAct: Sendable {
    static let kind = "create-index"
    /// One that was dropped, and is missed.
    static let backKind = "recreate-index"

    /// How long a build may take.
    var limit: Duration

    /// - Parameters:
    ///   - definition: the whole statement without CONCURRENTLY: `create index "a" on …`.
    ///   - lines: all that makes it, where that is more than the definition.
    ///   - tableBytes: what the build reads.
    static func change(
        kind: String, name: QualifiedName, table: QualifiedName, tableOID: Int64, definition: String,
        lines: [String]? = nil,
        tableBytes: Int64, reason: String, priority: Severity? = nil
    ) -> Change {
        Change(
            kind: kind, object: name.description, action: .sql(lines ?? [concurrently(definition)]), effect: .maintains,
            lock: .shareUpdateExclusive,
            reversal: ("drop index concurrently \(relation: name)" as SQL).literalText,
            identity: [
                "schema": .text(name.schema), "name": .text(name.name), "table": .text(table.description),
                "table oid": .integer(tableOID),
            ], reason: reason,
            estimate: Change.Estimate(
                seconds: max(1, Double(tableBytes) / 31_457_280), source: "assumed 30 MB of table a second"),
            priority: priority)
    }

    /// `CREATE UNIQUE INDEX a …` as the server writes it, without locking anybody out.
    static func concurrently(_ definition: String) -> String {
        for start in ["CREATE UNIQUE INDEX ", "CREATE INDEX ", "create index "] where definition.hasPrefix(start) {
            return "\(start.lowercased())concurrently \(definition.dropFirst(start.count))"
        }
        return definition
    }

    static func inspect(_ change: Change, _ session: SurveySession) async throws -> Inspection {
        guard case .integer(let oid)? = change.identity["table oid"] else {
            preconditionFailure("a change that makes an index does not name its table")
        }
        let rows = try await session.query(
            "select from pg_catalog.pg_class where oid = \(oid)::oid and relkind in ('r', 'm')")
        guard !rows.isEmpty else {
            throw CareError.objectIsGone("the table of \(change.object)")
        }
        let there = try await CareIndex.named(change.indexName, session)
        var identity = change.identity
        // A valid one of that name is somebody else's; an invalid one may be what our last attempt left.
        if let there, there.isValid { identity["name is taken"] = .text(there.definition) }
        return Inspection(identity: identity, witness: ["oid": there.map { .integer($0.oid) } ?? .null])
    }

    func apply(_ change: Change, _ act: Act) async throws {
        guard case .sql(let statements) = change.action else { preconditionFailure("a CREATE INDEX is SQL") }
        let session = try await act.look.database()
        let connection = try await act.connection()
        try await Self.dropLeftover(change, session, connection)
        try await OldTransaction.refuse(session)
        try await connection.executeScript(
            trusted:
                "set lock_timeout = 0; set statement_timeout = '\(limit.inSeconds.rounded(.up).formatted(decimals: 0))s'"
        )
        do {
            for statement in statements { try await connection.executeScript(trusted: statement) }
        } catch {
            let failure = error
            try await despiteCancellation {
                guard await connection.isOpen else { return }
                try await RebuildAct.restoreLimits(connection)
                try await connection.executeScript(trusted: "reset default_tablespace")
                try await Self.dropLeftover(change, session, connection)
            }
            throw failure
        }
        try await RebuildAct.restoreLimits(connection)
    }

    /// A build that did not end leaves an invalid index of the very name that was free when it began.
    private static func dropLeftover(_ change: Change, _ session: SurveySession, _ connection: Connection) async throws
    {
        guard let left = try await CareIndex.named(change.indexName, session), !left.isValid else { return }
        do {
            try await connection.executeScript(
                trusted: ("drop index concurrently \(relation: left.name)" as SQL).literalText)
        } catch {
            throw CareError.leftover(index: change.object, leftover: left.name.description)
        }
    }

    static func prove(_ change: Change, before witness: Facts, _ session: SurveySession) async throws -> Proof {
        guard let index = try await CareIndex.named(change.indexName, session) else {
            return .notDone("there is no index \(change.object)")
        }
        guard index.isValid else {
            return .failed("the index is invalid; drop it, or build it again", index.witness)
        }
        guard .integer(index.oid) != witness["oid"] else { return .notDone("the index is the one that was there") }
        return .done([
            "bytes": .integer(index.bytes), "definition": .text(index.definition), "oid": .integer(index.oid),
        ])
    }
}
