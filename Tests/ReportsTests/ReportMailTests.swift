import Command
import Engine
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Settings
import Testing

@testable import Reports

/// Reports that go out by mail, through a real server.
@Suite("reports by mail", .temporaryDirectory)
struct ReportMailTests {
    private func inventory(_ port: Int, _ certificate: TestCertificate) throws -> Inventory {
        let place = SourceLocation(file: "test", line: 1, column: 1)
        var access = EmailAccess(host: "localhost", port: port, sender: "mainstay@example.org")
        access.user = "ada"
        access.password = try ConfiguredText("${MAIL_PASSWORD}", secrecy: .whole, location: place)
        access.certificateAuthorityFile = certificate.authority
        var alerts = AlertSettings()
        alerts.channels = [AlertChannelSettings(name: "mail", access: .email(access), location: place)]
        var inventory = Inventory(Environment("production", []))
        inventory.alerts = alerts
        return inventory
    }

    private func harness(_ inventory: Inventory) throws -> TaskHarness {
        var harness = try TaskHarness(
            [TaskRegistration(WritePeriodReport<Week>.self).entry, .report], inventory: inventory)
        harness.programs = Programs(environment: ["PATH": "/usr/bin:/bin", "MAIL_PASSWORD": "hunter2"])
        return harness
    }

    @Test("a report is written and mailed to everyone once, with what it says and the file")
    func mails() async throws {
        let certificate = try await TestCertificate.make()
        try await withMailServer(certificate, mode: "starttls") { server in
            var inventory = try inventory(server.port, certificate)
            inventory.reports.recipients[.weekly] = ["b@example.org"]
            inventory.reports.recipients.all = ["c@example.org"]
            let harness = try harness(inventory)
            let summary = try await harness.run("report weekly --email-to=a@example.org,b@example.org")
            #expect(summary.run.state == .succeeded, "\(summary.changes.map(\.error))")
            #expect(summary.changes.map(\.change.kind) == ["write", "mail"])
            let got = try await server.first(3)
            #expect(got.map(\.recipients) == [["a@example.org"], ["b@example.org"], ["c@example.org"]])
            #expect(got.allSatisfy { $0.login == "ada" && $0.isEncrypted == true })
            #expect(got[0].body.contains("Content-Disposition: attachment; filename=\"weekly-"))
            #expect(got[0].body.contains("Content-Type: multipart/alternative"))
            let evidence = try #require(summary.changes.last?.evidence)
            #expect(evidence.keys.sorted() == (["a", "b", "c"].map { "taken for \($0)@example.org" }))
            #expect(try await harness.log.openFindings().isEmpty)
        }
    }

    @Test("whom the server cannot take it for now is asked again, and nobody gets it twice")
    func busy() async throws {
        let certificate = try await TestCertificate.make()
        try await withMailServer(certificate, mode: "starttls") { server in
            let harness = try harness(try inventory(server.port, certificate))
            let summary = try await harness.run("report weekly --email-to=a@example.org,later@example.org")
            #expect(summary.run.state == .succeeded, "\(summary.changes.map(\.error))")
            #expect(try await harness.log.openFindings().isEmpty)
            #expect(try await server.first(2).map(\.recipients) == [["a@example.org"], ["later@example.org"]])
            #expect(server.received.count == 2)
        }
    }

    @Test("whom the server never takes it for is a failure and a finding, which is over when he is not meant any more")
    func failures() async throws {
        let certificate = try await TestCertificate.make()
        try await withMailServer(certificate, mode: "starttls") { server in
            let harness = try harness(try inventory(server.port, certificate))
            let summary = try await harness.run("report weekly --email-to=a@example.org,nobody@example.org")
            #expect(summary.run.state == .failed)
            #expect(summary.changes.last?.error?.problem.contains("1 of 2 (nobody@example.org)") == true)
            let finding = try #require(try await harness.log.openFindings().first?.finding)
            #expect(finding.code == "RP001")
            #expect(finding.object == "weekly, nobody@example.org")
            #expect(finding.mend == "mainstay report weekly --no-email --email-to=nobody@example.org")
            #expect(!finding.summary.contains("hunter2"))
            let other = try await harness.run("report daily --email-to=b@example.org --without-attachment")
            #expect(other.run.state == .succeeded)
            #expect(try await harness.log.openFindings().count == 1, "a report of another kind says nothing of it")
            let second = try await harness.run("report weekly --email-to=b@example.org")
            #expect(second.run.state == .succeeded)
            #expect(try await harness.log.openFindings().isEmpty)
            let got = try await server.first(3)
            #expect(got.map(\.recipients) == [["a@example.org"], ["b@example.org"], ["b@example.org"]])
            #expect(!got[1].body.contains("attachment"))
        }
    }

    @Test("a file that this step did not write goes to nobody")
    func foreignFile() async throws {
        let certificate = try await TestCertificate.make()
        try await withMailServer(certificate, mode: "starttls") { server in
            var harness = try harness(try inventory(server.port, certificate))
            // Another run's report of the day lies there, and this one cannot be printed.
            let folder = harness.stateDirectory + "/reports"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let name = "weekly-\(CivilTime(WallClock.system.now()).date).pdf"
            try Data("%PDF-another".utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
            harness.programs = Programs(environment: ["PATH": "/nonexistent", "MAIL_PASSWORD": "hunter2"])
            let summary = try await harness.run("report weekly --as=pdf --email-to=a@example.org")
            #expect(summary.changes.map(\.state) == [.failed, .failed])
            #expect(summary.changes.last?.error?.code == "report.not-written")
            #expect(server.received.isEmpty)
        }
    }

    @Test("what cannot be mailed is refused when the configuration is read")
    func judged() throws {
        let path = TemporaryDirectory.current + "/mainstay.yaml"
        try Data("environments: { a: {} }\nreports: { recipients: { all: a@example.org } }\n".utf8)
            .write(to: URL(fileURLWithPath: path))
        #expect(throws: ConfigurationError.self) {
            try ConfigurationReader(vocabulary: SettingsVocabulary()).read(path)
        }
    }

    @Test("a file of a person's own is mailed to nobody whom only the configuration names")
    func ownFile() async throws {
        var inventory = Inventory(Environment("production", []))
        inventory.reports.recipients.all = ["c@example.org"]
        let path = TemporaryDirectory.current + "/own.html"
        let summary = try await harness(inventory).run("report daily --output=\(path)")
        #expect(summary.run.state == .succeeded)
        #expect(summary.changes.count == 1)
    }

    @Test("without a mail server nothing is written either, and the error says what to add")
    func noServer() async throws {
        let summary = try await harness(Inventory(Environment("production", [])))
            .run("report weekly --email-to=a@example.org")
        #expect(summary.run.state == .failed)
        #expect(summary.step.error?.problem == "no mail server is configured")
        #expect(summary.step.error?.hint?.contains("alerts.channels") == true)
        #expect(summary.changes.isEmpty)
    }
}
