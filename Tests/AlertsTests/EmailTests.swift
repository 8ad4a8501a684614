import Alert
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Settings
import Testing

@testable import Alerts

@Suite("mail", .temporaryDirectory)
struct EmailTests {
    private func access(_ port: Int, _ protection: MailServer.Protection, _ certificate: TestCertificate) throws
        -> EmailAccess
    {
        var access = EmailAccess(host: "localhost", port: port, sender: "mainstay@example.org")
        access.protection = protection
        access.user = "ada"
        access.password = try ConfiguredText("${MAIL_PASSWORD}", secrecy: .whole, location: Samples.place)
        access.certificateAuthorityFile = certificate.authority
        return access
    }

    private func message(to address: String, summary: String = "95 of 100 connections are used") throws -> AlertMessage
    {
        try Samples.message(summary: summary, recipients: [.address(address)])
    }

    @Test(
        "a mail goes out encrypted, with a login, and reads as it was meant",
        arguments: [(MailServer.Protection.starttls, "starttls"), (.tls, "tls")])
    func sends(protection: MailServer.Protection, mode: String) async throws {
        let certificate = try await TestCertificate.make()
        try await withMailServer(certificate, mode: mode) { server in
            let channel = EmailChannel(
                access: try access(server.port, protection, certificate),
                tools: Samples.tools(["MAIL_PASSWORD": "hunter2"]))
            let message = try message(to: "team@example.org", summary: "Größe über 90 %")
            #expect(try await channel.send(message) == "250")
            let got = try #require(try await server.first(1).first)
            #expect(got.login == "ada")
            #expect(got.isEncrypted == true)
            #expect(got.sender == "mainstay@example.org")
            #expect(got.recipients == ["team@example.org"])
            let mail = try await Self.parsed(got.body)
            #expect(mail["Subject"] == "critical production/main DB012: Größe über 90 %")
            #expect(mail["body"]?.contains("mend: mainstay db connections") ?? false)
            #expect(mail["Date"] == "Sat, 21 Nov 2026 02:00:00 +0000")
        }
    }

    /// As Python's own library reads it.
    private static func parsed(_ text: String) async throws -> [String: String] {
        let script = """
            import email, email.policy, json, sys
            mail = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
            fields = {name: str(value) for name, value in mail.items()}
            fields["body"] = mail.get_content()
            fields["names"] = ",".join(mail.keys())
            fields["defects"] = str(mail.defects)
            print(json.dumps(fields))
            """
        let outcome = try await hostPrograms.run(
            ChildProgram("python3", ["-c", script], input: .bytes(Array(text.utf8))))
        return try JSONDecoder().decode([String: String].self, from: Data(outcome.output.text.utf8))
    }

    @Test("no text of an alert becomes a header, a line of the protocol or an option of curl")
    func noInjection() async throws {
        let certificate = try await TestCertificate.make()
        let evil = "x\r\nBcc: evil@example.org\r\n\r\n.\r\nMAIL FROM:<evil@example.org>\u{2028}\"\nurl = \"http://evil"
        try await withMailServer(certificate, mode: "starttls") { server in
            let channel = EmailChannel(
                access: try access(server.port, .starttls, certificate),
                tools: Samples.tools(["MAIL_PASSWORD": "hunter2"]))
            _ = try await channel.send(try message(to: "team@example.org", summary: evil))
            let got = try #require(try await server.first(1).first)
            #expect(got.recipients == ["team@example.org"])
            let mail = try await Self.parsed(got.body)
            #expect(
                mail["names"]
                    == "From,To,Subject,Date,Message-ID,References,Auto-Submitted,MIME-Version,Content-Type,Content-Transfer-Encoding"
            )
            #expect(mail["defects"] == "[]")
            #expect(server.received.count == 1)
        }
        #expect(MailServer.quoted("a\"\nurl = \"b\\") == #""a\"\nurl = \"b\\""#)
    }

    @Test("a wrong password and an unknown recipient are final; a busy server is asked again")
    func failures() async throws {
        let certificate = try await TestCertificate.make()
        try await withMailServer(certificate, mode: "starttls") { server in
            let settings = try access(server.port, .starttls, certificate)
            let good = EmailChannel(access: settings, tools: Samples.tools(["MAIL_PASSWORD": "hunter2"]))
            let wrong = EmailChannel(access: settings, tools: Samples.tools(["MAIL_PASSWORD": "hunter3"]))
            let refused = await #expect(throws: ChannelError.self) {
                try await wrong.send(try message(to: "a@example.org"))
            }
            #expect(refused?.isRetryable == false)
            let words = refused?.description ?? "hunter"
            #expect(!words.contains("hunter"))
            var busy = settings
            busy.user = "busy"
            let notNow = await #expect(throws: ChannelError.self) {
                try await EmailChannel(access: busy, tools: Samples.tools(["MAIL_PASSWORD": "hunter2"]))
                    .send(try message(to: "a@example.org"))
            }
            #expect(notNow?.isRetryable == true, "454 is not the last word, although curl ends with 67")
            let unknown = await #expect(throws: ChannelError.self) {
                try await good.send(try message(to: "nobody@example.org"))
            }
            #expect(unknown?.isRetryable == false)
            let later = await #expect(throws: ChannelError.self) {
                try await good.send(try message(to: "later@example.org"))
            }
            #expect(later?.isRetryable == true)
            #expect(try await good.send(try message(to: "later@example.org")) == "250")
        }
    }

    @Test("a server without encryption, or with a certificate nobody vouches for, gets neither mail nor password")
    func insists() async throws {
        let certificate = try await TestCertificate.make()
        try await withMailServer(certificate, mode: "starttls") { server in
            var settings = try access(server.port, .starttls, certificate)
            settings.certificateAuthorityFile = nil
            let channel = EmailChannel(access: settings, tools: Samples.tools(["MAIL_PASSWORD": "hunter2"]))
            let error = await #expect(throws: ChannelError.self) {
                try await channel.send(try message(to: "a@example.org"))
            }
            #expect(error?.isRetryable == true)
            #expect(server.received.isEmpty)
        }
    }

    @Test(
        "the day of the week is right over four centuries",
        arguments: [
            (0, "Thu, 1 Jan 1970"), (951_782_400, "Tue, 29 Feb 2000"), (-86_400, "Wed, 31 Dec 1969"),
            (4_107_542_400, "Mon, 1 Mar 2100"),
        ])
    func dates(seconds: Int64, text: String) {
        #expect(MailMessage.date(Timestamp(microseconds: seconds * 1_000_000)).hasPrefix(text))
    }
}
