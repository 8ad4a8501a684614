import ArgumentParser
import Maintenance

/// Where the configuration and the state are; every command has these.
package struct PlaceOptions: ParsableArguments, Sendable {
    @Option(help: ArgumentHelp("The configuration file.", valueName: "file"), completion: .file())
    package var config: String?

    @Option(help: ArgumentHelp("The directory of the durable state.", valueName: "directory"), completion: .directory)
    package var state: String?

    package init() {}
}

/// How a command answers; every command has these.
package struct OutputOptions: ParsableArguments, Sendable {
    @Option(help: "How to print the result.")
    package var format: OutputFormat = .table

    @Flag(name: .shortAndLong, help: "Print only the result, and errors.")
    package var quiet = false

    @Flag(name: .shortAndLong, help: "Print more: every check, every change, the evidence of findings.")
    package var verbose = false

    package init() {}
}

package enum OutputFormat: String, ExpressibleByArgument, CaseIterable, Sendable {
    case table, json, csv
    /// One line and performance data, as Nagios and Icinga read them; of tasks that only look. Every other command refuses it
    /// before it does anything.
    case nagios
}

/// Which environments a command is about.
package struct EnvironmentOptions: ParsableArguments, Sendable {
    @Option(
        help: ArgumentHelp("One environment; may be given several times.", valueName: "name"), completion: .known)
    package var environment: [String] = []

    @Option(help: ArgumentHelp("Several environments, with commas.", valueName: "names"), completion: .known)
    package var environments: String?

    @Flag(help: "Every environment of the configuration.")
    package var allEnvironments = false

    package init() {}

    package func validate() throws {
        let named = !environment.isEmpty || environments != nil
        guard !(named && allEnvironments) else {
            throw ValidationError("'--all-environments' and a name of one exclude each other")
        }
    }

    var names: [String] {
        environment + (environments?.split(separator: ",").map { $0.trimmingWhitespace() } ?? [])
    }
}

/// How a run is carried out.
package struct RunOptions: ParsableArguments, Sendable {
    @Flag(help: "Print what would be done, to the letter, and change nothing.")
    package var dryRun = false

    @Option(
        help: ArgumentHelp("Do exactly the plan with this digest, or refuse with the difference.", valueName: "digest"))
    package var plan: String?

    @Option(help: ArgumentHelp("Start no change later than this after the step began.", valueName: "duration"))
    package var timeLimit: Duration?

    @Flag(help: "Confirm the removal of data in a protected environment.")
    package var yes = false

    @Option(
        help: ArgumentHelp(
            "Exit with 3 where there are findings of this severity or above.", valueName: "severity"))
    package var failOn: FailOn = .critical

    package init() {}

    package func validate() throws {
        if let plan, plan.count < 12 || !plan.allSatisfy({ $0.isHexDigit }) {
            throw ValidationError(
                "'--plan' takes the digest a dry run prints: 64 hexadecimal digits, at least the first 12")
        }
    }
}

package enum FailOn: String, ExpressibleByArgument, CaseIterable, Sendable {
    case info, warning, critical, never

    package var severity: Severity? { Severity(rawValue: rawValue) }
}
