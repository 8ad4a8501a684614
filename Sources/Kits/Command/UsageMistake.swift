import Maintenance

/// Arguments that mean no command, in the house's voice: ArgumentParser says what is wrong with them, and this adds what
/// it cannot know, which command or option was probably meant.
struct UsageMistake: MaintenanceError, Equatable {
    var problem: String
    var hint: String?

    var code: String { "command.usage" }
    var exitStatus: ExitStatus { .usage }

    /// - Parameters:
    ///   - message: The parser's full message. `Error: …`, sometimes `Help: …`, then `Usage: …`.
    ///   - arguments: As parsed, so with aliases replaced.
    init(_ message: String, arguments: [String], program: CommandDescription, aliases: [String]) {
        let words = arguments.prefix { !$0.hasPrefix("-") }
        let command = program.deepest(words)
        let text = Self.clause(message)
        if !command.subcommands.isEmpty, let word = words.dropFirst(command.words.count).first {
            let further = words.dropFirst(command.words.count + 1).first
            self = Self.noSuchCommand(word, further, under: command, program, aliases)
        } else if let option = text.quoted(after: "unknown option "), option.hasPrefix("-") {
            self = Self.unknownOption(option, of: command, program, arguments)
        } else if let argument = text.quoted(after: "missing expected argument ") {
            problem = "the argument '\(argument.printable)' is missing"
            hint = command.argument(argument)?.abstract ?? Self.seeHelp(command)
        } else {
            problem = text.printable
            hint = Self.hint(about: text, of: command)
        }
    }

    private init(problem: String, hint: String?) {
        self.problem = problem
        self.hint = hint
    }

    private static func noSuchCommand(
        _ word: String, _ further: String?, under command: CommandDescription, _ program: CommandDescription,
        _ aliases: [String]
    ) -> UsageMistake {
        let typed = (command.words + [word]).joined(separator: " ")
        let leaves = program.leaves.map { $0.words.joined(separator: " ") }
        let sameWord = program.leaves.filter { $0.name == word }.map { $0.words.joined(separator: " ") }
        let near =
            further.flatMap { nearest(to: "\(typed) \($0)", among: leaves) }
            ?? nearest(to: typed, among: leaves + aliases + program.subcommands.map(\.name))
            ?? (sameWord.count == 1 ? sameWord.first : nil)
            ?? nearest(to: word, among: command.subcommands.map(\.name)).map {
                (command.words + [$0]).joined(separator: " ")
            }
        return UsageMistake(
            problem: "there is no command '\(typed.printable)'",
            hint: near.map { "Did you mean '\(program.name) \($0)'?" }
                ?? "'\(command.spelling) --help' lists the commands.")
    }

    private static func unknownOption(
        _ option: String, of command: CommandDescription, _ program: CommandDescription, _ arguments: [String]
    ) -> UsageMistake {
        let name = String(option.prefix { $0 != "=" })
        guard command.subcommands.isEmpty else {
            // Before a command nothing but --help and --version is known; behind one it may well be.
            let meant = arguments.indices.map { program.deepest(arguments[$0...]) }.first { $0.subcommands.isEmpty }
            if let owner = meant, owner.options.contains(name) {
                return UsageMistake(
                    problem: "the option '\(name.printable)' stands before the command",
                    hint: "Options follow the command: '\(owner.spelling) \(name.printable)'.")
            }
            let near = nearestOption(to: name, among: program.leaves.flatMap(\.options))
            return UsageMistake(
                problem: "there is no option '\(name.printable)', and options follow a command",
                hint: near.map { "Did you mean '\($0)'? '\(command.spelling) --help' lists the commands." }
                    ?? "'\(command.spelling) --help' lists the commands.")
        }
        let near = nearestOption(to: name, among: command.options)
        return UsageMistake(
            problem: "'\(command.spelling)' has no option '\(name.printable)'",
            hint: near.map { "Did you mean '\($0)'?" } ?? seeHelp(command))
    }

    private static func nearestOption(to name: String, among options: [String]) -> String? {
        guard name.count > 3 else { return nil }
        let beginnings = Set(options.filter { $0.hasPrefix(name) })
        return nearest(to: name, among: options) ?? beginnings.min()
    }

    /// Without the parser's own frame, as one clause.
    private static func clause(_ message: String) -> String {
        var text = Substring(message)
        for end in ["\nHelp: ", "\nUsage: ", "\nSee "] {
            if let place = text.firstRange(of: end) { text = text[..<place.lowerBound] }
        }
        if text.hasPrefix("Error: ") { text = text.dropFirst(7) }
        for (end, replacement) in [(". Did you mean ", nil), (". Please provide ", "it is ")] as [(String, String?)] {
            guard let place = text.firstRange(of: end) else { continue }
            let rest = text[place.upperBound...].trimmingWhitespace()
            text = replacement.map { "\(text[..<place.lowerBound]); \($0)\(rest)" } ?? text[..<place.lowerBound]
        }
        let trimmed = text.trimmingWhitespace()
        let sentence = trimmed.hasSuffix(".") ? String(trimmed.dropLast()) : trimmed
        guard let first = sentence.first, sentence.dropFirst().first?.isLowercase == true else { return sentence }
        return first.lowercased() + sentence.dropFirst()
    }

    /// What a value has to look like, where the option's value name says it.
    private static func hint(about text: String, of command: CommandDescription) -> String? {
        let argument = command.arguments.first { argument in
            (argument.preferredName.map { text.contains("'\($0.spelling) ") } ?? false)
                || text.contains("'\(argument.placeholder)'")
        }
        guard let argument else { return seeHelp(command) }
        if argument.allValues != nil, text.contains("; it is ") { return seeHelp(command) }
        let looks: String? =
            switch argument.valueName {
            case "duration": "A duration has a unit: 30s, 5m, 2h or 7d."
            case "age": "An age has a unit: 12h, 7d, 12mo or 7y."
            case "size": "A size has a unit: 500k, 100M or 2G."
            case "percent": "A percentage is a number from 0 to 100."
            case "count": "A count is a whole number."
            default:
                argument.abstract.map { abstract in
                    ([abstract] + (argument.allValues.map { ["One of: \($0.joined(separator: ", "))."] } ?? []))
                        .joined(separator: " ")
                }
            }
        return looks ?? seeHelp(command)
    }

    private static func seeHelp(_ command: CommandDescription) -> String {
        "'\(command.spelling) --help' lists its options."
    }
}

extension CommandDescription {
    /// `--environment`, `-q`.
    fileprivate var options: [String] { arguments.flatMap { ($0.names ?? []).map(\.spelling) } }

    fileprivate func argument(_ placeholder: String) -> Argument? {
        arguments.first { $0.kind == .positional && placeholder.hasPrefix($0.placeholder) }
    }
}

extension String {
    /// What stands in single quotes right behind `prefix`, up to the last quote.
    fileprivate func quoted(after prefix: String) -> String? {
        guard hasPrefix("\(prefix)'"), let end = lastIndex(of: "'") else { return nil }
        let start = index(startIndex, offsetBy: prefix.count + 1)
        return start < end ? String(self[start..<end]) : nil
    }
}
