import Engine
import Foundation
import Glibc
import Maintenance
import MaintenanceTesting
import Outside
import Testing

/// A checklist as a step of a routine: the real program.
@Suite("checklists in routines", .temporaryDirectory)
struct ChecklistStepTests {
    private let program = Program()
    private var log: String {
        (try? String(contentsOfFile: "\(program.directory)/log", encoding: .utf8)) ?? ""
    }

    private func configure(_ items: String, _ keys: String = "") throws {
        let after = "{ shell: 'echo after >> log', directory: \(program.directory), effect: maintains, needs: [list] }"
        try program.configure(
            """
            environments: { test: {}, other: {} }
            checklists: { house: { cadence: daily, environments: [test], items: { \(items) } } }
            routines: { own: { steps: [{ checklist: house, name: list\(keys) }, \(after)] } }
            """)
    }

    private func sign(_ item: String, _ result: String = "done") async throws {
        let signed = try await program.run(
            "checklist", "sign", "house", item, "--environment", "test", "--result", result, "--note", "n")
        #expect(signed.exitCode == 0, "\(signed.errors)")
    }

    private func states() async throws -> [StepState] {
        let shown = try await program.run("show", "latest", "--format", "json")
        return try JSONDecoder().decode(Shown.self, from: Data(shown.output.utf8)).steps.map(\.state)
    }

    private struct Shown: Decodable { var steps: [StepRecord] }

    @Test("the run waits for every signature, goes on when resumed, and needs none that counts already")
    func waits() async throws {
        try configure("keys: Keys, door: Door")
        let first = try await program.run("run", "own", "--environment", "test")
        #expect(first.exitCode == 6 && first.output.contains("waits for 2 signatures"), "\(first.output)")
        #expect(log.isEmpty)
        let status = try await program.run("status")
        #expect(status.output.contains("waits for 2 signatures") && status.output.contains("checklist show house"))
        try await sign("keys")
        #expect(try await program.run("resume").exitCode == 6)
        #expect(log.isEmpty)
        try await sign("door")
        let last = try await program.run("resume")
        #expect(last.exitCode == 0, "\(last.output)\(last.errors)")
        #expect(log == "after\n")
        #expect(try await states() == [.succeeded, .succeeded])
        #expect(try await program.run("run", "own", "--environment", "test").exitCode == 0)
        #expect(log == "after\nafter\n")
    }

    @Test("what is red fails, and what evidence is missing for is unproven and waits for nobody")
    func fails() async throws {
        try configure("keys: Keys, door: Door")
        try await sign("keys", "not-done")
        let red = try await program.run("run", "own", "--environment", "test")
        #expect(red.exitCode == 1 && red.output.contains("1 of 2 items of 'house' is red"), "\(red.output)")
        #expect(try await states() == [.failed, .skipped])
        try await sign("keys")
        try configure("keys: Keys, look: { text: Look, task: health check }")
        let blind = try await program.run("run", "own", "--environment", "test")
        #expect(blind.exitCode == 1 && blind.output.contains("no run of 'health check'"), "\(blind.output)")
        #expect(try await states() == [.unproven, .skipped])
        #expect(log.isEmpty)
    }

    @Test("a dry run asks nobody, an environment where it is not kept is left out, and only looking leaves no entry")
    func elsewhere() async throws {
        try configure("keys: Keys")
        #expect(try await program.run("plan", "own", "--environment", "test").exitCode == 0)
        let other = try await program.run("run", "own", "--environment", "other")
        #expect(other.output.contains("which is not done in this environment") || other.exitCode == 0)
        try program.configure(
            "environments: { test: {} }\nroutines: { own: { steps: [checklist: contribux-morning] } }\n")
        _ = try await program.run("run", "own")
        let entries = try await program.run("audit", "log", "--format", "csv")
        #expect(!entries.output.contains("contribux"), "\(entries.output)")
        #expect(try await program.run("status").output.contains("unsigned"), "a step puts it into use")
    }

    @Test("serve goes on with it by itself once everything is signed")
    func serves() async throws {
        try configure("keys: Keys")
        #expect(try await program.run("run", "own", "--environment", "test").exitCode == 6)
        let serving = try ServeProcess(program)
        try await serving.says("scheduler ready")
        try await sign("keys")
        try await eventually("it goes on") { try await self.states() == [.succeeded, .succeeded] }
        #expect(serving.said.contains("its checklist was signed"), "\(serving.said)")
        #expect(try await serving.end() == 143)
    }
}
