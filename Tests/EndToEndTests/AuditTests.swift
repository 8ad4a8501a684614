import Engine
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Testing

/// The audit trail as an auditor meets it: through the program, its reports, the system log and the store's file.
@Suite("the audit trail", .temporaryDirectory)
struct AuditTests {
    private let program: Program
    private let log: LogSocket

    init() throws {
        log = try LogSocket(TemporaryDirectory.current + "/log")
        program = Program(environment: ["MAINSTAY_SYSTEM_LOG": log.path])
        try program.configure("environments: {production: {resources: {machine: {kind: host}}}}")
    }

    private func tamper(_ sql: String) async throws {
        let store = "\(program.directory)/state/mainstay.sqlite"
        let result = try await program.shell(
            "sqlite3 '\(store)' \"drop trigger audit_no_update; drop trigger audit_no_delete; \(sql)\"")
        #expect(result.exitCode == 0, "\(result.errors)")
    }

    @Test("a report, a Markdown text and the system log each find a trail that was cut or rewritten")
    func isAnchored() async throws {
        #expect(try await program.run("report", "daily").exitCode == 0)
        #expect(try await program.run("report", "daily", "--as", "markdown", "--output", "r.md").exitCode == 0)
        #expect(try await program.run("report", "daily", "--as", "json", "--output", "r.json").exitCode == 0)
        let lines = try log.all()
        #expect(lines.count == 3)
        #expect(lines[2].contains(/<13>.* mainstay\[\d+\]: audit:13:[0-9a-f]{64} after run .* succeeded/), "\(lines)")
        try lines.joined(separator: "\n").write(
            toFile: "\(program.directory)/syslog", atomically: true, encoding: .utf8)

        let places = ["state/reports/latest.html", "r.md", "r.json", "syslog"]
        let sound = try await program.shell(
            "mainstay audit verify " + places.map { "--against \($0)" }.joined(separator: " "))
        #expect(sound.exitCode == 0, "\(sound.output)\(sound.errors)")
        #expect(
            sound.output.contains("the audit trail is as it was written: 13 entries, 6 of 6 heads kept elsewhere found")
        )

        try await tamper("delete from audit where number > 1;")
        let alone = try await program.run("audit", "verify")
        #expect(alone.exitCode == 0, "a cut tail does not show in the chain alone")
        for place in places {
            let found = try await program.run("audit", "verify", "--against", place)
            #expect(found.exitCode == 1)
            #expect(found.output.contains("were cut off"), "\(place): \(found.output)")
            #expect(found.output.contains("(kept in '\(place)')"))
        }
    }

    @Test("an entry that was edited is named, in every format")
    func namesEntry() async throws {
        #expect(try await program.run("report", "daily").exitCode == 0)
        try await tamper("update audit set actor = replace(actor, 'user', 'User') where number = 3;")
        let table = try await program.run("audit", "verify")
        #expect(table.exitCode == 1)
        #expect(table.output.contains("entry 3 was edited"), "\(table.output)")
        #expect(try await program.run("audit", "verify", "--format", "csv").output.contains("\n3,entry 3 was edited"))
        let json = try await program.run("audit", "verify", "--format", "json")
        let verdict = try JSONDecoder().decode(AuditChain.Verdict.self, from: Data(json.output.utf8))
        #expect(verdict.problems.map(\.number) == [3])
    }

    @Test("processes at the same time make one chain")
    func doesNotFork() async throws {
        let result = try await program.shell(
            """
            mainstay report daily -q > /dev/null
            for i in 1 2 3 4 5 6; do mainstay report daily -q --output r$i.html > /dev/null & done; wait
            mainstay audit verify
            """)
        #expect(result.exitCode == 0, "\(result.output)\(result.errors)")
        #expect(result.output.contains(/as it was written: 29 entries/), "\(result.output)")
    }

    @Test("the log says who did what, and a wrong head is a usage mistake")
    func tells() async throws {
        #expect(try await program.run("report", "daily").exitCode == 0)
        let listed = try await program.run("audit", "log", "--format", "json")
        let entries = try JSONDecoder().decode([AuditEntry].self, from: Data(listed.output.utf8))
        #expect(entries.map(\.kind) == [.ended, .changed, .changed, .asked, .configured])
        let table = try await program.run("audit", "log", "--kind", "changed")
        #expect(table.output.split(separator: "\n").count == 3, "\(table.output)")
        for (given, words) in [("nowhere", "is neither a head"), ("mainstay.yaml", "no head of an audit trail")] {
            let wrong = try await program.run("audit", "verify", "--against", given)
            #expect(wrong.exitCode == 2 && wrong.errors.contains(words), "\(wrong.errors)")
        }
    }
}
