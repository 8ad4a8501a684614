import Calendar
import Maintenance
import Outside
import Settings

/// Outside of every window the plan waits; inside of one its changes are packed into what is left of it.
struct WindowJudgement: Judgement {
    let rules: WindowRules
    let log: RunLog
    let step: StepRecord
    /// What people said, for a start in an emergency.
    let approval: ApprovalJudgement
    /// Then the steps before it have only been planned, and their time is not over.
    let isDryRun: Bool

    /// A window that closed while a run was interrupted is closed for what is left of it.
    var isAskedAgain: Bool { true }

    func judge(_ judged: Judged) async throws -> Verdict {
        let changes = judged.open
        guard isRestricted(changes) else { return .allowed }
        let now = log.clock.now() + (isDryRun ? try await taken() : .zero)
        let budget = WindowBudget(
            rules: rules, task: step.task,
            expected: try await log.expectedDurations(changes, of: step.task, at: step.target),
            handedOn: try await log.handedOn(step.task, at: step.target),
            reserved: try await reserved(at: now))
        var fit = WindowFit(budget: budget, packing: budget.plan(changes, at: now))
        guard fit.packing.starting.isEmpty else { return .fits(fit) }
        if isDryRun { fit.packing = budget.foreseen(fit.packing, changes, taken: try await takenLater()) }
        fit.emergency = emergency(changes, at: now)
        fit.problem = changes.lazy.compactMap { rules.problem($0.effect, of: step.task, at: now) }.first
        fit.wait = Wait(reason: ErrorReport(fit.error(step)), isForWindow: true)
        return .fits(fit)
    }

    func waitsStill() async throws -> ErrorReport? {
        guard let plan = step.plan, isRestricted(plan.changes) else { return nil }
        let now = log.clock.now()
        guard plan.changes.allSatisfy({ isClosed($0, at: now) }) else { return nil }
        // People are asked anew while the window is still to come, and not when it opens.
        if try await approval.hasLapsed() { return nil }
        var request: String?
        if let emergency = emergency(plan.changes, at: now) {
            switch try await approval.standing(of: emergency, plan) {
            case .approved, .unasked: return nil
            case .asked(let id): request = id
            }
        }
        let opens = plan.changes.compactMap { nextWindow($0, after: now) }.min()
        let problem = plan.changes.lazy.compactMap { rules.problem($0.effect, of: step.task, at: now) }.first
        return ErrorReport(
            WindowError.closed(
                target: step.target, run: step.runID, opens: opens, problem: problem, approval: request))
    }

    /// How long the earlier steps of a dry run would take that would start in this environment.
    private func taken() async throws -> Duration {
        try await log.steps(of: step.runID)
            .filter { $0.number < step.number && $0.target.environment == step.target.environment }
            .flatMap { $0.plan?.packing?.starting ?? [] }
            .reduce(.zero) { $0 + .seconds($1.expected.seconds) }
    }

    /// How much of each window to come the earlier steps of a dry run would take in this environment.
    private func takenLater() async throws -> [Timestamp: Duration] {
        try await log.steps(of: step.runID)
            .filter { $0.number < step.number && $0.target.environment == step.target.environment }
            .flatMap { $0.plan?.packing?.left ?? [] }
            .reduce(into: [:]) { taken, entry in
                guard let begins = entry.nextWindow else { return }
                taken[begins, default: .zero] += .seconds(entry.expected.seconds)
            }
    }

    private func isRestricted(_ changes: [Change]) -> Bool {
        let now = log.clock.now()
        return !rules.isEmpty
            && changes.contains { change in
                switch rules.opening(change.effect, of: step.task, at: now, isEmergency: false) {
                case .unrestricted: false
                case .open, .closed: true
                }
            }
    }

    private func isClosed(_ change: Change, at now: Timestamp) -> Bool {
        guard case .closed = rules.opening(change.effect, of: step.task, at: now, isEmergency: false) else {
            return false
        }
        return true
    }

    private func nextWindow(_ change: Change, after now: Timestamp) -> Timestamp? {
        let seconds = step.plan?.packing?[change.id]?.expected.seconds ?? 0
        return rules.next(change.effect, of: step.task, lasting: .seconds(seconds), after: now).start
    }

    /// What people have to say before anything of it may start now; nil where no emergency window is open.
    private func emergency(_ changes: [Change], at now: Timestamp) -> ApprovalNeed? {
        changes.lazy.compactMap { rules.emergency($0.effect, of: step.task, at: now) }.first.map { rule in
            ApprovalNeed(
                count: 1, approvers: [], reason: "only to start outside of its window, as \(rule.location) allows",
                expires: approval.rules.settings.expires, isEmergency: true)
        }
    }

    /// The changes of other steps that wait for the same window and will be started in it: those at the same target, and
    /// the later steps of this run, which are done after this one. One that was left out of this window already is not
    /// started in it, and neither is what nobody goes on with.
    private func reserved(at now: Timestamp) async throws -> [WindowPacking.Item] {
        let others = try await log.waitingForWindows().filter { other in
            (other.runID, other.number) != (step.runID, step.number)
                && other.error?.code.hasPrefix("window.") == true
                && (other.target == step.target
                    || other.runID == step.runID && other.target.environment == step.target.environment)
        }
        guard !others.isEmpty else { return [] }
        let isLed = try StateLocks(stateDirectory: log.directory).scheduler() == nil
        var items: [WindowPacking.Item] = []
        for other in others where isLed || other.runID == step.runID {
            let times = try await log.handedOn(other.task, at: other.target)
            for entry in other.plan?.packing?.left ?? [] {
                guard let change = other.plan?.changes.first(where: { $0.id == entry.change }),
                    case .open(let window) = rules.opening(
                        change.effect, of: other.task, at: now, isEmergency: false),
                    entry.window?.opened != window.opened, let closes = window.closes
                else { continue }
                items.append(
                    WindowPacking.Item(
                        id: change.id, priority: entry.priority, handedOn: times[change.id] ?? 0,
                        expected: .seconds(entry.expected.seconds), room: .until(closes), isReserved: true))
            }
        }
        return items
    }
}

/// A plan in the windows: what starts now, and what it waits for where nothing does.
struct WindowFit: Sendable {
    var budget: WindowBudget
    var packing: PlanPacking
    /// Where nothing starts now.
    var wait: Wait?
    /// What people have to say for a start all the same.
    var emergency: ApprovalNeed?
    /// Why a window that should open does not.
    var problem: String?

    /// Why what is left waits.
    ///
    /// - Parameter approval: the request for a start in an emergency.
    func error(_ step: StepRecord, approval: String? = nil) -> WindowError {
        let left = packing.left
        if let first = left.first(where: { $0.window != nil || $0.isTooLong }) {
            return .left(
                count: left.count, target: step.target, run: step.runID, opens: packing.nextWindow,
                first: "'\(first.change)': \(first.reason ?? "")", approval: approval)
        }
        return .closed(
            target: step.target, run: step.runID, opens: packing.nextWindow, problem: problem, approval: approval)
    }
}
