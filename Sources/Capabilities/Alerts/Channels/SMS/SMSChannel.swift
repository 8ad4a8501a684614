import Alert
import Foundation
import Maintenance
import Outside
import Settings

/// A gateway with Twilio's API (twilio.com/docs/messaging/api/message-resource), or another one that takes a form with
/// fields of its own: one message for one number.
///
/// Twilio's API knows no idempotency key, so a gateway that dies between taking a message and saying so may send it twice.
struct SMSChannel: AlertChannel {
    let access: SMSAccess
    let tools: ChannelTools
    let mostAtOnce = 4

    /// Three parts of a concatenated message: of 153 septets each, or of 67 UTF-16 units where the alphabet of GSM does not
    /// have everything (3GPP TS 23.040, section 9.2.3.24.1; TS 23.038, section 6.2.1). More is refused from 1,600 on.
    static func body(_ title: String) -> String {
        let isPlain = title.unicodeScalars.allSatisfy { septets($0) != nil }
        var text = ""
        var left = isPlain ? 459 : 201
        for scalar in title.unicodeScalars {
            left -= isPlain ? septets(scalar) ?? 1 : UTF16.width(scalar)
            guard left >= 0 else { break }
            text.unicodeScalars.append(scalar)
        }
        return text
    }

    /// Of the part of the alphabet that is ASCII too; nil for everything else.
    private static func septets(_ scalar: Unicode.Scalar) -> Int? {
        switch scalar {
        case "^", "{", "}", "[", "]", "~", "\\", "|": 2
        case "`": nil
        case " "..."~": 1
        default: nil
        }
    }

    func send(_ message: AlertMessage) async throws -> String {
        guard let recipient = message.notification.recipients.first else { throw ChannelError.noRecipient }
        let url = try await access.url.resolve(with: tools.programs).reveal()
        var post = Post(url: address(url), body: [], allowsPrivate: access.allowsPrivate)
        post.body = Array(try await form(message, to: recipient).utf8)
        post.contentType = "application/x-www-form-urlencoded"
        if let account = access.account, let token = access.token {
            let token = try await token.resolve(with: tools.programs).reveal()
            let credentials = Data("\(account):\(token)".utf8).base64EncodedString()
            post.headers = [("Authorization", Secret("Basic \(credentials)"))]
        }
        for (name, value) in access.headers.sorted(by: { $0.key < $1.key }) {
            post.headers.append((name, try await value.resolve(with: tools.programs)))
        }
        return try await post.send(with: tools)
    }

    private func address(_ url: String) -> String {
        guard access.form.isEmpty, let account = access.account else { return url }
        let root = url.utf8.last == UInt8(ascii: "/") ? String(url.dropLast()) : url
        return "\(root)/2010-04-01/Accounts/\(account.formEncoded)/Messages.json"
    }

    /// Every value is encoded after it was filled in, so that nothing an alert says becomes a field.
    private func form(_ message: AlertMessage, to recipient: String) async throws -> String {
        let text = Self.body(message.title)
        var fields = [("To", recipient), ("From", access.sender ?? ""), ("Body", text)]
        if !access.form.isEmpty {
            let values = ["to": recipient, "from": access.sender ?? "", "text": text, "id": message.id]
            fields = []
            for (name, value) in access.form.sorted(by: { $0.key < $1.key }) {
                let written = try await value.resolve(with: tools.programs).reveal()
                fields.append((name, try KeptText(written).filled(values)))
            }
        }
        return fields.map { "\($0.formEncoded)=\($1.formEncoded)" }.joined(separator: "&")
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
