import Alert
import ArgumentParser
import Command
import Engine
import Maintenance
import Outside

/// `mainstay alerts review`
struct ReviewAlerts: HouseCommand {
    static let configuration = CommandConfiguration.house(
        "review", "Show what fired overnight, what has ended since, and what nobody has taken on.",
        """
        With '--acknowledge' everything that still fires and that nobody has taken on is yours. It ends with 3 where \
        something critical fires that nobody has taken on.
        """)
    static let aliases = [TaskDeclaration.Alias("maintenance:morning:alert-review")]

    @Option(help: ArgumentHelp("How far back.", valueName: "duration"))
    var since: Duration = .seconds(16 * 3_600)
    @Flag(help: "Take on whatever fires and nobody has taken on.")
    var acknowledge = false
    @Option(help: ArgumentHelp("What is being done; whoever asks why reads it.", valueName: "text"))
    var comment = ""
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Configuration") var place: PlaceOptions

    func validate() throws {
        guard since > .zero, since <= .seconds(7 * 86_400) else {
            throw ValidationError("'--since' is longer than nothing and at most 7d")
        }
        guard acknowledge || comment.isEmpty else { throw ValidationError("'--comment' needs '--acknowledge'") }
    }

    func run(in application: Application) async throws -> ExitStatus {
        let session = try await application.open(place, output)
        let now = application.clock.now()
        var state = try await session.log.alertState()
        if acknowledge {
            let acknowledgement = AlertRecord.Acknowledgement(
                by: application.requester.name, comment: comment, at: now)
            let open = state.book.firing.filter { !$0.isAcknowledged(at: now) }
            state = try await session.log.note(
                open.map { .acknowledged(fingerprint: $0.fingerprint, acknowledgement) })
        }
        let alerts = Self.reviewed(state, since: now - since)
        let listing = Listing(
            "Alerts", ["alert", "severity", "state", "where", "what", "fired", "lasted", "taken on by", "summary"],
            alerts.map { alert in
                let from = alert.firedAt ?? alert.since
                return [
                    .text(alert.short), .text(alert.labels[Labels.Name.severity]), .text(alert.standing(at: now)),
                    .text(alert.place), .text(alert.labels[Labels.Name.alert]), .text(from.description),
                    .text(((alert.resolvedAt ?? now) - from).short), .text(alert.acknowledgement?.by ?? ""),
                    .text(alert.annotations["summary"] ?? ""),
                ]
            })
        try session.print(listing, document: alerts, empty: "Nothing has fired in the last \(since.short).")
        let isLeft = alerts.contains {
            $0.isFiring && $0.labels.severity == .critical && !$0.isAcknowledged(at: now)
        }
        return isLeft ? .findings : .success
    }

    /// What fires, and what has ended since then; what nobody has taken on first, then the worst.
    static func reviewed(_ state: RouterState, since: Timestamp) -> [AlertRecord] {
        state.book.alerts.values
            .filter { $0.isFiring || $0.state == .resolved && ($0.resolvedAt.map { $0 >= since } ?? false) }
            .sorted { left, right in
                if left.isFiring != right.isFiring { return left.isFiring }
                let isTaken = (left.acknowledgement != nil, right.acknowledgement != nil)
                if isTaken.0 != isTaken.1 { return !isTaken.0 }
                let severities = (left.labels.severity ?? .info, right.labels.severity ?? .info)
                if severities.0 != severities.1 { return severities.0 > severities.1 }
                return (left.since, left.fingerprint) < (right.since, right.fingerprint)
            }
    }
}
