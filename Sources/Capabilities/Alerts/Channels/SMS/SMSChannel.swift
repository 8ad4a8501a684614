import Alert
import Foundation
import Maintenance
import Outside
import Settings

/// A gateway with Twilio's API (twilio.com/docs/messaging/api/message-resource): one message for one number.
///
/// The API knows no idempotency key, so a gateway that dies between taking a message and saying so may send it twice.
struct SMSChannel: AlertChannel {
    let access: SMSAccess
    let tools: ChannelTools

    /// Three parts of a concatenated message.
    static let length = 459

    func send(_ message: AlertMessage) async throws -> String {
        guard let recipient = message.notification.recipients.first else { throw ChannelError.noRecipient }
        let base = try await access.url.resolve(with: tools.programs).reveal()
        let root = base.utf8.last == UInt8(ascii: "/") ? String(base.dropLast()) : base
        var post = Post(
            url: "\(root)/2010-04-01/Accounts/\(access.account.formEncoded)/Messages.json",
            body: Array(Self.form(message, to: recipient, from: access.sender).utf8),
            allowsPrivate: access.allowsPrivate)
        post.contentType = "application/x-www-form-urlencoded"
        let token = try await access.token.resolve(with: tools.programs).reveal()
        let credentials = Data("\(access.account):\(token)".utf8).base64EncodedString()
        post.headers = [("Authorization", Secret("Basic \(credentials)"))]
        return try await post.send(with: tools)
    }

    static func form(_ message: AlertMessage, to recipient: String, from sender: String) -> String {
        [("To", recipient), ("From", sender), ("Body", String(message.title.prefix(length)))]
            .map { "\($0)=\($1.formEncoded)" }.joined(separator: "&")
    }
}

extension String {
    /// Everything but letters, digits and `-._~` percent-encoded (RFC 3986, section 2.3).
    var formEncoded: String {
        var text = ""
        for byte in utf8 {
            switch byte {
            case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                text.unicodeScalars.append(Unicode.Scalar(byte))
            default: text += "%" + [byte].hexadecimal.uppercased()
            }
        }
        return text
    }
}
