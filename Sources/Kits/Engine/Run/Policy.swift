import Maintenance
import Settings

/// Between survey and apply: which of the proposed changes may be made, which wait, and why not the others. The one place
/// of judgement; what is judged are the `Judgement`s, asked one after the other.
struct Policy: Sendable {
    /// In this order: each is told what those before it said.
    var judgements: [any Judgement]
    /// Nothing is written down for a dry run, and nobody is asked.
    var isDryRun: Bool

    /// - Parameters:
    ///   - isAgain: a run that had begun goes on; only what has to be so still is asked.
    ///   - left: those of its changes that have not been made yet; nil for all.
    func judge(_ plan: Plan, isAgain: Bool = false, left: Set<Change.ID>? = nil) async throws -> Judged {
        var judged = Judged(plan: plan, left: left)
        for judgement in judgements where !isAgain || judgement.isAskedAgain {
            switch try await judgement.judge(judged) {
            case .allowed: break
            case .approved(let use):
                judged.approval = use
                if use.isEmergency { judged.startInEmergency() }
            case .fits(let fit): judged.take(fit)
            case .refused(let reasons): judged.refuse(reasons)
            case .waits(let wait): judged.waits.append(wait)
            }
        }
        return judged
    }
}

extension Policy {
    /// Why a step that waited goes on waiting, without another look at the target; nil where it is worth one.
    func waitsStill() async throws -> ErrorReport? {
        for judgement in judgements {
            if let reason = try await judgement.waitsStill() { return reason }
        }
        return nil
    }
}

/// One question that policy asks of a plan.
protocol Judgement: Sendable {
    /// Whether what it allowed once has to be so still when a run goes on that was killed or cancelled.
    var isAskedAgain: Bool { get }

    func judge(_ judged: Judged) async throws -> Verdict

    /// Asked before a step that waited is looked at again: why it waits still, where that is known without a look.
    func waitsStill() async throws -> ErrorReport?
}

extension Judgement {
    func waitsStill() async throws -> ErrorReport? { nil }
}

/// What one judgement says.
enum Verdict: Sendable {
    case allowed
    /// Allowed by what people approved, which counts as used when the plan starts.
    case approved(ApprovalUse)
    /// These changes may not be made; the others may.
    case refused([Change.ID: ErrorReport])
    /// Nothing of the plan starts before somebody has said so, or a time has come.
    case waits(Wait)
    /// How its changes fit into the windows; where none starts now, it waits.
    case fits(WindowFit)
}

/// What a plan waits for.
struct Wait: Sendable {
    var reason: ErrorReport
    /// What people have to approve, for those who look at the plan.
    var needs: [ApprovalNeed] = []
    /// To be written down with the step; nil where it is already, or where nobody has to be asked.
    var request: ApprovalRequest?
    /// It is over by itself when a window opens.
    var isForWindow = false
}

/// The approval a plan starts on, and the case it was found good for.
struct ApprovalUse: Sendable {
    var id: String
    var wanted: Ballot.Case
    /// It lets the plan start outside of its window.
    var isEmergency = false
}

/// A plan with what policy said of it so far.
struct Judged: Sendable {
    /// Without the changes that were refused, which stand in its refusals.
    var plan: Plan
    var waits: [Wait] = []
    var approval: ApprovalUse?
    /// Nil where no window restricts it.
    var fit: WindowFit?
    private var left: Set<Change.ID>?

    init(plan: Plan, left: Set<Change.ID>? = nil) {
        self.plan = plan
        self.left = left
    }

    /// The changes that have not been made yet.
    var open: [Change] { plan.changes.filter { left?.contains($0.id) ?? true } }

    mutating func take(_ fit: WindowFit) {
        self.fit = fit
        plan.packing = fit.packing
        if let wait = fit.wait { waits.append(wait) }
    }

    /// People let it start now; an emergency window closes too.
    mutating func startInEmergency() {
        guard var fit else { return }
        fit.budget.isEmergency = true
        fit.packing = fit.budget.plan(open, at: fit.packing.madeAt)
        if !fit.packing.starting.isEmpty {
            fit.wait = nil
            waits.removeAll(where: \.isForWindow)
        }
        self.fit = fit
        plan.packing = fit.packing
    }

    mutating func refuse(_ reasons: [Change.ID: ErrorReport]) {
        plan.refusals += plan.changes.compactMap { change in
            reasons[change.id].map { Plan.Refusal(change: change, reason: $0) }
        }
        plan.changes.removeAll { reasons[$0.id] != nil }
    }
}

extension Verdict {
    /// All changes for one reason.
    static func refusedAll(_ plan: Plan, _ error: some MaintenanceError) -> Verdict {
        let report = ErrorReport(error)
        return .refused(Dictionary(plan.changes.map { ($0.id, report) }) { first, _ in first })
    }
}

/// What removes data in a protected environment, and is allowed in writing, is confirmed by whoever runs it by hand. A
/// routine runs unattended, and the written word is enough; what has none waits for an approval.
struct Confirmation: Judgement {
    var environment: Environment?
    var isRoutine: Bool
    var isDryRun: Bool
    var confirm: (@Sendable (Plan) async -> Bool)?

    var isAskedAgain: Bool { false }

    func judge(_ judged: Judged) async throws -> Verdict {
        guard environment?.isProtected == true, !isRoutine, !isDryRun, judged.waits.isEmpty, judged.approval == nil
        else { return .allowed }
        let plan = judged.plan
        let removing = plan.changes.filter { $0.effect == .destroys }
        guard !removing.isEmpty, await confirm?(plan) != true else { return .allowed }
        return .refused(
            Dictionary(
                removing.map { change in
                    (change.id, ErrorReport(EngineError.needsConfirmation(change: change.id, target: plan.target)))
                }
            ) { first, _ in first })
    }
}
