import Alert
import Maintenance
import Outside
import Settings

/// A program of the team's own: it reads the webhook's JSON on standard input, and 0 means that it took it.
struct CommandChannel: AlertChannel {
    let access: CommandAccess
    let tools: ChannelTools

    private static let patience: Duration = .seconds(60)

    func send(_ message: AlertMessage) async throws -> String {
        guard let program = access.program.first else { throw ChannelError.noRecipient }
        let outcome = try await tools.programs.run(
            ChildProgram(
                program, Array(access.program.dropFirst()),
                input: .bytes(wireJSON(WebhookPayload(message, within: nil))),
                timeLimit: Self.patience))
        guard outcome.isSuccess else {
            throw ChannelError.program(
                program, status: outcome.ending,
                words: String(outcome.errorOutput.text.trimmingWhitespace().prefix(200)),
                isRetryable: true)
        }
        return String(outcome.output.text.trimmingWhitespace().prefix(200))
    }
}
