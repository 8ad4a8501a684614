import Foundation
import MaintenanceTesting
import Testing

@Suite("mainstay guide compile", .temporaryDirectory)
struct CompileGuidesTests {
    private let program = Program(environment: ["REGISTRY": "https://registry.example", "X": "y"])
    private var written: String { "\(program.directory)/mainstay.d/guide-care.yaml" }

    private func prepare(_ guide: String) throws {
        try program.configure("environments: {production: {}}")
        try guide.write(toFile: "\(program.directory)/care.md", atomically: true, encoding: .utf8)
    }

    private func text() throws -> String { try String(contentsOfFile: written, encoding: .utf8) }

    private static let guide = """
        # Care

        ## Weekly (Semi-Automated)

        **Time**: Sundays 3:00 AM UTC

        ```bash
        # Statistics
        pnpm db:update-stats --everything
        npm audit --registry=$REGISTRY   # all of them
        htop
        pnpm nobody:knows
        ```

        ## Nightly

        ```bash
        30 2 * * * tar -tzf /srv/$(date +\\%Y).tar.gz
        ```

        """

    @Test("makes routines with the guide's lines, times and reasons, which the configuration can read")
    func compiles() async throws {
        try prepare(Self.guide)
        let result = try await program.run("guide", "compile", "care.md", "--directory=/srv/app")
        #expect(result.exitCode == 0, "\(result.errors)")
        let text = try text()
        for line in [
            "# Written by 'mainstay guide compile' from 'care.md'.",
            "  care-weekly:  # care.md:3",
            "    schedule: \"Sundays 3:00 AM UTC\"  # care.md:5 Sundays 3:00 AM UTC",
            "    mode: semi-automatic",
            "      - \"db update-stats --everything\"",
            "      - shell: \"npm audit --registry=$REGISTRY\"",
            "        effect: observes",
            "          REGISTRY: \"${REGISTRY}\"",
            "      #   no step: 'htop' waits for a person at a terminal",
            "      #   no step: nothing here is called 'nobody:knows'",
            "    schedule: \"30 2 * * *\"  # care.md:18 30 2 * * *",
            "      - shell: \"tar -tzf /srv/$(date +%Y).tar.gz\"",
        ] {
            #expect(text.split(separator: "\n").contains { $0 == line }, "'\(line)' is not in\n\(text)")
        }
        let check = try await program.run("config", "check")
        #expect(check.exitCode == 0, "\(check.errors)")
        let next = try await program.run("calendar", "next", "care-weekly")
        #expect(next.output.contains("03:00"))
    }

    @Test("gives the same bytes again, and without a directory leaves the team's own programs out")
    func isStable() async throws {
        try prepare(Self.guide)
        _ = try await program.run("guide", "compile", "care.md")
        let first = try text()
        #expect(first.contains("no step: '--directory' has to say where the team's own programs run"))
        #expect(!first.contains("- shell:"))
        #expect(try await program.run("guide", "compile", "care.md").output.contains("is as it should be"))
        #expect(try text() == first)
    }

    @Test("what a person has changed stays, and is shown")
    func keepsChanges() async throws {
        try prepare(Self.guide)
        _ = try await program.run("guide", "compile", "care.md")
        let changed = try text().replacing("Sundays 3:00 AM UTC\"  #", with: "Sundays 05:00 UTC\"  #")
        try changed.write(toFile: written, atomically: true, encoding: .utf8)
        let kept = try await program.run("guide", "compile", "care.md")
        #expect(kept.exitCode == 3)
        #expect(kept.errors.contains("was changed by hand, and stays"))
        #expect(kept.output.contains("-     schedule: \"Sundays 05:00 UTC\""))
        #expect(try text() == changed)
        #expect(try await program.run("guide", "compile", "care.md", "--replace").exitCode == 0)
        #expect(try text().contains("schedule: \"Sundays 3:00 AM UTC\""))
    }

    @Test("a changed guide shows what changes before it does, and a dry run writes nothing")
    func shows() async throws {
        try prepare(Self.guide)
        _ = try await program.run("guide", "compile", "care.md")
        let before = try text()
        try prepare(Self.guide.replacing("Sundays 3:00", with: "Mondays 4:00"))
        let shown = try await program.run("guide", "compile", "care.md", "--dry-run")
        #expect(shown.output.contains("+     schedule: \"Mondays 4:00 AM UTC\""))
        #expect(try text() == before)
    }

    @Test("somebody's own file of that name is left alone")
    func leavesOthers() async throws {
        try prepare(Self.guide)
        try FileManager.default.createDirectory(
            atPath: "\(program.directory)/mainstay.d", withIntermediateDirectories: true)
        try "routines: {}\n".write(toFile: written, atomically: true, encoding: .utf8)
        let result = try await program.run("guide", "compile", "care.md")
        #expect(result.exitCode != 0)
        #expect(try text() == "routines: {}\n")
    }

    @Test("hostile words of a guide become text and nothing else")
    func hostile() async throws {
        try prepare(
            """
            # A "quote": {x} # - y

            ```bash
            echo "a: b # c \\" $X" 'd\t' > /dev/null
            ls $'\\x1b' "é\u{202e}"
            ```
            """)
        let result = try await program.run("guide", "compile", "care.md", "--directory=/srv/a\"b: #")
        #expect(result.exitCode == 0, "\(result.errors)")
        #expect(try await program.run("config", "check").exitCode == 0)
        #expect(try !text().unicodeScalars.contains("\u{202e}"))
    }
}
