import Alert
import Engine
import Maintenance

/// Silences that the runner opens for exactly what a change takes out of service. A probe closes them and no clock: the
/// first that has looked at the resource again, or, where nothing looks at it all the time, the proof of the change itself.
struct MaintenanceSilences {
    /// When one ends although nobody closes it, because nobody decides about alerts any more.
    static let lastResort: Duration = .seconds(86_400)

    /// What is being done and was being done since the oldest of the open silences.
    var work: [PlannedWork]
    /// What the checks that are asked all the time have seen last.
    var probes: [MonitoredCheck]

    /// - Returns: what leads from the silences there are to those that should be.
    func events(_ state: RouterState, at now: Timestamp) -> [AlertEvent] {
        let open = Dictionary(work.filter { $0.ended == nil }.map { (Self.id($0), $0) }) { first, _ in first }
        let active = state.silences.values.filter { $0.origin != .person && $0.isActive(at: now) }
        // What somebody has ended while the change goes on stays ended.
        let begun = open.filter { id, work in state.silences[id].map { $0.ends <= work.began } ?? true }
            .sorted { $0.key < $1.key }
        let begins = begun.map { id, work in
            AlertEvent.silenced(
                Silence(
                    id: id,
                    matchers: [
                        Matcher(Labels.Name.environment, is: work.target.environment),
                        Matcher(Labels.Name.resource, is: work.target.resource),
                    ], starts: now, ends: now + Self.lastResort, author: "mainstay",
                    comment: "\(work.task) of the run \(work.runID) takes it out of service",
                    origin: .step(run: work.runID, number: work.step)))
        }
        let ended = active.map(\.id).sorted().filter { open[$0] == nil && isProbed($0, at: now) }
        return begins + ended.map { .unsilenced(id: $0) }
    }

    /// Since when the oldest of them is open: as far back as `work` has to reach.
    static func begin(_ state: RouterState, at now: Timestamp) -> Timestamp {
        state.silences.values.filter { $0.origin != .person && $0.isActive(at: now) }.map(\.starts).min() ?? now
    }

    private static func id(_ work: PlannedWork) -> String {
        "\(work.runID)-\(work.step)-\(work.target.environment)-\(work.target.resource)"
    }

    /// What a dead process left open is no work at all, and has no end that could be waited for.
    private func isProbed(_ id: String, at now: Timestamp) -> Bool {
        let mine = work.filter { Self.id($0) == id }
        guard let target = mine.first?.target, let end = mine.compactMap(\.ended).max() else { return true }
        let living = probes.filter { $0.outcome.target == target && $0.countsUntil > now }
        return living.isEmpty || living.contains { $0.seenAt > end }
    }
}
