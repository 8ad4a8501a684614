import Foundation
import Maintenance
import Outside
import Settings

/// Where a message of ours is, as Slack names it.
struct SlackReceipt: Equatable {
    var channel: String
    /// `1712345678.000100`: what a message is known by in its conversation.
    var timestamp: String

    var text: String { "\(channel) \(timestamp)" }

    init(channel: String, timestamp: String) {
        self.channel = channel
        self.timestamp = timestamp
    }

    /// Nil for another answer, such as that of a webhook.
    init?(_ text: String) {
        let parts = text.split(separator: " ").map(String.init)
        guard parts.count == 2, parts[1].utf8.allSatisfy({ (48...57).contains($0) || $0 == UInt8(ascii: ".") })
        else { return nil }
        self.init(channel: parts[0], timestamp: parts[1])
    }
}

/// The two calls of Slack's API that write (docs.slack.dev, methods chat.postMessage and chat.update).
struct SlackCalls {
    var access: WebhookAccess
    /// Without a slash at its end.
    var root: String
    var token: Secret
    var tools: ChannelTools

    private struct Message: Encodable {
        var channel: String
        var text: String
        /// Of the message that is changed.
        var ts: String?
        var unfurl_links = false
    }

    private struct Answer: Decodable {
        var ok: Bool
        var error: String?
        var channel: String?
        var ts: String?
    }

    func post(_ text: String, to room: String) async throws -> SlackReceipt {
        let answer = try await call("chat.postMessage", Message(channel: room, text: text))
        guard let channel = answer.channel, let timestamp = answer.ts else {
            throw ChannelError.declined("no message id", means: .later)
        }
        return SlackReceipt(channel: channel, timestamp: timestamp)
    }

    /// False where that message is gone, or may not be changed any more.
    func change(_ receipt: SlackReceipt, to text: String) async throws -> Bool {
        do {
            _ = try await call(
                "chat.update", Message(channel: receipt.channel, text: text, ts: receipt.timestamp))
            return true
        } catch ChannelError.declined(let word, _) where Self.unchangeable.contains(word) {
            return false
        }
    }

    private static let unchangeable: Set<String> = [
        "message_not_found", "cant_update_message", "edit_window_closed", "channel_not_found", "is_inactive",
    ]
    /// Trouble of Slack's own, which passes.
    private static let passing: Set<String> = [
        "internal_error", "fatal_error", "service_unavailable", "request_timeout", "ratelimited", "rate_limited",
        "accesslimited", "team_added_to_org", "update_failed",
    ]
    /// Of the message itself: the same once more is refused once more.
    private static let final: Set<String> = ["msg_too_long", "no_text", "invalid_blocks", "too_many_attachments"]

    /// Slack answers with 200 and says in the body whether it was done. What it does not take is mostly ours to mend: a
    /// token without a right, a bot that nobody has invited.
    private func call(_ method: String, _ message: Message) async throws -> Answer {
        var post = Post(url: "\(root)/\(method)", body: wireJSON(message), of: access)
        post.contentType = "application/json; charset=utf-8"
        post.headers = [("Authorization", Secret("Bearer \(token.reveal())"))]
        let body = try await post.answer(with: tools).body
        let answer: Answer
        do {
            answer = try JSONDecoder().decode(Answer.self, from: Data(body))
        } catch {
            throw ChannelError.declined("no answer of Slack's API", means: .ours)
        }
        guard answer.ok else {
            let word = answer.error ?? "not ok"
            throw ChannelError.declined(
                word, means: Self.passing.contains(word) ? .later : Self.final.contains(word) ? .final : .ours)
        }
        return answer
    }
}
