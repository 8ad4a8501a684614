import Foundation
import MaintenanceTesting
import Testing

@Suite("backup automate", .temporaryDirectory)
struct AutomateBackupsTests {
    private let program = Program()
    private var written: String { "\(program.directory)/mainstay.d/backup-automation.yaml" }

    private func configure(_ more: String = "") throws {
        let environments = ["production", "test"].map {
            "  \($0): {resources: {main: {kind: postgresql, url: \"postgresql:///\($0)\"}}}"
        }
        try program.configure(
            "environments:\n\(environments.joined(separator: "\n"))\n  web: {resources: {site: {kind: http, url: 'http://x/'}}}\n\(more)"
        )
    }

    @Test("the guide's words show the difference, write nothing in a dry run, and then a routine that is due")
    func writes() async throws {
        try configure("backups: {retention: 30d}")
        let dry = try await program.run("backup:automate", "--all-environments", "--schedule=daily", "--dry-run")
        #expect(dry.exitCode == 0 && dry.output.contains("backup run --prove"), "\(dry.errors)\(dry.output)")
        #expect(!FileManager.default.fileExists(atPath: written))
        let done = try await program.run("backup:automate", "--all-environments", "--schedule=daily")
        #expect(done.exitCode == 0, "\(done.errors)\(done.output)")
        #expect("\(done.errors)\(done.output)".contains("not written: copies"), "\(done.errors)\(done.output)")
        let text = try String(contentsOfFile: written, encoding: .utf8)
        #expect(text.contains("backup run --prove") && text.contains("backup prune") && !text.contains("backup copy"))
        #expect(!text.contains("web"), "it has no database: \(text)")
        let next = try await program.run("calendar", "next")
        #expect(next.exitCode == 0 && next.output.contains("backups"), "\(next.errors)\(next.output)")
        let again = try await program.run("backup", "automate", "--all-environments")
        #expect(again.exitCode == 0 && again.output.contains("is as it should be"), "\(again.output)")
    }

    @Test("a schedule that nobody understands is refused, and nothing is written")
    func refuses() async throws {
        try configure()
        let refused = try await program.run("backup", "automate", "--all-environments", "--schedule", "now and then")
        #expect(refused.exitCode == 4 && refused.errors.contains("now and then"), "\(refused.errors)")
        #expect(!FileManager.default.fileExists(atPath: written))
        let nothing = try await program.run("backup", "automate", "--environment", "web")
        #expect(nothing.exitCode == 4 && nothing.errors.contains("no database"), "\(nothing.errors)")
    }
}
