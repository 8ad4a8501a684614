import Command
import Engine
import Foundation
import MaintenanceTesting
import Testing

@testable import mainstay

@Suite("commands that documents and messages quote")
struct QuotedCommandTests {
    private let application = Mainstay.application([:])

    @Test("every command in a block is understood by the program", arguments: try Document.all)
    func blocksAreUnderstood(document: Document) async throws {
        for command in document.commands {
            await Task.yield()
            for quoted in QuotedWords.all(in: command.line) {
                let problem = try quoted.problem(in: application)
                #expect(problem == nil, "\(command.place): 'mainstay \(quoted)': \(problem ?? "")")
            }
        }
    }

    @Test("every command named in a sentence exists", arguments: try Document.all)
    func mentionsExist(document: Document) throws {
        for quoted in document.spans.flatMap(QuotedWords.all(in:)) {
            let problem = try quoted.problemOfMention(in: application)
            #expect(problem == nil, "\(document.path): `mainstay \(quoted)`: \(problem ?? "")")
        }
    }

    @Test("every command named in a message, a hint or a help text exists")
    func messagesNameCommands() async throws {
        var count = 0
        for path in try FileManager.default.subpathsOfDirectory(atPath: "\(Document.root)/Sources")
        where path.hasSuffix(".swift") {
            let text = try String(contentsOfFile: "\(Document.root)/Sources/\(path)", encoding: .utf8)
            let lines = text.split(separator: "\n").filter { !$0.drop { $0 == " " }.hasPrefix("//") }
            for match in lines.joined(separator: "\n").matches(of: /'(mainstay [a-z][^'\n\\…]*)'/) {
                for quoted in QuotedWords.all(in: String(match.output.1)) {
                    count += 1
                    await Task.yield()
                    let problem = try quoted.problemOfMention(in: application)
                    #expect(problem == nil, "Sources/\(path): '\(match.output.1)': \(problem ?? "")")
                }
            }
        }
        #expect(count > 20)
    }

    @Test("what mends a finding of a check is a command there is")
    func mendsAreCommands() async throws {
        for check in application.checks {
            await Task.yield()
            for quoted in QuotedWords.all(in: check.mend?.replacing("{environment}", with: "production") ?? "") {
                let problem = try quoted.problem(in: application)
                #expect(problem == nil, "\(check.name): 'mainstay \(quoted)': \(problem ?? "")")
            }
        }
    }

    @Test(
        "a wrong word or option would be found",
        arguments: [
            "mainstay db update-stat", "mainstay db update-stats --dryrun", "DATABASE_URL=x mainstay ini",
            "mainstay runs | mainstay shov", "mainstay db", "mainstay health check --format yaml > file",
            "source <(mainstay completion tcsh)",
        ])
    func wrongOnesAreFound(line: String) throws {
        let quoted = QuotedWords.all(in: line)
        #expect(!quoted.isEmpty)
        #expect(try quoted.contains { try $0.problem(in: application) != nil })
    }

    @Test("commands are read out of blocks, continued lines included")
    func readsBlocks() {
        let document = Document(
            path: "x.md",
            text: """
                `mainstay runs` and
                ```console
                $ mainstay run daily \\
                    --all-environments
                mainstay: daily succeeded
                ```
                ```sh
                # a remark
                mainstay man | man -l -
                ```
                ```yaml
                - mainstay no
                ```
                """)
        #expect(
            document.commands.map(\.line) == ["mainstay run daily     --all-environments", "mainstay man | man -l -"])
        #expect(
            document.commands.flatMap { QuotedWords.all(in: $0.line) }.map(\.words)
                == [["run", "daily", "--all-environments"], ["man"]])
        #expect(document.spans == ["mainstay runs"])
    }
}
