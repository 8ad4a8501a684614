import Calendar
import Maintenance

/// One step of a routine: a task as text, or a mapping that says what is done and where.
struct StepSections: Sendable {
    /// What is wrong with a task's arguments.
    var judgeTask: @Sendable ([String]) -> SettingsVocabulary.StepProblem?

    var zones: ZoneDirectory

    private static let actions = ["task", "command", "shell", "routine", "checklist", "approval", "wait", "wait-for"]

    private static let later: Set<String> = [
        "windows", "window", "approvals", "notify", "owner", "calendar", "schedule", "item", "run",
        "description", "if", "user", "input",
    ]

    var format: Format<RoutineStep> {
        let task = arguments
        let section = section
        return Format(
            shape: .either([task.shape, .section(section.shape)]),
            read: { tree, keyPath, reading in
                guard case .scalar = tree.value else { return section.format.read(tree, keyPath, reading) }
                return task.read(tree, keyPath, reading).map { RoutineStep(.task($0), location: tree.location) }
            },
            write: { step in
                guard case .task(let words) = step.action, step.environments == nil, step.resources == nil,
                    step.conditions.isEmpty
                else {
                    return section.format.write(step)
                }
                return task.write(words)
            })
    }

    private var section: MappedSection<RoutineStep> {
        MappedSection(
            Section<Draft>(
                prototype: { Draft(location: $0) },
                keys: actionKeys + WaitingSections(task: arguments).actionKeys + placeKeys
                    + ConditionSections(zones: zones).keys + Self.commandKeys + WaitingSections.keys,
                later: Self.later,
                rules: [.exactlyOne(Self.actions)]),
            { draft, tree, keyPath, reading in draft.step(tree, keyPath, reading) }, writing: Draft.init)
    }

    private var actionKeys: [Key<Draft>] {
        [
            Key("task", \.task, arguments, "A task with its options."),
            Key(
                "command", \.command, Self.program,
                "A program and its arguments, each one a word of its own; no shell reads them."),
            Key("shell", \.shell, .text, "A line that /bin/sh runs."),
            Key("routine", \.routine, .name, "Another routine, whose steps are done here."),
            Key(
                "checklist", \.checklist, .name,
                "A checklist that has to be green here; the step waits where only signatures are missing."),
        ]
    }

    private var placeKeys: [Key<Draft>] {
        [
            Key(
                "environments", \.environments, .list(of: .name),
                "The environments it is done in, of those the routine is run for."),
            Key(
                "resources", \.resources, .list(of: .name),
                "A task is done for these alone, and a command once for each of them instead of once in each environment."
            ),
        ]
    }

    private static var commandKeys: [Key<Draft>] {
        let standard = CommandSettings(program: [])
        return [
            Key("directory", \.directory, .path, "Where a command runs; without it, in '/'."),
            Key(
                "variables", \.variables, .dictionary("variable", StepSections.variable),
                "Environment variables for a command, beside PATH, HOME, USER, LANG, TZ and TMPDIR."),
            Key(
                "effect", \.effect, .choice(), standard: .plain(standard.effect.rawValue),
                "What a command may do; what is not declared is judged as if it removed data."),
            Key(
                "exit-status", \.exitStatuses, .oneOrMore(.integer(0...255)), standard: .list([.plain("0")]),
                "What counts as success."),
            Key(
                "idempotent", \.isIdempotent, .boolean, standard: .plain("false"),
                "Whether doing it twice is the same as once: then a crash in its middle needs no person."),
            Key(
                "prove", \.proof, program,
                "A program that looks afterwards: status 0 says it is done, 1 it is not, anything else it cannot tell."),
            Key(
                "interrupts", \.interrupts, .oneOrMore(.name),
                "The resources that a command takes out of service while it runs: nobody is told of what their checks say "
                    + "meanwhile."),
            Key(
                "class", \.changeClass, .choice(),
                "How far the update that a command makes reaches, for rules about approvals by 'classes'."),
            Key(
                "output", \.outputLimit, .size(ByteCount(1_024)...ByteCount(1_048_576)),
                standard: .plain(standard.outputLimit.canonical),
                "How much of each of its two outputs is kept, the first and the last part."),
        ]
    }

    var arguments: Format<[String]> {
        let words = "a task with its options, such as 'db update-stats --older-than 7d'"
        let judgeTask = judgeTask
        return Format<[String]>(
            shape: .scalar(words: words, schema: ["type": "string", "minLength": 1]),
            read: { tree, keyPath, reading in
                guard case .scalar(let text, _) = tree.value, !tree.isEmpty else {
                    reading.refuse(tree, keyPath, "is no step", allowed: words)
                    return nil
                }
                guard let arguments = CommandWords.split(text) else {
                    reading.refuse(tree, keyPath, "has a quote or a backslash without its end")
                    return nil
                }
                guard !arguments.isEmpty else {
                    reading.refuse(tree, keyPath, "is no step", allowed: words)
                    return nil
                }
                if let problem = judgeTask(arguments) {
                    reading.report(problem.text, at: tree.location, keyPath, nearest: problem.nearest)
                    return nil
                }
                return arguments
            },
            write: { .text(CommandWords.join($0)) })
    }

    /// A program and its arguments. One line of text would leave open who takes it apart.
    static var program: Format<[String]> {
        let list = Format<[String]>.list(of: word)
        return Format(
            shape: list.shape,
            read: { tree, keyPath, reading in
                guard case .scalar(let text, _) = tree.value, !tree.isEmpty else {
                    return list.read(tree, keyPath, reading)
                }
                let words = CommandWords.split(text).map { "[\($0.map(\.shellQuoted).joined(separator: ", "))]" }
                reading.refuse(
                    tree, keyPath, "stands where a list of words is needed",
                    allowed: "a list; 'shell' takes a line", nearest: words.map(Redaction.text))
                return nil
            },
            write: list.write)
    }

    /// An argument; it may be empty.
    private static var word: Format<String> {
        Format(
            shape: .scalar(words: "a word", schema: ["type": ["string", "number", "boolean"]]),
            read: { tree, keyPath, reading in
                guard case .scalar(let text, let isPlain) = tree.value, !(isPlain && tree.isEmpty) else {
                    reading.refuse(tree, keyPath, "is no word", allowed: "text; '' for an empty argument")
                    return nil
                }
                guard !text.utf8.contains(0), Redaction.text(text) == text else {
                    reading.report(
                        "a secret may not stand in an argument, where every user of the machine sees it",
                        at: tree.location, keyPath, allowed: "a variable under 'variables'")
                    return nil
                }
                return text
            },
            write: { .text($0) })
    }

    /// The value of a variable: text, or where it comes from.
    static var variable: Format<String> {
        let text = Format<ConfiguredText>.configured("the variable's value", .url) { text in
            // Where it comes from may well be called a secret.
            var isSuspect = text.holdsSecret
            if case .template = text.source {
                isSuspect = isSuspect || Redaction.text(text.description) != text.description
            }
            return isSuspect
                ? "a secret stands here in plain text; write where it comes from" : nil
        }
        return text.map(
            { text, _, _, _ in text.description },
            writing: { written in
                do throws(MalformedText) {
                    let nowhere = SourceLocation(file: "", line: 1, column: 1)
                    return try ConfiguredText(written, secrecy: .url, location: nowhere)
                } catch {
                    preconditionFailure("a variable that was read cannot be written: \(error.problem)")
                }
            })
    }
}
