import Engine
import Maintenance
import Outside
import Settings

extension Check {
    static let commandResult = Check(
        CheckSchema(
            name: "command.result", summary: "what a program of the team's own says about the state of something",
            timeout: .seconds(630)),
        code: "HC062",
        title: "Program",
        kind: .command,
        explanation: """
            Runs the resource's program as Nagios and Icinga would: exit status 0 is well, 1 a warning, 2 critical, and 3 \
            means it could not tell; the first line it prints is the reason, and what stands behind '|' becomes samples. \
            So the plugins of Debian's monitoring-plugins run as they are. A program that is not there or dies by a signal \
            could not tell either; one that is not done in its time is critical. Conditions may judge its output, its \
            performance data and its exit status too; where they speak of 'exit', the rule above does not hold. No shell \
            reads its arguments, and values of 'variables' are never shown.
            """,
        source: "https://www.monitoring-plugins.org/doc/guidelines.html"
    ) { context in
        guard case .command(let access) = context.resource.access else {
            preconditionFailure("'\(context.resource.name)' is run and is \(context.resource.kind)")
        }
        let programs = context.look.programs
        var environment = ChildEnvironment()
        var secrets: [String] = []
        for (name, value) in access.variables {
            let secret = try await value.resolve(with: programs)
            environment.values[name] = .secret(secret)
            secrets.append(secret.reveal())
        }
        let program = ChildProgram(
            access.program[0], Array(access.program.dropFirst()), environment: environment, workingDirectory: "/",
            timeLimit: access.timeout, grace: .seconds(2))
        let outcome = try await programs.run(program, keeping: ByteCount(65_536))
        let text = secrets.filter { !$0.isEmpty }.reduce(outcome.output.text) { $0.replacingBytes(of: $1, with: "•••") }
        return Reading(of: outcome, text, access.expected, context)
    }
}

extension Reading {
    /// - Parameter text: standard output, secrets hidden.
    fileprivate init(
        of outcome: ProgramOutcome, _ text: String, _ expected: ConditionSet, _ context: CheckContext
    ) {
        self.init(state: .unknown)
        let output = PluginOutput(text)
        var facts = ConditionFacts()
        facts.values["output"] = .document(Array(text.utf8), isCut: outcome.output.cut > 0)
        facts.values["response-time"] = .number(outcome.duration.inSeconds)
        let named = output.performance.map { ($0.label.lowercased(), ConditionFacts.Value.number($0.value)) }
        facts.values["performance"] = .fields(Dictionary(named) { first, _ in first })
        measurements = output.performance.map {
            Measurement(
                "command.performance", context.target, object: $0.label.printable, unit: $0.unit, value: $0.value)
        }
        let line = output.summary.isEmpty ? "it printed nothing" : output.summary.printable
        summary = String(line.prefix(300))
        switch outcome.termination {
        case .exited(let status):
            facts.values["exit"] = .number(Double(status))
            evidence["exit status"] = Scalar(Int(status))
            state = [0: .passed, 1: .warning, 2: .critical][status] ?? .unknown
            if expected.mentions("exit") { state = .passed }
        case .signalled: facts.values["exit"] = .missing("it \(outcome.termination)")
        case .timedOut:
            facts.values["exit"] = .missing("it \(outcome.termination)")
            state = .critical
            summary = "it \(outcome.termination)"
        }
        if state == .unknown {
            let reason = CommandCouldNotTell(ending: outcome.termination.description, says: summary ?? "")
            gaps = [Observation.Gap("\(context.target)", reason)]
            summary = reason.problem
            return
        }
        if !output.unreadable.isEmpty {
            evidence["no performance data"] = .text(output.unreadable.joined(separator: " ").printable)
        }
        let said = summary
        judge(expected, by: facts)
        // The program's own words stay, where the conditions have nothing against them.
        if evidence["not met 1"] == nil { summary = said }
    }
}

/// A program that was run and could not say how what it looks at is.
struct CommandCouldNotTell: MaintenanceError {
    var ending: String
    var says: String

    var code: String { "health.command-unknown" }
    var problem: String { "the program \(ending): \(says)" }
    var hint: String? { "Run it by hand as the user Mainstay runs as." }
}
