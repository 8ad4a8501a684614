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

    /// What is longer than 4,000 characters is broken into several messages ("chat.postMessage", section "Truncating
    /// content").
    private static let budget = 3_500

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
        let lines =
            ["\(sign) *\(escaped(message.title(within: 300)))*"]
            + message.lines(within: budget) { escaped($0).utf8.count + 1 }.map(escaped)
        return lines.joined(separator: "\n")
    }

    /// The three characters that mean something ("Formatting text", section "Escaping text"); with them gone nobody is
    /// mentioned and nothing is linked.
    static func escaped(_ text: String) -> String {
        text.replacingBytes(of: "&", with: "&amp;").replacingBytes(of: "<", with: "&lt;")
            .replacingBytes(of: ">", with: "&gt;")
    }
}
