import Foundation
import Glibc
import MaintenanceTesting
import Testing

/// What the steps of a routine depend on: the real program, with commands that write down that they ran.
@Suite("conditions of steps", .temporaryDirectory)
struct StepConditionTests {
    private let routine = OwnRoutine()
    private var program: Program { routine.program }
    private var directory: String { program.directory }

    private func step(_ word: String, _ keys: String = "", exit status: Int = 0) -> String {
        routine.step(word, keys, exit: status)
    }

    private func configure(_ steps: [String], environments: String = "test: {}", more: String = "") throws {
        try routine.configure(steps, environments: environments, more: more)
    }

    private func ran() -> [String] { routine.ran() }

    @Test("after a failure the other steps go on, unless the step says stop")
    func stops() async throws {
        try configure([step("a", exit: 1), step("b"), step("c", "on-failure: stop", exit: 1), step("d")])
        let result = try await program.run("run", "own")
        #expect(result.exitCode == 1)
        #expect(ran() == ["a", "b", "c"])
        #expect(result.output.contains("is failed, and the routine stops there"), "\(result.output)")
    }

    @Test("a step is skipped where what it needs did not succeed, and done where it did")
    func needs() async throws {
        try configure([
            step("a", "name: good"), step("b", "name: bad", exit: 1), step("c", "needs: [good]"),
            step("d", "needs: [good, bad]", exit: 0), step("e", "needs: [bad], name: also"), step("f", "needs: [also]"),
        ])
        #expect(try await program.run("run", "own").exitCode == 1)
        #expect(ran() == ["a", "b", "c"])
    }

    @Test("a step asks what came of another")
    func results() async throws {
        try configure([
            step("a", "name: a", exit: 1), step("b", "name: b"),
            step("when-a-failed", "when: { steps: { a: failed } }"),
            step("when-b-failed", "when: { steps: { b: failed } }"),
            step("when-b-changed", "when: { steps: { b: changes } }"),
            step("when-a-succeeded", "when: { steps: { a: succeeded, b: succeeded } }"),
            step("when-b-found", "when: { steps: { b: findings } }"),
        ])
        #expect(try await program.run("run", "own").exitCode == 1)
        #expect(ran() == ["a", "b", "when-a-failed", "when-b-changed"])
    }

    @Test("a routine runs where a step failed, also where nothing else does any more")
    func rescue() async throws {
        let rescue = "  mend: { steps: [\(step("mend-1")), \(step("mend-2"))] }"
        try configure(
            [step("a", "on-failure: { run: mend, then: stop }", exit: 1), step("b")], more: rescue)
        #expect(try await program.run("run", "own").exitCode == 1)
        #expect(ran() == ["a", "mend-1", "mend-2"])
        try FileManager.default.removeItem(atPath: "\(directory)/log")
        try configure([step("a", "on-failure: { run: mend, then: stop }"), step("b")], more: rescue)
        #expect(try await program.run("run", "own").exitCode == 0)
        #expect(ran() == ["a", "b"])
    }

    @Test("labels and windows decide where and when a step is done")
    func occasions() async throws {
        try configure(
            [
                step("$MAINSTAY_ENVIRONMENT-all"),
                step("$MAINSTAY_ENVIRONMENT-gold", "when: { labels: { tier: gold } }"),
                step("$MAINSTAY_ENVIRONMENT-now", "when: { during: anytime }"),
                step("$MAINSTAY_ENVIRONMENT-never", "when: { during: 2001-01-01 00:00 to 2001-01-02 00:00 }"),
            ], environments: "a: { labels: { tier: gold } }, b: {}")
        let result = try await program.run("run", "own", "--all-environments")
        #expect(result.exitCode == 0, "\(result.errors)\(result.output)")
        #expect(Set(ran()) == ["a-all", "a-gold", "a-now", "b-all", "b-now"])
        #expect(ran().count == 5)
        #expect(result.output.contains("the label 'tier' of b is not 'gold'"), "\(result.output)")
    }

    @Test("conditions of a nested routine count for all its steps, and names are its own")
    func nested() async throws {
        let inner = "  inner: { steps: [\(step("i1", "name: a", exit: 1)), \(step("i2", "needs: [a]"))] }"
        try configure(
            [
                step("a", "name: a"), "{ routine: inner, name: in, needs: [a] }", step("b", "needs: [in]"),
                step("c", "needs: [a]"), "{ routine: inner, when: { labels: { tier: gold } } }",
            ], environments: "test: {}, other: { labels: { tier: gold } }", more: inner)
        #expect(try await program.run("run", "own", "--environment", "test").exitCode == 1)
        #expect(ran() == ["a", "i1", "c"])
    }

    @Test("what may be tried again is, as often as it says", arguments: [(1, 1), (2, 0)])
    func retries(count: Int, expected: Int32) async throws {
        try configure([
            "{ shell: 'echo x >> log; test $(wc -l < log) = 3', directory: \(directory), effect: observes, "
                + "retries: { count: \(count), back-off: 100ms } }"
        ])
        let result = try await program.run("run", "own")
        #expect(result.exitCode == expected, "\(result.errors)\(result.output)")
        #expect(ran().count == count + 1)
    }

    @Test("a command that changes something is tried again where it is idempotent", arguments: [(1, 1), (2, 0)])
    func retriesIdempotent(count: Int, expected: Int32) async throws {
        try configure([
            "{ shell: 'echo x >> log; test $(wc -l < log) = 3', directory: \(directory), effect: maintains, "
                + "idempotent: true, retries: { count: \(count), back-off: 100ms } }"
        ])
        let result = try await program.run("run", "own")
        #expect(result.exitCode == expected, "\(result.errors)\(result.output)")
        #expect(ran().count == count + 1)
    }

    @Test("a step that depends on one that waits for an approval waits with it, and goes on after it")
    func waits() async throws {
        try configure(
            [
                "{ shell: echo a >> log, directory: \(directory), name: a, on-failure: stop }",
                step("b", "needs: [a]"), step("c", "when: { steps: { a: succeeded } }"), step("d"),
            ], more: "approvals: { rules: [{ effects: [destroys] }] }")
        var ann = program
        ann.environment["SUDO_USER"] = "ann"
        var bob = program
        bob.environment["SUDO_USER"] = "bob"
        let waiting = try await ann.run("run", "own")
        #expect(waiting.exitCode == 6, "\(waiting.errors)\(waiting.output)")
        #expect(waiting.output.contains("it waits for step 1"), "\(waiting.output)")
        #expect(ran().isEmpty)
        #expect(try await ann.run("resume").exitCode == 6)
        #expect(ran().isEmpty)
        let approved = try await bob.run("approve", "latest")
        #expect(approved.exitCode == 0, "\(approved.errors)")
        let resumed = try await ann.run("resume")
        #expect(resumed.exitCode == 0, "\(resumed.errors)\(resumed.output)")
        #expect(ran() == ["a", "b", "c", "d"])
    }
}
