import ArgumentParser
import Command
import Engine
import Store

/// All that one area of maintenance contributes, in one value. The executable holds the list of them.
package struct Capability: Sendable {
    package var name: String
    package var tasks: [TaskRegistration]
    package var checks: [Check]
    /// What codes of its findings mean that are no checks'.
    package var findingPages: [FindingPage]
    /// Commands that are no tasks, by the group they stand in.
    package var commands: [(group: String, command: any HouseCommand.Type)]
    package var migrations: [Migration]
    /// What it runs inside `mainstay serve`.
    package var services: [HouseService]
    /// Who writes the runbooks; one of all.
    package var runbooks: RunbookSource?

    package init(
        _ name: String, tasks: [TaskRegistration] = [], checks: [Check] = [],
        findingPages: [FindingPage] = [],
        commands: [(group: String, command: any HouseCommand.Type)] = [], migrations: [Migration] = [],
        services: [HouseService] = [], runbooks: RunbookSource? = nil
    ) {
        self.name = name
        self.tasks = tasks
        self.checks = checks
        self.findingPages = findingPages
        self.commands = commands
        self.migrations = migrations
        self.services = services
        self.runbooks = runbooks
    }
}

extension [Capability] {
    /// What stands under one word of the command line, in the order of the list.
    package func commands(in group: String) -> [any ParsableCommand.Type] {
        flatMap { capability in
            capability.tasks.filter { $0.group == group }.map { $0.command as any ParsableCommand.Type }
                + capability.commands.filter { $0.group == group }.map { $0.command as any ParsableCommand.Type }
        }
    }
}
