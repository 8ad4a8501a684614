import ArgumentParser
import Engine
import Maintenance

/// Other spellings of commands, as the guides write them. The first argument goes through it before parsing, so that no
/// command is both leaf and parent.
struct AliasTable: Sendable {
    private var entries: [String: (command: [String], alias: TaskDeclaration.Alias)] = [:]

    /// - Parameter root: the command all others stand under; those that are no tasks say their other spellings themselves.
    init(tasks: [TaskDeclaration], routines: [Routine], root: any ParsableCommand.Type) {
        for task in tasks {
            let words = task.name.split(separator: ".").map(String.init)
            for alias in task.aliases { add(alias, words) }
        }
        for routine in routines {
            for alias in routine.aliases { add(alias, ["run", routine.name]) }
        }
        addCommands(under: root, [])
    }

    private mutating func addCommands(under parent: any ParsableCommand.Type, _ words: [String]) {
        for child in parent.configuration.subcommands {
            guard let name = child.configuration.commandName else { continue }
            if let command = child as? any HouseCommand.Type {
                for alias in command.aliases { add(alias, words + [name]) }
            }
            addCommands(under: child, words + [name])
        }
    }

    private mutating func add(_ alias: TaskDeclaration.Alias, _ command: [String]) {
        precondition(entries[alias.spelling] == nil, "'\(alias.spelling)' is an alias of two commands")
        precondition(Self.maySpell([alias.spelling]), "'\(alias.spelling)' has no colon")
        entries[alias.spelling] = (command, alias)
    }

    /// Whether the first argument could be an alias at all: only they have colons, as the guides write them.
    static func maySpell(_ arguments: [String]) -> Bool { arguments.first?.utf8.contains(UInt8(ascii: ":")) ?? false }

    /// The arguments with an alias in the first place replaced by the command it means and its presets, without the flags
    /// it implies, and with those that are called otherwise here by our names.
    func expand(_ arguments: [String]) -> [String] {
        guard let first = arguments.first, let (command, alias) = entries[first] else { return arguments }
        let rest = arguments.dropFirst().filter { !alias.implied.contains($0) }
        return command + alias.arguments + rest.flatMap { Self.meaning(of: $0, alias.meanings) }
    }

    /// Of a whole argument, else of the option's name in one such as `--config=checks.json`.
    private static func meaning(of argument: String, _ meanings: [String: [String]]) -> [String] {
        if let words = meanings[argument] { return words }
        guard let equals = argument.utf8.firstIndex(of: UInt8(ascii: "=")),
            let words = meanings[String(argument[..<equals])], let name = words.last
        else { return [argument] }
        return words.dropLast() + ["\(name)\(argument[equals...])"]
    }

    func knows(_ spelling: String) -> Bool { entries[spelling] != nil }

    var spellings: [String] { entries.keys.sorted() }
}
