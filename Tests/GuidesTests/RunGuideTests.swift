import Foundation
import Maintenance
import MaintenanceTesting
import Testing

@Suite("mainstay guide run", .temporaryDirectory)
struct RunGuideTests {
    private let program = Program()

    private func prepare(_ guide: String) throws {
        try program.configure(
            "environments: {test: {resources: {machine: {kind: host}}}}\nstate: \(program.directory)/state")
        try guide.write(toFile: "\(program.directory)/care.md", atomically: true, encoding: .utf8)
    }

    private func isThere(_ name: String) -> Bool {
        FileManager.default.fileExists(atPath: "\(program.directory)/\(name)")
    }

    private static let guide = """
        # Care

        Owner: ann

        ## Mornings

        ```bash
        npm run health:check --all-environments
        ls
        ```

        ## Markers

        ```bash
        touch first
        touch second
        ```

        ## By hand

        ```bash
        touch third
        htop
        ```

        ## Broken

        ```bash
        ls /nowhere-at-all
        touch fourth
        ```

        """

    @Test("runs the section that is named through the engine, and no other")
    func section() async throws {
        try prepare(Self.guide)
        let result = try await program.run(
            "guide", "run", "care.md", "--section=markers", "--directory=\(program.directory)")
        // Files are written, which the guide's own rules let happen only after somebody has said yes.
        #expect(result.exitCode == 6, "\(result.output) \(result.errors)")
        #expect(!isThere("first"))
        let waiting = try await program.run("approvals", "list", "--format=json").output
        #expect(waiting.contains("care-markers") || waiting.contains("command"))
        let looks = try await program.run(
            "guide", "run", "care.md", "--section=Mornings", "--directory=\(program.directory)")
        #expect([0, 3].contains(looks.exitCode), "\(looks.output) \(looks.errors)")
        let runs = try await program.run("runs").output
        #expect(runs.contains("care-mornings") && runs.contains("care-markers"))
        #expect(!isThere("mainstay.d"))
        #expect(!isThere("third") && !isThere("fourth"))
    }

    @Test("a dry run says what each section would do, and does nothing")
    func dryRun() async throws {
        try prepare(Self.guide)
        let result = try await program.run("guide", "run", "care.md", "--dry-run", "--directory=\(program.directory)")
        #expect([0, 3].contains(result.exitCode), "\(result.output) \(result.errors)")
        #expect(result.output.contains("touch first") && result.output.contains("touch third"))
        #expect(result.errors.contains("htop: 'htop' waits for a person at a terminal"))
        #expect(!isThere("first") && !isThere("third"))
    }

    @Test("a section of which a part is no step is run only where somebody says so")
    func partly() async throws {
        try prepare(Self.guide)
        let arguments = ["guide", "run", "care.md", "--section=by hand", "--directory=\(program.directory)"]
        let refused = try await program.run(arguments)
        #expect(refused.exitCode == 4)
        #expect(refused.errors.contains("1 command of 'Care, By hand' is no step"))
        #expect(try await program.run(arguments + ["--partly"]).exitCode == 6)
    }

    @Test("a section has to be named, and one that is not there is told with the nearest")
    func which() async throws {
        try prepare(Self.guide)
        let unnamed = try await program.run("guide", "run", "care.md")
        #expect(unnamed.exitCode == 2)
        #expect(unnamed.errors.contains("4 sections with commands, and none was named"))
        let mistyped = try await program.run("guide", "run", "care.md", "--section=Mornnings")
        #expect(mistyped.exitCode == 2)
        #expect(mistyped.errors.contains("Did you mean 'Mornings'?"))
    }

    @Test("after a step that failed the rest of its section is not begun")
    func failed() async throws {
        try prepare(Self.guide.replacing("touch fourth", with: "pwd"))
        let result = try await program.run(
            "guide", "run", "care.md", "--section=Broken", "--section=Mornings", "--directory=\(program.directory)")
        #expect(result.exitCode == 1, "\(result.output) \(result.errors)")
    }
}
