import Command
import Foundation
import Maintenance
import MaintenanceTesting
import Page
import Testing

@testable import Backup
@testable import Backups

@Suite("certificates of drills", .temporaryDirectory)
struct DrillCertificateTests {
    private let shelf = MadeShelf { _ in }

    private func certificate(
        _ standing: Certificate.Verdict = .proved, name: String = "backup", run: String = "run-1",
        obstacles: [Comparison.Gap] = []
    ) -> DrillCertificate {
        var part = DrillCertificate.Part(kind: .database, name: name, source: "here", asOf: shelf.now)
        part.standing = standing
        part.phases = [.init("restore", 2), .init("comparison", 3, isRecovery: false)]
        var measured = DrillCertificate.Measured(provedSeconds: 5)
        measured.rtoSeconds = 4
        return DrillCertificate(
            .completeFailure, target: shelf.target, runID: run, parts: [part], obstacles: obstacles,
            measured: measured, began: shelf.now, ended: shelf.now, countsFor: .seconds(60))
    }

    private func write(_ certificate: DrillCertificate) throws {
        try shelf.folder.write(
            certificate, pages: [.html: DrillPage(certificate: certificate).html.bytes], key: try shelf.key(),
            signer: try CertificateKey.readOrMake("\(shelf.state)/certificate.key"))
    }

    @Test("one that was changed is not believed, and an older one takes its place")
    func tampered() throws {
        try write(certificate(run: "run-1"))
        try write(certificate(run: "run-2"))
        let path = shelf.folder.drillPath("run-2", .completeFailure)
        let text = try String(contentsOfFile: path, encoding: .utf8)
        try text.replacing("\"provedSeconds\" : 5", with: "\"provedSeconds\" : 1").write(
            toFile: path, atomically: true, encoding: .utf8)
        #expect(throws: PhysicalRecordError.self) {
            try shelf.folder.drill(ofRun: "run-2", .completeFailure, key: try shelf.key())
        }
        #expect(try shelf.folder.drills(key: try shelf.key()).map(\.runID) == ["run-1"])
    }

    @Test("one that is called otherwise than it says is not believed")
    func renamed() throws {
        try write(certificate(run: "run-1"))
        let directory = "\(shelf.folder.path)/drills"
        for ending in ["json", "signature.json"] {
            try FileManager.default.moveItem(
                atPath: "\(directory)/run-1-complete-failure.certificate.\(ending)",
                toPath: "\(directory)/run-2-complete-failure.certificate.\(ending)")
        }
        #expect(try shelf.folder.drills(key: try shelf.key()).isEmpty)
    }

    @Test("whatever is missing or refuted keeps it from being proved")
    func verdicts() {
        #expect(certificate().verdict == .proved)
        #expect(certificate(.unproven).verdict == .unproven)
        #expect(certificate(.refuted, obstacles: [.init("x")]).verdict == .refuted)
        #expect(certificate(obstacles: [.init("no storage")]).verdict == .unproven)
        #expect(certificate(obstacles: [.init("no storage")]).summary == "no storage")
    }

    @Test("a missed target is a finding, and a failed drill leaves no sample behind")
    func findings() {
        let late = certificate().found
        #expect(late.findings.map(\.code) == ["DR011"])
        #expect(late.measurements.map(\.value) == [5])
        let failed = certificate(.refuted).found
        #expect(failed.findings.map(\.code) == ["DR011", "DR014"])
        #expect(failed.measurements.isEmpty)
    }

    @Test("what is restored may be called anything, and is text on the page")
    func hostile() throws {
        let page = DrillPage(certificate: certificate(name: "<script>alert(1)</script>")).html.text
        #expect(!page.contains("<script>") && page.contains("&lt;script&gt;"))
    }

    @Test("a directory on a disk of this host goes with it, and so does an address of it")
    func survival() {
        for text in ["/tmp", "local:/tmp", "/does/not/exist", "sftp:a@127.0.0.1:/x", "rest:http://localhost:8000/"] {
            guard case .lostWithHost = Survival(ofRepository: text, environment: [:]) else {
                Issue.record("'\(text)' is said to survive")
                continue
            }
        }
        for text in ["sftp:a@backup.example:/x", "s3:https://s3.example/bucket"] {
            #expect(Survival(ofRepository: text, environment: [:]) == .elsewhere)
        }
    }

    @Test(
        "a moment is read as people type it, and what no calendar has is refused",
        arguments: [
            ("2026-11-21T14:03:00Z", "2026-11-21T14:03:00.000000Z"),
            ("2026-11-21 14:03", "2026-11-21T14:03:00.000000Z"),
            ("2026-11-21T14:03:00.25Z", "2026-11-21T14:03:00.250000Z"), ("2026-06-31 00:00", nil), ("14:03", nil),
            ("2026-11-21", nil), ("2026-11-21 25:00", nil), ("tomorrow", nil),
        ])
    func moments(text: String, read: String?) {
        #expect(Moment(argument: text)?.time.iso8601 == read)
    }
}
