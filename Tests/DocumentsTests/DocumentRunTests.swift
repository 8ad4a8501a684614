import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Testing

/// What the written documents ask a reader to type, typed.
@Suite("the commands of the documents", .temporaryDirectory, .cluster)
struct DocumentRunTests {
    /// Programs a document may call that are not ours to test.
    private static let foreign: Set<String> = ["git", "openssl", "sqlite3", "swift"]

    @Test("run, one after the other, against a real database", arguments: try Document.written)
    func run(document: Document) async throws {
        let program = Program(environment: ["MAINSTAY_PASSWORD": "secret"])
        try await TestDatabase.current.run(
            "create table orders (id int primary key, note text); insert into orders select i, 'x' from generate_series(1, 500) i"
        )
        if !document.text.contains("mainstay init") {
            var text =
                "environments: {production: {resources: {main: {kind: postgresql, url: '\(TestDatabase.current.connectionURL)'}}}}"
            if document.text.contains("mainstay backup copy") {
                let repository = "\(program.directory)/repository"
                text += "\nbackups: {storage: {offsite: {repository: '\(repository)', password: secret}}}"
            }
            try program.configure(text)
        }
        var digest = "0123456789ab"
        for command in document.commands where !QuotedWords.all(in: command.line).isEmpty {
            let line = command.line.replacing("swift run mainstay", with: "mainstay")
                .replacing(/postgresql:\/\/[^ ']+/, with: "'\(TestDatabase.current.connectionURL)'")
                .replacing("DIGEST", with: digest)
            let result = try await program.shell(line)
            // 3: findings, as this machine and its servers happen to be.
            #expect(
                [0, 3].contains(result.exitCode),
                "\(command.place): \(line)\nended with \(result.status)\n\(result.output)\n\(result.errors)")
            if let match = result.output.firstMatch(of: /(?m)^plan ([0-9a-f]{12})/) { digest = String(match.output.1) }
        }
    }

    @Test("name scripts that are there, with options they know", arguments: try Document.written)
    func scripts(document: Document) async throws {
        let program = Program()
        for command in document.commands where QuotedWords.all(in: command.line).isEmpty {
            let words = command.line.split(separator: " ").map(String.init)
            let first = try #require(words.first)
            guard first.hasPrefix("scripts/") || first.hasPrefix("./scripts/") else {
                #expect(Self.foreign.contains(first), "\(command.place): nobody tests '\(first)'")
                continue
            }
            let path = "\(Document.root)/\(first)"
            #expect(FileManager.default.isExecutableFile(atPath: path), "\(command.place): there is no '\(first)'")
            let help = try await program.shell("'\(path)' --help")
            #expect(help.exitCode == 0, "\(first) --help: \(help.errors)")
            for option in words.dropFirst().filter({ $0.hasPrefix("--") }) {
                #expect(help.output.contains(option), "\(command.place): '\(first) --help' does not know \(option)")
            }
        }
    }
}
