import ArgumentParser
import Engine
import Maintenance
import Outside
import Settings

/// `mainstay run ROUTINE`
package struct RunCommand: HouseCommand {
    package static let configuration = CommandConfiguration.house(
        "run", "Run a routine: its steps over the chosen environments.",
        "The environments are worked on beside each other, each step by step; a step that fails fails "
            + "alone.")

    @Argument(help: "The routine's name, such as 'daily'; 'mainstay tasks' lists them.", completion: .known)
    package var routine: String
    @OptionGroup(title: "Where") package var environments: EnvironmentOptions
    @OptionGroup(title: "How") package var run: RunOptions
    @OptionGroup(title: "Output") package var output: OutputOptions
    @OptionGroup(title: "Configuration") package var place: PlaceOptions

    package init() {}

    package func validate() throws {
        guard run.plan == nil else { throw ValidationError("'--plan' belongs to one task, not to a routine") }
    }

    package func run(in application: Application) async throws -> ExitStatus {
        let session = try await application.open(place, output)
        let request = try session.request(routine: routine, environments)
        return try await session.run(request, run)
    }
}

/// `mainstay plan ROUTINE|TASK …`
package struct PlanCommand: HouseCommand {
    package static let configuration = CommandConfiguration.house(
        "plan", "Print what a routine or a task would do, to the letter, and change nothing.",
        "The same as '--dry-run' of the routine or task.")

    @Argument(help: "A routine's name, or a task and its options after '--'.", completion: .known)
    package var words: [String]
    @OptionGroup(title: "Where") package var environments: EnvironmentOptions
    @OptionGroup(title: "Output") package var output: OutputOptions
    @OptionGroup(title: "Configuration") package var place: PlaceOptions

    package init() {}

    package func run(in application: Application) async throws -> ExitStatus {
        let session = try await application.open(place, output)
        var run = try RunOptions.parse([])
        run.dryRun = true
        if let name = words.first, words.count == 1, application.book(session.inventory).steps(of: name) != nil {
            return try await session.run(try session.request(routine: name, environments), run)
        }
        let parsed = try application.catalog.parse(words)
        let names = try session.inventory.select(environments, for: parsed.declaration.subject)
        let steps = session.inventory.targets(of: parsed.declaration.subject, in: names)
        guard !steps.isEmpty else {
            throw CommandError.nothingToWorkOn(task: parsed.declaration.command, environments: names)
        }
        return try await session.run(
            RunRequest(
                name: parsed.declaration.name, steps: steps.map { RunRequest.Step(parsed, on: $0) },
                requester: application.requester),
            run)
    }
}

extension Session {
    /// The steps of a routine on every target they apply to; a step without a target in an environment is left out.
    package func request(routine name: String, _ options: EnvironmentOptions) throws -> RunRequest {
        _ = try application.routine(name, inventory)
        let names = try inventory.select(options, for: .environments)
        let book = application.book(inventory)
        guard
            let request = try book.request(
                name, in: names, by: application.requester, at: application.clock.now())
        else {
            throw CommandError.nothingToWorkOn(task: "run \(name)", environments: names)
        }
        return request
    }
}
