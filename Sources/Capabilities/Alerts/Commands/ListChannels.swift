import Alert
import ArgumentParser
import Command
import Engine
import Maintenance
import Outside
import Settings

/// `mainstay alerts channels`
struct ListChannels: HouseCommand {
    static let configuration = CommandConfiguration.house(
        "channels", "List the ways alerts leave the house, and when each has last taken its canary.",
        """
        A canary goes through every channel once a day although nothing is wrong. One that is not taken within an hour is \
        the finding AL003, which is critical. Exits with 1 where one is missing.
        """)

    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Configuration") var place: PlaceOptions

    private struct Line: Encodable {
        var channel: String
        var kind: String
        var recipient: String?
        /// `taken`, `waiting`, `missed`, `not due yet` or `left out`.
        var canary: String
        var due: Timestamp?
        var taken: Timestamp?
        var next: Timestamp?
    }

    func run(in application: Application) async throws -> ExitStatus {
        let session = try await application.open(place, output)
        guard let alerts = session.inventory.alerts, let canaries = try session.inventory.canaries(application.zones)
        else { throw AlertsError.nothingConfigured }
        let now = application.clock.now()
        let standings = try await session.log.standing(of: canaries)
        let lines = alerts.channels.flatMap { channel in
            let mine = standings.filter { $0.way.channel == channel.name }
            guard !mine.isEmpty else {
                let isLeftOut = alerts.canary.leftOut.contains(channel.name)
                return [
                    Line(
                        channel: channel.name, kind: channel.access.kind,
                        canary: isLeftOut ? "left out" : "nobody to tell")
                ]
            }
            return mine.map { standing in
                Line(
                    channel: channel.name, kind: channel.access.kind, recipient: standing.way.recipient,
                    canary: standing.words(at: now), due: standing.due, taken: standing.takenAt, next: standing.next)
            }
        }
        let listing = Listing(
            "Channels", ["channel", "kind", "recipient", "canary", "due", "taken", "next"],
            lines.map { line in
                [.text(line.channel), .text(line.kind), line.recipient.map(Scalar.text) ?? .null, .text(line.canary)]
                    + [line.due, line.taken, line.next].map { $0.map { .text("\($0)") } ?? .null }
            })
        try session.print(listing, document: lines, empty: "There are no channels.")
        return standings.contains { $0.isMissed(at: now) } ? .failure : .success
    }
}

extension Canaries.Standing {
    fileprivate func words(at now: Timestamp) -> String {
        if takenAt != nil { return "taken" }
        if isMissed(at: now) { return "missed" }
        return due == nil ? "not due yet" : "waiting"
    }
}
