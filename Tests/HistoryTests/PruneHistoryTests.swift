import Command
import Engine
import Maintenance
import MaintenanceTesting
import Outside
import Settings
import Store
import Testing

@testable import History

/// What is forgotten, and what is still needed.
@Suite("history prune", .temporaryDirectory)
struct PruneHistoryTests {
    /// Looks, measures and finds, as it is told.
    private struct Looking: MaintenanceTask {
        struct Options: Sendable {}
        static let declaration = TaskDeclaration(
            name: "test.look", summary: "look", explanation: "For tests.", effect: .observes, subject: .estate)
        var finds = false
        var fails = false

        init(_ options: Options) {}
        init(finds: Bool = false, fails: Bool = false) {
            self.finds = finds
            self.fails = fails
        }

        func survey(_ look: Look) async throws -> Observation {
            var observation = Observation()
            observation.measurements = [
                Measurement("test.value", .estate, unit: .count, value: 1)
            ]
            observation.examined = ["T1"]
            if finds {
                observation.findings = [Finding(code: "T1", severity: .warning, target: .estate, summary: "found")]
            }
            if fails { observation.gaps = [.init("it", HistoryError.malformed("x"))] }
            return observation
        }
    }

    private let clock = ManualClock()

    private func harness(keep: String? = "30d") throws -> TaskHarness {
        var inventory = Inventory()
        let place = SourceLocation(file: "mainstay.yaml", line: 7, column: 3)
        inventory.history.keep = try keep.map { Written(try #require(Period($0)), at: place) }
        return try TaskHarness([TaskRegistration(PruneHistory.self).entry], inventory: inventory, clock: clock.clock)
    }

    @discardableResult
    private func look(_ harness: TaskHarness, _ task: Looking = Looking(), name: String = "look") async throws
        -> RunSummary
    {
        clock.advance(by: .seconds(1))
        return try await harness.runner.run(
            RunRequest(
                name: name,
                steps: [.init(ParsedTask(declaration: Looking.declaration, task: task, arguments: []), on: .estate)],
                requester: TaskHarness.requester))
    }

    private func days(_ count: Int) { clock.advance(by: .seconds(86_400 * count)) }

    @Test("what is older goes, as the dry run says; the newest run and the newest success of each name stay")
    func forgets() async throws {
        let harness = try harness()
        let first = try await look(harness, Looking(finds: true))
        let success = try await look(harness)
        let failure = try await look(harness, Looking(fails: true))
        let other = try await look(harness, name: "other")
        days(40)
        let dry = try await harness.run("history prune", isDryRun: true)
        let actions = dry.plans[0].changes.flatMap(\.action.lines)
        #expect(actions[0].hasPrefix("remove 1 run that ended before 2026-12-"), "\(actions)")
        #expect(actions[1].hasPrefix("remove 4 samples taken before "), "\(actions)")
        #expect(actions[2].hasPrefix("remove 1 finding that was over before "), "\(actions)")
        #expect(dry.plans[0].changes.allSatisfy { $0.authority == "mainstay.yaml:7:3" && $0.effect == .destroys })
        #expect(try await harness.log.recentRuns(most: 10).count == 5)

        let summary = try await harness.run("history prune")
        #expect(summary.run.state == .succeeded, "\(summary.changes.compactMap(\.error?.problem))")
        #expect(summary.changes.map(\.state) == [.proved, .proved, .proved])
        #expect(summary.changes[0].evidence?["removed"] == 1)
        let left = Set(try await harness.log.recentRuns(most: 10).map(\.id))
        #expect(!left.contains(first.run.id))
        #expect(left.isSuperset(of: [success.run.id, failure.run.id, other.run.id]))
        #expect(try await harness.log.steps(of: first.run.id).isEmpty)
        #expect(try await harness.log.steps(of: success.run.id).count == 1)
        #expect(try await harness.log.verifyAudit().isSound)
    }

    @Test("what is exactly as old as allowed stays, and a day later it goes")
    func keepsBoundary() async throws {
        let harness = try harness()
        try await look(harness)
        try await look(harness)
        days(30)
        #expect(try await harness.run("history prune").changes.isEmpty)
        days(1)
        #expect(try await harness.run("history prune").changes.map(\.change.object) == ["runs", "samples"])
        #expect(try await harness.run("history prune").changes.isEmpty, "nothing is left to forget")
    }

    @Test("an open finding, a run that waits and everything without 'history.keep' stays")
    func keepsOpen() async throws {
        let harness = try harness()
        try await look(harness, Looking(finds: true))
        days(400)
        let changes = try await harness.run("history prune").changes
        #expect(changes.map(\.change.object) == ["samples"])
        #expect(try await harness.log.openFindings().count == 1)
        let everything = try self.harness(keep: nil)
        let summary = try await everything.run("history prune")
        #expect(summary.changes.isEmpty)
        #expect(summary.step.observation?.evidence["kept"] == "all: 'history.keep' is not set")
    }

    @Test("thousands of runs go in small transactions, and a cancelled removal leaves whole runs")
    func forgetsMany() async throws {
        let harness = try harness()
        for _ in 0..<350 { try await look(harness) }
        days(40)
        let summary = try await harness.run("history prune")
        #expect(summary.changes[0].evidence?["removed"] == 349)
        #expect(try await harness.log.recentRuns(most: 1_000).count == 2)
    }
}
