import Engine
import Maintenance
import PostgreSQL

/// What is told of indexes that can go, and of those whose going did not end.
extension AdviseIndexes {
    func tellDrops(_ drops: DropAdvice.Result, _ look: Look, _ observation: inout Observation) {
        func tell(_ index: CareIndex, _ summary: String) {
            observation.findings.append(
                Finding(
                    code: "DB007", severity: .info, target: look.target, object: index.name.description,
                    summary: summary,
                    evidence: ["bytes": .integer(index.bytes), "definition": .text(index.definition)],
                    mend: "mainstay db advise-indexes --drop"))
        }
        for one in drops.drops {
            if options.drop {
                observation.changes.append(
                    DropIndexAct.change(one.index, twin: one.twin, isAdvised: true, reason: one.reason))
            } else {
                tell(one.index, "it can go: \(one.reason)")
            }
        }
        for one in drops.later {
            tell(one.index, "look again once another index of its table has gone: \(one.reason)")
        }
        guard !drops.kept.isEmpty else { return }
        observation.listings.append(
            Listing(
                "Indexes that stay", ["index", "why"], drops.kept.map { [.text($0.index), .text($0.reason)] }))
    }

    /// Indexes whose drop began and did not end: invalid, and written by every change all the same.
    func tellHalfDropped(
        _ dropped: [DroppedIndexes.Dropped], _ session: SurveySession, _ look: Look, _ observation: inout Observation
    ) async throws {
        let planned = Set(observation.changes.map(\.object))
        for one in dropped where !planned.contains(one.name.description) {
            guard let index = try await CareIndex.named(one.name, session), !index.isValid, index.mayChange else {
                continue
            }
            let isBuilt = try await session.query(
                "select from pg_catalog.pg_stat_progress_create_index where relid = \(index.tableOID)::oid")
            guard isBuilt.isEmpty else { continue }
            let change = DropIndexAct.change(index, reason: "its drop did not end and left it invalid")
            if options.drop {
                observation.changes.append(change)
            } else {
                observation.findings.append(
                    Finding(
                        code: "DB007", severity: .warning, target: look.target, object: index.name.description,
                        summary: "its drop did not end and left it invalid, written by every change",
                        evidence: ["bytes": .integer(index.bytes), "definition": .text(index.definition)],
                        mend: "mainstay db advise-indexes --drop"))
            }
        }
    }
}
