import ArgumentParser
import Command
import Engine
import Maintenance
import Report
import Settings

/// Writes the report about performance.
package struct WritePerformanceReport: MaintenanceTask {
    package struct Options: ParsableArguments, Sendable {
        @OptionGroup package var writing: ReportOptions

        @Option(help: ArgumentHelp("The period; it is compared with the one before.", valueName: "duration"))
        package var since: Duration = .seconds(7 * 86_400)

        @Flag(help: "Draw what was measured in the period.")
        package var trendAnalysis = false

        package init() {}

        package func validate() throws {
            guard since > .zero, since <= .seconds(366 * 86_400) else {
                throw ValidationError("'--since' is between 1s and 366d")
            }
        }
    }

    package static let declaration = TaskDeclaration(
        name: "report.performance",
        summary: "write the report about performance",
        explanation: """
            Writes one file that needs nothing but itself: for everything that was measured in the period its median, 95th \
            percentile and largest value, against the period of the same length before. A time to answer whose median grew \
            by more than half is a regression and stands first. What is asked all the time counts with all of its answers, \
            the rest with what health checks have measured. '--trend-analysis' draws it. It is made from the run log alone \
            and asks no target. The file goes to 'reports.directory' (without it, under the state directory) as \
            performance-YYYY-MM-DD.html and once more as latest-performance.html, or to '--output'. It is read back, and \
            the run holds its SHA-256.
            """,
        effect: .maintains,
        subject: .estate,
        aliases: [
            .init(
                "report:performance",
                meanings: [
                    "--daily": ["--since=1d"], "--weekly": ["--since=7d"], "--monthly": ["--since=31d"],
                    "--quarterly": ["--since=92d"],
                ]),
            .init("performance:trend-analysis", arguments: ["--since=31d", "--trend-analysis"]),
        ])

    private let options: Options

    package init(_ options: Options) { self.options = options }

    private var writing: ReportWriting { ReportWriting(.performance, options.writing) }

    package func survey(_ look: Look) async throws -> Observation {
        try await writing.survey(look, reason: "the last \(options.since.short) against the time before")
    }

    package func inspect(_ change: Change, _ look: Look) async throws -> Inspection {
        try await writing.inspect(change, look)
    }

    package func apply(_ change: Change, _ act: Act) async throws {
        let report = try await PerformanceReport.read(
            act.look, period: options.since, hasTrends: options.trendAnalysis)
        try await writing.write(report.document, for: change, act)
    }

    package func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof {
        try await writing.prove(change, look)
    }
}
