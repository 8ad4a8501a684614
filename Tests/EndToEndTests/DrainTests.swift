import Engine
import Foundation
import Glibc
import Maintenance
import MaintenanceTesting
import Testing

/// `mainstay serve` is stopped while a program of a team runs that nobody can look at afterwards.
@Suite("stopping a service in the middle", .temporaryDirectory)
struct ServeDrainTests {
    private let program = Program()

    private func configure(_ line: String) throws {
        try program.configure(
            """
            environments:
              test: {}
            routines:
              daily: {schedule: never, steps: [report prune]}
              own:
                schedule: every 1s
                steps:
                  - shell: \(line)
                    directory: \(program.directory)
                    effect: maintains
                  - shell: echo "$MAINSTAY_RUN second" >> log
                    directory: \(program.directory)
                    effect: maintains
            """)
        try Data().write(to: URL(fileURLWithPath: "\(program.directory)/log"))
    }

    /// What the programs of a run wrote, in their order.
    private func words(of run: String) throws -> [String] {
        try String(contentsOfFile: "\(program.directory)/log", encoding: .utf8).split(separator: "\n")
            .filter { $0.hasPrefix(run) }.map { String($0.dropFirst(run.count + 1)) }
    }

    /// A service in the middle of its first program, and the run that belongs to.
    private func begun() async throws -> (serve: ServeProcess, run: String) {
        let serve = try ServeProcess(program, "first")
        let run = try await eventually("its program has begun") { () -> String? in
            let text = try String(contentsOfFile: "\(program.directory)/log", encoding: .utf8)
            return text.firstMatch(of: /(\S+) first\n/).map { String($0.output.1) }
        }
        return (serve, run)
    }

    @Test("SIGTERM lets the program end and proves it, leaves the rest, and asks nobody")
    func drains() async throws {
        try configure(#"echo "$MAINSTAY_RUN first" >> log; sleep 2; echo "$MAINSTAY_RUN made" >> log"#)
        let (serve, run) = try await begun()
        serve.signal(SIGTERM)
        try await eventually("everybody can see it") {
            let told = try await program.run("status").output
            return told.contains("is being stopped since") || !serve.isRunning
        }
        #expect(try await serve.end(SIGCONT) == 143)
        #expect(try words(of: run) == ["first", "made"])
        let log = try program.log()
        #expect(try await log.run(run).state == .cancelled)
        #expect(try await log.changes(of: run).map(\.state) == [.proved])
        #expect(try await !program.run("status").output.contains("--decide"))

        let next = try ServeProcess(program, "second")
        try await next.says("run goes on run.id=\(run)")
        try await eventually("it has ended") { try await log.run(run).state == .succeeded }
        #expect(try words(of: run) == ["first", "made", "second"])
        #expect(try await next.end() == 143)
    }

    @Test("a second signal interrupts it, and then a person is asked about this very change")
    func interrupts() async throws {
        try configure(#"echo "$MAINSTAY_RUN first" >> log; exec sleep 60"#)
        let (serve, run) = try await begun()
        serve.signal(SIGTERM)
        try await eventually("it stops") { try await program.run("status").output.contains("is being stopped since") }
        #expect(serve.isRunning)
        #expect(try await serve.end(SIGINT) == 143)
        #expect(try words(of: run) == ["first"])
        let told = try await program.run("status").output
        #expect(told.contains("mainstay resume \(run) --change 1.1 --decide done|not-done"), "\(told)")
    }
}
