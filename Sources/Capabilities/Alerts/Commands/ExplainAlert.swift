import Alert
import ArgumentParser
import Command
import Engine
import Maintenance
import Outside

/// `mainstay alerts why ALERT`
struct ExplainAlert: HouseCommand {
    static let configuration = CommandConfiguration.house(
        "why", "Say for one alert what was sent and what was not, to whom, when and why.",
        """
        Every decision is kept with its reasons when it is made, so this is what happened and not what would happen now. \
        The newest stands last.
        """)

    @Argument(help: "The alert: its id or the first digits of it, its code, or its place.")
    var alert: String
    @Option(help: ArgumentHelp("How many decisions at most.", valueName: "count"))
    var most = 50
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Configuration") var place: PlaceOptions

    func validate() throws {
        guard (1...10_000).contains(most) else { throw ValidationError("'--most' is between 1 and 10,000") }
    }

    /// One decision with what became of it, for JSON.
    private struct Explained: Encodable {
        var decision: AlertDecision
        var deliveries: [SpooledNotification]
    }

    func run(in application: Application) async throws -> ExitStatus {
        let session = try await application.open(place, output)
        let record = try AlertChoice.alert(alert, in: try await session.log.alertState())
        var explained: [Explained] = []
        for decision in try await session.log.alertDecisions(record.fingerprint, most: most).reversed() {
            var deliveries: [SpooledNotification] = []
            if case .sent(let id) = decision.outcome { deliveries = try await session.log.notifications(id) }
            explained.append(Explained(decision: decision, deliveries: deliveries))
        }
        if output.format == .table {
            let now = application.clock.now()
            application.console.print(
                "\(record.place) \(record.labels[Labels.Name.alert]): \(record.standing(at: now)) since \((record.firedAt ?? record.since).toTheSecond) UTC"
                    .printable)
        }
        let listing = Listing(
            "Decisions", ["time (UTC)", "decision"],
            explained.map { item in
                let isSent = item.decision.outcome != .withheld
                let whom = [item.decision.receiver, item.decision.channel].compactMap(\.self).joined(separator: ": ")
                let begin = (isSent ? "sent" : "not sent") + (whom.isEmpty ? "" : " to \(whom)")
                let parts = ["\(begin), because \(item.decision.reason.words)"] + item.deliveries.map(Self.words)
                return [.text(item.decision.at.toTheSecond), .text(parts.joined(separator: "; "))]
            })
        try session.print(
            listing, document: explained, empty: "Nothing has been decided about it: 'mainstay serve' decides.")
        return .success
    }

    private static func words(_ delivery: SpooledNotification) -> String {
        let whom = delivery.notification.recipients.map { "\($0): " }.joined()
        let answer = delivery.answer.map { " (\($0))" } ?? ""
        return switch delivery.state {
        case .queued where delivery.attempts == 0: "\(whom)waits to be sent"
        case .queued:
            "\(whom)\("attempt".counted(delivery.attempts)) failed, next \(delivery.nextAt.toTheSecond)\(answer)"
        case .sent: "\(whom)taken at \(delivery.endedAt.map(\.toTheSecond) ?? "")\(answer)"
        case .failed: "\(whom)given up\(answer)"
        }
    }
}
