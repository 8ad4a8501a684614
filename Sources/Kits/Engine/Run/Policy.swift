import Maintenance
import Settings

/// Between survey and apply: which of the proposed changes may be made, and why not the others.
///
/// Today it knows protected environments; windows and approvals take their place here.
struct Policy: Sendable {
    /// A routine runs unattended: what it removes has to be allowed in writing.
    var isRoutine: Bool
    var confirm: (@Sendable (Plan) async -> Bool)?
    var isDryRun: Bool

    func judge(_ plan: Plan, in environment: Environment?) async -> Plan {
        guard environment?.isProtected == true else { return plan }
        let removing = plan.changes.filter { $0.effect == .destroys }
        guard !removing.isEmpty else { return plan }
        var judged = plan
        var refusals: [String: EngineError] = [:]
        if isRoutine {
            for change in removing where change.authority == nil {
                refusals[change.id] = .needsAuthority(change: change.id, target: plan.target)
            }
        } else if !isDryRun {
            let isConfirmed = await confirm?(plan) ?? false
            if !isConfirmed {
                for change in removing {
                    refusals[change.id] = .needsConfirmation(change: change.id, target: plan.target)
                }
            }
        }
        judged.changes.removeAll { refusals[$0.id] != nil }
        judged.refusals += removing.compactMap { change in
            refusals[change.id].map { Plan.Refusal(change: change, reason: ErrorReport($0)) }
        }
        return judged
    }
}
