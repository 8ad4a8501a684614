import ArgumentParser
import Maintenance

/// A command of the house: ArgumentParser reads its arguments, and the application it runs in is handed to it.
package protocol HouseCommand: ParsableCommand, Sendable {
    /// Other spellings, as the guides write them. A task's own are in its declaration.
    static var aliases: [TaskDeclaration.Alias] { get }

    /// Whether it can answer as a monitoring plugin does.
    static var answersNagios: Bool { get }

    func run(in application: Application) async throws -> ExitStatus
}

extension HouseCommand {
    package static var aliases: [TaskDeclaration.Alias] { [] }
    package static var answersNagios: Bool { false }

    package func run() throws {
        preconditionFailure("\(Self.self) runs in an application")
    }
}

/// Commands under one word: `db`, `backup`.
package protocol CommandFamily {
    static var name: String { get }
    static var summary: String { get }
    static var commands: [any ParsableCommand.Type] { get }
    /// What the word alone means; nil where it only prints what stands under it.
    static var standard: (any ParsableCommand.Type)? { get }
}

extension CommandFamily {
    package static var standard: (any ParsableCommand.Type)? { nil }
}

/// The command of a group; alone it prints what stands under it.
package struct GroupCommand<Group: CommandFamily>: ParsableCommand {
    package static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: Group.name, abstract: Group.summary, subcommands: Group.commands,
            defaultSubcommand: Group.standard)
    }

    package init() {}
}

extension CommandConfiguration {
    /// The configuration of a command of the house: its help ends with the exit statuses, as everywhere.
    package static func house(_ name: String, _ summary: String, _ explanation: String = "") -> CommandConfiguration {
        CommandConfiguration(
            commandName: name, abstract: summary,
            discussion: explanation.isEmpty ? exitStatusHelp : "\(explanation)\n\n\(exitStatusHelp)")
    }
}

/// One paragraph, since it stands above the options in every help.
let exitStatusHelp =
    "Exit status: "
    + ExitStatus.allCases.map { "\($0.rawValue) \($0.explanation)" }.joined(separator: "; ") + "."
