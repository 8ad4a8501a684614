import Engine
import Foundation
import Glibc
import Maintenance
import MaintenanceTesting
import Outside
import Testing

/// A team's own programs as steps of a routine: the real program runs them.
@Suite("commands in routines", .temporaryDirectory)
struct CommandStepTests {
    private let program = Program()
    private var directory: String { program.directory }

    private func configure(_ steps: String, more: String = "") throws {
        try program.configure(
            """
            environments:
              test: {}
            \(more)
            routines:
              own:
                steps:
            \(steps.split(separator: "\n").map { "      \($0)" }.joined(separator: "\n"))
            """)
    }

    private func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(directory)/\(name)") }

    private func lines(_ name: String) -> Int {
        guard let text = try? String(contentsOfFile: "\(directory)/\(name)", encoding: .utf8) else { return 0 }
        return text.split(separator: "\n").count
    }

    @Test("its words reach the program as they are, its output is kept, and the plan shows the exact argv")
    func runs() async throws {
        try configure(
            """
            - command: [printf, '<%s>', "it's", '$HOME *', '']
              effect: observes
            - shell: echo "$GREETING from $MAINSTAY_ENVIRONMENT in $PWD"; echo warned >&2
              variables: { GREETING: hello }
              directory: \(directory)
              effect: maintains
            """)
        let dry = try await program.run("run", "own", "--dry-run")
        #expect(dry.exitCode == 0, "\(dry.errors)")
        #expect(dry.output.contains(#"printf '<%s>' 'it'\''s' '$HOME *' ''"#), "\(dry.output)")
        let done = try await program.run("run", "own", "--verbose")
        #expect(done.exitCode == 0, "\(done.errors)\(done.output)")
        #expect(done.output.contains("<it's><$HOME *><>"), "\(done.output)")
        #expect(done.output.contains("hello from test in \(directory)"), "\(done.output)")
        #expect(done.output.contains("warned"))
        #expect(done.output.contains("2 changes proved"))
    }

    @Test("a dry run starts nothing")
    func startsNothing() async throws {
        try configure("- { shell: touch made, directory: \(directory) }")
        #expect(try await program.run("run", "own", "--dry-run").exitCode == 0)
        #expect(!exists("made"))
        #expect(try await program.run("run", "own").exitCode == 0)
        #expect(exists("made"))
    }

    @Test(
        "only an expected exit status is success",
        arguments: [("exit 3", "[0]", 1), ("exit 3", "[0, 3]", 0), ("exit 0", "[3]", 1), ("kill -9 $$", "[0]", 1)])
    func exitStatus(line: String, statuses: String, expected: Int32) async throws {
        try configure("- { shell: 'echo said; \(line)', exit-status: \(statuses), effect: maintains }")
        let result = try await program.run("run", "own")
        #expect(result.exitCode == expected, "\(result.errors)\(result.output)")
        if expected == 1 { #expect(result.output.contains("said"), "\(result.output)") }
        #expect(try await program.run("resume").exitCode == 2, "what failed is not started again")
    }

    @Test(
        "of what it says the end is kept, 64 kB where nothing else is said",
        arguments: [("output: 1k", 1_024), ("output: 2k", 2_048), ("timeout: 1m", 70_000)])
    func boundedOutput(key: String, most: Int) async throws {
        try configure(
            "- { shell: \"head -c 70000 /dev/zero | tr '\\\\0' X; echo end\", effect: observes, \(key) }")
        let result = try await program.run("run", "own", "--verbose")
        #expect(result.exitCode == 0, "\(result.errors)")
        let kept = result.output.count { $0 == "X" }
        // The command itself stands in the output too, with an X of its own.
        #expect(kept > min(most, 65_536) - 64 && kept < min(most, 65_536) + 64, "\(kept)")
        #expect(result.output.contains("Xend\n"))
    }

    @Test("a program that is not there, and a directory that is not, fail the step by name")
    func missing() async throws {
        try configure(
            """
            - command: [no-such-program-here]
            - { shell: 'true', directory: \(directory)/nowhere }
            """)
        let result = try await program.run("run", "own")
        #expect(result.output.contains("'no-such-program-here' is not installed"), "\(result.output)")
        #expect(result.output.contains("nowhere"), "\(result.output)")
        #expect(result.exitCode == 4)
    }

    @Test("at its time-out everything it started is ended with it")
    func timesOut() async throws {
        try configure("- { shell: 'sleep 300 & echo $! > child; wait', directory: \(directory), timeout: 1s }")
        let result = try await program.run("run", "own")
        #expect(result.exitCode == 1)
        #expect(result.output.contains("was ended after its time limit of 1.0 s"), "\(result.output)")
        let child = try String(contentsOfFile: "\(directory)/child", encoding: .utf8)
        let number = try #require(pid_t(child.trimmingWhitespace()))
        try await eventually("its child has ended") { Glibc.kill(number, 0) != 0 }
    }

    @Test("a program that looks afterwards has the last word", arguments: [("0", 0), ("1", 1), ("2", 6)])
    func proof(status: String, expected: Int32) async throws {
        try configure("- { shell: 'true', prove: [sh, -c, exit \(status)], effect: maintains }")
        let result = try await program.run("run", "own")
        #expect(result.exitCode == expected, "\(result.errors)\(result.output)")
    }

    @Test("a secret from a variable is neither in the plan nor in what is kept")
    func hidesSecrets() async throws {
        try configure("- { shell: 'echo token is $TOKEN', variables: { TOKEN: '${DEPLOY_TOKEN}' }, effect: observes }")
        var own = program
        own.environment["DEPLOY_TOKEN"] = "hunter2hunter2"
        let result = try await own.run("run", "own", "--verbose")
        #expect(result.output.contains("token is •••"), "\(result.output)")
        let found = try await program.shell("grep -rl hunter2 '\(directory)/state'")
        #expect(found.exitCode == 1, "\(found.output)")
    }

    @Test("in a protected environment a command that does not say what it does waits for an approval")
    func waitsForApproval() async throws {
        try program.configure(
            """
            environments:
              live: { protected: true }
            routines:
              own: { steps: [{ shell: touch made, directory: \(directory) }] }
              outer: { steps: [{ routine: own }] }
            """)
        let waiting = try await program.run("run", "outer")
        #expect(waiting.exitCode == 6, "\(waiting.errors)\(waiting.output)")
        #expect(!exists("made"))
    }

    @Test("a rule about a routine counts where that routine is nested in another")
    func nestedRules() async throws {
        try program.configure(
            """
            environments: { test: {} }
            approvals: { rules: [{ routines: [own] }] }
            routines:
              own: { steps: [{ shell: touch made, directory: \(directory), effect: maintains }] }
              outer: { steps: [{ shell: touch other, directory: \(directory), effect: maintains }, { routine: own }] }
            """)
        let waiting = try await program.run("run", "outer")
        #expect(waiting.exitCode == 6, "\(waiting.errors)\(waiting.output)")
        #expect(exists("other") && !exists("made"))
    }

    static let points: [(ChangeState, JournalObserver.Moment)] = [
        (.started, .beforeWrite), (.started, .afterWrite), (.applied, .beforeWrite), (.applied, .afterWrite),
        (.proved, .beforeWrite), (.proved, .afterWrite),
    ]

    @Test("a command whose run was killed anywhere is done once, or a person is asked", arguments: points)
    func crash(state: ChangeState, moment: JournalObserver.Moment) async throws {
        try configure("- { shell: echo done >> log, directory: \(directory) }")
        var dying = program
        dying.environment["MAINSTAY_FAULT"] = "kill:\(state.rawValue):\(moment.rawValue)"
        #expect(try await dying.run("run", "own").status == .signalled(SIGKILL))
        let resumed = try await program.run("resume")
        guard (state, moment) == (.started, .afterWrite) else {
            #expect(resumed.exitCode == 0, "\(resumed.errors)\(resumed.output)")
            #expect(lines("log") == 1)
            return
        }
        // Between the journal and the program nobody can tell whether it started.
        #expect(resumed.exitCode == 6, "\(resumed.errors)\(resumed.output)")
        #expect(resumed.output.contains("--decide done|not-done"), "\(resumed.output)")
        #expect(lines("log") == 0)
        #expect(try await program.run("resume", "--decide", "not-done").exitCode == 0)
        #expect(lines("log") == 1)
    }

    @Test("one that is idempotent by its declaration needs nobody", arguments: points)
    func idempotent(state: ChangeState, moment: JournalObserver.Moment) async throws {
        try configure("- { shell: echo done > log, directory: \(directory), idempotent: true }")
        var dying = program
        dying.environment["MAINSTAY_FAULT"] = "kill:\(state.rawValue):\(moment.rawValue)"
        #expect(try await dying.run("run", "own").status == .signalled(SIGKILL))
        #expect(try await program.run("resume").exitCode == 0)
        #expect(lines("log") == 1)
    }

    @Test("a command that outlives its killed run is waited for, and not started a second time")
    func orphan() async throws {
        try configure(
            """
            - shell: echo begun >> log; while test ! -e go; do sleep 0.1; done; echo ended >> log
              directory: \(directory)
              prove: [grep, -q, ended, log]
            """)
        async let running = program.run("run", "own")
        try await eventually("it has begun") { lines("log") == 1 }
        #expect(Glibc.kill(try #require(ours.first), SIGKILL) == 0)
        #expect(try await running.status == .signalled(SIGKILL))
        async let resumed = program.run("resume")
        try await eventually("somebody goes on with it") { !ours.isEmpty }
        #expect(FileManager.default.createFile(atPath: "\(directory)/go", contents: nil))
        let result = try await resumed
        #expect(result.exitCode == 0, "\(result.errors)\(result.output)")
        #expect(lines("log") == 2)
    }

    /// Processes of the program that work on this test's state.
    private var ours: [pid_t] { StartedPrograms().having("MAINSTAY_STATE", "\(directory)/state") }
}
