import ArgumentParser
import Engine
import Maintenance
import Outside
import Settings

/// `mainstay status`
package struct StatusCommand: HouseCommand {
    package static let configuration = CommandConfiguration.house(
        "status", "Say what needs somebody, why, and which command resolves it; and what starts next.",
        """
        One line each for whatever is skipped, late, refused, waiting, unsigned, uncertain, overdue or not running, the \
        scheduler itself first. Exits with 1 where something is wrong, with 6 where it only waits, and with 0 where nothing needs \
        anybody.
        """)
    package static let aliases = [TaskDeclaration.Alias("maintenance:track:daily")]

    @OptionGroup(title: "Output") package var output: OutputOptions
    @OptionGroup(title: "Configuration") package var place: PlaceOptions

    package init() {}

    package func run(in application: Application) async throws -> ExitStatus {
        let (session, problem) = try await application.openState(place, output)
        let scheduled = problem == nil ? try application.book(session.inventory).scheduled(application.zones) : []
        var standing: ScheduleStanding
        if let problem {
            standing = try await ScheduleStanding(session.log, without: problem)
        } else {
            standing = try await ScheduleStanding(session.log, session.inventory, scheduled, application.zones)
            standing.attentions += try await session.answers.unsigned()
        }
        let now = application.clock.now()
        let starts = scheduled.compactMap { routine in
            PlannedSchedule(name: routine.name, summary: "", schedule: routine.schedule, mode: routine.mode)
                .starts(1, after: now).first
        }.sorted { ($0.at, $0.name ?? "") < ($1.at, $1.name ?? "") }
        let listing = Listing(
            "Status", ["state", "what", "reason", "resolve"],
            standing.attentions.map { attention in
                [
                    .text(attention.kind.rawValue), .text(attention.subject), .text(attention.reason),
                    attention.resolve.map(Scalar.text) ?? .null,
                ]
            })
        guard output.format == .table else {
            try session.print(
                listing,
                document: Document(scheduler: standing.scheduler, attentions: standing.attentions, next: starts),
                empty: "")
            return standing.exitStatus
        }
        try session.print(listing, document: standing, empty: "")
        if !starts.isEmpty, !output.quiet {
            if !standing.attentions.isEmpty { session.console.print("") }
            try session.print(PlannedStart.listing(starts, after: now), document: starts, empty: "")
        }
        if !output.quiet { session.console.print("") }
        session.console.print(Self.verdict(standing))
        return standing.exitStatus
    }

    private static func verdict(_ standing: ScheduleStanding) -> String {
        let count = standing.attentions.count
        let needs =
            count == 0
            ? "nothing needs anybody" : count == 1 ? "1 thing needs somebody" : "\(count) things need somebody"
        guard standing.scheduler.isRunning, let record = standing.scheduler.record else { return "mainstay: \(needs)" }
        return "mainstay: \(needs); scheduler \(record.process) since \(record.since)"
    }

    private struct Document: Encodable {
        var scheduler: ScheduleStanding.SchedulerState
        var attentions: [ScheduleStanding.Attention]
        var next: [PlannedStart]
    }
}
