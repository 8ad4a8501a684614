import Engine
import Maintenance
import Outside
import PostgreSQL

/// `REINDEX INDEX CONCURRENTLY`, and what it leaves when it does not come to its end.
///
/// It queues nobody while it waits for old transactions, and a lock time-out in the middle leaves an invalid index that
/// cannot be dropped at once. So old transactions are looked for before, nothing bounds the wait for a lock, and the
/// statement as a whole has a limit; what it leaves then is dropped as soon as the lock can be had.
struct RebuildAct: Sendable {
    static let kind = "reindex"

    /// How long one rebuild may take.
    var limit: Duration

    static func change(
        _ index: CareIndex, reason: String, history: [Duration], leftovers: [CareIndex],
        isConcurrent: Bool = true
    ) -> Change {
        var identity = index.identity
        // What lies there now is not ours: another rebuild's that failed before.
        identity["leftovers"] = .text(leftovers.map(\.name.description).joined(separator: ", "))
        let statement: SQL =
            isConcurrent
            ? "reindex index concurrently \(relation: index.name)" : "reindex index \(relation: index.name)"
        return Change(
            kind: kind, object: index.name.description, action: .sql([statement.literalText]), effect: .maintains,
            lock: isConcurrent ? .shareUpdateExclusive : .accessExclusive, reversal: "nothing to undo",
            identity: identity, reason: reason,
            estimate: Change.Estimate(history: history)
                ?? Change.Estimate(
                    seconds: max(1, Double(index.bytes) / 31_457_280), source: "assumed 30 MB of index a second"))
    }

    static func inspect(_ change: Change, _ session: SurveySession) async throws -> Inspection {
        guard let index = try await CareIndex.named(change.indexName, session) else {
            throw CareError.objectIsGone(change.object)
        }
        var identity = index.identity
        // Ours may have joined them since, in an attempt before this one.
        identity["leftovers"] = change.identity["leftovers"]
        var witness = index.witness
        // Here and not in the plan, whose digest would change with every row.
        if let gain = try await IndexBloat().estimate(index, session).gain {
            witness["bytes predicted"] = .integer(gain.rebuilt)
        }
        return Inspection(identity: identity, witness: witness)
    }

    func apply(_ change: Change, _ act: Act) async throws {
        guard case .sql(let statements) = change.action else { preconditionFailure("a REINDEX is SQL") }
        let session = try await act.look.database()
        guard let index = try await CareIndex.named(change.indexName, session) else {
            throw CareError.objectIsGone(change.object)
        }
        let connection = try await act.connection()
        try await dropOwnLeftovers(change, index, session, connection)
        try await OldTransaction.refuse(session)
        let gain = try await IndexBloat().estimate(index, session).gain
        try await connection.executeScript(
            trusted:
                "set lock_timeout = 0; set statement_timeout = '\(limit.inSeconds.rounded(.up).formatted(decimals: 0))s'"
        )
        do {
            for statement in statements { try await connection.executeScript(trusted: statement) }
        } catch {
            let failure = error
            let isRebuilt = try await despiteCancellation {
                try await Self.restoreLimits(connection)
                do {
                    try await dropOwnLeftovers(change, index, session, connection)
                } catch {
                    // In its last phase the new one has the name already, and the old one only waits to be dropped.
                    guard try await Self.isReplaced(index, session) else { throw error }
                    return true
                }
                return try await Self.isReplaced(index, session)
            }
            guard isRebuilt else { throw failure }
        }
        try await Self.restoreLimits(connection)
        try await Self.report(change, before: index, predicted: gain, act)
    }

    private static func isReplaced(_ index: CareIndex, _ session: SurveySession) async throws -> Bool {
        guard let now = try await CareIndex.named(index.name, session) else { return false }
        return now.oid != index.oid && now.isValid
    }

    static func restoreLimits(_ connection: Connection) async throws {
        guard await connection.isOpen else { return }
        try await connection.executeScript(trusted: "set lock_timeout = '5s'; set statement_timeout = 0")
    }

    /// Only what appeared since the plan was made is ours, and only where nobody builds at this moment: the fence keeps
    /// a second Mainstay away, and REINDEX itself a second one of the same table.
    private func dropOwnLeftovers(
        _ change: Change, _ index: CareIndex, _ session: SurveySession, _ connection: Connection
    ) async throws {
        guard await connection.isOpen else { return }
        guard case .text(let before)? = change.identity["leftovers"] else { return }
        let known = Set(before.split(separator: ", ").map(String.init))
        for leftover in try await CareIndex.leftovers(of: index, session)
        where !known.contains(leftover.name.description) {
            do {
                try await connection.executeScript(
                    trusted: ("drop index concurrently \(relation: leftover.name)" as SQL).literalText)
            } catch {
                throw CareError.leftover(index: change.object, leftover: leftover.name.description)
            }
        }
    }

    /// Predicted and achieved, side by side, so that the prediction can be judged.
    static func report(_ change: Change, before: CareIndex, predicted gain: IndexGain?, _ act: Act) async throws {
        let look = act.look
        guard let after = try await CareIndex.named(change.indexName, try await look.database()) else { return }
        var observation = Observation()
        observation.measurements = [
            Measurement(
                "reindex.gained", look.target, object: change.object, unit: .bytes,
                value: Double(before.bytes - after.bytes))
        ]
        if let gain {
            observation.measurements.append(
                Measurement(
                    "reindex.predicted", look.target, object: change.object, unit: .bytes,
                    value: Double(before.bytes - gain.rebuilt)))
        }
        try await act.report(observation)
    }

    static func prove(_ change: Change, before witness: Facts, _ session: SurveySession) async throws -> Proof {
        guard let index = try await CareIndex.named(change.indexName, session) else {
            return .unknown("no index is called \(change.object) any more")
        }
        let isNew = .integer(index.oid) != witness["oid"] || .integer(index.fileNode) != witness["file node"]
        guard isNew else {
            let left = try await CareIndex.leftovers(of: index, session).map(\.name.description)
            let rest = left.isEmpty ? "" : "; \(left.joined(separator: ", ")) lies beside it"
            return .notDone("the index has the files it had\(rest)")
        }
        guard index.isValid else { return .failed("the rebuilt index is not valid", index.witness) }
        var evidence: Facts = ["bytes": .integer(index.bytes), "bytes before": witness["bytes"] ?? .null]
        let left = try await CareIndex.leftovers(of: index, session).map(\.name.description)
        if !left.isEmpty { evidence["left beside it"] = .text(left.joined(separator: ", ")) }
        if case .integer(let before)? = witness["bytes"] {
            evidence["bytes gained"] = .integer(before - index.bytes)
            if case .integer(let rebuilt)? = witness["bytes predicted"] {
                evidence["bytes predicted to be gained"] = .integer(before - rebuilt)
            }
        }
        return .done(evidence)
    }
}

/// What a rebuild is expected to leave.
struct IndexGain: Sendable, Hashable {
    /// Bytes of the index when it is built anew.
    var rebuilt: Int64
    /// `pgstatindex`, or how it was estimated.
    var source: String
}
