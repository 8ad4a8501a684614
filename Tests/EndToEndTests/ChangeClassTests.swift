import Foundation
import Maintenance
import MaintenanceTesting
import Testing

/// `requireApproval: [major, kernel]`: programs of a team's own say how far their updates reach, and policy asks for it.
@Suite("approvals by class of change", .temporaryDirectory)
struct ChangeClassTests {
    private let program = Program()
    private var directory: String { program.directory }

    private func by(_ person: String) -> Program {
        var program = program
        program.environment["SUDO_USER"] = person
        return program
    }

    private func ran() -> [String] {
        guard let text = try? String(contentsOfFile: "\(directory)/log", encoding: .utf8) else { return [] }
        return text.split(separator: "\n").map(String.init)
    }

    /// - Parameter steps: what each writes into the log, with its class.
    private func configure(_ steps: [(String, String?)], rules: String = "{ classes: [major, kernel] }") throws {
        let lines = steps.map { name, changeClass in
            "      - { shell: echo \(name) >> log, directory: \(directory), effect: maintains"
                + (changeClass.map { ", class: \($0)" } ?? "") + " }"
        }
        try program.configure(
            """
            environments:
              test: {}
            approvals: { rules: [\(rules)] }
            routines:
              updates:
                steps:
            \(lines.joined(separator: "\n"))
            """)
    }

    @Test("only what is of a class that needs approval waits, says so, and goes on with its class after it")
    func waits() async throws {
        try configure([("patch", "patch"), ("plain", nil), ("kernel", "kernel"), ("minor", "minor")])
        let asked = try await by("ann").run("run", "updates")
        #expect(asked.exitCode == 6, "\(asked.errors)\(asked.output)")
        #expect(ran() == ["patch", "plain", "minor"])
        let listed = try await program.run("approvals", "--format", "csv").output.split(separator: "\n")
        let id = try #require(listed.dropFirst().first?.split(separator: ",").first)
        let shown = try await program.run("approvals", "show", String(id))
        #expect(shown.output.contains("class: kernel"), "\(shown.output)")
        #expect(shown.output.contains("1 change (kernel)"), "\(shown.output)")
        #expect(try await by("ann").run("resume").exitCode == 6)
        #expect(try await by("bob").run("approve", "latest").exitCode == 0)
        let done = try await by("ann").run("resume")
        #expect(done.exitCode == 0, "\(done.errors)\(done.output)")
        #expect(ran() == ["patch", "plain", "minor", "kernel"])
    }

    @Test(
        "each class the guides know is caught by the rule that names it, and by no other",
        arguments: ["patch", "minor", "major", "security", "kernel"])
    func eachClass(changeClass: String) async throws {
        let all = ["patch", "minor", "major", "security", "kernel"]
        try configure(all.map { ($0, $0) }, rules: "{ classes: [\(changeClass)] }")
        let asked = try await by("ann").run("run", "updates")
        #expect(asked.exitCode == 6, "\(asked.errors)\(asked.output)")
        #expect(ran() == all.filter { $0 != changeClass })
    }

    @Test("an approved update that became one of another class is another plan")
    func moves() async throws {
        try configure([("upgrade", "major")])
        let before = try await program.run("run", "updates", "--dry-run")
        try configure([("upgrade", "kernel")])
        let after = try await program.run("run", "updates", "--dry-run")
        func digest(_ result: Program.Result) -> String? {
            result.output.split(separator: "\n").last { $0.hasPrefix("plan ") }.map(String.init)
        }
        #expect(digest(before) != nil && digest(before) != digest(after), "\(before.output)\(after.output)")
    }
}
