import Maintenance
import Store

/// How long a change is expected to take: what nine of ten of its own last runs stayed within, or the next best thing
/// that is known, with its source in words.
enum ExpectedDuration {
    /// What is assumed of a change of which nothing is known.
    static let standard: Duration = .seconds(600)

    /// The nearest-rank 90th percentile; nil where there is none.
    static func p90(_ durations: [Duration]) -> Duration? {
        guard !durations.isEmpty else { return nil }
        // The ceiling of 0.9 n, without a detour over floating point.
        return durations.sorted()[(durations.count * 9 + 9) / 10 - 1]
    }

    /// - Parameters:
    ///   - own: of the same change; the others are of its kind, at this target and at any.
    static func estimate(
        _ change: Change, own: [Duration], here: [Duration], anywhere: [Duration]
    ) -> Change.Estimate {
        func history(_ durations: [Duration], _ what: String) -> Change.Estimate? {
            p90(durations).map { Change.Estimate(seconds: $0.inSeconds, source: what) }
        }
        let kind = change.kind.printable
        return history(own, own.count == 1 ? "its last run" : "p90 of its last \(own.count) runs")
            ?? history(here, "p90 of the last \(here.count) of '\(kind)' at this target")
            ?? history(anywhere, "p90 of the last \(anywhere.count) of '\(kind)' anywhere")
            ?? change.estimate
            ?? Change.Estimate(seconds: standard.inSeconds, source: "nothing is known of it")
    }
}

extension RunLog {
    /// How long each change is expected to take. A program of a team's own says nothing about another one.
    func expectedDurations(_ changes: [Change], of task: String, at target: Target) async throws
        -> [Change.ID: Change.Estimate]
    {
        try await store.read { reader in
            func durations(_ statement: some StatementSet, _ key: [String: any StoreConvertible]) throws
                -> [Duration]
            {
                try reader.rows(statement, key.merging(["task": task]) { $1 }).compactMap { row in
                    let length = try row.get("ended_at", as: Timestamp.self) - row.get("started_at")
                    // The clock was set back in its middle: then it says nothing.
                    return length < .zero ? nil : length
                }
            }
            let place = ["environment": target.environment, "resource": target.resource]
            var kinds: [String: (here: [Duration], anywhere: [Duration])] = [:]
            var found: [Change.ID: Change.Estimate] = [:]
            for change in changes {
                let own = try durations(
                    RunStatement.durations, ["kind": change.kind, "object": change.object].merging(place) { $1 })
                if own.isEmpty, kinds[change.kind] == nil, task != CommandStep.name {
                    let here = try durations(
                        WindowStatement.durationsOfKindHere, ["kind": change.kind].merging(place) { $1 })
                    kinds[change.kind] = (
                        here, here.isEmpty ? try durations(WindowStatement.durationsOfKind, ["kind": change.kind]) : []
                    )
                }
                let kind = kinds[change.kind]
                found[change.id] = ExpectedDuration.estimate(
                    change, own: own, here: kind?.here ?? [], anywhere: kind?.anywhere ?? [])
            }
            return found
        }
    }
}
