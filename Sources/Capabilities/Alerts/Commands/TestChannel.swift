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
        "test", "Send a message and its end through one channel now, and say what it answered.",
        """
        Both say of themselves that they are a test, and no route is asked. What is taken ends the finding AL001 about this \
        channel and recipient.
        """)

    @Argument(help: "The channel, as the configuration calls it.")
    var channel: String
    @Option(help: ArgumentHelp("Whom it is for; the channel's own without it.", valueName: "address"))
    var to: [String] = []
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Configuration") var place: PlaceOptions

    private struct Answer: Encodable {
        var channel: String
        var recipient: String?
        /// `alert` or `end`.
        var message: String
        var answer: String
    }

    func run(in application: Application) async throws -> ExitStatus {
        let session = try await application.open(place, output)
        guard let alerts = session.inventory.alerts else { throw AlertsError.nothingConfigured }
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
            for var message in Self.messages(channel, recipient, at: application.clock.now()) {
                if message.notification.isResolved { message.receipts = answers.suffix(1).map(\.answer) }
                do {
                    let answer = try await sender.send(message)
                    answers.append(
                        Answer(
                            channel: channel, recipient: recipient,
                            message: message.notification.isResolved ? "end" : "alert", answer: answer))
                } catch is CancellationError {
                    throw CancellationError()
                } catch {
                    throw AlertsError.notTaken(channel, problem: ErrorReport(error).problem)
                }
            }
            try await session.log.resolve(
                alertFinding: DeliveryFinding.undelivered(channel, to: recipient).finding(""))
        }
        let listing = Listing(
            "Channel", ["channel", "recipient", "message", "answer"],
            answers.map {
                [.text($0.channel), $0.recipient.map(Scalar.text) ?? .null, .text($0.message), .text($0.answer)]
            })
        try application.console.print(
            listing, document: answers, as: output.format, empty: "Nobody is named whom the channel could tell.")
        return answers.isEmpty ? .failure : .success
    }

    /// An alert and its end a second later: nothing stays open at the other side.
    static func messages(_ channel: String, _ recipient: String?, at now: Timestamp) -> [AlertMessage] {
        let (begin, end) = Router.rehearsal(
            "test", through: channel, to: recipient,
            summary: "this is a test of the channel '\(channel)'; nothing is wrong", at: now)
        return [begin, end].enumerated().map { number, notification in
            AlertMessage(id: "test-\(now.microseconds)-\(number)", notification: notification)
        }
    }
}
