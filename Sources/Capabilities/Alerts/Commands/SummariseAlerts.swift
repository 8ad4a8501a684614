import Alert
import ArgumentParser
import Command
import Engine
import Maintenance
import Outside

/// `mainstay alerts summary`
struct SummariseAlerts: HouseCommand {
    static let configuration = CommandConfiguration.house(
        "summary", "Count the alerts of the last hours by severity and state, and what was told of them.",
        "An alert counts where it fired, ended or still goes on within that time. At most a week is remembered.")
    static let aliases = [TaskDeclaration.Alias("maintenance:daily:alert-summary")]

    @Option(help: ArgumentHelp("How far back.", valueName: "duration"))
    var since: Duration = .seconds(86_400)
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Configuration") var place: PlaceOptions

    func validate() throws {
        guard since > .zero, since <= .seconds(7 * 86_400) else {
            throw ValidationError("'--since' is longer than nothing and at most 7d")
        }
    }

    /// One severity's numbers.
    struct Line: Encodable {
        var severity: String
        var firing: Int
        var acknowledged: Int
        var pending: Int
        var resolved: Int
        var told: Int
        var waiting: Int
        var failed: Int
    }

    func run(in application: Application) async throws -> ExitStatus {
        let session = try await application.open(place, output)
        let now = application.clock.now()
        let lines = Self.lines(
            try await session.log.alertState(), try await session.log.notifications(since: now - since),
            since: now - since,
            at: now)
        let listing = Listing(
            "Alerts of the last \(since.short)",
            ["severity", "firing", "acknowledged", "pending", "resolved", "told", "waiting to be sent", "not taken"],
            lines.map { line in
                [.text(line.severity)]
                    + [
                        line.firing, line.acknowledged, line.pending, line.resolved, line.told, line.waiting,
                        line.failed,
                    ].map { Scalar($0) }
            })
        try session.print(listing, document: lines, empty: "")
        return .success
    }

    static func lines(
        _ state: RouterState, _ notifications: [SpooledNotification], since: Timestamp, at now: Timestamp
    ) -> [Line] {
        let names = ["critical", "warning", "info"]
        return (names + ["other"]).compactMap { name in
            let isMine = { (severity: String) in names.contains(name) ? severity == name : !names.contains(severity) }
            let alerts = state.book.alerts.values.filter { alert in
                isMine(alert.labels[Labels.Name.severity]) && (alert.resolvedAt.map { $0 >= since } ?? true)
            }
            let sent = notifications.filter { isMine($0.notification.severity?.rawValue ?? "") }
            guard names.contains(name) || !alerts.isEmpty || !sent.isEmpty else { return nil }
            let firing = alerts.filter(\.isFiring)
            return Line(
                severity: name, firing: firing.count { !$0.isAcknowledged(at: now) },
                acknowledged: firing.count { $0.isAcknowledged(at: now) },
                pending: alerts.count { $0.state == .pending }, resolved: alerts.count { $0.state == .resolved },
                told: sent.count { $0.state == .sent }, waiting: sent.count { $0.state == .queued },
                failed: sent.count { $0.state == .failed })
        }
    }
}
