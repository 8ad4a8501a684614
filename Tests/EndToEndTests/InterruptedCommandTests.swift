import Foundation
import Glibc
import Maintenance
import MaintenanceTesting
import Outside
import Testing

/// Somebody ends a run, and with it the team's program that it was at.
@Suite("a command that is interrupted with its run", .temporaryDirectory)
struct InterruptedCommandTests {
    /// A first run, ended in the middle of a program that has not done its work yet, and what its end was.
    private func interrupted(proof: String?) async throws -> (program: Program, exitStatus: ProgramOutcome.Termination)
    {
        let program = Program()
        try program.configure(
            """
            environments:
              test: {}
            routines:
              own:
                steps:
                  - shell: test -e again || sleep 30; echo line >> ledger
                    directory: \(program.directory)
                    effect: destroys\(proof.map { "\n        prove: \($0)" } ?? "")
            """)
        try Data().write(to: URL(fileURLWithPath: "\(program.directory)/ledger"))
        var command = program.command(["run", "own"])
        command.timeLimit = .seconds(3)
        command.grace = .seconds(20)
        let outcome = try await Programs(environment: [:]).run(command)
        try Data().write(to: URL(fileURLWithPath: "\(program.directory)/again"))
        return (program, outcome.termination)
    }

    @Test("is no failure: its proof says what it had done by then, and what is left is done by 'resume'")
    func proved() async throws {
        let (program, ending) = try await interrupted(proof: "[grep, -qx, line, ledger]")
        #expect(ending != .exited(0))
        let resumed = try await program.run(["resume"])
        #expect(resumed.exitCode == 0, "\(resumed.errors)")
        #expect(try String(contentsOfFile: "\(program.directory)/ledger", encoding: .utf8) == "line\n")
    }

    @Test("without a proof nobody but a person can tell how far it was")
    func unproved() async throws {
        let (program, _) = try await interrupted(proof: nil)
        let resumed = try await program.run(["resume"])
        #expect(resumed.exitCode != 0)
        #expect(resumed.output.contains("--decide") || resumed.errors.contains("--decide"), "\(resumed.errors)")
        #expect(try String(contentsOfFile: "\(program.directory)/ledger", encoding: .utf8).isEmpty)
    }

    @Test("what a person decides before anybody has looked is refused, and nothing is done a second time")
    func blind() async throws {
        let program = Program()
        try program.configure(
            """
            environments:
              test: {}
            routines:
              own: {steps: [{shell: echo line >> ledger, directory: \(program.directory)}]}
            """)
        var dying = program
        dying.environment["MAINSTAY_FAULT"] = "kill:applied:beforeWrite"
        #expect(try await dying.run("run", "own").status == .signalled(SIGKILL))
        let blind = try await program.run("resume", "--decide", "not-done")
        #expect(blind.exitCode == 2 && blind.errors.contains("waits for a decision"), "\(blind.errors)")
        #expect(try String(contentsOfFile: "\(program.directory)/ledger", encoding: .utf8) == "line\n")
        #expect(try await program.run("resume").exitCode == 0, "its exit status was kept, and nobody is asked")
        #expect(try String(contentsOfFile: "\(program.directory)/ledger", encoding: .utf8) == "line\n")
    }
}
