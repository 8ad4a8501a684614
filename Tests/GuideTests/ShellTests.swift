import Guide
import MaintenanceTesting
import Outside
import Testing

@Suite("what a shell would read")
struct ShellTests {
    static let scripts = LabelledGuide.faulty + LabelledGuide.clean

    /// Each is handed to bash to be read (`-n`), and never run.
    @Test("is read as bash reads it")
    func agreesWithBash() async throws {
        let programs = Programs(environment: ["PATH": "/usr/bin:/bin"])
        for guide in Self.scripts {
            let read = try Guide(file: "a.md", bytes: Array(guide.text.utf8))
            for block in read.blocks
            where block.isShell && !block.text.contains("<version>") && !block.text.contains("<<EOF") {
                let outcome = try await programs.run(ChildProgram("/bin/bash", ["-n", "-c", block.text]))
                let problems = ShellScript(block.text, line: 1).problems
                #expect((outcome.termination == .exited(0)) == problems.isEmpty, "\(guide.name): \(problems)")
            }
        }
    }

    @Test("words lose their quotes and keep what would be put in")
    func words() throws {
        let script = ShellScript(
            "PGUSER=a sudo -E pg_dump \"$DB\" --file='a b'c\\ d > \"out $(date +\"%Y\")\" # all", line: 7)
        let line = try #require(script.lines.first)
        let command = try #require(line.commands.first)
        #expect(command.program == "pg_dump")
        #expect(command.argumentTexts == ["$DB", "--file=a bc d"])
        #expect(command.assignments.map(\.text) == ["PGUSER=a"])
        #expect(command.redirections.map(\.target.text) == ["out $(date +\"%Y\")"])
        #expect(command.arguments.map(\.isExpanded) == [true, false])
        #expect(line.line == 7 && line.comments == ["all"])
    }

    @Test("a line goes on over pipes, backslashes, loops and here-documents")
    func lines() throws {
        let script = ShellScript(
            "# one\na |\n  b \\\n  c\n\n# far\n\nfor x in 1; do\n  d\ndone\ncat <<X && e\n'\nX\nf", line: 1)
        #expect(script.problems == [])
        #expect(script.lines.map(\.line) == [2, 8, 11, 14])
        #expect(script.lines.map { $0.commands.map(\.program) } == [["a", "b"], ["d"], ["cat", "e"], ["f"]])
        #expect(script.lines.map(\.comments) == [["one"], [], [], []])
        #expect(script.lines.first?.text == "a | b c")
        #expect(script.lines.dropFirst(2).first?.commands.first?.redirections.first?.body == "'")
    }

    @Test("what comes behind a broken line is read again")
    func recovers() {
        let script = ShellScript("a )\nb\n\nc | | d\ne", line: 1)
        #expect(script.problems.map(\.line) == [1, 4])
        #expect(script.lines.map(\.text) == ["b", "e"])
    }
}
