import Maintenance

/// What happens in a run, as it happens, for those who watch it.
package enum RunEvent: Sendable {
    case began(RunRecord, steps: Int)
    case stepBegan(StepRecord)
    /// What a step is busy with.
    case told(StepRecord, String)
    case planned(StepRecord, Plan)
    case changeMoved(StepRecord, ChangeRecord, of: Int)
    /// Without its plan and observation, which the run's summary has.
    case stepEnded(StepRecord)
    case ended(RunSummary)
}

/// A run with all that belongs to it.
package struct RunSummary: Codable, Sendable {
    package var run: RunRecord
    package var steps: [StepRecord]
    package var changes: [ChangeRecord]
    /// The newest entry of the audit trail when the run had ended; nil where the trail says nothing about it.
    package var auditHead: AuditHead?

    package init(run: RunRecord, steps: [StepRecord], changes: [ChangeRecord], auditHead: AuditHead? = nil) {
        self.run = run
        self.steps = steps
        self.changes = changes
        self.auditHead = auditHead
    }

    package var findings: [Finding] { steps.flatMap { $0.observation?.findings ?? [] } }
    package var plans: [Plan] { steps.compactMap(\.plan) }

    package func changes(of step: StepRecord) -> [ChangeRecord] { changes.filter { $0.step == step.number } }

    /// The step's error where it has one of its own kind, else its state's; findings at or above `failOn` count too.
    package func exitStatus(failOn: Severity?) -> ExitStatus {
        var statuses = steps.map { step in
            step.state == .succeeded || step.state == .skipped
                ? ExitStatus.success : step.error?.exitStatus ?? step.state.exitStatus
        }
        if let failOn, findings.contains(where: { $0.severity >= failOn }) { statuses.append(.findings) }
        return .combined(statuses)
    }
}
