import Alert
import ArgumentParser
import Calendar
import Command
import Engine
import Foundation
import Maintenance
import Outside
import Settings

/// `mainstay alerts simulate`
struct SimulateAlerts: HouseCommand {
    static let configuration = CommandConfiguration.house(
        "simulate", "Say what another configuration would have told of what happened, and to whom.",
        """
        What was recorded goes through the present configuration and through the other one; nothing is sent. For each \
        channel and person it says how often they would have been told before and after, which alerts they would not have \
        heard of any more, and how much later the others. With alerts lost it ends with 3.
        """)

    @Option(help: ArgumentHelp("How far back.", valueName: "duration"))
    var since: Duration = .seconds(30 * 86_400)
    @Option(
        name: .customLong("with"), help: ArgumentHelp("The other configuration.", valueName: "file"),
        completion: .file())
    var other: LocalPath?
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Configuration") var place: PlaceOptions

    func validate() throws {
        guard since > .zero else { throw ValidationError("'--since' is longer than nothing") }
        guard other != nil else {
            throw ValidationError("'--with=FILE' names the other configuration; '--config' is the present one")
        }
    }

    func run(in application: Application) async throws -> ExitStatus {
        guard let other else { preconditionFailure("it was asked for before") }
        let session = try await application.open(place, output)
        let new = try application.readConfiguration(try PlaceOptions.parse(["--config", other.path])).inventory
        guard let before = try session.inventory.alertRules(application.zones),
            let after = try new.alertRules(application.zones)
        else { throw AlertsError.nothingConfigured }
        let now = application.clock.now()
        let begin = now - since
        let events = try await session.log.alertEvents()
        let differences = SimulationDifference.all(
            before: AlertSimulation.run(events, before, from: begin, until: now),
            after: AlertSimulation.run(events, after, from: begin, until: now))
        let listing = Listing(
            "What would be different",
            [
                "channel", "recipient", "before", "after", "lost", "new", "later",
                Listing.Column("by at most", .seconds),
            ],
            differences.map { item in
                [
                    .text(item.channel), item.recipient.map(Scalar.text) ?? .null, Scalar(item.before),
                    Scalar(item.after), Scalar(item.lost.count), Scalar(item.gained.count), Scalar(item.delayed.count),
                    item.delayed.first?.delaySeconds.map(Scalar.number) ?? .null,
                ]
            })
        try session.print(
            listing, document: differences,
            empty:
                "Neither would have told anybody anything: \("event".counted(events.count { $0.at >= begin })) of that time."
        )
        if output.format == .table { for item in differences { show(item, application.console) } }
        return differences.contains { !$0.lost.isEmpty } ? .findings : .success
    }

    /// Of one person, so many of each kind.
    private static let most = 20

    private func show(_ item: SimulationDifference, _ console: Console) {
        let whom = item.channel + (item.recipient.map { " \($0)" } ?? "")
        for (word, changes) in [("not heard of any more", item.lost), ("heard of later", item.delayed)]
        where !changes.isEmpty {
            console.print("")
            console.print("\(whom), \(word):".printable)
            for change in changes.prefix(Self.most) {
                let names = [
                    Labels.Name.severity, Labels.Name.environment, Labels.Name.resource, Labels.Name.alert,
                    Labels.Name.object,
                ].map { change.labels[$0] }.filter { !$0.isEmpty }
                let delay = change.delaySeconds.map { " by \(Duration.seconds($0).short)" } ?? ""
                console.print("  \(change.fingerprint.prefix(12)) \(names.joined(separator: " "))\(delay)".printable)
            }
            if changes.count > Self.most { console.print("  ... and \(changes.count - Self.most) more") }
        }
    }
}
