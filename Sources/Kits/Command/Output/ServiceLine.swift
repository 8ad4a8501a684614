import Engine
import Maintenance
import Outside

/// What a service says on standard error: time, severity, a message that is always the same, and the rest as `name=value`.
struct ServiceLine: Sendable {
    let clock: WallClock

    /// Nil for what is worth no line.
    func text(_ event: SchedulerEvent) -> String? {
        switch event {
        case .leads(let routines, let next):
            line(.info, "scheduler ready", [("routines", "\(routines)"), ("next", next?.iso8601)])
        case .waits: line(.info, "another scheduler leads on this state; waiting for it to end")
        case .starts(let start, let late):
            line(
                .info, "routine starts",
                [
                    ("routine", start.routine), ("due", start.due.iso8601),
                    ("late", late >= .seconds(60) ? late.short : nil),
                ])
        case .resumes(let run, let reason):
            line(.info, "run goes on", [("run.id", run.id), ("name", run.name), ("reason", reason)])
        case .ended(let summary): ended(summary)
        case .found(let finding):
            line(finding.severity, "finding", [("code", finding.code), ("summary", finding.summary)])
        case .failed(let what, let error):
            line(.critical, "cannot be done", [("what", what), ("code", error.code), ("problem", error.problem)])
        case .reloaded(_, let routines, let next):
            line(.info, "configuration read again", [("routines", "\(routines)"), ("next", next?.iso8601)])
        case .refusedConfiguration(let error):
            line(
                .critical, "configuration refused, the old one stays",
                [("code", error.code), ("problem", error.problem)])
        case .isWell: nil
        }
    }

    /// What a service beside the scheduler says.
    func text(_ severity: Severity, _ message: String, _ data: [(String, String?)]) -> String {
        line(severity, message, data)
    }

    /// The service manager could not be told something.
    func text(untold trouble: String) -> String {
        line(.warning, "the service manager does not hear", [("problem", trouble)])
    }

    func text(_ step: StepRecord) -> String {
        line(
            step.state == .succeeded || step.state == .skipped ? .info : .warning, "step ended",
            [
                ("run.id", step.runID), ("task", step.task), ("target", "\(step.target)"),
                ("state", step.state.rawValue), ("took", step.duration?.short), ("code", step.error?.code),
                ("problem", step.error?.problem),
            ])
    }

    private func ended(_ summary: RunSummary) -> String {
        let run = summary.run
        let left = run.state == .cancelled ? "the next start of the scheduler goes on with it" : nil
        return line(
            run.state == .succeeded ? .info : .warning, "run ended",
            [
                ("run.id", run.id), ("name", run.name), ("state", run.state.rawValue), ("left", left),
                ("took", run.endedAt.map { ($0 - run.startedAt).short }),
            ])
    }

    private func line(_ severity: Severity, _ message: String, _ data: [(String, String?)] = []) -> String {
        let fields = data.compactMap { name, value in value.map { "\(name)=\($0.printable.shellQuoted)" } }
        return ([clock.now().iso8601, severity.rawValue, message] + fields).joined(separator: " ")
    }
}
