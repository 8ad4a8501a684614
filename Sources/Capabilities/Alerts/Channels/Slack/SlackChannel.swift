import Alert
import Maintenance
import Outside
import Settings

/// An incoming webhook of Slack (api.slack.com/messaging/webhooks), and of what speaks like it.
///
/// Such a webhook only adds messages and gives no id back, so the end of an alert is a message of its own.
struct SlackChannel: AlertChannel {
    let access: WebhookAccess
    let tools: ChannelTools

    private struct Payload: Encodable {
        var text: String
    }

    func send(_ message: AlertMessage) async throws -> String {
        let url = try await access.url.resolve(with: tools.programs).reveal()
        return try await Post(url: url, body: wireJSON(Payload(text: Self.text(message))), of: access).send(with: tools)
    }

    static func text(_ message: AlertMessage) -> String {
        let sign =
            message.notification.isResolved
            ? ":white_check_mark:" : message.notification.severity == .critical ? ":red_circle:" : ":warning:"
        let lines = ["\(sign) *\(escaped(message.title))*"] + message.lines.map(escaped)
        return lines.joined(separator: "\n")
    }

    /// The three characters that mean something ("Formatting text", section "Escaping text"); with them gone nobody is
    /// mentioned and nothing is linked.
    static func escaped(_ text: String) -> String {
        text.replacingBytes(of: "&", with: "&amp;").replacingBytes(of: "<", with: "&lt;")
            .replacingBytes(of: ">", with: "&gt;")
    }
}
