import Maintenance

package enum ApprovalError: MaintenanceError {
    case waits(id: String, target: Target, missing: String, until: Timestamp)
    case unknown(String, nearest: String?)
    case ambiguous(String, [String])
    case nothingWaits(run: String)
    case ownRequest(id: String, person: String, isShared: Bool)
    case alreadyGiven(id: String, person: String)
    case notApprover(id: String, person: String, needed: String)
    case over(id: String, run: String, state: StepState)
    case rejected(id: String, by: String, reason: String)
    case expired(id: String, at: Timestamp)
    case impossible(target: Target, needed: String, requester: String)
    case forged(id: String, reason: String)
    case usedMeanwhile(id: String)
    case planMoved(id: String, differences: [String])
    case onlyForEmergency(id: String)
    case noEmergencyWindow(id: String, target: Target)
    case emergencyNeedsReason(id: String)
    /// A newer run of the same waits in its place.
    case superseded(by: String)
    /// An older run of the same waits, and somebody has approved it.
    case joined(run: String)

    package var code: String {
        switch self {
        case .waits: "approval.waits"
        case .unknown: "approval.unknown"
        case .ambiguous: "approval.ambiguous"
        case .nothingWaits: "approval.nothing-waits"
        case .ownRequest: "approval.own-request"
        case .alreadyGiven: "approval.already-given"
        case .notApprover: "approval.not-an-approver"
        case .over: "approval.over"
        case .rejected: "approval.rejected"
        case .expired: "approval.expired"
        case .impossible: "approval.impossible"
        case .forged: "approval.forged"
        case .usedMeanwhile: "approval.used-meanwhile"
        case .planMoved: "approval.plan-moved"
        case .onlyForEmergency: "approval.only-for-emergency"
        case .noEmergencyWindow: "approval.no-emergency-window"
        case .emergencyNeedsReason: "approval.emergency-needs-reason"
        case .superseded: "approval.superseded"
        case .joined: "approval.joined"
        }
    }

    package var problem: String {
        switch self {
        case .waits(let id, let target, let missing, let until):
            "the plan for \(target) waits for approval \(id) until \(until): \(missing)"
        case .unknown(let name, _): "no approval is called '\(name.printable)'"
        case .ambiguous(let name, let ids):
            "'\(name.printable)' means several approvals: \(ids.joined(separator: ", "))"
        case .nothingWaits(let run): "nothing in run \(run) waits for an approval"
        case .ownRequest(let id, let person, let isShared):
            isShared
                ? "approval \(id) was asked for by the shared account '\(person)' itself"
                : "approval \(id) was asked for by '\(person)', and nobody approves what they asked for themselves"
        case .alreadyGiven(let id, let person): "'\(person)' has approved \(id) already, and counts once"
        case .notApprover(let id, let person, let needed):
            "'\(person)' is not among those who may approve \(id) (\(needed))"
        case .over(let id, let run, let state):
            "approval \(id) is not waited for any more: its step of run \(run) is \(state.rawValue)"
        case .rejected(let id, let by, let reason): "\(by) rejected approval \(id): \(reason.printable)"
        case .expired(let id, let at): "approval \(id) expired at \(at)"
        case .impossible(let target, let needed, let requester):
            "the plan for \(target) can never be approved: it needs \(needed), and '\(requester)' asks for it"
        case .forged(let id, let reason): "what the state holds about approval \(id) was not written so: \(reason)"
        case .usedMeanwhile(let id): "approval \(id) ended, or another run used the last occurrence it allowed"
        case .planMoved(let id, let differences):
            "the plan is no longer the one that approval \(id) allowed: "
                + differences.joined(separator: "; ").printable
        case .onlyForEmergency(let id):
            "approval \(id) is only asked for to start outside of a window; in its window the plan starts by itself"
        case .noEmergencyWindow(let id, let target):
            "approval \(id) cannot be for an emergency: no emergency window is written for \(target)"
        case .emergencyNeedsReason(let id): "approval \(id) for an emergency needs a reason"
        case .superseded(let run): "nobody had approved it when run \(run) came to wait for the same"
        case .joined(let run): "run \(run) waits for the same, and somebody has approved that"
        }
    }

    package var hint: String? {
        switch self {
        case .waits(let id, _, _, _):
            "'mainstay approvals show \(id)' prints the plan, 'mainstay approve \(id)' approves it; then 'mainstay resume'."
        case .unknown(_, let nearest):
            nearest.map { "Did you mean '\($0)'?" } ?? "'mainstay approvals' lists what waits."
        case .ambiguous: "Give more of it."
        case .nothingWaits(let run): "'mainstay show \(run)' tells how it stands."
        case .ownRequest(_, _, true): "Come with an account of your own, or by sudo from one."
        case .ownRequest: "Ask somebody else; 'mainstay approvals' shows who may."
        case .over(_, let run, _): "'mainstay show \(run)' tells what came of it."
        case .expired: "'mainstay resume' looks at the target again and asks anew."
        case .rejected, .planMoved: "Run the task again; it is planned and asked for anew."
        case .impossible: "Let somebody else ask, or name more approvers in the configuration."
        case .forged: "Nothing was started. 'mainstay audit verify' says what else is not as it was written."
        case .usedMeanwhile: "Run the task again; it asks for an approval of its own."
        case .onlyForEmergency(let id), .emergencyNeedsReason(let id):
            "If it cannot wait: 'mainstay approve \(id) --emergency --reason TEXT'."
        case .noEmergencyWindow: "See docs/windows.md; 'mainstay config show' prints the windows."
        case .superseded(let run), .joined(let run): "'mainstay show \(run)' tells how that stands."
        case .alreadyGiven, .notApprover: "'mainstay approvals' shows who may, and what is still missing."
        }
    }

    package var isRetryable: Bool { false }

    package var exitStatus: ExitStatus {
        switch self {
        case .waits, .usedMeanwhile: .waiting
        case .unknown, .ambiguous, .nothingWaits, .over, .onlyForEmergency, .emergencyNeedsReason: .usage
        case .impossible, .noEmergencyWindow: .configuration
        case .superseded, .joined: .success
        default: .failure
        }
    }
}
