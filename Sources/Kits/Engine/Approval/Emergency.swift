import Maintenance
import Settings

extension Judged {
    /// What people have to say for a start outside of its window.
    var emergency: ApprovalNeed? { fit?.wait == nil ? nil : fit?.emergency }
}

extension ApprovalJudgement {
    /// How the request for a start outside of the window stands.
    enum EmergencyStanding: Sendable {
        case approved
        case asked(String)
        /// Nobody was asked, or the time of the request is over.
        case unasked
    }

    func standing(of emergency: ApprovalNeed, _ plan: Plan) async throws -> EmergencyStanding {
        guard let own = try await log.ballot(of: use), own.rejection == nil else { return .unasked }
        let wanted = wanted(plan, adding: emergency)
        if own.obstacle(to: wanted) == nil { return .approved }
        return own.isExpired(at: wanted.now) || own.request.plan.digest != plan.digest
            ? .unasked : .asked(own.request.id)
    }

    /// Outside of its window, in an emergency window: whether the plan was approved to start all the same. Where it needs
    /// no other approval, a request for this one is left, and it starts in its window if nobody answers. Nil where the
    /// usual question is still to be asked.
    func judgeEmergency(_ judged: Judged) async throws -> Verdict? {
        guard let fit = judged.fit, let emergency = judged.emergency else { return nil }
        let plan = judged.plan
        let wanted = wanted(plan, adding: emergency)
        switch try await standing(of: emergency, plan) {
        case .approved:
            guard let own = try await log.ballot(of: use) else { return nil }
            return .approved(ApprovalUse(id: own.request.id, wanted: wanted, isEmergency: true))
        case .asked(let id):
            guard wanted.needs.count == 1 else { return nil }
            return .waits(
                Wait(reason: ErrorReport(fit.error(step, approval: id)), needs: wanted.needs, isForWindow: true))
        case .unasked:
            guard wanted.needs.count == 1 else { return nil }
            let request = request(plan, wanted)
            return .waits(
                Wait(
                    reason: ErrorReport(fit.error(step, approval: request.id)), needs: wanted.needs, request: request,
                    isForWindow: true))
        }
    }
}

extension Approvals {
    /// What keeps an approval from being one for an emergency, or from being any other.
    func emergencyObstacle(to request: ApprovalRequest, isEmergency: Bool, _ reason: String?) -> ApprovalError? {
        guard isEmergency else { return request.isOnlyForEmergency ? .onlyForEmergency(id: request.id) : nil }
        let plan = request.plan
        let isWritten = rules.inventory.windowRules(of: plan.target.environment).contains { rule in
            rule.kind == .emergency && plan.changes.contains { rule.covers($0.effect, of: plan.task) }
        }
        guard isWritten else { return .noEmergencyWindow(id: request.id, target: plan.target) }
        return reason?.trimmingWhitespace().isEmpty ?? true ? .emergencyNeedsReason(id: request.id) : nil
    }
}
