import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Testing

/// Reports by mail as their user has them: the built program, a real mail server, what arrives read by Python's library.
@Suite("reports by mail", .temporaryDirectory)
struct MailReportTests {
    private func program() -> Program { Program(environment: ["MAIL_PASSWORD": "hunter2"]) }

    private func configure(
        _ program: Program, port: Int, _ certificate: TestCertificate?, to: String? = nil, second: Bool = false
    ) throws {
        let authorities = certificate.map { ", ca-file: \($0.authority)" } ?? ""
        let people = to.map { ", to: \($0)" } ?? ""
        let mail =
            "{ kind: email, server: 'localhost:\(port)', from: m@example.org, user: ada, "
            + "password: '${MAIL_PASSWORD}'\(people)\(authorities) }"
        try program.configure(
            """
            environments: { test: { resources: { here: { kind: host } } } }
            alerts:
              channels:
                mail: \(mail)
            \(second ? "    other: \(mail)" : "")
            """)
    }

    private struct Mail: Decodable {
        var subject: String
        var text: String
        var name: String?
        var type: String?
        var attached: String?
        var id: String
        var defects: String
    }

    private static func parsed(_ text: String) async throws -> Mail {
        let script = """
            import email, email.policy, json, sys
            mail = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
            parts = list(mail.iter_attachments())
            print(json.dumps({"subject": mail["Subject"], "id": mail["Message-ID"], "defects": str(mail.defects),
                "text": mail.get_body().get_content(), "name": parts[0].get_filename() if parts else None,
                "type": parts[0].get_content_type() if parts else None,
                "attached": parts[0].get_content() if parts else None}))
            """
        let outcome = try await hostPrograms.run(
            ChildProgram("python3", ["-c", script], input: .bytes(Array(text.utf8))), keeping: ByteCount(16_777_216))
        return try JSONDecoder().decode(Mail.self, from: Data(outcome.output.text.utf8))
    }

    @Test("the guides' line writes a routine that looks, reports and mails it, and that routine does so")
    func schedules() async throws {
        let certificate = try await TestCertificate.make()
        try await withMailServer(certificate, mode: "starttls") { server in
            let program = program()
            try configure(program, port: server.port, certificate)
            let dry = try await program.run(
                "health:schedule-reports", "--frequency=daily", "--time=08:00",
                "--recipients=team@example.org,ops@example.org", "--dry-run")
            #expect(dry.exitCode == 0, "\(dry.errors)")
            #expect(dry.output.contains("nothing was written"))
            let written = try await program.run(
                "health:schedule-reports", "--frequency=daily", "--time=8:00",
                "--recipients=team@example.org,ops@example.org")
            #expect(written.exitCode == 0, "\(written.errors)")
            let next = try await program.run("calendar", "next", "1", "health-reports")
            #expect(next.exitCode == 0 && next.output.contains("08:00"), "\(next.output)\(next.errors)")
            let plan = try await program.run("plan", "health-reports")
            #expect(plan.errors.contains("report mail") || plan.output.contains("report mail"), "\(plan.output)")
            #expect(server.received.isEmpty)

            let run = try await program.run("run", "health-reports", "--fail-on", "never")
            #expect(run.exitCode == 0, "\(run.output)\(run.errors)")
            let got = try await server.first(2)
            #expect(Set(got.flatMap { $0.recipients ?? [] }) == ["team@example.org", "ops@example.org"])
            #expect(got.allSatisfy { $0.isEncrypted == true && $0.login == "ada" })
            let mail = try await Self.parsed(got[0].body)
            #expect(mail.subject.hasPrefix("Mainstay: report of the day of 20"))
            #expect(mail.defects == "[]" && mail.type == "text/html")
            #expect(mail.name?.wholeMatch(of: /daily-\d{4}-\d\d-\d\d\.html/) != nil)
            let page = try String(contentsOfFile: "\(program.directory)/state/reports/latest.html", encoding: .utf8)
            #expect(mail.attached?.replacing("\r\n", with: "\n") == page.replacing("\r\n", with: "\n"))
            #expect(mail.text.contains("is attached"))
            #expect(try await Self.parsed(got[1].body).id != mail.id)
            let shown = try await program.run("show", "--verbose")
            #expect(shown.output.contains("mail daily report to team@example.org"), "\(shown.output)")
        }
    }

    @Test("a run that was killed after the server had answered mails nothing twice")
    func killed() async throws {
        let certificate = try await TestCertificate.make()
        try await withMailServer(certificate, mode: "starttls") { server in
            var program = program()
            try configure(program, port: server.port, certificate, to: "team@example.org")
            #expect(try await program.run("report", "daily").exitCode == 0)
            program.environment["MAINSTAY_FAULT"] = "kill:started:afterWrite"
            #expect(try await program.run("report", "mail").status == .signalled(9))
            #expect(server.received.isEmpty)
            program.environment["MAINSTAY_FAULT"] = "kill:applied:beforeWrite"
            #expect(try await program.run("resume").status == .signalled(9))
            _ = try await server.first(1)
            program.environment["MAINSTAY_FAULT"] = nil
            // The server's answer was written down: it is proved, and nothing goes out twice.
            let resumed = try await program.run("resume")
            #expect(resumed.exitCode == 0, "\(resumed.errors)\(resumed.output)")
            #expect(server.received.count == 1)
        }
    }

    @Test("a recipient that the server refuses fails alone, with the server's words")
    func refused() async throws {
        let certificate = try await TestCertificate.make()
        try await withMailServer(certificate, mode: "starttls") { server in
            let program = program()
            try configure(program, port: server.port, certificate)
            #expect(try await program.run("report", "daily").exitCode == 0)
            let sent = try await program.run(
                "report", "mail", "--to", "nobody@example.org", "--to", "team@example.org")
            #expect(sent.exitCode == 1, "\(sent.output)\(sent.errors)")
            #expect(sent.output.contains("'curl'"), "\(sent.output)")
            #expect(try await server.first(1).first?.recipients == ["team@example.org"])
        }
    }

    @Test("what cannot be mailed is said, with what to do")
    func says() async throws {
        let program = program()
        try program.configure("environments: { test: { resources: { here: { kind: host } } } }")
        let noChannel = try await program.run("report", "mail")
        #expect(
            noChannel.exitCode == 4 && noChannel.output.contains("no channel of kind 'email'"), "\(noChannel.output)")
        let schedule = try await program.run("health", "schedule-reports", "--recipients=team@example.org")
        #expect(schedule.exitCode == 4 && schedule.errors.contains("no channel of kind 'email'"), "\(schedule.errors)")
        let alone = try await program.run("health", "schedule-reports", "--frequency=weekly")
        #expect(alone.exitCode == 0 && alone.errors.contains("written and not mailed"), "\(alone.errors)")
        #expect(alone.output.contains("Mondays 08:00"), "\(alone.output)")

        try configure(program, port: 9, nil, to: "team@example.org")
        let none = try await program.run("report", "mail")
        #expect(none.exitCode == 1 && none.output.contains("there is no report to mail"), "\(none.output)")
        #expect(try await program.run("report", "daily").exitCode == 0)
        let old = try await program.run("report", "mail", "--fresh=1ms")
        #expect(old.exitCode == 1 && old.output.contains("an old one would pass for news"), "\(old.output)")
        try configure(program, port: 9, nil, to: "team@example.org", second: true)
        let several = try await program.run("report", "mail")
        #expect(several.exitCode == 4 && several.output.contains("several channels"), "\(several.output)")
    }

    @Test(
        "a mistyped schedule is refused, and nothing is written",
        arguments: [
            (["--time=25:00"], "'25:00' is no time of day"),
            (["--recipients=team"], "'team' is no mail address"),
            (["--recipients=a@example.org --confirm"], "is no mail address"),
            (["--frequency=daly"], "daly"),
            (["--frequency=Mondays 07:30", "--time=08:00"], "'--time' belongs to a word"),
        ])
    func mistyped(arguments: [String], words: String) async throws {
        let program = program()
        try configure(program, port: 9, nil)
        let result = try await program.shell(
            "mainstay health schedule-reports \(arguments.map(\.shellQuoted).joined(separator: " "))")
        #expect(result.exitCode == 2 || result.exitCode == 4, "\(result.output)\(result.errors)")
        #expect(result.errors.contains(words), "\(result.errors)")
        #expect(!FileManager.default.fileExists(atPath: "\(program.directory)/mainstay.d/health-reports.yaml"))
    }
}
