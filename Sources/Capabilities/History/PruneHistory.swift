import ArgumentParser
import Engine
import Maintenance
import Outside
import Settings

/// Removes from the state what is older than the configuration keeps.
package struct PruneHistory: MaintenanceTask {
    package struct Options: ParsableArguments, Sendable {
        package init() {}
    }

    package static let declaration = TaskDeclaration(
        name: "history.prune",
        summary: "forget runs, samples and findings that are older than 'history.keep'",
        explanation: """
            Keeps the state from growing for ever: removes runs that ended longer ago than 'history.keep' with their \
            steps, changes and journal, samples that were taken (also what monitoring left of them) and findings that \
            were over before then, and plans that dry runs left. Of alerts go events, decisions and notifications that \
            are not queued any more, but nothing of the last 30 days, so that 'alerts simulate' has them. The newest run \
            of each name and its newest success always stay, as does every run that waits \
            or that somebody has to decide about. Baselines and the audit trail stay whole; 'audit verify' does not miss \
            runs that are gone as a whole. Without 'history.keep' everything stays.
            """,
        effect: .destroys,
        subject: .estate)

    package init(_ options: Options) {}

    package func survey(_ look: Look) async throws -> Observation {
        var observation = Observation()
        guard let keep = look.inventory.history.keep else {
            observation.evidence["kept"] = "all: 'history.keep' is not set"
            return observation
        }
        // By whole days, so that a plan made in the morning is still the same in the evening.
        let limit = keep.value.before(look.clock.now())
        let before = Timestamp(microseconds: limit.microseconds - limit.microseconds.modulo(86_400_000_000))
        observation.evidence["kept"] = .text("from \(before) on")
        for part in HistoryPart.allCases {
            let count = try await look.log.count(part, before: before)
            guard count > 0 else { continue }
            observation.changes.append(
                Change(
                    kind: "forget", object: part.rawValue,
                    action: .files("remove \(count.grouped) \(part.words(count)) before \(before) from the state"),
                    effect: .destroys,
                    reversal: "none; what it proved stands in reports, certificates and the audit trail",
                    identity: ["before": .text(before.iso8601)], reason: "older than \(keep.value)",
                    authority: keep.location.description))
        }
        return observation
    }

    package func inspect(_ change: Change, _ look: Look) async throws -> Inspection {
        let (part, before) = try parts(change)
        return Inspection(
            identity: ["before": .text(before.iso8601)],
            witness: ["count": Scalar(try await look.log.count(part, before: before))])
    }

    package func apply(_ change: Change, _ act: Act) async throws {
        let (part, before) = try parts(change)
        try await act.look.log.forget(part, before: before)
    }

    package func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof {
        let (part, before) = try parts(change)
        let left = try await look.log.count(part, before: before)
        guard left == 0 else { return .notDone("\(left.grouped) of them are still there") }
        return .done(["removed": witness["count"] ?? .null, "before": .text(before.iso8601)])
    }

    private func parts(_ change: Change) throws -> (HistoryPart, Timestamp) {
        guard let part = HistoryPart(rawValue: change.object), case .text(let text)? = change.identity["before"],
            let before = Timestamp(iso8601: text)
        else { throw HistoryError.malformed(change.id) }
        return (part, before)
    }
}

extension HistoryPart {
    fileprivate func words(_ count: Int) -> String {
        switch self {
        case .runs: count == 1 ? "run that ended" : "runs that ended"
        case .samples: count == 1 ? "sample taken" : "samples taken"
        case .monitored: count == 1 ? "block of monitored samples that ended" : "blocks of monitored samples that ended"
        case .findings: count == 1 ? "finding that was over" : "findings that were over"
        case .plans: count == 1 ? "plan printed" : "plans printed"
        case .alerts: count == 1 ? "note about alerts made" : "notes about alerts made"
        }
    }
}

extension Int64 {
    /// The remainder that is never negative: a day before 1970 begins at its own midnight too.
    fileprivate func modulo(_ divisor: Int64) -> Int64 {
        let rest = self % divisor
        return rest < 0 ? rest + divisor : rest
    }
}

enum HistoryError: MaintenanceError {
    case malformed(String)

    var code: String { "history.malformed" }
    var problem: String {
        switch self {
        case .malformed(let change): "'\(change.printable)' names no part of the history, or no instant"
        }
    }
}
