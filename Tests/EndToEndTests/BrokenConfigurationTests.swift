import Foundation
import Glibc
import MaintenanceTesting
import Testing

/// Somebody has broken the configuration under a scheduler that runs, and has to look, hold and reject all the same.
@Suite("a configuration that cannot be used", .temporaryDirectory)
struct BrokenConfigurationTests {
    private let program = Program()

    private static let valid = """
        environments:
          live: { protected: true }
        routines:
          daily: { schedule: never, steps: [report prune] }
          own: { steps: [{ shell: 'true' }] }
        """

    @Test(
        "the state can be looked at, held and rejected, and nothing is started",
        arguments: [
            valid + "\nnonsense: 1\n", "environments: {live: [\n", valid + "\ncalendars: { x: { file: none.ics } }\n",
        ])
    func works(broken: String) async throws {
        try program.configure(Self.valid)
        #expect(try await program.run("run", "own").exitCode == 6)
        let waiting = try await program.run("status").output
        let id = try #require(waiting.firstMatch(of: /mainstay approve ([a-z0-9]+)/)?.output.1)
        let serve = try ServeProcess(program)
        try await serve.says("scheduler ready")

        try program.configure(broken)
        let told = try await program.run("status")
        #expect(told.exitCode == 1, "\(told.errors)")
        let lines = told.output.split(separator: "\n")
        #expect(lines.dropFirst().first?.hasPrefix("refused") == true, "\(told.output)")
        #expect(told.output.contains("mainstay config check"))
        #expect(told.output.contains("mainstay approve \(id)"), "\(told.output)")
        let commands = [
            ["hold", "--everything", "--reason", "stop"], ["holds"], ["status", "--format", "json"],
            ["release", "--everything"], ["approvals"], ["approvals", "show", String(id)], ["runs"], ["show"],
            ["findings"], ["audit", "log"], ["audit", "verify"], ["service", "status"],
            ["reject", String(id), "--reason", "no"],
        ]
        for command in commands {
            let result = try await program.run(command)
            #expect(result.exitCode == (command[0] == "status" ? 1 : 0), "\(command): \(result.errors)")
            #expect(result.errors.contains("the configuration cannot be used"), "\(command): \(result.errors)")
        }
        for command in [["run", "own"], ["resume"], ["approve", String(id)]] {
            #expect(try await program.run(command).exitCode == 4, "\(command)")
        }
        #expect(serve.isRunning)
        #expect(try await serve.end() == 143)
    }

    @Test("no state is made for a configuration that nobody can use")
    func makesNone() async throws {
        try program.configure("environments: {live: [\n")
        #expect(try await program.run("status").exitCode == 4)
        #expect(!FileManager.default.fileExists(atPath: "\(program.directory)/state/mainstay.sqlite"))
    }
}
