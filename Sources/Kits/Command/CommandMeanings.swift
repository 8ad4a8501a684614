import ArgumentParser
import Engine
import Maintenance

/// What somebody typed elsewhere means here, asked without doing it: the same aliases, commands and options as on our own
/// command line.
package struct CommandMeanings: Sendable {
    private let application: Application
    private let aliases: AliasTable
    /// Every command that does something, as typed behind the program's name, and every other spelling.
    private let commands: Set<String>
    private let spellings: Set<String>
    private let names: NearNames
    private let program: CommandDescription
    /// By its words, each command that does something; one alone parses far quicker than the whole program.
    private let types: [String: any HouseCommand.Type]

    package struct Meaning: Sendable, Hashable {
        /// Behind `mainstay`, in our own spelling.
        package var arguments: [String]
        /// Nil for a command that is no task.
        package var effect: Effect?
    }

    package init(_ application: Application) throws {
        self.application = application
        aliases = application.aliases
        program = try CommandDescription(program: application.root)
        let leaves = program.leaves
        commands = Set(leaves.map { $0.words.joined(separator: " ") })
        flags = Set(
            leaves.flatMap(\.arguments).filter { $0.kind == .flag }.flatMap { ($0.names ?? []).map(\.name) })
        spellings = Set(aliases.spellings)
        names = NearNames(spellings.union(commands))
        types = Self.leaves(under: application.root, [])
    }

    private static func leaves(
        under parent: any ParsableCommand.Type, _ words: [String]
    ) -> [String: any HouseCommand.Type] {
        var found: [String: any HouseCommand.Type] = [:]
        for child in parent.configuration.subcommands {
            guard let name = child.configuration.commandName else { continue }
            if let command = child as? any HouseCommand.Type {
                found[(words + [name]).joined(separator: " ")] = command
            }
            found.merge(leaves(under: child, words + [name])) { first, _ in first }
        }
        return found
    }

    /// Whether its own command takes all of the arguments.
    private func isWhole(_ arguments: [String]) -> Bool {
        for length in stride(from: min(3, arguments.count), to: 0, by: -1) {
            guard let type = types[arguments.prefix(length).joined(separator: " ")] else { continue }
            do {
                _ = try type.parseAsRoot(Array(arguments.dropFirst(length)))
                return true
            } catch {
                // Help was asked for, or something is wrong, which the program says best.
                return false
            }
        }
        return false
    }

    /// Every other spelling, sorted.
    package var allSpellings: [String] { aliases.spellings }

    /// Options of any command that take no value, without the hyphens before them.
    package let flags: Set<String>

    /// Whether something is called so: a command's words, or another spelling of one.
    package func knows(_ words: [String]) -> Bool {
        if let first = words.first, words.count == 1, spellings.contains(first) { return true }
        return commands.contains(words.joined(separator: " "))
    }

    /// Throws a `MaintenanceError` that says what is wrong with the arguments.
    package func meaning(of arguments: [String]) throws -> Meaning {
        let expanded = aliases.expand(application.spelled(arguments))
        if !isWhole(expanded) {
            guard try application.isCommand(expanded, program, aliases) else {
                throw CommandError.arguments(
                    task: expanded.joined(separator: " "), message: "this is no whole command")
            }
        }
        let words = expanded.prefix { !$0.hasPrefix("-") }
        let declaration = stride(from: words.count, to: 0, by: -1).lazy.compactMap { length in
            let name = words.prefix(length).joined(separator: ".")
            return application.catalog.entries.first { $0.declaration.name == name }?.declaration
        }.first
        return Meaning(arguments: expanded, effect: declaration?.effect)
    }

    /// What is called most like it: by its letters, or by most of its words.
    package func nearest(to spelling: String) -> String? { names.nearest(to: spelling) }
}
