import Alert
import Maintenance
import Outside
import Settings

/// Mail through a server of the team's.
struct EmailChannel: AlertChannel {
    let access: EmailAccess
    let tools: ChannelTools
    let mostAtOnce = 2

    /// Of the text: less than any server refuses, and more than anybody reads.
    private static let budget = 200_000

    func send(_ message: AlertMessage) async throws -> String {
        guard let recipient = message.notification.recipients.first, MailAddress.isValid(recipient) else {
            throw ChannelError.noRecipient
        }
        let mail = MailMessage(
            sender: access.sender, recipient: recipient, subject: message.title(within: 900),
            lines: message.lines(within: Self.budget),
            date: message.notification.decidedAt, id: message.id, thread: message.notification.groupKey,
            host: tools.host)
        do {
            return try await access.server(with: tools.programs).send(mail, with: tools.programs)
        } catch let error as MailError {
            throw ChannelError.program(
                "curl", status: error.ending, words: error.words, isRetryable: error.isRetryable)
        }
    }
}
