import Engine
import Maintenance
import Outside
import PostgreSQL

/// `DROP INDEX CONCURRENTLY`, with the definition kept that makes it again.
enum DropIndexAct {
    static let kind = "drop-index"

    /// How long one may wait for those who use it.
    static let limit: Duration = .seconds(1_800)

    /// - Parameters:
    ///   - twin: the index that does the same and has to be there still when this one goes.
    ///   - isAdvised: whether it goes because of how it is used, which has to be so still.
    static func change(
        _ index: CareIndex, twin: CareIndex? = nil, isAdvised: Bool = false, reason: String
    ) -> Change {
        var identity = index.identity
        if isAdvised { identity.merge(use(index)) { _, new in new } }
        if let twin { identity.merge(facts(twin)) { _, new in new } }
        let statement: SQL = "drop index concurrently \(relation: index.name)"
        return Change(
            kind: kind, object: index.name.description, action: .sql([statement.literalText]), effect: .maintains,
            lock: .shareUpdateExclusive, reversal: index.recreation.joined(separator: "; "), identity: identity,
            reason: reason,
            estimate: Change.Estimate(seconds: 1, source: "nothing is read"))
    }

    static func inspect(_ change: Change, _ session: SurveySession) async throws -> Inspection {
        guard let index = try await CareIndex.with(oid: change.objectID, session) else {
            throw CareError.objectIsGone(change.object)
        }
        var identity = index.identity
        if change.isAdvisedDrop { identity.merge(use(index)) { _, new in new } }
        if case .integer(let oid)? = change.identity["twin oid"] {
            guard let twin = try await CareIndex.with(oid: oid, session) else {
                throw CareError.objectIsGone("the index that does the same as \(change.object)")
            }
            identity.merge(facts(twin)) { _, new in new }
        }
        return Inspection(identity: identity, witness: index.witness)
    }

    /// An index that is read, or is for something else, since the plan was made is another one.
    private static func use(_ index: CareIndex) -> Facts {
        ["has been scanned": .boolean(index.isScanned), "is for": .text(index.role)]
    }

    private static func facts(_ twin: CareIndex) -> Facts {
        [
            "twin oid": .integer(twin.oid), "twin definition": .text(twin.definition),
            "twin is valid": .boolean(twin.isValid),
        ]
    }

    /// A lock time-out between its two transactions would leave it invalid and written all the same, so only the
    /// statement as a whole has a limit.
    static func apply(_ change: Change, _ act: Act) async throws {
        guard case .sql(let statements) = change.action else { preconditionFailure("a DROP INDEX is SQL") }
        try await OldTransaction.refuse(try await act.look.database())
        let connection = try await act.connection()
        let seconds = limit.inSeconds.formatted(decimals: 0)
        try await connection.executeScript(trusted: "set lock_timeout = 0; set statement_timeout = '\(seconds)s'")
        do {
            for statement in statements { try await connection.executeScript(trusted: statement) }
        } catch {
            let failure = error
            try await despiteCancellation { try await RebuildAct.restoreLimits(connection) }
            throw failure
        }
        try await RebuildAct.restoreLimits(connection)
    }

    static func prove(_ change: Change, before witness: Facts, _ session: SurveySession) async throws -> Proof {
        guard let index = try await CareIndex.with(oid: change.objectID, session) else {
            return .done([
                "bytes gained": witness["bytes"] ?? .null, "definition": change.identity["definition"] ?? .null,
            ])
        }
        guard .boolean(index.isValid) == witness["valid"] else {
            // The first of the two transactions of DROP INDEX CONCURRENTLY makes it invalid; the same statement ends it.
            return .failed("the index is invalid and still there; drop it again", index.witness)
        }
        return .notDone("the index is still there")
    }
}
