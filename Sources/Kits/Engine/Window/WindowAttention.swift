import Maintenance
import Outside

extension ScheduleStanding {
    /// What a run's wait for its window is to somebody who looks: when it opens, and the command that goes further. Nil
    /// where it waits for people and not for a window.
    static func windowAttention(
        _ run: RunRecord, _ steps: [WaitingStep], _ requests: [Approvals.Standing]
    ) -> Attention? {
        // What people have to approve in any case is said first.
        let blocked = requests.contains { $0.state != .approved && !$0.ballot.request.isOnlyForEmergency }
        let approved = requests.contains { $0.state == .approved && $0.ballot.hasEmergency }
        guard !steps.isEmpty, !blocked, !approved else { return nil }
        let count = steps.reduce(0) { $0 + ($1.step.plan?.packing?.left.count ?? 0) }
        let changes = "\(count) change\(count == 1 ? "" : "s") of run \(run.id)"
        let open = requests.first { $0.state == .waiting && $0.ballot.request.isOnlyForEmergency }
        let resume = "mainstay resume \(run.id)"
        let resolve = open.map { "mainstay approve \($0.ballot.request.id) --emergency --reason TEXT" } ?? resume
        if steps.contains(where: \.isDue) {
            return Attention(
                kind: .waiting, subject: run.name, reason: "\(changes) may start: the window is open", resolve: resume)
        }
        return Attention(
            kind: .waiting, subject: run.name, reason: "\(changes) \(count == 1 ? "waits" : "wait")\(what(steps))",
            resolve: resolve)
    }

    private static func what(_ steps: [WaitingStep]) -> String {
        let problem = steps.lazy.compactMap(\.problem).first
        if let opens = steps.compactMap(\.opens).min() {
            return " for the window that opens \(opens)" + (problem.map { ": \($0)" } ?? "")
        }
        if let problem { return ", and no window opens: \(problem)" }
        let entries = steps.flatMap { $0.step.plan?.packing?.left ?? [] }
        if let reason = entries.first(where: \.isTooLong)?.reason { return ": \(reason)" }
        return ", and no window opens for them by itself"
    }
}
