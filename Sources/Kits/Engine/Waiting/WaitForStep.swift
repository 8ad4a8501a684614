import Maintenance
import Outside
import Settings

/// A step of a routine that has a task look again and again until it finds nothing wrong: a service that starts, a standby
/// that catches up.
struct WaitForStep: MaintenanceTask {
    /// For what is not known of a single one; `ParsedTask.waitFor` has the subject of its task.
    static let declaration = TaskDeclaration(
        name: "wait-for", summary: "wait until a check finds nothing wrong", explanation: "A step of a routine.",
        effect: .observes, subject: .environments)

    let settings: WaitForSettings
    let task: any MaintenanceTask

    init(_ options: (settings: WaitForSettings, task: any MaintenanceTask)) {
        settings = options.settings
        task = options.task
    }

    func survey(_ look: Look) async throws -> Observation {
        let words = settings.task.map(\.shellQuoted).joined(separator: " ")
        let steady = settings.steady > .zero ? ", for \(settings.steady.short) without a break" : ""
        var observation = Observation()
        observation.changes = [
            Change(
                kind: "wait-for", object: words,
                action: .pause("'\(words)' every \(settings.every.short) until it finds nothing wrong\(steady)"),
                effect: .observes, reversal: "none is needed", identity: [:],
                reason: "a step of the routine, \(settings.timeLimit.short) at most")
        ]
        return observation
    }

    func inspect(_ change: Change, _ look: Look) async throws -> Inspection { Inspection(identity: [:], witness: [:]) }

    func apply(_ change: Change, _ act: Act) async throws {
        let look = act.look
        let begin = look.clock.monotonic()
        var wellSince: Duration?
        var told = ""
        while true {
            let trouble = try await trouble(look)
            let now = look.clock.monotonic()
            if let trouble {
                wellSince = nil
                if trouble != told { look.tell("waiting: \(trouble)") }
                told = trouble
            } else {
                let since = wellSince ?? now
                wellSince = since
                if now - since >= settings.steady { return }
            }
            guard now - begin + settings.every <= settings.timeLimit else {
                throw WaitForError(
                    task: settings.task.joined(separator: " "), limit: settings.timeLimit,
                    trouble: trouble ?? "it has been well for \((now - (wellSince ?? now)).short) only")
            }
            try await look.clock.sleep(for: settings.every)
        }
    }

    /// One more look: what was waited for has to be so now.
    func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof {
        let (trouble, evidence) = try await state(look)
        return trouble.map { .notDone($0) } ?? .done(evidence)
    }

    private func trouble(_ look: Look) async throws -> String? { try await state(look).trouble }

    /// What is not well, one clause; nil where nothing is wrong. What cannot be reached is not well yet.
    private func state(_ look: Look) async throws -> (trouble: String?, evidence: Facts) {
        do {
            let observation = try await task.survey(look)
            if let gap = observation.gaps.first {
                return ("\(gap.subject.printable): \(gap.reason.problem)", [:])
            }
            let wrong = observation.findings.filter { $0.severity > .info }.max { $0.severity < $1.severity }
            if let wrong { return ("\(wrong.code) \(wrong.summary)", [:]) }
            var evidence = observation.evidence
            if !observation.checks.isEmpty { evidence["checks passed"] = Scalar(observation.checks.count) }
            return (nil, evidence)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            let report = ErrorReport(error)
            guard report.isRetryable || report.exitStatus == .unreachable else { throw error }
            for resource in look.resources { await look.sessions.drop(resource) }
            return (report.problem, [:])
        }
    }
}

/// Time is over, and it is not well.
struct WaitForError: MaintenanceError {
    var task: String
    var limit: Duration
    var trouble: String

    var code: String { "step.not-well" }
    var problem: String { "'\(task.printable)' was not well within \(limit.short): \(trouble)" }
    var exitStatus: ExitStatus { .failure }
}

extension WaitForSettings {
    var arguments: [String] {
        ["--every=\(every.canonical)", "--for=\(steady.canonical)", "--timeout=\(timeLimit.canonical)", "--"] + task
    }

    /// What `arguments` wrote; nil where it is something else.
    init?(arguments: [String]) {
        guard let (options, rest) = StepArguments.split(arguments), !rest.isEmpty else { return nil }
        self.init(task: rest)
        for (name, value) in options {
            guard let duration = Duration(value) else { return nil }
            switch name {
            case "--every": every = duration
            case "--for": steady = duration
            case "--timeout": timeLimit = duration
            default: return nil
            }
        }
    }
}

extension ParsedTask {
    /// On what its task works on. Throws a usage error of that task.
    static func waitFor(_ settings: WaitForSettings, _ catalog: TaskCatalog) throws -> ParsedTask {
        let parsed = try catalog.parse(settings.task)
        var declaration = WaitForStep.declaration
        declaration.subject = parsed.declaration.subject
        return ParsedTask(
            declaration: declaration, task: WaitForStep((settings, parsed.task)), arguments: settings.arguments)
    }
}

extension TaskEntry {
    static func waitFor(_ catalog: TaskCatalog) -> TaskEntry {
        TaskEntry(declaration: WaitForStep.declaration) { arguments in
            guard let settings = WaitForSettings(arguments: arguments) else {
                throw StepArgumentsError(task: WaitForStep.declaration.name, arguments: arguments)
            }
            return try .waitFor(settings, catalog)
        }
    }
}
