import Engine
import Maintenance
import PostgreSQL

/// `DROP INDEX CONCURRENTLY`, with the definition kept that makes it again.
enum DropIndexAct {
    static let kind = "drop-index"

    static func change(_ index: CareIndex, reason: String) -> Change {
        let statement: SQL = "drop index concurrently \(relation: index.name)"
        return Change(
            kind: kind, object: index.name.description, action: .sql([statement.literalText]), effect: .maintains,
            lock: .shareUpdateExclusive, reversal: index.definition, identity: index.identity, reason: reason,
            estimate: Change.Estimate(seconds: 1, source: "nothing is read"))
    }

    static func inspect(_ change: Change, _ session: SurveySession) async throws -> Inspection {
        guard let index = try await CareIndex.with(oid: change.objectID, session) else {
            throw CareError.objectIsGone(change.object)
        }
        return Inspection(identity: index.identity, witness: index.witness)
    }

    static func apply(_ change: Change, _ act: Act) async throws {
        guard case .sql(let statements) = change.action else { preconditionFailure("a DROP INDEX is SQL") }
        try await OlderTransactions.refuse(try await act.look.database())
        for statement in statements { try await act.connection().executeScript(trusted: statement) }
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
