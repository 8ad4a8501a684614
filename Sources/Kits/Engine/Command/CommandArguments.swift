import Maintenance
import Settings

/// A command step as a plan and a run store it: options, `--`, then the argv as it is.
extension CommandSettings {
    /// Only what differs from the standard, sorted by name.
    var arguments: [String] {
        let standard = CommandSettings(program: [])
        var options: [String] = []
        if let changeClass { options.append("--class=\(changeClass.rawValue)") }
        if let directory { options.append("--directory=\(directory)") }
        options.append("--effect=\(effect.rawValue)")
        if exitStatuses != standard.exitStatuses {
            options.append("--exit-status=\(exitStatuses.map(String.init).joined(separator: ","))")
        }
        if isIdempotent { options.append("--idempotent") }
        options += interrupts.map { "--interrupts=\($0)" }
        if outputLimit != standard.outputLimit { options.append("--output=\(outputLimit.canonical)") }
        options += (proof ?? []).map { "--prove=\($0)" }
        if timeLimit != standard.timeLimit { options.append("--timeout=\(timeLimit.canonical)") }
        options += variables.sorted { $0.key < $1.key }.map { "--variable=\($0.key)=\($0.value)" }
        return options + ["--"] + program
    }

    /// What `arguments` wrote.
    init(arguments: [String]) throws(CommandStepError) {
        guard let (options, program) = StepArguments.split(arguments), !program.isEmpty else {
            throw .malformed(arguments.joined(separator: " "))
        }
        self.init(program: program)
        for (name, value) in options {
            guard take(name, value) else { throw .malformed("\(name)=\(value)") }
        }
    }

    /// False where it is not one of the options, or not one of its values.
    private mutating func take(_ name: String, _ value: String) -> Bool {
        switch name {
        case "--directory": directory = value
        case "--idempotent": isIdempotent = true
        case "--prove": proof = (proof ?? []) + [value]
        case "--effect":
            guard let known = Effect(rawValue: value) else { return false }
            effect = known
        case "--class":
            guard let known = ChangeClass(rawValue: value) else { return false }
            changeClass = known
        case "--interrupts": interrupts.append(value)
        case "--exit-status":
            let numbers = value.split(separator: ",").compactMap { Int($0) }
            guard !numbers.isEmpty else { return false }
            exitStatuses = numbers
        case "--output":
            guard let size = ByteCount(value) else { return false }
            outputLimit = size
        case "--timeout":
            guard let limit = Duration(value) else { return false }
            timeLimit = limit
        case "--variable":
            let (variable, text) = StepArguments.halves(value)
            variables[variable] = text
        default: return false
        }
        return true
    }
}

extension ParsedTask {
    /// A program as a step. It counts as changing something also where it is declared to look only: the house cannot keep
    /// a program from writing, so it is planned, shown and journalled before it starts.
    package static func command(_ settings: CommandSettings) -> ParsedTask {
        var declaration = CommandStep.declaration
        declaration.effect = max(.maintains, settings.effect)
        return ParsedTask(declaration: declaration, task: CommandStep(settings), arguments: settings.arguments)
    }
}

extension TaskEntry {
    /// Behind the steps of routines that are no task of the command line; a run that is resumed finds them here.
    static let command = TaskEntry(declaration: CommandStep.declaration) { arguments in
        .command(try CommandSettings(arguments: arguments))
    }
}
