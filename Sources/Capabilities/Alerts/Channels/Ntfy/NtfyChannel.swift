import Alert
import Foundation
import Maintenance
import Outside
import Settings

/// A topic of ntfy (docs.ntfy.sh/publish): published as JSON, because its headers cannot carry every text.
struct NtfyChannel: AlertChannel {
    let access: WebhookAccess
    let tools: ChannelTools
    let mostAtOnce = 4

    /// A message has at most 4,096 bytes, and what is published as JSON twice as many with everything ("Limitations";
    /// ntfy, server.go, `transformBodyJSON`).
    private static let budget = 3_800

    struct Published: Encodable {
        var topic: String
        var title: String
        var message: String
        /// From 1 to 5.
        var priority: Int
        var tags: [String]
    }

    func send(_ message: AlertMessage) async throws -> String {
        let url = try await access.url.resolve(with: tools.programs).reveal()
        guard let (server, topic) = Self.parts(url) else {
            throw ChannelError.unreachable(code: "http.malformed-url")
        }
        var post = Post(url: server, body: wireJSON(Self.published(message, topic: topic)), of: access)
        if let token = access.token {
            post.headers.append(
                ("Authorization", Secret("Bearer \(try await token.resolve(with: tools.programs).reveal())")))
        }
        return try await post.send(with: tools)
    }

    static func published(_ message: AlertMessage, topic: String) -> Published {
        let notification = message.notification
        let priority =
            notification.isResolved
            ? 2 : notification.severity == .critical ? 5 : notification.severity == .info ? 2 : 4
        return Published(
            topic: topic, title: message.title(within: 250),
            message: message.lines(within: budget, costing: AlertMessage.jsonCost).joined(separator: "\n"),
            priority: priority,
            tags: [notification.isResolved ? "white_check_mark" : "rotating_light"])
    }

    /// A topic's URL is the server's and the topic behind it.
    static func parts(_ url: String) -> (server: String, topic: String)? {
        guard let slash = url.utf8.lastIndex(of: UInt8(ascii: "/")) else { return nil }
        let topic = String(url[slash...].dropFirst())
        let server = String(url[...slash])
        guard !topic.isEmpty, !server.hasSuffix("://") else { return nil }
        return (server, topic)
    }
}
