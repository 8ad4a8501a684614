import ArgumentParser
import Command
import Engine
import Foundation
import Maintenance
import Outside
import Page
import Report
import Settings

/// Writes the report of the day.
package struct WriteDailyReport: MaintenanceTask {
    package struct Options: ParsableArguments, Sendable {
        @OptionGroup package var writing: ReportOptions

        @Option(help: ArgumentHelp("How far back it tells what happened.", valueName: "duration"))
        package var since: Duration = .seconds(86_400)

        @Option(
            help: ArgumentHelp("How long a health check counts; after that it shows as unknown.", valueName: "duration")
        )
        package var fresh: Duration = .seconds(26 * 3_600)

        package init() {}

        package func validate() throws {
            guard since > .zero, since <= .seconds(366 * 86_400) else {
                throw ValidationError("'--since' is between 1s and 366d")
            }
            guard fresh > .zero else { throw ValidationError("'--fresh' is longer than nothing") }
            guard writing.as != .csv else {
                throw ValidationError("the report of the day is no table: 'csv' is not for it")
            }
        }
    }

    package static let declaration = TaskDeclaration(
        name: "report.daily",
        summary: "write the report of the day",
        explanation: """
            Writes one file that needs nothing but itself: what needs a person now, the health of every environment with \
            its arithmetic, the steps that did not succeed, the changes with their proof, the findings with the command \
            that mends each, and the trends of the last 30 days. It is made from the run log alone and asks no target. \
            An environment without a health check in the last 26 hours is shown as unknown. The file goes to \
            'reports.directory' (without it, under the state directory) as daily-YYYY-MM-DD.html and once more as \
            latest.html, or to '--output'. It is read back, and the run holds its SHA-256. The task maintains, because it \
            writes a file; it changes nothing in any environment.
            """,
        effect: .maintains,
        subject: .estate,
        aliases: [.init("report:daily", implied: ["--automated"]), .init("monitor:daily-report")])

    private let options: Options

    package init(_ options: Options) { self.options = options }

    private var writing: ReportWriting { ReportWriting(.daily, options.writing) }

    package func survey(_ look: Look) async throws -> Observation {
        try await writing.survey(look, reason: "what happened in the last \(options.since.short)")
    }

    package func inspect(_ change: Change, _ look: Look) async throws -> Inspection {
        try await writing.inspect(change, look)
    }

    package func apply(_ change: Change, _ act: Act) async throws {
        let material = try await Material.read(
            act.look, now: try await ReportWriting.instant(act.look), period: options.since, fresh: options.fresh)
        try await writing.write(DailyReport(material), for: change, act)
    }

    package func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof {
        try await writing.prove(change, look)
    }
}

extension DailyReport: WritableReport {
    func bytes(_ rendering: Rendering) throws -> [UInt8] {
        switch rendering {
        case .html, .pdf: return DailyPage.html(self).bytes
        case .markdown: return Array(DailyMarkdown(report: self).text.utf8)
        case .json:
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
            return Array(try encoder.encode(self)) + [UInt8(ascii: "\n")]
        case .csv: throw ReportError.noSuchRendering("the report of the day", rendering)
        }
    }
}
