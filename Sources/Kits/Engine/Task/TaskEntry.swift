import Maintenance
import Settings

/// A task in the catalog: its declaration, and how arguments become one.
package struct TaskEntry: Sendable {
    package var declaration: TaskDeclaration
    /// The task for these arguments; throws a usage error whose message names the argument.
    package var parse: @Sendable ([String]) throws -> ParsedTask

    package init(declaration: TaskDeclaration, parse: @escaping @Sendable ([String]) throws -> ParsedTask) {
        self.declaration = declaration
        self.parse = parse
    }
}

/// A task with its options, and the one way of writing those down that runs, approvals and schedules keep.
package struct ParsedTask: Sendable {
    package var declaration: TaskDeclaration
    package var task: any MaintenanceTask
    /// Normalised: `--name=value`, sorted, only what differs from nothing.
    package var arguments: [String]

    package init(declaration: TaskDeclaration, task: any MaintenanceTask, arguments: [String]) {
        self.declaration = declaration
        self.task = task
        self.arguments = arguments
    }
}

/// All tasks there are, by name.
package struct TaskCatalog: Sendable {
    package let entries: [TaskEntry]
    /// Those that are shipped, and the checks that may answer their items: what a step with a checklist looks at.
    let checklists: [Checklist]
    let checks: [Check]

    package init(_ entries: [TaskEntry], checklists: [Checklist] = [], checks: [Check] = []) {
        self.checklists = checklists
        self.checks = checks
        let names = entries.map(\.declaration.name)
        precondition(Set(names).count == names.count, "two tasks have the same name")
        self.entries = entries.sorted { $0.declaration.name < $1.declaration.name }
    }

    /// By stored name (`db.update-stats`) or as typed (`db update-stats`), and what only routines have: `command` for a
    /// program, `approval`, `wait`, `wait-for` and `checklist`.
    package func entry(_ name: String) throws -> TaskEntry {
        let dotted = name.split(separator: " ").joined(separator: ".")
        switch dotted {
        case CommandStep.name: return .command
        case ApprovalStep.declaration.name: return .approval
        case WaitStep.declaration.name: return .wait
        case WaitForStep.declaration.name: return .waitFor(self)
        case ChecklistStep.name: return .checklist(self)
        default: break
        }
        guard let entry = entries.first(where: { $0.declaration.name == dotted }) else {
            throw EngineError.unknownTask(name, nearest: nearest(to: name, among: entries.map(\.declaration.command)))
        }
        return entry
    }
}
