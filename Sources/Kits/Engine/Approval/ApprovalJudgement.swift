import Maintenance
import Outside
import Settings

/// Whether the plan needs people's approval, and whether it has one.
struct ApprovalJudgement: Judgement {
    let rules: ApprovalRules
    let log: RunLog
    let step: StepRecord
    let runName: String
    let isRoutine: Bool
    /// Those the step belongs to, nested ones too; none for a task by itself.
    let routines: [String]
    /// Who asked for the run.
    let asker: Requester
    /// Who carries it out now: the same, or whoever goes on with it.
    let requester: Requester
    /// Those the plan may have to wait for.
    let windows: WindowRules

    var isAskedAgain: Bool { true }

    var use: Ballot.Use { Ballot.Use(runID: step.runID, step: step.number) }

    func judge(_ judged: Judged) async throws -> Verdict {
        let plan = judged.plan
        if let verdict = try await judgeEmergency(judged) { return verdict }
        let wanted = wanted(plan)
        guard !wanted.needs.isEmpty else { return .allowed }
        let (id, own) = try await log.approval(for: wanted)
        if let id { return .approved(ApprovalUse(id: id, wanted: wanted)) }
        if let rejection = own?.rejection, let id = own?.request.id {
            return .refusedAll(
                plan, ApprovalError.rejected(id: id, by: rejection.by.name.printable, reason: rejection.reason))
        }
        if let own, let moved = moved(own, plan) { return .refusedAll(plan, moved) }
        if let impossible = impossible(wanted, plan) { return .refusedAll(plan, impossible) }
        if let own, !own.isExpired(at: wanted.now), own.request.plan.digest == plan.digest {
            return .waits(wait(own, wanted, isNew: false))
        }
        return .waits(wait(Ballot(request(plan, wanted), []), wanted, isNew: true))
    }

    /// Why a step that waited goes on waiting, without another look at the target; nil where it is worth one.
    func waitsStill() async throws -> ErrorReport? {
        guard let own = try await log.ballot(of: use), own.rejection == nil else { return nil }
        let wanted = wanted(own.request.plan)
        guard !wanted.needs.isEmpty, !own.isExpired(at: wanted.now), own.obstacle(to: wanted) != nil else {
            return nil
        }
        return wait(own, wanted, isNew: false).reason
    }

    /// Whether the step asked people and the time of that is over before it could start.
    func hasLapsed() async throws -> Bool {
        guard let own = try await log.ballot(of: use), own.rejection == nil else { return false }
        let wanted = wanted(own.request.plan)
        return !wanted.needs.isEmpty && own.isExpired(at: wanted.now) && own.obstacle(to: wanted) != nil
    }

    func wanted(_ plan: Plan, adding emergency: ApprovalNeed? = nil) -> Ballot.Case {
        Ballot.Case(
            plan: plan, needs: rules.needs(plan, routines: routines) + [emergency].compactMap(\.self), use: use,
            requester: asker,
            now: log.clock.now(), standing: rules.settings.standing, shared: rules.shared)
    }

    /// The plan that was approved was another: the difference, as people read it.
    private func moved(_ own: Ballot, _ plan: Plan) -> (any MaintenanceError)? {
        let now = wanted(own.request.plan)
        guard own.request.plan.digest != plan.digest, own.obstacle(to: now) == nil else { return nil }
        guard own.approvals.contains(where: { $0.next > 1 }) else {
            return EngineError.planChanged(
                wanted: own.request.plan.digest, found: plan.digest,
                differences: differences(meant: [own.request.plan], found: [plan]))
        }
        return ApprovalError.planMoved(
            id: own.request.id, differences: own.request.shape.departures(of: PlanShape(plan)))
    }

    /// A request that nobody can ever grant is refused now and not when it expires.
    private func impossible(_ wanted: Ballot.Case, _ plan: Plan) -> ApprovalError? {
        let isProtected = isProtected
        let askers = askers.map { Person($0, shared: rules.shared) }
        for need in wanted.needs where !need.approvers.isEmpty {
            let able = need.approvers.filter { name in
                !askers.contains { (isProtected || $0.isAnonymous) && $0.names.contains(name) }
            }
            if able.count < need.count {
                return .impossible(
                    target: plan.target, needed: need.people,
                    requester: askers.map(\.text).joined(separator: ", "))
            }
        }
        return nil
    }

    private var isProtected: Bool { rules.inventory[environment: step.target.environment]?.isProtected == true }

    /// Whoever goes on with a run so that it asks again has asked too.
    private var askers: [Requester] { asker == requester ? [asker] : [asker, requester] }

    func request(_ plan: Plan, _ wanted: Ballot.Case) -> ApprovalRequest {
        var generator = SystemRandomNumberGenerator()
        let patience = wanted.needs.map(\.expires).min() ?? rules.settings.expires
        let asksForItsWindow = wanted.needs.contains { $0.isEmergency != true }
        let end = asksForItsWindow ? windowEnd(plan, after: wanted.now) : nil
        return ApprovalRequest(
            id: RunID.letters(6, using: &generator), runID: step.runID, runName: runName, isRoutine: isRoutine,
            routines: routines,
            step: step.number, plan: plan, needs: wanted.needs, requesters: askers, isProtected: isProtected,
            askedAt: wanted.now, expiresAt: max(wanted.now + patience, end ?? wanted.now))
    }

    /// The end of the next window that takes what the plan waits with, the latest where its changes wait for different
    /// ones: whoever approves it early approves it for then. Nil where no window restricts it, or it does not close.
    private func windowEnd(_ plan: Plan, after now: Timestamp) -> Timestamp? {
        var longest: [Effect: Double] = [:]
        for change in plan.changes {
            let entry = plan.packing?[change.id]
            guard entry?.isTooLong != true else { continue }
            let seconds = entry?.expected.seconds ?? ExpectedDuration.standard.inSeconds
            longest[change.effect] = max(longest[change.effect] ?? 0, seconds)
        }
        return longest.compactMap { effect, seconds -> Timestamp? in
            let next = windows.next(effect, of: plan.task, lasting: .seconds(seconds), after: now)
            guard let start = next.start,
                case .open(let window) = windows.opening(effect, of: plan.task, at: start, isEmergency: false)
            else { return nil }
            return window.closes
        }.max()
    }

    private func wait(_ ballot: Ballot, _ wanted: Ballot.Case, isNew: Bool) -> Wait {
        let request = ballot.request
        let error = ApprovalError.waits(
            id: request.id, target: step.target, missing: ballot.obstacle(to: wanted) ?? request.needed,
            until: request.expiresAt)
        return Wait(reason: ErrorReport(error), needs: wanted.needs, request: isNew ? request : nil)
    }
}
