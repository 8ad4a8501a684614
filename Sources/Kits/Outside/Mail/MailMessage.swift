import Foundation
import Maintenance

/// A mail as it goes to the server (RFC 5322, 2045, 2047): text in UTF-8, lines of at most 76 bytes, every header made
/// here, so that no text from outside can add one.
package struct MailMessage: Sendable {
    package var sender: String
    package var recipient: String
    package var subject: String
    /// The text for everybody.
    package var lines: [String]
    /// The same for those who read HTML, with its pictures; nil sends the text alone.
    package var page: Page?
    package var attachments: [Attachment] = []
    package var date: Timestamp
    /// Left of the `@`: the same at every attempt.
    package var id: String
    /// Ties mails together.
    package var thread: String
    /// Right of the `@`.
    package var host: String

    package struct Page: Sendable {
        /// A whole document, which asks for its pictures as `cid:NAME`.
        package var html: [UInt8]
        package var pictures: [Attachment]

        package init(html: [UInt8], pictures: [Attachment] = []) {
            self.html = html
            self.pictures = pictures
        }
    }

    package struct Attachment: Sendable {
        /// Letters, digits, `.` and `-`.
        package var name: String
        /// `application/pdf`.
        package var type: String
        package var bytes: [UInt8]

        package init(name: String, type: String, bytes: [UInt8]) {
            self.name = name
            self.type = type
            self.bytes = bytes
        }
    }

    package init(
        sender: String, recipient: String, subject: String, lines: [String], date: Timestamp, id: String,
        thread: String, host: String
    ) {
        self.sender = sender
        self.recipient = recipient
        self.subject = subject
        self.lines = lines
        self.date = date
        self.id = id
        self.thread = thread
        self.host = host
    }

    package var bytes: [UInt8] {
        let threadID = "<\(Self.token(thread)).mainstay@\(Self.domain(host))>"
        let headers = [
            "From: Mainstay <\(sender)>", "To: <\(recipient)>", "Subject: \(Self.encoded(subject.printable))",
            "Date: \(Self.date(date))", "Message-ID: <\(Self.token(id)).mainstay@\(Self.domain(host))>",
            "References: \(threadID)", "Auto-Submitted: auto-generated", "MIME-Version: 1.0",
        ]
        return Array((headers.joined(separator: "\r\n") + "\r\n" + content).utf8)
    }

    /// Text, or text and page to choose from, and behind either what is attached (RFC 2046, section 5.1; RFC 2387).
    private var content: String {
        let text = Self.part("text/plain; charset=utf-8", Array(lines.map { $0.printable + "\r\n" }.joined().utf8))
        var whole = text
        if let page {
            var shown = Self.part("text/html; charset=utf-8", page.html)
            if !page.pictures.isEmpty {
                let pictures = page.pictures.map {
                    Self.part($0.type, $0.bytes, ["Content-ID: <\($0.name)>", "Content-Disposition: inline"])
                }
                shown = multipart("related; type=\"text/html\"", 1, [shown] + pictures)
            }
            whole = multipart("alternative", 2, [text, shown])
        }
        guard !attachments.isEmpty else { return whole }
        let attached = attachments.map {
            Self.part($0.type, $0.bytes, ["Content-Disposition: attachment; filename=\"\($0.name)\""])
        }
        return multipart("mixed", 3, [whole] + attached)
    }

    private static func part(_ type: String, _ bytes: [UInt8], _ headers: [String] = []) -> String {
        let lines = ["Content-Type: \(type)", "Content-Transfer-Encoding: base64"] + headers
        let body = Data(bytes)
            .base64EncodedString(options: [.lineLength76Characters, .endLineWithCarriageReturn, .endLineWithLineFeed])
        return lines.joined(separator: "\r\n") + "\r\n\r\n" + body + "\r\n"
    }

    /// The boundary holds `=_`, which no base64 does (RFC 2045, section 6.7).
    private func multipart(_ kind: String, _ level: Int, _ parts: [String]) -> String {
        let boundary = "=_\(Self.token(id))_\(level)"
        let body = parts.map { "--\(boundary)\r\n\($0)" }.joined()
        return "Content-Type: multipart/\(kind); boundary=\"\(boundary)\"\r\n\r\n\(body)--\(boundary)--\r\n"
    }

    /// As it is where it is short ASCII, else in encoded words, which hold whole characters each (RFC 2047).
    private static func encoded(_ text: String) -> String {
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
    package static func date(_ instant: Timestamp) -> String {
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

    /// What a host's name may have (RFC 5321, section 4.1.2).
    static func domain(_ host: String) -> String {
        let kept = host.utf8.filter {
            (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || "-.".utf8.contains($0)
        }
        return kept.isEmpty ? "localhost" : String(decoding: kept, as: UTF8.self)
    }
}
