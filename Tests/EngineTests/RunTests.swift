import Engine
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Settings
import Synchronization
import Testing

@Suite("runs", .temporaryDirectory, .cluster)
struct RunTests {
    private func inventory(_ names: [String]) throws -> Inventory {
        var inventory = Inventory()
        inventory.environments = try names.map { Environment($0, [try TestDatabase.current.resource("main")]) }
        return inventory
    }

    @Test("one environment that cannot be reached does not hold up the others")
    func failsAlone() async throws {
        try await TestDatabase.current.run(Ledger.table)
        var inventory = try inventory(["good"])
        let text = try ConfiguredText(
            "host=/nonexistent dbname=x user=y", secrecy: .keywords, location: .test)
        inventory.environments.append(Environment("gone", [Resource("main", .postgresql(.init(.keywords(text))))]))
        let summary = try await TaskHarness([TaskEntry(Ledger())], inventory: inventory).run("test ledger")
        let states = Dictionary(uniqueKeysWithValues: summary.steps.map { ($0.target.environment, $0.state) })
        #expect(states == ["good": .succeeded, "gone": .failed])
        #expect(summary.exitStatus(failOn: nil) == .unreachable)
    }

    @Test("findings open, stay and are over when they are looked for and gone")
    func findingsLive() async throws {
        try await TestDatabase.current.run(Ledger.table)
        func ledger(_ codes: [String], examined: Set<String>) -> TaskEntry {
            var ledger = Ledger()
            ledger.keys = []
            ledger.findings = { target in
                codes.map { Finding(code: $0, severity: .warning, target: target, summary: "seen") }
            }
            ledger.examined = examined
            return TaskEntry(ledger)
        }
        var harness = try TaskHarness([ledger(["X1", "X2"], examined: ["X1", "X2"])], database: TestDatabase.current)
        _ = try await harness.run("test ledger")
        #expect(try await harness.log.openFindings().map(\.finding.code) == ["X1", "X2"])
        // Not looked for: it stays.
        harness.catalog = TaskCatalog([ledger(["X1"], examined: ["X1"])])
        _ = try await harness.run("test ledger")
        #expect(try await harness.log.openFindings().map(\.finding.code) == ["X1", "X2"])
        harness.catalog = TaskCatalog([ledger(["X1"], examined: ["X1", "X2"])])
        let last = try await harness.run("test ledger")
        #expect(try await harness.log.openFindings().map(\.finding.code) == ["X1"])
        let over = try await harness.log.findingsResolved(since: last.run.startedAt)
        #expect(over.map(\.finding.code) == ["X2"])
        #expect(last.exitStatus(failOn: .warning) == .findings)
        #expect(last.exitStatus(failOn: .critical) == .success)
    }

    @Test("what could not be looked at makes the step unproven")
    func gapsCount() async throws {
        try await TestDatabase.current.run(Ledger.table)
        var ledger = Ledger()
        ledger.keys = []
        ledger.gaps = [Observation.Gap("table x", Trouble(problem: "no right to read"))]
        let summary = try await TaskHarness([TaskEntry(ledger)], database: TestDatabase.current).run("test ledger")
        #expect(summary.step.state == .unproven)
        #expect(summary.step.error?.problem == "could not look: table x: no right to read")
    }

    @Test("two runs never change the same target at once")
    func targetIsLocked() async throws {
        try await TestDatabase.current.run(Ledger.table)
        let (entered, enter) = AsyncStream.makeStream(of: Void.self)
        let (released, release) = AsyncStream.makeStream(of: Void.self)
        var slow = Ledger()
        slow.keys = ["a"]
        slow.before = { _, _ in
            enter.yield()
            for await _ in released { break }
        }
        let first = try TaskHarness([TaskEntry(slow)], database: TestDatabase.current)
        async let running = first.run("test ledger")
        for await _ in entered { break }
        let second = try TaskHarness(
            [TaskEntry(Ledger())], database: TestDatabase.current, stateDirectory: first.stateDirectory)
        let refused = try await second.run("test ledger")
        #expect(refused.step.error?.code == "target.busy")
        release.yield()
        #expect(try await running.run.state == .succeeded)
        #expect(try await Ledger.rows(TestDatabase.current) == ["a"])
    }

    @Test("the steps of an environment keep their order, and the estate comes last")
    func keepsOrder() async throws {
        struct Watcher<Kind>: MaintenanceTask {
            struct Options: Sendable {}
            static var declaration: TaskDeclaration {
                TaskDeclaration(
                    name: Kind.self == Int.self ? "test.first" : "test.last", summary: "watch",
                    explanation: "For tests.",
                    effect: .observes, subject: Kind.self == Int.self ? .environments : .estate)
            }
            init(_ options: Options) {}
            init() {}
            func survey(_ look: Look) async throws -> Observation { Observation() }
        }
        let harness = try TaskHarness(
            [TaskEntry(Watcher<Int>()), TaskEntry(Watcher<String>())],
            inventory: try inventory(["one", "two", "three"]))
        _ = try await harness.run("test last", "test first")
        let ended = harness.events.all.compactMap { event in
            if case .stepEnded(let step) = event { step.task } else { nil }
        }
        #expect(ended == ["test.first", "test.first", "test.first", "test.last"])
    }

    @Test("a run is found by a part of its id, and an ambiguous part is refused")
    func findsRuns() async throws {
        try await TestDatabase.current.run(Ledger.table)
        let harness = try TaskHarness([TaskEntry(Ledger())], database: TestDatabase.current)
        let first = try await harness.run("test ledger", isDryRun: true)
        let second = try await harness.run("test ledger", isDryRun: true)
        #expect(try await harness.log.run("latest").id == second.run.id)
        #expect(try await harness.log.run(String(first.run.id.suffix(5))).id == first.run.id)
        await #expect(throws: EngineError.self) { try await harness.log.run("20") }
        await #expect(throws: EngineError.self) { try await harness.log.run("%") }
    }
}
