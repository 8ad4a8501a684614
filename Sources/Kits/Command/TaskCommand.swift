import ArgumentParser
import Engine
import Maintenance

/// The command of a task, made from its declaration and its options.
package struct TaskCommand<Task: MaintenanceTask>: HouseCommand where Task.Options: ParsableArguments {
    package static var configuration: CommandConfiguration {
        let declaration = Task.declaration
        let word = String(declaration.name.split(separator: ".").last ?? "")
        return .house(word, declaration.summary.sentence, declaration.explanation)
    }

    package static var answersNagios: Bool { Task.declaration.effect == .observes }

    @OptionGroup(title: "What") package var options: Task.Options
    @OptionGroup(title: "Where") package var environments: EnvironmentOptions
    @OptionGroup(title: "How") package var run: RunOptions
    @OptionGroup(title: "Output") package var output: OutputOptions
    @OptionGroup(title: "Configuration") package var place: PlaceOptions

    package init() {}

    package func run(in application: Application) async throws -> ExitStatus {
        let parsed = ParsedTask(
            declaration: Task.declaration, task: try Task(options), arguments: normalisedArguments(of: options))
        let session = try await application.open(place, output)
        let names = try session.inventory.select(environments, for: Task.declaration.subject)
        let steps = session.inventory.targets(of: Task.declaration.subject, in: names)
            .map { RunRequest.Step(parsed, on: $0) }
        guard !steps.isEmpty else {
            throw CommandError.nothingToWorkOn(task: Task.declaration.command, environments: names)
        }
        return try await session.run(
            RunRequest(name: Task.declaration.name, steps: steps, requester: application.requester), run)
    }
}

/// A task as a capability hands it in: its entry for the engine and its command for people.
package struct TaskRegistration: Sendable {
    package let entry: TaskEntry
    package let command: any HouseCommand.Type
    /// Made when it is asked for.
    let shapes: @Sendable () -> [OptionShape]

    package init<Task: MaintenanceTask>(_ type: Task.Type) where Task.Options: ParsableArguments {
        let declaration = Task.declaration
        command = TaskCommand<Task>.self
        shapes = { OptionShape.all(of: Task.Options.self) }
        entry = TaskEntry(declaration: declaration) { arguments in
            do {
                let options = try Task.Options.parse(arguments)
                return ParsedTask(
                    declaration: declaration, task: try Task(options), arguments: normalisedArguments(of: options))
            } catch let error as any MaintenanceError {
                throw error
            } catch {
                throw CommandError.arguments(
                    task: declaration.command, message: Task.Options.message(for: error).firstLine)
            }
        }
    }

    /// `db`.
    package var group: String { String(entry.declaration.name.prefix { $0 != "." }) }
}

extension String {
    /// With a capital first letter and a full stop.
    var sentence: String { prefix(1).uppercased() + dropFirst() + (hasSuffix(".") ? "" : ".") }
    var firstLine: String { String(split(separator: "\n").first ?? "") }
}
