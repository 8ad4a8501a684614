import ArgumentParser
import Command
import Engine
import Maintenance
import Monitor
import Outside
import Settings

/// `mainstay monitor show`
struct ShowMonitoring: HouseCommand {
    static let configuration = CommandConfiguration.house(
        "show", "Say how the checks stand that are asked all the time, the worst first.",
        """
        Lists what is not well, is on its way there, or is not known; with '--all' everything. What nobody has looked at for \
        three rounds is not known any more. The last line says how healthy everything is and how that is counted. It asks \
        the state and not the server, so that it also answers where none runs.
        """)

    @Flag(help: "Also what is well.")
    var all = false
    @OptionGroup(title: "Where") var environments: EnvironmentOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Configuration") var place: PlaceOptions

    func run(in application: Application) async throws -> ExitStatus {
        let session = try await application.open(place, output)
        let chosen = Set(try session.inventory.select(environments, for: .estate))
        let now = application.clock.now()
        let checks = try await session.log.monitored().filter { chosen.contains($0.outcome.target.environment) }
        let shown = checks.filter { all || $0.standing(at: now) != .passed || $0.phase == .pending }.sorted {
            ($0.rank(at: now), $0.outcome.target, $0.outcome.check) < (
                $1.rank(at: now), $1.outcome.target, $1.outcome.check
            )
        }
        let listing = Listing(
            "Checks", ["state", "where", "check", "since", "summary"],
            shown.map { check in
                [
                    .text(check.word(at: now)), .text(check.outcome.target.description), .text(check.outcome.check),
                    .text(check.since.description), .text(check.line(at: now)),
                ]
            })
        let isOn = session.inventory.monitoring != nil
        let nothing =
            !isOn
            ? "Nothing is asked all the time; 'mainstay monitor enable' begins with it."
            : checks.isEmpty
                ? "Nothing has been asked yet; 'mainstay serve' does it." : "Everything that is asked is well."
        try session.print(listing, document: Document(checks: checks.map { Shown($0, at: now) }), empty: nothing)
        if output.format == .table, !checks.isEmpty {
            application.console.print(HealthScore(checks.map { $0.standing(at: now) }).arithmetic)
        }
        return .success
    }

    private struct Document: Encodable {
        var checks: [Shown]
    }

    /// A check with what it counts as now.
    private struct Shown: Encodable {
        var check: MonitoredCheck
        var countsAs: CheckOutcome.State

        init(_ check: MonitoredCheck, at now: Timestamp) {
            self.check = check
            countsAs = check.standing(at: now)
        }
    }
}

extension MonitoredCheck {
    /// Worst first.
    func rank(at now: Timestamp) -> Int {
        switch standing(at: now) {
        case .critical: 0
        case .warning: 1
        case .unknown: 2
        case .passed: phase == .pending ? 3 : 4
        }
    }

    /// What it counts as, and what it is on its way to.
    func word(at now: Timestamp) -> String {
        let standing = standing(at: now)
        guard now <= countsUntil else { return standing.rawValue }
        switch phase {
        case .pending: return "pending"
        case .recovering: return "\(standing.rawValue), better"
        case .unseen, .well, .failing, .blind: return standing.rawValue
        }
    }

    /// What was seen last, and whether that still says anything.
    func line(at now: Timestamp) -> String {
        let planned = isPlanned ? " (while Mainstay works there)" : ""
        return now <= countsUntil ? outcome.summary + planned : "nobody has looked since \(seenAt): \(outcome.summary)"
    }
}
