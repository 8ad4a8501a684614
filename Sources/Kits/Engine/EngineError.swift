import Maintenance

package enum EngineError: MaintenanceError {
    case noSuchRun(String)
    case severalRuns(String, [String])
    case runIsAlive(run: String, process: Int32)
    case nothingToResume(run: String, state: RunState)
    case journalMoved(change: String, run: String)
    case worldMoved(change: String, differences: [String])
    case planChanged(wanted: String, found: String, differences: [String])
    case needsConfirmation(change: String, target: Target)
    case timeLimit(change: String)
    case stepTimeLimit(Duration)
    case fenced(target: Target, holder: String)
    case targetBusy(target: Target)
    case unproven(change: String, reason: String)
    case undecided(ChangeRecord, reason: String)
    case changesFailed(failed: Int, of: Int, first: String)
    case gaps(count: Int, first: String)
    case unknownTask(String, nearest: String?)
    case goneFromInventory(Target)
    case startTaken(routine: String, due: Timestamp)

    package var code: String {
        switch self {
        case .noSuchRun: "run.unknown"
        case .severalRuns: "run.ambiguous"
        case .runIsAlive: "run.alive"
        case .nothingToResume: "run.ended"
        case .journalMoved: "journal.moved"
        case .worldMoved: "change.world-moved"
        case .planChanged: "plan.changed"
        case .needsConfirmation: "policy.needs-confirmation"
        case .timeLimit: "change.time-limit"
        case .stepTimeLimit: "step.time-limit"
        case .fenced: "change.fenced"
        case .targetBusy: "target.busy"
        case .unproven: "change.unproven"
        case .undecided: "change.undecided"
        case .changesFailed: "step.changes-failed"
        case .gaps: "step.gaps"
        case .unknownTask: "task.unknown"
        case .goneFromInventory: "target.gone"
        case .startTaken: "schedule.taken"
        }
    }

    package var problem: String {
        switch self {
        case .noSuchRun(let name): "no run is called '\(name.printable)'"
        case .severalRuns(let name, let ids): "'\(name.printable)' means several runs: \(ids.joined(separator: ", "))"
        case .runIsAlive(let run, let process): "run \(run) is still being carried out by process \(process)"
        case .nothingToResume(let run, let state): "run \(run) has ended (\(state.rawValue)); nothing is left to do"
        case .journalMoved(let change, let run):
            "another process went on with '\(change.printable)' of run \(run) meanwhile"
        case .worldMoved(let change, let differences):
            "'\(change.printable)' was planned for something else: \(differences.joined(separator: "; ").printable)"
        case .planChanged(let wanted, let found, let differences):
            "the plan is no longer \(wanted.prefix(12)) but \(found.prefix(12)): "
                + differences.joined(separator: "; ").printable
        case .needsConfirmation(let change, let target):
            "'\(change.printable)' removes data in \(target), which is protected, and nobody confirmed it"
        case .timeLimit(let change): "the time limit was reached before '\(change.printable)' could start"
        case .stepTimeLimit(let limit): "the step was ended after its time limit of \(limit.short)"
        case .fenced(let target, let holder):
            "another change is being made to \(target) (by '\(holder.printable)')"
        case .targetBusy(let target): "another run is working on \(target)"
        case .unproven(let change, let reason): "'\(change.printable)' could not be proved: \(reason.printable)"
        case .undecided(let record, let reason):
            "nobody can tell whether '\(record.change.id.printable)' was done: \(reason.printable)"
        case .changesFailed(let failed, let count, let first):
            "\(failed) of \(count) change\(count == 1 ? "" : "s") failed; the first: \(first)"
        case .gaps(let count, let first):
            count == 1 ? "could not look: \(first)" : "could not look in \(count) places; the first: \(first)"
        case .unknownTask(let name, _): "there is no task '\(name.printable)'"
        case .goneFromInventory(let target): "\(target) is no longer in the configuration"
        case .startTaken(let routine, let due): "the start of '\(routine.printable)' at \(due) was made before"
        }
    }

    package var hint: String? {
        switch self {
        case .noSuchRun: "'mainstay runs' lists them."
        case .severalRuns: "Give more of it; 'mainstay runs' lists them."
        case .runIsAlive: "Wait for it, or end that process; 'mainstay resume' then goes on."
        case .nothingToResume(let run, _): "'mainstay show \(run)' tells what came of it."
        case .journalMoved(_, let run): "'mainstay resume \(run)' looks what is so and goes on."
        case .worldMoved, .planChanged: "Look at the new plan with '--dry-run', then run that one."
        case .needsConfirmation: "Look at it with '--dry-run', then confirm it with '--yes'."
        case .stepTimeLimit: "Raise its 'timeout' if it needs longer; what is done stays done."
        case .timeLimit: "Run the task again; what is done stays done."
        case .fenced, .targetBusy: "Try again when that has ended."
        case .undecided(let record, _): "Look at the target, then tell with '\(record.decideCommand)'."
        case .unknownTask(_, let nearest):
            nearest.map { "Did you mean '\($0)'? 'mainstay tasks' lists all." } ?? "'mainstay tasks' lists them."
        default: nil
        }
    }

    /// Whether the journal holds something else than what was written into it.
    var isOfJournal: Bool { if case .journalMoved = self { true } else { false } }

    package var isRetryable: Bool {
        switch self {
        case .fenced, .targetBusy: true
        default: false
        }
    }

    package var exitStatus: ExitStatus {
        switch self {
        case .noSuchRun, .severalRuns, .nothingToResume, .unknownTask: .usage
        case .needsConfirmation, .undecided, .runIsAlive, .targetBusy, .fenced: .waiting
        case .goneFromInventory: .configuration
        default: .failure
        }
    }
}
