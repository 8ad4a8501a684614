import Command
import Foundation
import Guide
import Maintenance
import Testing

@testable import Guides
@testable import mainstay

@Suite("what the guides' 307 commands mean")
struct ResolveTests {
    private struct Row {
        var guide: String
        var line: Int
        var kind: String
        var command: String
        var resolution: Resolution

        var place: String { "\(guide):\(line) \(command.prefix(60))" }
    }

    /// Every row of the table with what it resolves to.
    private static func rows() throws -> [Row] { try all.get() }

    private static let all = Result { try resolved() }

    private static func resolved() throws -> [Row] {
        let application = Mainstay.application([:])
        var resolver = Resolver(try CommandMeanings(application))
        var found: [String: [Resolution]] = [:]
        for path in AccountTests.files {
            let name = (path.split(separator: "/").last ?? "").dropLast(3)
            for entry in try GuideFile(path).guide.procedures.flatMap(\.entries) where entry.isCommand {
                found["\(name):\(entry.line)", default: []].append(resolver.resolve(entry))
            }
        }
        let table = try String(
            contentsOfFile: AccountTests.root.appendingPathComponent("Tests/Fixtures/guides/commands.tsv").path,
            encoding: .utf8)
        return try table.split(separator: "\n").dropFirst().map { line in
            let cells = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            let resolutions = try #require(found["\(cells[0]):\(cells[1])"], "\(cells[0]):\(cells[1]) is no command")
            return Row(
                guide: cells[0], line: try #require(Int(cells[1])), kind: cells[2], command: cells[4],
                resolution: try #require(resolutions.first))
        }
    }

    @Test("none of them needs a decision: what nothing does yet is named as not built, with its area")
    func decided() throws {
        let rows = try Self.rows()
        #expect(rows.count == 307)
        let undecided = rows.filter { if case .undecided = $0.resolution.outcome { true } else { false } }
        #expect(undecided.map { "\($0.place): \($0.resolution.reason)" } == [])
        for row in rows {
            guard case .notBuilt(let area) = row.resolution.outcome else { continue }
            #expect(!area.isEmpty, "\(row.place)")
        }
    }

    @Test("who lets it happen is who the table says, where it is built")
    func kinds() throws {
        let wrong = try Self.rows().compactMap { row -> String? in
            guard let policy = PolicyDefault(row.resolution, routines: routines) else { return nil }
            return policy.rawValue == row.kind
                ? nil : "\(row.place) is \(row.kind), not \(policy.rawValue) (\(row.resolution.command ?? ""))"
        }
        #expect(wrong == [])
    }

    @Test(
        "a command becomes the task that does it, with its options",
        arguments: [
            ("agentic-ecosystem", 221, "mainstay db reindex --table=user_consents --everything"),
            ("agentic-ecosystem", 227, "mainstay db vacuum --everything"),
            ("agentic-ecosystem", 254, "mainstay data retain --table=performance_alerts"),
            ("agentic-ecosystem", 259, "mainstay data retain --table=error_logs"),
            ("contribux", 289, "mainstay data retain"), ("contribux", 292, "mainstay data retain"),
            ("next-portal", 43, "mainstay data retain"),
            ("agentic-ecosystem", 74, "mainstay report performance --since=7d"),
            ("agentic-ecosystem", 108, "mainstay top"),
            ("agentic-ecosystem", 129, "mainstay health check --check=endpoint.response-time"),
            ("next-portal", 130, "mainstay health check --check=log.matches"),
            ("next-portal", 174, "mainstay db update-stats --everything"),
            ("next-portal", 266, "mainstay backup restore --to=environment"),
            ("next-portal", 254, "mainstay backup files"),
            ("next-portal", 322, "mainstay report performance --since=7d"),
            ("contribux", 98, "mainstay monitor performance --since=24h"),
            ("contribux", 556, "mainstay calendar export"), ("contribux", 566, "mainstay report monthly"),
        ])
    func task(guide: String, line: Int, command: String) throws {
        let row = try #require(try Self.rows().first { $0.guide == guide && $0.line == line })
        #expect(row.resolution.command == command)
    }

    @Test("what a task does not do of its sentence is said beside it")
    func missing() throws {
        let rows = try Self.rows()
        func missing(_ guide: String, _ line: Int) -> String {
            rows.first { $0.guide == guide && $0.line == line }?.resolution.missing ?? ""
        }
        #expect(missing("next-portal", 130).contains("logs/application.log"))
        #expect(missing("agentic-ecosystem", 316) == "'query_filters' of its body is not heeded")
        #expect(missing("agentic-ecosystem", 321) == "'table_filters' of its body is not heeded")
        #expect(missing("agentic-ecosystem", 69) == "")
        #expect(missing("agentic-ecosystem", 259).contains("'error_logs', with 'timestamp'"))
        #expect(missing("contribux", 118) == "")
        #expect(missing("next-portal", 266).contains("a dump that nothing has proved"))
    }

    @Test(
        "statements that no task does exactly as they stand still need a decision",
        arguments: ["VACUUM FULL;", "REINDEX INDEX a;", "REINDEX TABLE \"A\";", "ANALYZE a (b);", "DELETE FROM a;"])
    func statements(text: String) throws {
        var resolver = Resolver(try CommandMeanings(Mainstay.application([:])))
        let guide = try Guide(file: "a.md", bytes: Array("```sql\n\(text)\n```\n".utf8))
        let entry = try #require(guide.procedures.first?.entries.first)
        #expect(resolver.resolve(entry).name == "needs a decision")
    }

    @Test("the members of a function's body are read as far as it is whole")
    func members() {
        func read(_ body: String) -> [String] { Counterparts.members(of: body).map { "\($0.name)=\($0.value)" } }
        #expect(read(#"{"action": "a", "time_window": "7d"}"#) == ["action=a", "time_window=7d"])
        #expect(read(#"{"action": "a", "filters": {"x": "y"}, "n": 1}"#) == ["action=a", "filters=", "n="])
        #expect(read(#"{"action": "a"#) == ["action=a"])
        #expect(read("") == [] && read("}}}\"") == [])
    }
}
