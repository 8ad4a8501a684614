import Foundation
import Maintenance
import MaintenanceTesting
import Testing

@testable import Guides

@Suite("mainstay docs", .temporaryDirectory)
struct DocsTests {
    private let program = Program()

    private func text(_ name: String) throws -> String {
        try String(contentsOfFile: "\(program.directory)/\(name)", encoding: .utf8)
    }

    private func prepare() async throws {
        try program.configure(
            """
            environments: {test: {resources: {machine: {kind: host}}}}
            state: \(program.directory)/state
            routines:
              own:
                description: "looks | and lists <b>"
                owner: ann@example.org
                schedule: "Sundays 03:00 UTC"
                steps:
                  - health check
                  - shell: "ls | wc -l"
                    effect: observes
                    on-failure: stop
                  - shell: "touch done"
                    directory: \(program.directory)
                    effect: maintains
                    prove: [test, -e, done]
            approvals: {rules: [{routines: [own], effects: [destroys], approvers: [ann]}]}
            alerts:
              channels: {page: {kind: command, run: [cat]}}
              critical: {channels: [page], escalate: [{after: 15m, channels: [page]}]}
            """)
    }

    @Test("a runbook has what was measured, who is told and what is undone; a second one has the same bytes")
    func runbooks() async throws {
        try await prepare()
        let before = try await program.run("docs", "generate-runbooks", "own", "--output=books")
        #expect(before.exitCode == 0, "\(before.errors)")
        #expect(try text("books/own.md").contains("It was never run."))
        _ = try await program.run("run", "own")
        let result = try await program.run("docs", "generate-runbooks", "own", "--output=books")
        #expect(result.exitCode == 0, "\(result.errors)")
        let book = try text("books/own.md")
        for part in [
            "# Runbook: own", "Looks \\| and lists \\<b\\>.", "| starts | by itself: Sundays 03:00 UTC |",
            "| owner | ann\\@example.org |",
            "page; after 15 min page", "mainstay run own --dry-run", "| 3 | touch done | maintains |",
            "1 of 1 change proved",
            "Where step 2 fails, nothing behind it is done in that environment.", "To undo step 3",
        ] {
            #expect(book.contains(part), "'\(part)' is not in\n\(book)")
        }
        #expect(!book.contains("never done") && !book.contains("It was never run"))
        let page = try text("books/own.html")
        #expect(page.contains("&lt;b&gt;") && !page.contains("<b>"))
        let again = try await program.run("docs", "generate-runbooks", "own", "--output=books")
        #expect(again.output.contains("0 files written in") && again.output.contains("2 as they should be"))
        let all = try await program.run("docs", "generate-runbooks", "--all-procedures", "--output=all", "--dry-run")
        #expect(all.output.contains("would write") && all.output.contains("all/quarterly.md"))
        #expect(!FileManager.default.fileExists(atPath: "\(program.directory)/all"))
    }

    @Test("somebody's own file is left alone, and a routine that is not there is told with the nearest")
    func leavesOthers() async throws {
        try await prepare()
        try FileManager.default.createDirectory(atPath: "\(program.directory)/books", withIntermediateDirectories: true)
        try "mine\n".write(toFile: "\(program.directory)/books/own.md", atomically: true, encoding: .utf8)
        let refused = try await program.run("docs", "generate-runbooks", "--output=books")
        #expect(refused.exitCode == 4 && refused.errors.contains("own.md' is there, and was not written by this"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(program.directory)/books") == ["own.md"])
        let mistyped = try await program.run("docs", "generate-runbooks", "onw")
        #expect(mistyped.exitCode == 2 && mistyped.errors.contains("Did you mean 'own'?"))
    }

    private static let guide = """
        # Care

        Owner: ann

        ## Weekly

        **Time**: Sundays 3:00 AM UTC

        ```bash
        npm run health:check --all-environments
        ```

        ## Checklist

        - [ ] Water the plants

        See [weekly](#weekly) and [nothing](#nothing).
        """

    @Test("a guide is annotated with last and next runs, once, and the rest of it stays")
    func update() async throws {
        try await prepare()
        try Self.guide.write(toFile: "\(program.directory)/care.md", atomically: true, encoding: .utf8)
        #expect(try await program.run("docs", "update", "--section=maintenance").exitCode == 4)
        #expect(try await program.run("guide", "compile", "care.md").exitCode == 0)
        _ = try await program.run("run", "care-weekly")
        let shown = try await program.run("docs", "update", "--section=maintenance", "--dry-run")
        #expect(shown.exitCode == 0 && shown.output.contains("+ > **care-weekly**: by itself"))
        #expect(try text("care.md") == Self.guide)
        let result = try await program.run("docs:update", "--section=maintenance", "--auto-generate")
        #expect(result.exitCode == 0, "\(result.errors)")
        let once = try text("care.md")
        for part in [
            "<!-- written by mainstay: routine care-weekly -->", "## Maintenance as it runs", "| care-weekly |",
            "<!-- end of maintenance -->", "> Last: 2",
        ] {
            #expect(once.contains(part), "'\(part)' is not in\n\(once)")
        }
        for line in Self.guide.split(separator: "\n") { #expect(once.contains(line)) }
        let again = try await program.run("docs", "update")
        #expect(again.output.contains("0 documents written, 1 as it should be"))
        #expect(try text("care.md") == once)
        // What we wrote is no command, no schedule and no waiver of the guide.
        let check = try await program.run("guide", "check", "care.md")
        #expect(!check.output.contains("GU09"))
        #expect(check.output.contains("1 command: 1 task"))
    }

    @Test("a part that the configuration does not bear out any more is found, and so are links and lost items")
    func verify() async throws {
        try await prepare()
        try Self.guide.write(toFile: "\(program.directory)/care.md", atomically: true, encoding: .utf8)
        let lost = try await program.run("docs", "verify", "care.md")
        #expect(lost.exitCode == 3)
        #expect(lost.output.contains("GU033  no checklist has 'Water the plants'"))
        #expect(lost.output.contains("GU016  no heading of this guide is '#nothing'"))
        _ = try await program.run("guide", "compile", "care.md")
        _ = try await program.run("docs", "update", "--section=maintenance")
        let sections = try await program.run("docs", "verify", "--all-sections")
        #expect(sections.exitCode == 0, "\(sections.output)")
        let links = try await program.run("docs", "verify", "--check-links")
        #expect(links.output.contains("GU016") && !links.output.contains("GU033"))
        try program.configure(
            "environments: {test: {resources: {machine: {kind: host}}}}\nroutines: {new: {steps: [health check]}}")
        let stale = try await program.run("docs", "verify", "--all-sections", "--check-links")
        #expect(stale.output.contains("GU032  the part 'maintenance' is not as the configuration is"))
    }

    @Test("a part without an end is refused, and marks in a block are text")
    func marks() async throws {
        try await prepare()
        let mark = WrittenPart.begin("maintenance")
        try "# A\n\n\(mark)\nx\n".write(toFile: "\(program.directory)/a.md", atomically: true, encoding: .utf8)
        let refused = try await program.run("docs", "update", "a.md")
        #expect(
            refused.exitCode == 4 && refused.errors.contains("a.md:3: the part 'maintenance' has no line that ends it"))
        try "# A\n\n```\n\(mark)\n```\r\nb\r\n".write(
            toFile: "\(program.directory)/a.md", atomically: true, encoding: .utf8)
        #expect(try await program.run("docs", "update", "a.md").output.contains("0 documents written"))
    }
}
