import Engine
import Foundation
import Glibc
import Maintenance
import MaintenanceTesting
import Outside
import Testing

/// Steps that wait for people, for time, for something to be well: the real program.
@Suite("steps that wait", .temporaryDirectory)
struct WaitingStepTests {
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

    private func by(_ name: String) -> Program {
        var other = program
        other.environment["SUDO_USER"] = name
        return other
    }

    @Test("nothing behind an approval begins before enough people have said yes, and then it does")
    func waitsForPeople() async throws {
        try configure([
            step("a"), "{ approval: the change log was read, approvers: [ann, bob], count: 2, name: read }",
            step("b", "needs: [read]"), step("c"),
        ])
        let dry = try await program.run("plan", "own")
        #expect(dry.output.contains("the routine goes on in test"), "\(dry.output)")
        #expect(dry.output.contains("the change log was read"), "\(dry.output)")
        let first = try await program.run("run", "own")
        #expect(first.exitCode == 6, "\(first.output)\(first.errors)")
        #expect(ran() == ["a"])
        let asked = try await program.run("approvals")
        let id = String(try #require(asked.output.firstMatch(of: /\b([a-z0-9]{6})\b/)?.output.1))
        #expect(asked.output.contains("the change log was read"), "\(asked.output)")
        #expect(try await by("eve").run("approve", id).exitCode != 0)
        #expect(try await by("ann").run("approve", id).exitCode == 0)
        #expect(try await program.run("resume", "latest").exitCode == 6)
        #expect(ran() == ["a"])
        #expect(try await by("bob").run("approve", id).exitCode == 0)
        let last = try await program.run("resume", "latest")
        #expect(last.exitCode == 0, "\(last.output)\(last.errors)")
        #expect(ran() == ["a", "b", "c"])
        let shown = try await program.run("show", "latest", "--format", "json")
        #expect(shown.output.contains("ann") && shown.output.contains("bob"), "\(shown.output)")
    }

    @Test("a rejection ends the routine there, in that environment alone")
    func isRejected() async throws {
        try configure(
            ["{ approval: go, environments: [live] }", step("$MAINSTAY_ENVIRONMENT")],
            environments: "live: {}, test: {}")
        #expect(try await program.run("run", "own", "--all-environments").exitCode == 6)
        #expect(ran() == ["test"])
        let asked = try await program.run("approvals")
        let id = String(try #require(asked.output.firstMatch(of: /\b([a-z0-9]{6})\b/)?.output.1))
        #expect(try await by("ann").run("reject", id, "--reason", "not today").exitCode == 0)
        let last = try await program.run("resume", "latest")
        #expect(last.exitCode == 5 || last.exitCode == 1, "\(last.output)")
        #expect(last.output.contains("not today"), "\(last.output)")
        #expect(ran() == ["test"])
    }

    @Test("a wait lets its time pass, and what was interrupted waits for the rest of it only")
    func waitsForTime() async throws {
        try configure(["{ wait: 3s }", step("b")])
        var dying = program
        dying.environment["MAINSTAY_FAULT"] = "kill:started:afterWrite"
        #expect(try await dying.run("run", "own").status == .signalled(SIGKILL))
        #expect(ran().isEmpty)
        let result = try await program.run("resume", "latest")
        #expect(result.exitCode == 0, "\(result.output)\(result.errors)")
        #expect(ran() == ["b"])
        // What counts is when it began first, and neither more nor less than the wait lies behind that.
        let log = try program.log()
        let run = try await log.run("latest")
        let began = try #require(try await log.journal(of: run.id).first { $0.to == .started }?.at)
        let wait = try #require(try await log.changes(of: run.id).first)
        #expect(wait.evidence?["waited until"] == .text((began + .seconds(3)).iso8601))
        #expect(try #require(wait.endedAt) >= began + .seconds(3))
    }

    @Test("a service is waited for until it answers, and not longer than is said")
    func waitsForService() async throws {
        try await withHTTPServer { port in
            func environments(_ port: Int) -> String {
                "test: { resources: { site: { kind: http, url: \"http://127.0.0.1:\(port)/ok\" } } }"
            }
            let waiting = "{ wait-for: health check, every: 1s, timeout: 3s }"
            try configure([waiting, step("well", "on-failure: stop")], environments: environments(port))
            let well = try await program.run("run", "own")
            #expect(well.exitCode == 0, "\(well.output)\(well.errors)")
            #expect(ran() == ["well"])
            try configure(
                [
                    "{ wait-for: health check, every: 1s, timeout: 3s, on-failure: stop }",
                    step("no"),
                ],
                environments: environments(1))
            let never = try await program.run("run", "own")
            #expect(never.exitCode == 1, "\(never.output)")
            #expect(never.output.contains("was not well within 3.0 s"), "\(never.output)")
            #expect(ran() == ["well"])
        }
    }

    @Test("several targets of one step are worked on at once where it says so, and never more of them than that")
    func worksBesideEachOther() async throws {
        let resources = (1...6).map { "r\($0): { kind: storage, path: /tmp }" }.joined(separator: ", ")
        // Each counts how many there are while it runs.
        let line = "mkdir $MAINSTAY_RESOURCE; ls -d r? | wc -l >> counts; sleep 0.7; rmdir $MAINSTAY_RESOURCE"
        let names = (1...6).map { "r\($0)" }.joined(separator: ", ")
        try configure(
            [
                "{ shell: '\(line)', directory: \(directory), effect: maintains, resources: [\(names)], concurrency: 3, "
                    + "on-failure: stop }",
                step("after"),
            ], environments: "test: { resources: { \(resources) } }")
        let result = try await program.run("run", "own")
        #expect(result.exitCode == 0, "\(result.output)\(result.errors)")
        let counts = try String(contentsOfFile: "\(directory)/counts", encoding: .utf8).split(separator: "\n")
            .compactMap {
                Int($0)
            }
        #expect(counts.count == 6)
        #expect(counts.max() ?? 0 <= 3)
        #expect(counts.max() ?? 0 >= 2, "at least two were at work at once: \(counts)")
        #expect(ran() == ["after"])
    }
}
