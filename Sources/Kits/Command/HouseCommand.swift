import ArgumentParser
import Maintenance

/// A command of the house: ArgumentParser reads its arguments, and the application it runs in is handed to it.
package protocol HouseCommand: ParsableCommand, Sendable {
    func run(in application: Application) async throws -> ExitStatus
}

extension HouseCommand {
    package func run() throws {
        preconditionFailure("\(Self.self) runs in an application")
    }
}

/// Commands under one word: `db`, `backup`.
package protocol CommandFamily {
    static var name: String { get }
    static var summary: String { get }
    static var commands: [any ParsableCommand.Type] { get }
}

/// The command of a group; alone it prints what stands under it.
package struct GroupCommand<Group: CommandFamily>: ParsableCommand {
    package static var configuration: CommandConfiguration {
        CommandConfiguration(commandName: Group.name, abstract: Group.summary, subcommands: Group.commands)
    }

    package init() {}
}
