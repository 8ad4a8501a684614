import Command
import Foundation
import Guide
import Maintenance
import Testing

@testable import Guides
@testable import mainstay

@Suite("what every line of the five guides became")
struct AccountTests {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    static let files = ["environment-management", "event-manager", "contribux", "next-portal", "agentic-ecosystem"].map
    {
        root.appendingPathComponent("Tests/Fixtures/guides/\($0).md").path
    }

    private static func accounts() throws -> [GuideAccount] { try all.get() }

    private static let all = Result { try made() }

    private static func made() throws -> [GuideAccount] {
        let application = Mainstay.application([:])
        let meanings = try CommandMeanings(application)
        return try files.map { path in
            var resolver = Resolver(meanings)
            return GuideAccount(try GuideFile(path).guide, application, resolver: &resolver)
        }
    }

    @Test("stands in docs/guides.md, as it is now")
    func document() throws {
        let document = try String(contentsOf: Self.root.appendingPathComponent("docs/guides.md"), encoding: .utf8)
        let text = try AccountForGuides.text(Self.files, Mainstay.application([:]))
        #expect(
            document.contains("\(AccountForGuides.begin)\n\(text)\n\(AccountForGuides.end)"),
            "docs/guides.md is not current: run 'swift run mainstay guide account --into docs/guides.md' with Tests/Fixtures/guides/*.md"
        )
    }

    @Test("has all 307 commands, and every item of every checklist answered by a shipped one")
    func whole() throws {
        let rows = try Self.accounts().flatMap(\.rows)
        #expect(rows.count { $0.kind == .command } == 307)
        let items = rows.filter { $0.kind == .checklist }
        #expect(items.count >= 60)
        #expect(items.filter { $0.became == "an item that people sign" } == [])
    }

    @Test(
        "a command of a guide means what our own command line makes of it",
        arguments: [
            ("contribux", 153, "mainstay backup verify"), ("contribux", 118, "mainstay db update-stats"),
            ("contribux", 461, "mainstay data cleanup-temp"), ("event-manager", 72, "mainstay run daily"),
            (
                "environment-management", 361,
                "mainstay backup run --prove --keep-for=30d --reason=pre-upgrade --all-environments"
            ),
            ("next-portal", 14, "mainstay health check"), ("next-portal", 244, "mainstay backup run"),
            ("next-portal", 310, "mainstay health check"), ("agentic-ecosystem", 31, "mainstay health check"),
        ])
    func means(guide: String, line: Int, command: String) throws {
        let account = try #require(try Self.accounts().first { $0.file.hasSuffix("/\(guide).md") })
        let row = try #require(account.rows.first { $0.line == line && $0.kind == .command })
        #expect(row.became == "`\(command)`")
    }

    @Test("schedules are read as a person reads them")
    func schedules() throws {
        let rows = try Self.accounts().flatMap { account in account.rows.map { (account.file, $0) } }
            .filter { $0.1.kind == .schedule }.map {
                "\($0.0.split(separator: "/").last ?? ""):\($0.1.line) \($0.1.text)"
            }
        for expected in [
            "agentic-ecosystem.md:13 2:00 AM UTC", "agentic-ecosystem.md:50 Sundays 3:00 AM UTC",
            "agentic-ecosystem.md:88 First Sunday of month, 2:00 AM UTC", "contribux.md:69 09:00 UTC",
            "contribux.md:305 First Sunday of Quarter", "contribux.md:470 Sundays at 02:00 UTC",
            "event-manager.md:50 Sunday 02:00-04:00 UTC", "next-portal.md:244 0 2 * * *",
            "environment-management.md:558 weekly monday 09:00", "environment-management.md:565 monthly day 1 10:00",
        ] {
            #expect(rows.contains(expected), "\(expected) is not among \(rows)")
        }
    }
}
