import Engine
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Testing

/// Checklists as people meet them: the real program, a real database, people told apart by sudo.
@Suite("checklists as people use them", .temporaryDirectory, .cluster)
struct ChecklistTests {
    private let program = Program()

    private func prepare(_ more: String = "") async throws {
        try await TestDatabase.current.run("create table t as select g as id from generate_series(1, 500) g")
        try program.configureTestDatabase(
            """
            checklists:
              house:
                cadence: weekly
                items:
                  statistics: { text: Statistics are new, task: db update-stats }
                  answers: { text: The database answers, checks: [database.connectivity, connections.used] }
                  keys: The keys are in their place
            \(more)
            """)
    }

    private func by(_ person: String) -> Program {
        var program = program
        program.environment["SUDO_USER"] = person
        return program
    }

    private func standing() async throws -> (items: [String: ItemStanding], exitCode: Int32?) {
        let shown = try await program.run("checklist", "show", "house", "--format", "json")
        let standings = try JSONDecoder().decode([ChecklistStanding].self, from: Data(shown.output.utf8))
        let items = try #require(standings.first).items
        return (Dictionary(uniqueKeysWithValues: items.map { ($0.item, $0) }), shown.exitCode)
    }

    @Test("real runs and two people make it green, a database that changes makes it what it is")
    func goesAllTheWay() async throws {
        try await prepare()
        #expect(try await standing().exitCode == 1)
        #expect(try await program.run("db", "update-stats", "--dry-run").exitCode == 0)
        #expect(try await standing().items["statistics"]?.state == .unknown, "a dry run is no evidence")
        #expect(try await program.run("db", "update-stats").exitCode == 0)
        _ = try await program.run("health", "check", "--check", "database.connectivity")
        let partly = try await standing().items
        #expect(partly["statistics"]?.state == .green, "\(partly)")
        #expect(partly["answers"]?.reason.contains("nobody asked connections.used") == true)
        _ = try await program.run("health", "check", "--check", "connections.used")
        #expect(try await standing().items["answers"]?.state == .green)
        #expect(try await standing().exitCode == 6, "only a signature is missing")
        let status = try await program.run("status")
        #expect(status.output.contains("unsigned") && status.output.contains("checklist sign house keys"))
        #expect(!status.output.contains("contribux"), "nobody's duty")

        let signed = try await by("ann").run(
            "checklist", "sign", "house", "ke", "--result", "done", "--note", "on the hook")
        #expect(signed.exitCode == 0 && signed.output.contains("by ann as"), "\(signed.output)\(signed.errors)")
        #expect(try await standing().exitCode == 0)
        #expect(try await !program.run("status").output.contains("unsigned"))
        let shown = try await program.run("checklist", "show", "house")
        #expect(shown.output.contains("3 of 3 green until"), "\(shown.output)")
        _ = try await by("bob").run("checklist", "sign", "house", "keys", "--result", "not-done", "--note", "gone")
        #expect(try await standing().exitCode == 1)

        try await TestDatabase.current.run("create schema later")
        try program.configureTestDatabase(
            "checklists: { house: { cadence: weekly, items: { keys: The safe is locked, answers: { text: a, "
                + "checks: host.disk } } } }")
        let other = try await standing()
        #expect(other.items.values.allSatisfy { $0.state == .unknown }, "\(other.items.values.map(\.reason))")
        #expect(try await program.run("audit", "verify").exitCode == 0)
    }

    @Test("people who sign at once are all in the trail")
    func atOnce() async throws {
        try await prepare()
        try await withThrowingTaskGroup(of: Program.Result.self) { group in
            for person in ["ann", "bob", "carl", "dora"] {
                group.addTask {
                    try await by(person).run("checklist", "sign", "house", "keys", "--result", "done")
                }
            }
            for try await result in group { #expect(result.exitCode == 0, "\(result.errors)") }
        }
        let log = try await program.run("audit", "log", "--kind", "signed", "--format", "json")
        let entries = try JSONDecoder().decode([AuditEntry].self, from: Data(log.output.utf8))
        #expect(Set(entries.compactMap(\.actor.sudoUser)) == ["ann", "bob", "carl", "dora"])
        #expect(try await standing().items["keys"]?.signOff?.entry == entries.first?.head)
        #expect(try await program.run("audit", "verify").exitCode == 0)
    }

    @Test(
        "what is typed wrongly gets an answer that helps",
        arguments: [
            (["show", "hous3"], "Did you mean 'house'?"), (["show", "agentic-d"], "means several checklists"),
            (["sign", "house", "kees", "--result", "done"], "Did you mean 'keys'?"),
            (["sign", "house", "answers", "--result", "done"], "nobody signs that by hand"),
            (["sign", "house", "keys", "--result", "not-done"], "a note is missing"),
            (["sign", "house", "keys", "--result", "yes"], "done"),
            (
                ["sign", "house", "keys", "--result", "done", "--environment", "tset"],
                "Did you mean '--environment test'?"
            ),
            (["export", "house"], "--output"),
            (["export", "house", "--output", "x", "--format", "pdf"], "html"),
        ])
    func mistakes(words: [String], answer: String) async throws {
        try await prepare()
        let line = (["mainstay", "checklist"] + words).map(\.shellQuoted).joined(separator: " ")
        let result = try await program.shell(line)
        #expect(result.exitCode == 2 && result.errors.contains(answer), "\(result.output)\(result.errors)")
        #expect(try await program.run("audit", "log", "--format", "csv").output.split(separator: "\n").count == 1)
    }

    @Test("exports hold what was signed, hostile or not, and the head of the trail", arguments: HostileText.all)
    func exports(hostile: String) async throws {
        guard !hostile.utf8.contains(0) else { return }
        try await prepare()
        let file = "\(program.directory)/x.txt"
        try hostile.write(toFile: file, atomically: true, encoding: .utf8)
        let signed = try await by("ann").run(
            "checklist", "sign", "house", "keys", "--result", "not-done", "--note", "a\(hostile)z", "--attach", file)
        #expect(signed.exitCode == 0, "\(signed.errors)")
        #expect(try await program.run("checklist", "remark", "house", "answers", "--note", "r\(hostile)").exitCode == 0)
        let note = "a\(hostile)z"
        for format in ["html", "markdown", "csv", "json"] {
            let made = try await program.run("checklist", "export", "house", "--output", "out", "--format", format)
            #expect(made.exitCode == 0, "\(made.errors)")
            let text = try String(contentsOfFile: "\(program.directory)/out", encoding: .utf8)
            #expect(AuditHead.all(in: text).count >= 1)
            #expect(try await program.run("audit", "verify", "--against", "out").exitCode == 0)
            switch format {
            case "html":
                let page = try await ParsedPage(Array(text.utf8))
                #expect(page.mismatches.isEmpty && page.comments.isEmpty && page.elements("script").isEmpty)
                #expect(page.elements.allSatisfy { $0.attributes["onerror"] == nil && $0.attributes["onload"] == nil })
                #expect(page.text.contains(note.printable), "\(page.text)")
            case "json":
                let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
                let standings = object?["standings"] as? [[String: Any]]
                let items = standings?.first?["items"] as? [[String: Any]]
                #expect(items?.contains { ($0["signOff"] as? [String: Any])?["note"] as? String == note } == true)
            case "csv":
                let read = try await program.shell(
                    "python3 -c 'import csv,json; print(json.dumps(list(csv.DictReader(open(\"out\", newline=\"\", encoding=\"utf-8\")))))'"
                )
                let rows = try JSONDecoder().decode([[String: String]].self, from: Data(read.output.utf8))
                #expect(rows.count == 3 && rows.contains { $0["note"] == note })
            default:
                // Every row of the table is a line with six bars that mean something.
                let rows = text.split(separator: "\n").filter { $0.hasPrefix("| ") }
                #expect(rows.count == 5)
                for row in rows { #expect(row.replacing("\\|", with: "").filter { $0 == "|" }.count == 6, "\(row)") }
                #expect(!text.replacing("\\<", with: "").contains("<"))
            }
        }
        let terminal = try await program.run("checklist", "show", "house")
        #expect(terminal.output.unicodeScalars.allSatisfy { $0.value >= 32 || $0 == "\n" })
    }
}
