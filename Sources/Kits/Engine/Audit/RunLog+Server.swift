import Maintenance
import Outside
import Store

extension RunLog {
    /// Somebody ends a run; written before it is told so.
    ///
    /// - Parameter isWaiting: whether it has not begun, so that nothing else tells of it.
    package func noteCancelled(run id: String, in environments: [String], isWaiting: Bool) async throws {
        let now = clock.now()
        let draft = AuditDraft(
            kind: .cancelled, target: Target(environment: environments.count == 1 ? environments[0] : ""), runID: id,
            subject: "run \(id)",
            detail: [
                "environments": .text(environments.joined(separator: ", ")),
                "state": .text(isWaiting ? "had not begun" : "was under way"),
            ])
        try await store.write { try note(draft, at: now, in: $0) }
    }

    /// A function of the application's own is asked by somebody, or has answered.
    ///
    /// - Parameter detail: what was asked, or what came of it; nothing of the body itself.
    package func noteCalled(function name: String, in environment: String, detail: Facts) async throws {
        let now = clock.now()
        let draft = AuditDraft(
            kind: .called, target: Target(environment: environment), subject: "function \(name)", detail: detail)
        try await store.write { try note(draft, at: now, in: $0) }
    }
}
