import Maintenance
import Outside
import Settings

/// A step of a routine that people have to say yes to. It is a plan like any other, whose one change touches nothing, so
/// that request, people, expiry, audit trail and resuming are those of every approval.
struct ApprovalStep: MaintenanceTask {
    static let declaration = TaskDeclaration(
        name: "approval", summary: "wait for people's approval", explanation: "A step of a routine.", effect: .observes,
        subject: .environments)

    let settings: ApprovalStepSettings

    init(_ settings: ApprovalStepSettings) { self.settings = settings }

    func survey(_ look: Look) async throws -> Observation {
        var observation = Observation()
        observation.changes = [
            Change(
                kind: "approval", object: settings.reason,
                action: .pause("the routine goes on in \(look.target)"), effect: .observes,
                reversal: "none is needed", identity: [:], reason: "a step of the routine")
        ]
        return observation
    }

    func inspect(_ change: Change, _ look: Look) async throws -> Inspection { Inspection(identity: [:], witness: [:]) }

    /// Policy let it begin: that was the approval.
    func apply(_ change: Change, _ act: Act) async throws {}

    func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof {
        guard let ballot = try await look.log.ballot(of: Ballot.Use(runID: look.runID, step: look.step)),
            !ballot.approvals.isEmpty
        else { return .done(["approved": "by an approval of several occurrences"]) }
        return .done(["approved by": .text(ballot.approvals.map(\.by.name.printable).joined(separator: ", "))])
    }

    /// What a plan of such a step needs; nil for every other plan.
    static func need(_ plan: Plan, _ approvals: ApprovalSettings) -> ApprovalNeed? {
        guard plan.task == declaration.name, let settings = ApprovalStepSettings(arguments: plan.arguments) else {
            return nil
        }
        let people = settings.approvers.map(approvals.people) ?? []
        let count =
            switch settings.count {
            case .number(let number): number
            case .all: people.count
            }
        return ApprovalNeed(
            count: count, approvers: people, reason: settings.reason, expires: settings.expires ?? approvals.expires)
    }
}

extension ApprovalStepSettings {
    /// As plan and run store it: options, `--`, then the reason.
    var arguments: [String] {
        var options = (approvers ?? []).map { "--approver=\($0)" }
        switch count {
        case .number(1): break
        case .number(let number): options.append("--count=\(number)")
        case .all: options.append("--count=all")
        }
        if let expires { options.append("--expires=\(expires.canonical)") }
        return options + ["--", reason]
    }

    /// What `arguments` wrote; nil where it is something else.
    init?(arguments: [String]) {
        guard let (options, rest) = StepArguments.split(arguments), rest.count == 1 else { return nil }
        self.init(reason: rest[0])
        for (name, value) in options {
            switch name {
            case "--approver": approvers = (approvers ?? []) + [value]
            case "--count" where value == "all": count = .all
            case "--count":
                guard let number = Int(value) else { return nil }
                count = .number(number)
            case "--expires":
                guard let duration = Duration(value) else { return nil }
                expires = duration
            default: return nil
            }
        }
    }
}

extension ParsedTask {
    static func approval(_ settings: ApprovalStepSettings) -> ParsedTask {
        ParsedTask(
            declaration: ApprovalStep.declaration, task: ApprovalStep(settings), arguments: settings.arguments)
    }
}

extension TaskEntry {
    static let approval = TaskEntry(declaration: ApprovalStep.declaration) { arguments in
        guard let settings = ApprovalStepSettings(arguments: arguments) else {
            throw StepArgumentsError(task: ApprovalStep.declaration.name, arguments: arguments)
        }
        return .approval(settings)
    }
}
