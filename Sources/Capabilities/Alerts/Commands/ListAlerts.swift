import Alert
import ArgumentParser
import Command
import Engine
import Maintenance
import Outside

/// `mainstay alerts list`
struct ListAlerts: HouseCommand {
    static let configuration = CommandConfiguration.house(
        "list", "List alerts, the worst first.",
        "What is pending has not lasted long enough yet; what is acknowledged fires and somebody has taken it on.")

    @Flag(help: "Also those of the last week that are over.")
    var all = false
    @Flag(help: "List silences instead.")
    var silences = false
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Configuration") var place: PlaceOptions

    func run(in application: Application) async throws -> ExitStatus {
        let session = try await application.open(place, output)
        let state = try await session.log.alertState()
        let now = application.clock.now()
        if silences { try list(state, at: now, session) } else { try alerts(state, at: now, session) }
        return .success
    }

    private func alerts(_ state: RouterState, at now: Timestamp, _ session: Session) throws {
        let chosen = state.book.alerts.values.filter { all || $0.state != .resolved }.sorted { left, right in
            let ranks = [left, right].map { ($0.state == .resolved ? 1 : 0, -($0.labels.severity?.weight ?? 0)) }
            return ranks[0] != ranks[1]
                ? ranks[0] < ranks[1] : (left.since, left.fingerprint) < (right.since, right.fingerprint)
        }
        let listing = Listing(
            "Alerts", ["alert", "severity", "state", "since (UTC)", "what"],
            chosen.map { alert in
                let subject = [alert.place, alert.labels[Labels.Name.alert], alert.labels[Labels.Name.object]]
                    .filter { !$0.isEmpty }.joined(separator: " ")
                return [
                    .text(alert.short), .text(alert.labels[Labels.Name.severity]), .text(alert.standing(at: now)),
                    .text((alert.firedAt ?? alert.since).toTheSecond),
                    .text([subject, alert.annotations["summary"]].compactMap(\.self).joined(separator: ": ")),
                ]
            })
        try session.print(listing, document: chosen, empty: "No alert: nothing that was looked at is wrong.")
    }

    private func list(_ state: RouterState, at now: Timestamp, _ session: Session) throws {
        let chosen = state.silences.values.filter { all || now < $0.ends }.sorted {
            ($0.starts, $0.id) < ($1.starts, $1.id)
        }
        let listing = Listing(
            "Silences", ["silence", "from (UTC)", "until (UTC)", "what"],
            chosen.map { silence in
                let used = state.silencesUsed[silence.id].map { "covered something last \($0.toTheSecond)" }
                return [
                    .text(silence.id), .text(silence.starts.toTheSecond), .text(silence.ends.toTheSecond),
                    .text(
                        "\(silence.matchers.text), \(used ?? "never covered anything"); \(silence.author): \(silence.comment)"
                    ),
                ]
            })
        try session.print(listing, document: chosen, empty: "Nothing is silenced.")
    }
}

extension Severity {
    fileprivate var weight: Int {
        switch self {
        case .info: 1
        case .warning: 2
        case .critical: 3
        }
    }
}
