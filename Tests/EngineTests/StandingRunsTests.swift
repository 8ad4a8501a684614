import Maintenance
import MaintenanceTesting
import Outside
import Settings
import Synchronization
import Testing

@testable import Engine

/// What `mainstay status` says of runs: a line for each thing that somebody has to do, and a command that does it.
@Suite("how runs stand", .temporaryDirectory)
struct StandingRunsTests {
    private let clock = ManualClock()

    private func ids(_ attentions: [ScheduleStanding.Attention]) throws -> [String] {
        attentions.compactMap { attention in
            attention.resolve.flatMap { $0.wholeMatch(of: /mainstay approve ([a-z0-9]+)/) }.map { String($0.output.1) }
        }
    }

    @Test("each approval a run waits for has its line, and every command is accepted")
    func approvals() async throws {
        var effort = Effort()
        effort.effect = .destroys
        let harness = try effort.harness(
            ["one", "two", "three"].map { Environment($0, isProtected: true, []) }, clock: clock.clock)
        let run = try await harness.run("test effort", by: .ann)
        #expect(run.steps.map(\.state) == [.waiting, .waiting, .waiting])
        let waiting = try await harness.attentions()
        #expect(waiting.map(\.kind) == [.waiting, .waiting, .waiting])
        #expect(waiting.map { $0.reason.contains("the request lapses at ") } == [true, true, true])
        let ids = try ids(waiting)
        #expect(Set(ids).count == 3)
        let approvals = harness.approvals(by: .bob)
        for id in ids { try await approvals.approve(id) }
        #expect(try await harness.attentions().map(\.resolve).allSatisfy { $0 == "mainstay resume \(run.run.id)" })
        #expect(try await harness.resume(by: .ann).run.state == .succeeded)
        #expect(try await harness.attentions().isEmpty)
    }

    @Test("what failed is told beside what the same run still waits for")
    func failedBesideWaiting() async throws {
        var effort = Effort()
        effort.effect = .destroys
        effort.body = { if $0.environment == "test" { throw Trouble() } }
        effort.verdict = { $0.environment == "test" ? .notDone("nothing was made") : .done([:]) }
        let harness = try effort.harness(
            [Environment("test", []), Environment("prod", isProtected: true, [])], clock: clock.clock)
        let run = try await harness.run("test effort", by: .ann)
        #expect(run.steps.map(\.state) == [.failed, .waiting])
        let attentions = try await harness.attentions()
        #expect(attentions.map(\.kind) == [.waiting, .failed])
        #expect(attentions[1].reason.contains("step 1 (test effort) of run \(run.run.id) at test is failed: "))
        #expect(attentions[1].resolve == "mainstay show \(run.run.id)")
    }

    @Test("a run that no schedule starts is told of when it failed, until a newer one took its place or a week is over")
    func failedByItself() async throws {
        let fails = Mutex(true)
        var effort = Effort()
        effort.body = { _ in if fails.withLock({ $0 }) { throw Trouble() } }
        effort.verdict = { _ in fails.withLock { $0 } ? .notDone("nothing was made") : .done([:]) }
        let harness = try effort.harness([Environment("test", [])], clock: clock.clock)
        let first = try await harness.run("test effort")
        #expect(first.run.state == .failed)
        let told = try #require(try await harness.attentions().first)
        #expect(told.kind == .failed && told.subject == "test.effort")
        #expect(told.resolve == "mainstay show \(first.run.id)" && told.reason.contains("trouble"))
        clock.advance(by: .seconds(6 * 86_400))
        #expect(try await harness.attentions().count == 1)
        clock.advance(by: .seconds(2 * 86_400))
        #expect(try await harness.attentions().isEmpty, "after a week it is history")

        let second = try await harness.run("test effort")
        clock.advance(by: .seconds(60))
        let third = try await harness.run("test effort")
        #expect(try await harness.attentions().map(\.resolve) == ["mainstay show \(third.run.id)"])
        #expect(second.run.id != third.run.id)
        // A dry run says nothing about what is so.
        clock.advance(by: .seconds(60))
        _ = try await harness.run("test effort", isDryRun: true)
        #expect(try await harness.attentions().count == 1)
        fails.withLock { $0 = false }
        clock.advance(by: .seconds(60))
        #expect(try await harness.run("test effort").run.state == .succeeded)
        #expect(try await harness.attentions().isEmpty)
    }

    @Test("what a hold refused is told as refused")
    func refused() async throws {
        let harness = try Effort().harness([Environment("test", [])], clock: clock.clock)
        try await harness.log.hold(
            Hold(environment: "", reason: "moving house", by: .ann, since: clock.clock.now(), until: nil))
        _ = try await harness.run("test effort")
        #expect(try await harness.attentions().map(\.kind) == [.held, .refused])
    }
}
