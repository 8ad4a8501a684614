import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Testing

/// `health check --format nagios` as Nagios would call it.
@Suite("Nagios", .temporaryDirectory, .cluster, .timeLimit(.minutes(2)))
struct NagiosTests {
    private func run(_ exit: Int, _ output: String = "x | a=1") async throws -> Program.Result {
        let program = Program()
        try program.configure(
            """
            environments:
              test:
                resources:
                  own: { kind: command, run: [/bin/sh, -c, "echo '\(output)'; exit \(exit)"] }
                  fine: { kind: command, run: [/bin/sh, -c, "echo 'fine | time=20ms'"] }
            """)
        return try await program.run("health", "check", "--format", "nagios")
    }

    @Test(
        "the worst decides line and exit status",
        arguments: [
            (0, "MAINSTAY OK - 2 checks, 2 passed | 'health'=100%;;;0;100"),
            (1, "MAINSTAY WARNING - 2 checks, 1 passed: test/own command.result: x | 'health'=75%;;;0;100"),
            (2, "MAINSTAY CRITICAL - 2 checks, 1 passed: test/own command.result: x | 'health'=50%;;;0;100"),
            (3, "MAINSTAY UNKNOWN - 2 checks, 1 passed: "),
        ])
    func worst(exit: Int, line: String) async throws {
        let result = try await run(exit)
        #expect(result.exitCode == Int32(exit))
        #expect(result.output.hasPrefix(line), "\(result.output)")
        #expect(result.errors.isEmpty)
    }

    @Test("what is drawn has its warning and critical, on the side where it is bad")
    func limits() async throws {
        let program = Program()
        try program.configure(
            """
            environments: { test: { resources: { here: { kind: host, host: local, disks: [/] } } } }
            checks: { host.load: { warning: 50, critical: 70.5 }, host.disk: { warning: none, critical: 100% } }
            """)
        let result = try await program.run(
            "health", "check", "--format", "nagios", "--check=host.load", "--check=host.disk", "--check=host.memory")
        let data = try #require(result.output.split(separator: "\n").first?.split(separator: "|").last)
        func value(_ name: String) -> Substring? {
            data.split(separator: "'").drop { $0 != "test/here \(name)" }.dropFirst().first
        }
        #expect(value("host.load")?.contains(";50;70.5") ?? false, "\(data)")
        #expect(value("host.disk")?.contains("%;;100;0;100") ?? false, "\(data)")
        #expect(value("host.memory")?.contains("%;85;95;0;100") ?? false, "\(data)")
    }

    @Test("text of others can forge neither data nor lines")
    func hostile() async throws {
        let result = try await run(2, "a; b\\\\033[31m")
        #expect(result.output.split(separator: "\n").first?.split(separator: "|").count == 2)
        #expect(result.output.unicodeScalars.allSatisfy { $0.value >= 32 || $0 == "\n" })
    }

    @Test("what keeps it from looking is unknown, and commands that cannot answer so refuse before they do anything")
    func errors() async throws {
        let program = Program()
        try program.configure("environments: { test: { resources: { a: { kind: http } } } }")
        let broken = try await program.run("health", "check", "--format=nagios")
        #expect(broken.exitCode == 3)
        #expect(broken.output.hasPrefix("MAINSTAY UNKNOWN - "))
        for words in [["db", "update-stats"], ["findings"], ["config", "show"]] {
            let result = try await program.run(program: words + ["--format", "nagios"])
            #expect(result.exitCode == 3, "\(words)")
            #expect(result.output.hasPrefix("MAINSTAY UNKNOWN - "), "\(words): \(result.output)\(result.errors)")
        }
    }
}

extension Program {
    fileprivate func run(program words: [String]) async throws -> Result {
        let outcome = try await Programs(environment: [:]).run(command(words))
        return Result(status: outcome.termination, output: outcome.output.text, errors: outcome.errorOutput.text)
    }
}
