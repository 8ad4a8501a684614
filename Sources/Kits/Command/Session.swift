import Engine
import Maintenance
import Outside
import Settings
import Store

/// An application with its configuration read and its state opened.
package struct Session: Sendable {
    package let application: Application
    package let inventory: Inventory
    package let log: RunLog
    package let stateDirectory: String
    let output: OutputOptions

    var console: Console { application.console }
    var style: Style { Style(usesColor: console.usesColor) }

    /// Carries a request out, shows it live, prints what came of it, and says how to exit.
    package func run(_ request: RunRequest, _ options: RunOptions) async throws -> ExitStatus {
        var request = request
        request.isDryRun = options.dryRun
        request.planDigest = options.plan
        request.timeLimit = options.timeLimit
        request.confirm = confirmation(options)
        let wanted = request
        let summary = try await watching(request.name) { try await $0.run(wanted) }
        leaveHead(after: summary)
        try show(summary, isAfterProgress: true)
        if output.format == .nagios { return NagiosText(summary).status }
        return summary.exitStatus(failOn: options.failOn.severity)
    }

    /// Goes on with a run and shows it in the same way.
    func resume(
        _ name: String, _ decision: Decision?, about place: ChangePlace?, failOn: FailOn
    ) async throws -> ExitStatus {
        let run = try await log.run(name)
        let requester = application.requester
        let summary = try await watching(run.name) {
            try await $0.resume(run.id, decision: decision, about: place, requester: requester)
        }
        leaveHead(after: summary)
        try show(summary, isAfterProgress: true)
        return summary.exitStatus(failOn: failOn.severity)
    }

    /// Leaves the head of the audit trail in the system log, where whoever can rewrite the state cannot reach it
    /// unnoticed. A machine without a system log keeps none; `--verbose` says so.
    package func leave(_ head: AuditHead?, after event: String) {
        guard let head else { return }
        let reason = application.systemLog.write("\(head) after \(event)", at: application.clock.now())
        guard let reason, output.verbose else { return }
        console.note("the head of the audit trail is not in the system log: \(reason)")
    }

    func leaveHead(after summary: RunSummary) {
        leave(summary.auditHead, after: "run \(summary.run.id), which is \(summary.run.state.rawValue)")
    }

    private func watching(
        _ name: String, _ body: @escaping @Sendable (Runner) async throws -> RunSummary
    ) async throws -> RunSummary {
        let isQuiet = output.quiet || output.format == .nagios
        let progress = Progress(
            console: console, clock: application.clock, isQuiet: isQuiet, isVerbose: output.verbose)
        var runner = Runner(
            inventory: inventory, catalog: application.catalog, log: log, clock: application.clock,
            programs: application.programs, stateDirectory: stateDirectory, events: progress.receive)
        runner.zones = application.zones
        let carrier = runner
        return try await withThrowingTaskGroup(of: RunSummary?.self) { group in
            group.addTask { try await body(carrier) }
            if !isQuiet {
                group.addTask { [log] in
                    // Only shown, so the run begins without it.
                    if let expected = try? await log.lastDuration(of: name) { progress.expect(expected) }
                    return nil
                }
            }
            group.addTask { [clock = application.clock] in
                while !Task.isCancelled {
                    try? await clock.sleep(for: .milliseconds(200))
                    progress.tick()
                }
                return nil
            }
            defer { group.cancelAll() }
            while let next = try await group.next() {
                if let summary = next { return summary }
            }
            throw CancellationError()
        }
    }

    /// Asks the person at the terminal, unless `--yes` has answered.
    private func confirmation(_ options: RunOptions) -> (@Sendable (Plan) async -> Bool)? {
        if options.yes { return { _ in true } }
        guard console.isTerminal, console.errorIsTerminal, output.format == .table else { return nil }
        return { [console, style] plan in
            for line in PlanText(style: style, width: console.width).lines(plan) { console.note(line) }
            console.draw("Remove this from \(plan.target)? Type its name to confirm: ")
            return readLine(strippingNewline: true) == plan.target.description
        }
    }

    func show(_ summary: RunSummary, isAfterProgress: Bool = false) throws {
        switch output.format {
        case .json: console.print(try JSONText.make(RunDocument(summary)))
        case .csv: for line in summary.csvLines { console.print(line) }
        case .nagios: for line in NagiosText(summary).lines { console.print(line) }
        case .table:
            let text = RunText(
                style: style, width: console.width, isVerbose: output.verbose, isAfterProgress: isAfterProgress)
            let lines = text.lines(summary)
            for line in output.quiet ? [lines.last ?? ""] : lines { console.print(line) }
            guard summary.run.isDryRun, !summary.plans.isEmpty else { return }
            let digest = combinedDigest(summary.plans)
            console.print("plan \(digest)")
            guard !summary.run.isRoutine, let step = summary.steps.first,
                summary.plans.contains(where: { !$0.changes.isEmpty })
            else { return }
            let words =
                ["mainstay"] + step.task.split(separator: ".").map(String.init)
                + summary.run.environments.map { "--environment=\($0)" } + step.arguments
                + ["--plan=\(digest.prefix(12))"]
            console.print("do exactly this: \(words.map(\.shellQuoted).joined(separator: " "))")
        }
    }
}

/// A run as JSON.
struct RunDocument: Encodable {
    var run: RunRecord
    var steps: [StepRecord]
    var changes: [ChangeRecord]
    var planDigest: String?

    init(_ summary: RunSummary) {
        run = summary.run
        steps = summary.steps
        changes = summary.changes
        planDigest = summary.plans.isEmpty ? nil : combinedDigest(summary.plans)
    }
}

extension RunSummary {
    /// One line a change, after one a step.
    var csvLines: [String] {
        var lines = [
            CSVText.line(["step", "task", "environment", "resource", "state", "seconds", "change", "change_state"])
        ]
        for step in steps {
            let head = [
                String(step.number), step.task, step.target.environment, step.target.resource, step.state.rawValue,
                step.duration.map { $0.inSeconds.formatted(decimals: 3) } ?? "",
            ]
            lines.append(CSVText.line(head + ["", ""]))
            for change in changes(of: step) {
                lines.append(CSVText.line(head + [change.change.id, change.state.rawValue]))
            }
        }
        return lines
    }
}
