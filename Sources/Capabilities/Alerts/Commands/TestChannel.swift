import Alert
import ArgumentParser
import Command
import Engine
import Foundation
import Maintenance
import Outside
import Settings

/// `mainstay alerts test CHANNEL`
struct TestChannel: HouseCommand {
    static let configuration = CommandConfiguration.house(
        "test", "Send a message through one channel now, and say what it answered.",
        "It says of itself that it is a test. Nothing of it is kept, and no route is asked.")

    @Argument(help: "The channel, as the configuration calls it.")
    var channel: String
    @Option(help: ArgumentHelp("Whom it is for; the channel's own without it.", valueName: "address"))
    var to: [String] = []
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Configuration") var place: PlaceOptions

    private struct Answer: Encodable {
        var channel: String
        var recipient: String?
        var answer: String
    }

    func run(in application: Application) async throws -> ExitStatus {
        let inventory = try application.readConfiguration(place).inventory
        guard let alerts = inventory.alerts else { throw AlertsError.nothingConfigured }
        guard let settings = alerts[channel: channel] else {
            throw AlertsError.noSuchChannel(channel, known: alerts.channels.map(\.name))
        }
        let tools = ChannelTools(
            prober: HTTPProber(clock: application.clock), programs: application.programs, clock: application.clock,
            host: ProcessInfo.processInfo.hostName)
        let sender = AlertChannels.make(settings, tools)
        let people = to.isEmpty ? settings.access.recipients : to
        let recipients = settings.access.addressesPeople ? people.map(Optional.some) : [nil]
        var answers: [Answer] = []
        for recipient in recipients {
            let message = Self.message(channel, recipient, at: application.clock.now())
            do {
                answers.append(Answer(channel: channel, recipient: recipient, answer: try await sender.send(message)))
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                throw AlertsError.notTaken(channel, problem: ErrorReport(error).problem)
            }
        }
        let listing = Listing(
            "Channel", ["channel", "recipient", "answer"],
            answers.map { [.text($0.channel), $0.recipient.map(Scalar.text) ?? .null, .text($0.answer)] })
        try application.console.print(
            listing, document: answers, as: output.format, empty: "Nobody is named whom the channel could tell.")
        return answers.isEmpty ? .failure : .success
    }

    /// A notification of an alert that is over at once: nothing stays open at the other side.
    static func message(_ channel: String, _ recipient: String?, at now: Timestamp) -> AlertMessage {
        var draft = RouteDraft(receiver: "test")
        draft.timing = .immediate
        let labels: Labels = ["alert": "test", "severity": "info", "object": channel]
        var router = Router(
            AlertRules(
                route: draft.tree(receiver: "test"),
                receivers: [
                    Receiver(
                        name: "test",
                        deliveries: [.init(channel: channel, recipients: recipient.map { [.address($0)] } ?? [])])
                ]))
        let summary = "this is a test of the channel '\(channel)'; nothing is wrong"
        let sent = router.take([.wrong(labels, annotations: ["summary": summary])], at: now).notifications
        guard let notification = sent.first else { preconditionFailure("an immediate route sends at once") }
        return AlertMessage(id: "test-\(now.microseconds)", notification: notification)
    }
}
