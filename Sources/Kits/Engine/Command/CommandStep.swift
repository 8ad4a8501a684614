import Maintenance
import Outside
import Settings

/// A team's own program as a step: one change like any other, planned with its exact argv, judged by policy, journalled
/// before it starts, and proved by its exit status and, where there is one, by the program that looks at the result.
///
/// It is no task of the command line, since what it does stands in the configuration and not in options.
struct CommandStep: MaintenanceTask {
    static let name = "command"

    /// For what is not known of a single command; `parsed` has the one of each.
    static let declaration = TaskDeclaration(
        name: name, summary: "run a program of the team's own", explanation: "A step of a routine.", effect: .destroys,
        subject: .environments)

    let settings: CommandSettings

    init(_ settings: CommandSettings) { self.settings = settings }

    func survey(_ look: Look) async throws -> Observation {
        var observation = Observation()
        observation.changes = [
            Change(
                kind: Self.name, object: settings.shown, action: .program(settings.program), effect: settings.effect,
                reversal: "only whoever wrote it knows", identity: try identity(look),
                reason: "a step of the routine", estimate: estimate, changeClass: settings.changeClass,
                interrupts: settings.interrupts)
        ]
        return observation
    }

    /// It is ended after its time-out: where that is shorter than what is assumed of everything, so is this. Nil else.
    private var estimate: Change.Estimate? {
        guard settings.timeLimit < ExpectedDuration.standard else { return nil }
        return Change.Estimate(seconds: settings.timeLimit.inSeconds, source: "its time-out")
    }

    func inspect(_ change: Change, _ look: Look) async throws -> Inspection {
        Inspection(identity: try identity(look), witness: ["exit status": "none yet"])
    }

    /// Runs it to its end and notes durably how it ended, whatever that was.
    func apply(_ change: Change, _ act: Act) async throws {
        let look = act.look
        let use = Ballot.Use(runID: look.runID, step: look.step)
        try await look.log.forgetCommand(use)
        let variables = try await resolvedVariables(look)
        let program = child(settings.program, try path(look), variables, mark: act.applicationName)
        let ending: CommandOutcome
        do {
            look.tell("running \(settings.shown.printable)")
            ending = CommandOutcome(
                try await look.programs.run(program, keeping: settings.outputLimit), settings.exitStatuses,
                hiding: settings.secretVariables.compactMap { variables[$0] })
        } catch {
            let failure = error
            try await despiteCancellation { try await look.log.keep(CommandOutcome(failure), use) }
            throw failure
        }
        try await despiteCancellation { try await look.log.keep(ending, use) }
        guard ending.isExpected else {
            throw CommandStepError.ended(command: settings.shown, ending, mayRepeat: settings.mayRepeat)
        }
    }

    func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof {
        let use = Ballot.Use(runID: look.runID, step: look.step)
        let mark = Fence.applicationName(runID: look.runID, step: look.step)
        guard let ending = try await look.log.commandOutcome(use) else {
            // Mainstay died while it ran. As long as it, or anything it started, still does, nobody can say anything.
            if let process = StartedPrograms().having(Self.markVariable, mark).first {
                throw CommandStepError.stillRuns(command: settings.shown, process: process)
            }
            if settings.proof != nil { return try await ownProof(look, [:]) }
            return settings.mayRepeat
                ? .notDone("it left no exit status")
                : .unknown("it may have started, and left no exit status")
        }
        if ending.wasInterrupted ?? false {
            if settings.proof != nil { return try await ownProof(look, ending.evidence) }
            return settings.mayRepeat
                ? .notDone(ending.words) : .unknown("it \(ending.words), and nobody knows how far it was")
        }
        guard ending.isExpected else {
            return settings.mayRepeat ? .notDone(ending.words) : .failed(ending.words, ending.evidence)
        }
        return settings.proof == nil ? .done(ending.evidence) : try await ownProof(look, ending.evidence)
    }

    /// What the team's own program says about the result.
    private func ownProof(_ look: Look, _ evidence: Facts) async throws -> Proof {
        guard let words = settings.proof, let first = words.first else {
            preconditionFailure("a command without a proof was asked for it")
        }
        var program = child(words, try settings.path(of: first, look.programs), try await resolvedVariables(look))
        program.timeLimit = min(settings.timeLimit, .seconds(600))
        let outcome = try await look.programs.run(program, keeping: ByteCount(4_096))
        var evidence = evidence
        evidence["proof"] = .text(program.commandLine)
        evidence["proof says"] = .text(outcome.termination.description)
        return switch outcome.termination {
        case .exited(0): .done(evidence)
        case .exited(1): .notDone("'\(program.commandLine)' exited with status 1")
        default: .unknown("'\(program.commandLine)' \(outcome.termination)")
        }
    }

    /// Names run and step in the child's environment, so that it is known for ours when we have died.
    static let markVariable = "MAINSTAY_STEP"

    private func child(
        _ words: [String], _ path: String, _ variables: [String: Secret], mark: String? = nil
    ) -> ChildProgram {
        var environment = ChildEnvironment()
        for (name, value) in variables { environment.values[name] = .secret(value) }
        if let mark { environment.values[Self.markVariable] = .plain(mark) }
        return ChildProgram(
            path, Array(words.dropFirst()), environment: environment, workingDirectory: settings.directory ?? "/",
            timeLimit: settings.timeLimit)
    }

    private func resolvedVariables(_ look: Look) async throws -> [String: Secret] {
        let own: [String: Secret] = [
            "MAINSTAY_RUN": Secret(look.runID), "MAINSTAY_ENVIRONMENT": Secret(look.target.environment),
            "MAINSTAY_RESOURCE": Secret(look.target.resource),
        ]
        return own.merging(try await settings.resolvedVariables(with: look.programs)) { $1 }
    }

    private func path(_ look: Look) throws -> String {
        try settings.path(of: settings.program.first ?? "", look.programs)
    }

    /// The very file that will be started, so that what was approved is what runs.
    private func identity(_ look: Look) throws -> Facts {
        let path = try path(look)
        let status = try look.programs.status(of: path)
        return [
            "program": .text(path), "size": .integer(status.size.bytes), "modified": .text(status.modified.iso8601),
            "directory": .text(settings.directory ?? "/"),
        ]
    }
}

extension CommandSettings {
    /// Printable, at most 80 characters: how people know it again.
    package var shown: String {
        let text = (shellLine ?? program.map(\.shellQuoted).joined(separator: " ")).printable
        return text.unicodeScalars.count > 80 ? String(text.prefix(79)) + "…" : text
    }

    /// Those whose value comes from elsewhere; what the configuration says in plain text is no secret.
    var secretVariables: [String] {
        variables.keys.filter { name in
            do throws(MalformedText) {
                let place = SourceLocation(file: "", line: 1, column: 1)
                return try ConfiguredText(variables[name] ?? "", secrecy: .url, location: place).literal == nil
            } catch {
                return true
            }
        }
    }
}
