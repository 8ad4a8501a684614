import Foundation
import Maintenance

/// A mail as it goes to the server (RFC 5322, 2045, 2047): plain text in UTF-8, lines of at most 76 bytes, every header
/// made here, so that no text of an alert can add one.
struct MailText {
    var sender: String
    var recipient: String
    var subject: String
    var lines: [String]
    var date: Timestamp
    /// Left of the `@`: the same at every attempt.
    var id: String
    /// Ties mails of one group together.
    var thread: String
    /// Right of the `@`.
    var host: String
    var attachment: Attachment?

    struct Attachment {
        /// Printable ASCII without quotation marks.
        var name: String
        var type: String
        var bytes: [UInt8]
    }

    var bytes: [UInt8] {
        let threadID = "<\(Self.token(thread)).mainstay@\(Self.domain(host))>"
        let text = [
            "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: base64", "",
            Self.base64(lines.map { $0.printable + "\r\n" }.joined().utf8),
        ]
        let content = attachment.map { Self.mixed(text, $0, boundary: "=_\(Self.token("\(id) \(thread)"))") } ?? text
        let headers = [
            "From: Mainstay <\(sender)>", "To: <\(recipient)>", "Subject: \(Self.encoded(subject.printable))",
            "Date: \(Self.date(date))", "Message-ID: <\(Self.token(id)).mainstay@\(Self.domain(host))>",
            "References: \(threadID)", "Auto-Submitted: auto-generated", "MIME-Version: 1.0",
        ]
        return Array(((headers + content).joined(separator: "\r\n") + "\r\n").utf8)
    }

    /// Text and attachment one after the other (RFC 2046, 5.1.3). No line of base64 is the boundary, which has a '_'.
    private static func mixed(_ text: [String], _ attachment: Attachment, boundary: String) -> [String] {
        ["Content-Type: multipart/mixed; boundary=\"\(boundary)\"", "", "--\(boundary)"] + text + [
            "--\(boundary)", "Content-Type: \(attachment.type)", "Content-Transfer-Encoding: base64",
            "Content-Disposition: attachment; filename=\"\(attachment.name)\"", "", base64(attachment.bytes),
            "--\(boundary)--",
        ]
    }

    private static func base64(_ bytes: some Sequence<UInt8>) -> String {
        Data(bytes).base64EncodedString(
            options: [.lineLength76Characters, .endLineWithCarriageReturn, .endLineWithLineFeed])
    }

    /// As it is where it is short ASCII, else in encoded words, which hold whole characters each (RFC 2047).
    static func encoded(_ text: String) -> String {
        guard text.utf8.count > 60 || !text.utf8.allSatisfy({ (32...126).contains($0) }) || text.hasPrefix("=?") else {
            return text
        }
        var words: [String] = []
        var part: [UInt8] = []
        for scalar in text.unicodeScalars {
            let bytes = Array(String(scalar).utf8)
            if part.count + bytes.count > 42 {
                words.append("=?utf-8?B?\(Data(part).base64EncodedString())?=")
                part = []
            }
            part += bytes
        }
        if !part.isEmpty { words.append("=?utf-8?B?\(Data(part).base64EncodedString())?=") }
        return words.joined(separator: "\r\n ")
    }

    /// `Sat, 21 Nov 2026 22:00:00 +0000`.
    static func date(_ instant: Timestamp) -> String {
        let civil = CivilTime(instant)
        let days = CivilTime.daysSince1970(year: civil.year, month: civil.month, day: civil.day)
        let weekday = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][((days % 7) + 7) % 7]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        return "\(weekday), \(civil.day) \(months[civil.month - 1]) \(civil.year) \(civil.time) +0000"
    }

    private static func token(_ text: String) -> String {
        var digest = CanonicalDigest()
        digest.add(text)
        return String(digest.hexadecimal.prefix(32))
    }

    private static func domain(_ host: String) -> String {
        let kept = host.utf8.filter {
            (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || "-.".utf8.contains($0)
        }
        return kept.isEmpty ? "localhost" : String(decoding: kept, as: UTF8.self)
    }
}
