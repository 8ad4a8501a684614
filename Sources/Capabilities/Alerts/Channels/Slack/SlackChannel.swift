import Alert
import Maintenance
import Outside
import Settings

/// An incoming webhook of Slack (api.slack.com/messaging/webhooks), and of what speaks like it; or, with a bot's token, its
/// API.
///
/// A webhook only adds messages and gives no id back, so the end of an alert is a message of its own. The API says which
/// message it has written, and the end is written into all of them that tell of something open.
struct SlackChannel: AlertChannel {
    let access: WebhookAccess
    let tools: ChannelTools

    /// What is longer than 4,000 characters is broken into several messages ("chat.postMessage", section "Truncating
    /// content").
    private static let budget = 3_500

    var changesMessages: Bool { access.token != nil }

    private struct Payload: Encodable {
        var text: String
    }

    func send(_ message: AlertMessage) async throws -> String {
        let url = try await access.url.resolve(with: tools.programs).reveal()
        guard let token = access.token, let room = access.room else {
            let body = wireJSON(Payload(text: Self.text(message)))
            return try await Post(url: url, body: body, of: access).send(with: tools)
        }
        let calls = SlackCalls(
            access: access, root: url.hasSuffix("/") ? String(url.dropLast()) : url,
            token: try await token.resolve(with: tools.programs), tools: tools)
        let text = Self.text(message)
        var changed = 0
        if message.notification.isResolved {
            for receipt in message.receipts.compactMap(SlackReceipt.init)
            where try await calls.change(receipt, to: text) {
                changed += 1
            }
        }
        guard changed == 0 else { return "changed \("message".counted(changed))" }
        return try await calls.post(text, to: room).text
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
