import Maintenance
import Outside

/// While somebody holds an environment, or everything, nothing is changed there; looking goes on.
struct HoldJudgement: Judgement {
    let log: RunLog

    /// A hold that came while a run was interrupted counts for what is left of it.
    var isAskedAgain: Bool { true }

    func judge(_ judged: Judged) async throws -> Verdict {
        let plan = judged.plan
        let now = log.clock.now()
        guard let hold = try await log.holds().first(where: { $0.covers(plan.target, at: now) }) else {
            return .allowed
        }
        let reason = ErrorReport(HoldError.held(hold))
        let changing = plan.changes.filter { $0.effect > .observes }
        return .refused(Dictionary(changing.map { ($0.id, reason) }) { first, _ in first })
    }
}
