import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Testing

@Suite("mails as they are sent", .temporaryDirectory)
struct MailMessageTests {
    private var mail: MailMessage {
        MailMessage(
            sender: "mainstay@example.org", recipient: "team@example.org", subject: "Größe\r\nBcc: x@example.org",
            lines: ["Grüße", "zweite\r\nZeile"], date: Timestamp(microseconds: 1_763_690_400_000_000), id: "one",
            thread: "all", host: "db1.example.org")
    }

    /// As Python's own library reads it: a line for every part, its type, name and size, and what is said about defects.
    private func parts(_ mail: MailMessage) async throws -> [String] {
        let script = """
            import email, email.policy, hashlib, sys
            mail = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
            for part in mail.walk():
                body = b"" if part.is_multipart() else part.get_payload(decode=True)
                name = part.get_filename() or part["Content-ID"] or "-"
                print(part.get_content_type(), name, len(body), hashlib.md5(body).hexdigest()[:6], len(part.defects))
            print("headers", ",".join(mail.keys()))
            print("subject", str(mail["Subject"]).encode("ascii", "backslashreplace").decode())
            """
        let outcome = try await hostPrograms.run(ChildProgram("python3", ["-c", script], input: .bytes(mail.bytes)))
        return try outcome.checked().output.text.split(separator: "\n").map(String.init)
    }

    @Test("text, page with pictures, and files each stand in their place, whole")
    func nests() async throws {
        var mail = mail
        let picture = (0..<5_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        mail.page = .init(
            html: Array("<p>Grüße <img src=\"cid:chart-0\"></p>".utf8),
            pictures: [.init(name: "chart-0", type: "image/png", bytes: picture)])
        mail.attachments = [.init(name: "weekly-2026-11-21.pdf", type: "application/pdf", bytes: Array("%PDF-1".utf8))]
        let parts = try await parts(mail)
        #expect(
            parts.prefix(7).map { $0.split(separator: " ").prefix(3).joined(separator: " ") } == [
                "multipart/mixed - 0", "multipart/alternative - 0", "text/plain - 26", "multipart/related - 0",
                "text/html - 38", "image/png <chart-0> 5000", "application/pdf weekly-2026-11-21.pdf 6",
            ])
        #expect(parts.prefix(7).allSatisfy { $0.hasSuffix(" 0") }, "no part has a defect: \(parts)")
        #expect(
            String(decoding: mail.bytes, as: UTF8.self).split(separator: "\r\n").allSatisfy { $0.utf8.count <= 998 })
    }

    @Test("a text alone is no multipart, and no text becomes a header")
    func staysPlain() async throws {
        let parts = try await parts(mail)
        #expect(parts.first?.hasPrefix("text/plain - ") == true)
        #expect(
            parts.contains(
                "headers From,To,Subject,Date,Message-ID,References,Auto-Submitted,MIME-Version,Content-Type,"
                    + "Content-Transfer-Encoding"))
        #expect(mail.bytes == self.mail.bytes)
    }
}
