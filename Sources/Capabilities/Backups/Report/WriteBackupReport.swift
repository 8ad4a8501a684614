import ArgumentParser
import Backup
import Command
import Engine
import Maintenance
import Outside
import Report
import Settings

/// Writes the report about backups.
package struct WriteBackupReport: MaintenanceTask {
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
        name: "report.backup",
        summary: "write the report about backups",
        explanation: """
            Writes one file that needs nothing but itself: for every database whether it has a backup that is proved and \
            young enough, how far it was proved, how much work would be lost and how long a restore takes, as measured; the \
            backups of the period with sizes and durations; the runs that failed, with their reasons; growth, and when a \
            restore will take longer than it may at the present pace; what lies on which storage; the open findings about \
            backups with the command that mends each. It reads the directory of the backups and the run log, and asks no \
            target. The file goes to 'reports.directory' (without it, under the state directory) as \
            backup-YYYY-MM-DD.html and once more as latest-backup.html, or to '--output'. It is read back, and the run \
            holds its SHA-256.
            """,
        effect: .maintains,
        subject: .estate,
        aliases: [
            .init(
                "backup:report",
                meanings: [
                    "--weekly": ["--since=7d"], "--monthly": ["--since=31d"], "--quarterly": ["--since=92d"],
                ]),
            .init("maintenance:weekly:backup-performance", arguments: ["--since=7d"]),
        ])

    private let options: Options

    package init(_ options: Options) { self.options = options }

    private var writing: ReportWriting { ReportWriting(.backup, options.writing) }

    package func survey(_ look: Look) async throws -> Observation {
        try await writing.survey(look, reason: "the backups of the last \(options.since.short)")
    }

    package func inspect(_ change: Change, _ look: Look) async throws -> Inspection {
        try await writing.inspect(change, look)
    }

    package func apply(_ change: Change, _ act: Act) async throws {
        let material = try await BackupMaterial.read(act.look, over: options.since)
        try await writing.write(BackupReport(material).document, for: change, act)
    }

    package func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof {
        try await writing.prove(change, look)
    }
}
