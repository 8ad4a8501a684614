import ArgumentParser
import Command
import Engine
import Maintenance
import Outside
import Report
import Settings

/// Writes the report about databases.
package struct WriteDatabaseReport: MaintenanceTask {
    package struct Options: ParsableArguments, Sendable {
        @OptionGroup package var writing: ReportOptions

        @Option(help: ArgumentHelp("How far back it tells what happened.", valueName: "duration"))
        package var since: Duration = .seconds(31 * 86_400)

        package init() {}

        package func validate() throws {
            guard since > .zero, since <= .seconds(366 * 86_400) else {
                throw ValidationError("'--since' is between 1s and 366d")
            }
        }
    }

    package static let declaration = TaskDeclaration(
        name: "report.database",
        summary: "write the report about databases",
        explanation: """
            Writes one file that needs nothing but itself: the ten things that matter most in all databases, in the order of \
            the doctor's triage, each with what mends it; how many there are in each band; what ends when (transactions, \
            the numbers of keys, connections, disks) at the pace of the looks that were taken; what was changed in the \
            period and proved, and how good the predictions before it were; what did not succeed. It reads the run log and \
            asks no target: a database that 'db doctor' has not looked at for eight days stands as unknown. The file goes \
            to 'reports.directory' (without it, under the state directory) as database-YYYY-MM-DD.html and once more as \
            latest-database.html, or to '--output'. It is read back, and the run holds its SHA-256.
            """,
        effect: .maintains,
        subject: .estate,
        aliases: [
            .init(
                "db:report",
                meanings: [
                    "--weekly": ["--since=7d"], "--monthly": ["--since=31d"], "--quarterly": ["--since=92d"],
                ])
        ])

    private let options: Options

    package init(_ options: Options) { self.options = options }

    private var writing: ReportWriting { ReportWriting(.database, options.writing) }

    package func survey(_ look: Look) async throws -> Observation {
        try await writing.survey(look, reason: "the databases over the last \(options.since.short)")
    }

    package func inspect(_ change: Change, _ look: Look) async throws -> Inspection {
        try await writing.inspect(change, look)
    }

    package func apply(_ change: Change, _ act: Act) async throws {
        let material = try await DatabaseMaterial.read(act.look, over: options.since)
        try await writing.write(DatabaseReport(material: material).document, for: change, act)
    }

    package func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof {
        try await writing.prove(change, look)
    }
}
