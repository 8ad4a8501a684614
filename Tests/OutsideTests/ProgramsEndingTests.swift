import Foundation
import Glibc
import Maintenance
import MaintenanceTesting
import Outside
import Testing

@Suite("the end of child programs", .temporaryDirectory)
struct ProgramsEndingTests {
    /// Prints its group's number, then holds on: leader and grandchild both ignore SIGTERM.
    static let stubborn = "trap '' TERM; (trap '' TERM; exec sleep 600) & echo $$; wait; sleep 600"

    @Test(
        "a time limit ends the whole group, also members that ignore SIGTERM",
        arguments: [ChildProgram.Isolation.session, .processGroup])
    func timeLimit(isolation: ChildProgram.Isolation) async throws {
        let program = ChildProgram(
            "sh", ["-c", Self.stubborn], timeLimit: .milliseconds(300), grace: .milliseconds(200), isolation: isolation)
        let outcome = try await programs.run(program)
        #expect(outcome.termination == .timedOut(after: .milliseconds(300)))
        #expect(outcome.duration < .seconds(20))
        let group = try #require(Int32(outcome.output.text.trimmingWhitespace()))
        try await eventually("the group is gone") { try members(ofGroup: group).isEmpty }
        let error = #expect(throws: ProgramError.self) { try outcome.checked() }
        #expect(error?.code == "program.timed-out")
    }

    @Test("a program that ends on SIGTERM is not killed before it has cleaned up")
    func graceful() async throws {
        let program = ChildProgram(
            "sh", ["-c", "trap 'echo cleaned; exit 0' TERM; echo ready; while :; do sleep 0.05; done"],
            timeLimit: .milliseconds(500), grace: .seconds(20))
        let outcome = try await programs.run(program)
        #expect(outcome.output.text == "ready\ncleaned\n")
        #expect(outcome.termination == .timedOut(after: .milliseconds(500)))
    }

    @Test("the time limit is the clock's, so that a test need not wait for it")
    func manualClock() async throws {
        let manual = ManualClock()
        let own = Programs(environment: programs.environment, clock: manual.clock)
        let outcome = try await withThrowingTaskGroup(of: ProgramOutcome.self) { tasks in
            tasks.addTask { try await own.run(ChildProgram("sleep", ["600"], timeLimit: .seconds(3_600))) }
            await manual.sleepers(atLeast: 1)
            manual.advance(by: .seconds(3_600))
            return try #require(try await tasks.next())
        }
        #expect(outcome.termination == .timedOut(after: .seconds(3_600)))
        #expect(outcome.duration == .seconds(3_600))
    }

    @Test("a cancelled run throws CancellationError when the whole group is gone")
    func cancellation() async throws {
        let group = Box<Int32?>(nil)
        await #expect(throws: CancellationError.self) {
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                let (started, signal) = AsyncStream<Void>.makeStream()
                tasks.addTask {
                    let program = ChildProgram("sh", ["-c", Self.stubborn], grace: .milliseconds(200))
                    _ = try await programs.run(program) { chunk in
                        group.value = Int32(String(decoding: chunk, as: UTF8.self).trimmingWhitespace())
                        signal.finish()
                    }
                }
                for await _ in started {}
                tasks.cancelAll()
                try await tasks.waitForAll()
            }
        }
        let ended = try #require(group.value)
        try await eventually("the group is gone") { try members(ofGroup: ended).isEmpty }
    }

    @Test("what a leader leaves behind in its group is ended with it")
    func leftBehind() async throws {
        let outcome = try await programs.run(.shell("(trap '' TERM HUP; exec sleep 600) & echo $$"))
        #expect(outcome.isSuccess)
        let group = try #require(Int32(outcome.output.text.trimmingWhitespace()))
        try await eventually("the group is gone") { try members(ofGroup: group).isEmpty }
    }

    @Test("a task that is cancelled already starts nothing", .temporaryDirectory)
    func cancelledBefore() async throws {
        let trace = TemporaryDirectory.current + "/trace"
        await #expect(throws: CancellationError.self) {
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.cancelAll()
                tasks.addTask { _ = try await programs.run(ChildProgram("touch", [trace])) }
                try await tasks.waitForAll()
            }
        }
        #expect(access(trace, F_OK) != 0)
    }

    @Test(
        "root runs a program as another user, without root's groups and with that user's home",
        .enabled(if: SystemUser.isRoot))
    func otherUser() async throws {
        let user = try SystemUser.named("nobody")
        let outcome = try await programs.run(
            ChildProgram("sh", ["-c", "id -u; id -G; echo $HOME; pwd; ps -o pgid= -p $$; echo $$"], user: user))
        let lines = outcome.output.text.split(separator: "\n").map { $0.trimmingWhitespace() }
        #expect(Array(lines.prefix(4)) == [String(user.id), String(user.group), user.home, "/"])
        #expect(lines.count == 6 && lines[4] == lines[5])
    }

    @Test(
        "a program is started as another user however many threads begin meanwhile", .enabled(if: SystemUser.isRoot),
        .timeLimit(.minutes(1)))
    func otherUserAmongThreads() async throws {
        let user = try SystemUser.named("nobody")
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                while !Task.isCancelled {
                    for _ in 0..<8 { Thread.detachNewThread {} }
                    await Task.yield()
                }
            }
            for _ in 0..<200 {
                let outcome = try await programs.run(ChildProgram("id", ["-u"], user: user))
                #expect(outcome.output.text.trimmingWhitespace() == String(user.id))
            }
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    @Test("a program that cannot be run as another user is named with the reason", .enabled(if: SystemUser.isRoot))
    func brokenProgram() async throws {
        let path = TemporaryDirectory.current + "/broken"
        let user = try SystemUser.named("nobody")
        try "#!/no/such/interpreter\n".write(toFile: path, atomically: true, encoding: .utf8)
        #expect(chmod(path, 0o755) == 0)
        await #expect(throws: ProgramError.notExecutable(path: path, reason: "No such file or directory")) {
            try await programs.run(ChildProgram(path, user: user))
        }
    }

    @Test("an unknown user is named")
    func unknownUser() {
        #expect(throws: ProgramError.noSuchUser("no such user")) { try SystemUser.named("no such user") }
    }
}
