import Engine
import Maintenance
import Outside
import PostgreSQL

/// The second of three ways to rebuild: by pg_repack, between CONCURRENTLY and a rebuild that shuts others out.
extension ReindexIndexes {
    static let onlyBlocking =
        "it can only be rebuilt by shutting out its table's users: '--allow-blocking', in a window"

    /// Looked for once, when the first index wants it.
    func repack(
        _ session: SurveySession, _ look: Look, _ known: inout Result<Repack, Repack.Absence>?
    ) async throws -> Result<Repack, Repack.Absence> {
        if let known { return known }
        let found = try await Repack.find(session, look)
        known = found
        return found
    }

    func repack(
        _ index: CareIndex, by program: Repack, _ reason: String, _ session: SurveySession, _ look: Look
    ) async throws -> Change {
        let history = try await look.log.durations(
            kind: RepackAct.kind, object: index.name.description, task: Self.declaration.name, target: look.target)
        return RepackAct.change(
            index, by: program, reason: reason, history: history,
            isLeftBefore: try await RepackAct.leftover(of: index, session) != nil)
    }

    /// Of whole tables; those of single indexes are among the indexes.
    func repackLeftovers(_ session: SurveySession) async throws -> [RepackLeftovers] {
        try await RepackLeftovers.all(session).filter { left in
            options.table == nil || left.table.map(isChosen) == true
        }
    }

    static let leftByRepack = "left behind by a pg_repack that did not end"

    /// Those that a pg_repack has built beside another of the same table, and did not come to exchange or to drop: by oid
    /// the other, of which it is the copy down to the last word.
    func repackTwins(_ indexes: [CareIndex], _ session: SurveySession) async throws -> [Int64: CareIndex] {
        let byOID = Dictionary(indexes.map { ($0.oid, $0) }) { first, _ in first }
        var twins: [Int64: CareIndex] = [:]
        for index in indexes where index.role.isEmpty {
            guard let match = index.name.name.wholeMatch(of: /index_([0-9]{1,10})/), let oid = Int64(match.1),
                let other = byOID[oid], other.isValid, other.tableOID == index.tableOID,
                Self.body(index) == Self.body(other), Self.isUnique(index) == Self.isUnique(other),
                try await !Repack.isAtWork(on: index.tableOID, session)
            else { continue }
            twins[index.oid] = other
        }
        return twins
    }

    private static func isUnique(_ index: CareIndex) -> Bool { index.definition.hasPrefix("CREATE UNIQUE ") }

    /// What stands behind the name: ` ON public.t USING btree (a)`.
    private static func body(_ index: CareIndex) -> Substring? {
        index.definition.firstRange(of: " ON ").map { index.definition[$0.lowerBound...] }
    }

    func notOurs(_ left: RepackLeftovers, _ look: Look) -> Finding {
        Finding(
            code: "DB002", severity: .warning, target: look.target, object: left.object,
            summary: "\(left.reason); this role may not drop it", evidence: ["bytes": .integer(left.bytes)],
            mend: left.change.action.lines.joined(separator: "; ") + ";")
    }
}
