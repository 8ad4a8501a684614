import ArgumentParser
import Command
import Engine
import Maintenance
import Report
import Settings

/// What there is to be chosen in a report of a period.
package struct PeriodReportOptions: ParsableArguments, Sendable {
    @OptionGroup package var writing: ReportOptions

    @Flag(help: "Tell all tasks, findings and troubles, not only the first of each.")
    package var detailed = false

    @Flag(help: "Draw what was measured in the period.")
    package var trendAnalysis = false

    @Option(help: ArgumentHelp("For whom it is: engineers, or management without the details.", valueName: "readers"))
    var audience: Audience = .engineers

    package init() {}

    package func validate() throws {
        guard audience == .engineers || !(detailed || trendAnalysis) else {
            throw ValidationError("management gets no details: leave out '--detailed' and '--trend-analysis'")
        }
    }
}

extension Audience: ExpressibleByArgument {}

/// A period of which there is a report.
package protocol ReportedPeriod: Sendable {
    static var kind: ReportKind { get }
    static var aliases: [TaskDeclaration.Alias] { get }
}

/// Writes the report of a period.
package struct WritePeriodReport<Period: ReportedPeriod>: MaintenanceTask {
    package typealias Options = PeriodReportOptions

    package static var declaration: TaskDeclaration {
        let noun = length.noun
        return TaskDeclaration(
            name: "report.\(Period.kind.rawValue)", summary: "write the report of the \(noun)",
            explanation: """
                Writes one file that needs nothing but itself: what needs a person, the key figures with their goals and \
                how they are counted (task completion, changes proved, uptime, variation of times to answer, issue \
                prevention, mean length of a routine, use of windows), each against the \(noun) before; every \
                environment; the work by task; the steps that did not succeed; the findings; and, with \
                '--trend-analysis', what was measured. It is made from the run log alone and asks no target. The file goes \
                to 'reports.directory' (without it, under the state directory) as \(Period.kind.rawValue)-YYYY-MM-DD.html \
                and once more as latest-\(Period.kind.rawValue).html, or to '--output'. It is read back, and the run holds \
                its SHA-256. '--email-to' mails it through the channel that 'reports.channel' names; whom the server did \
                not take it for is the finding RP001.
                """,
            effect: .maintains, subject: .estate, aliases: Period.aliases)
    }

    private static var length: PeriodLength {
        switch Period.kind {
        case .weekly: .weekly
        case .quarterly: .quarterly
        default: .monthly
        }
    }

    private let options: Options

    package init(_ options: Options) { self.options = options }

    private var writing: ReportWriting { ReportWriting(Period.kind, options.writing) }

    package func survey(_ look: Look) async throws -> Observation {
        try await writing.survey(look, reason: "the last \(Self.length.noun) against the one before")
    }

    package func inspect(_ change: Change, _ look: Look) async throws -> Inspection {
        try await writing.inspect(change, look)
    }

    package func apply(_ change: Change, _ act: Act) async throws {
        let material = try await PeriodMaterial.read(
            act.look, Self.length, hasTrends: options.trendAnalysis || options.detailed)
        let report = PeriodReport(material: material, audience: options.audience, isDetailed: options.detailed)
        try await writing.write(report.document, for: change, act)
    }

    package func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof {
        try await writing.prove(change, look)
    }
}

package enum Week: ReportedPeriod {
    package static let kind = ReportKind.weekly
    package static let aliases = [TaskDeclaration.Alias("report:weekly", meanings: comprehensive)]
}

package enum Month: ReportedPeriod {
    package static let kind = ReportKind.monthly
    package static let aliases: [TaskDeclaration.Alias] = [
        .init("report:monthly", implied: ["--all-environments"], meanings: comprehensive),
        .init(
            "reports:maintenance-summary", implied: ["--monthly", "--all-environments"], meanings: comprehensive),
        .init("maintenance:report:generate"), .init("maintenance:generate:reports", arguments: ["--detailed"]),
        .init("maintenance:track:outcomes"), .init("maintenance:measure:effectiveness"),
        .init("maintenance:validate:effectiveness"), .init("maintenance:monitor:reliability"),
        .init("maintenance:analyze:efficiency"),
        .init("maintenance:analyze:trends", arguments: ["--trend-analysis"]),
        .init("maintenance:track:improvements", arguments: ["--trend-analysis"]),
    ]
}

package enum Quarter: ReportedPeriod {
    package static let kind = ReportKind.quarterly
    package static let aliases = [TaskDeclaration.Alias("report:quarterly", meanings: comprehensive)]
}

/// The guide's word for all there is.
private let comprehensive = ["--comprehensive": ["--detailed", "--trend-analysis"]]
