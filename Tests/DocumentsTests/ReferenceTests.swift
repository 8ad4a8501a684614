@testable import Command
import Engine
import Foundation
import Maintenance
import MaintenanceTesting
import Testing

@testable import mainstay

@Suite("the reference")
struct ReferenceTests {
    private static let mend = "run 'swift run mainstay reference --directory docs/reference'"

    @Test("is what the declarations say now")
    func isCurrent() throws {
        let pages = try Reference(Mainstay.application([:])).pages
        let directory = "\(Document.root)/docs/reference"
        let files = try FileManager.default.subpathsOfDirectory(atPath: directory).filter { $0.hasSuffix(".md") }
        for (path, text) in pages {
            let committed =
                files.contains(path) ? try String(contentsOfFile: "\(directory)/\(path)", encoding: .utf8) : ""
            #expect(committed == text, "docs/reference/\(path) is not current: \(Self.mend)")
        }
        for path in files { #expect(pages[path] != nil, "docs/reference/\(path) describes nothing: \(Self.mend)") }
    }

    @Test("has a page for every task, and a heading for every check, command and routine")
    func isComplete() throws {
        let application = Mainstay.application([:])
        let pages = try Reference(application).pages.mapValues { Document(path: "", text: $0) }
        for task in application.catalog.entries.map(\.declaration) {
            let page = try #require(pages[Reference.path(of: task)])
            #expect(task.aliases.allSatisfy { page.text.contains("`mainstay \($0.spelling)`") })
        }
        let checks = try #require(pages["checks.md"])
        for check in application.checks { #expect(checks.anchors.contains(check.name.replacing(".", with: ""))) }
        let routines = try #require(pages["routines.md"])
        for routine in application.routines { #expect(routines.anchors.contains(routine.name)) }
        #expect(try #require(pages["commands.md"]).anchors.contains("mainstay-config-schema"))
    }

    @Test("stays the same and leaves alone what it did not make", .temporaryDirectory)
    func writesOnlyItsOwn() async throws {
        let program = Program()
        let files = FileManager.default
        #expect(try await program.run("reference", "--directory", "ref").exitCode == 0)
        let again = try await program.run("reference", "--directory", "ref")
        #expect(again.output.contains("0 written, 0 removed"))

        try "mine".write(toFile: "\(program.directory)/ref/own.md", atomically: true, encoding: .utf8)
        try "\(MarkdownPage.mark)\n".write(
            toFile: "\(program.directory)/ref/tasks/gone.md", atomically: true, encoding: .utf8)
        #expect(try await program.run("reference", "--directory", "ref").output.contains("0 written, 1 removed"))
        #expect(files.fileExists(atPath: "\(program.directory)/ref/own.md"))
        #expect(!files.fileExists(atPath: "\(program.directory)/ref/tasks/gone.md"))

        try "mine".write(toFile: "\(program.directory)/ref/checks.md", atomically: true, encoding: .utf8)
        let refused = try await program.run("reference", "--directory", "ref")
        #expect(refused.exitCode == 1)
        #expect(refused.errors.contains("'ref/checks.md' was not made by 'mainstay reference'"))
    }

    @Test("every link of every document leads somewhere", arguments: try Document.all)
    func linksLead(document: Document) throws {
        let folder = URL(fileURLWithPath: "\(Document.root)/\(document.path)").deletingLastPathComponent()
        for link in document.links {
            let parts = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let target =
                parts[0].isEmpty
                ? document.path
                : String(
                    folder.appendingPathComponent(parts[0]).standardizedFileURL.path.dropFirst(Document.root.count + 1))
            #expect(
                FileManager.default.fileExists(atPath: "\(Document.root)/\(target)"), "\(document.path): \(link)")
            if parts.count == 2, target.hasSuffix(".md") {
                #expect(try Document(path: target).anchors.contains(parts[1]), "\(document.path): \(link)")
            }
        }
    }

    @Test(
        "plain text becomes Markdown that shows it",
        arguments: [
            ("say 'mainstay runs' now", "say `mainstay runs` now"), ("the server's own", "the server's own"),
            ("a*b <c> [d] `e`", "a\\*b \\<c> \\[d] \\`e\\`"), ("max_connections and _x", "max_connections and \\_x"),
            ("'a' and 'b's", "`a` and 'b's"),
        ])
    func marks(plain: String, markdown: String) {
        #expect(MarkdownPage.marked(plain) == markdown)
    }

    @Test("names every variable the sources ask the environment for")
    func namesVariables() throws {
        let declared = Set(EnvironmentVariable.all.map(\.name))
        var asked: Set<String> = []
        for path in try FileManager.default.subpathsOfDirectory(atPath: "\(Document.root)/Sources")
        where path.hasSuffix(".swift") && !path.hasPrefix("MaintenanceTesting/") {
            let text = try String(contentsOfFile: "\(Document.root)/Sources/\(path)", encoding: .utf8)
            asked.formUnion(text.matches(of: /nvironment\["([A-Z_]+)"\]/).map { String($0.output.1) })
        }
        // A debug build's own, for tests.
        asked.subtract(["MAINSTAY_FAULT", "MAINSTAY_SYSTEM_LOG"])
        #expect(declared == asked)
    }
}
