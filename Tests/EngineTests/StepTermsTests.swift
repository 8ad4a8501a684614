import Engine
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Testing

@Suite("terms of a routine's steps", .temporaryDirectory, .cluster)
struct StepTermsTests {
    @Test("a step is ended at its time-out: what it did stays, what it had not begun is skipped, and the next goes on")
    func timesOut() async throws {
        try await TestDatabase.current.run(Ledger.table)
        var ledger = Ledger()
        ledger.before = { change, act in
            if change.object == "b" { try await act.look.clock.sleep(for: .seconds(600)) }
        }
        let harness = try TaskHarness([TaskEntry(ledger)], database: TestDatabase.current)
        let slow = try harness.catalog.parse(["test", "ledger"])
        ledger.before = { _, _ in }
        ledger.keys = ["d"]
        let quick = ParsedTask(declaration: Ledger.declaration, task: ledger, arguments: [])
        let target = Target(environment: "test", resource: "main")
        var terms = StepTerms(routines: ["own"])
        terms.timeLimit = .seconds(2)
        let summary = try await harness.runner.run(
            RunRequest(
                name: "own", isRoutine: true,
                steps: [RunRequest.Step(slow, on: target, terms: terms), RunRequest.Step(quick, on: target)],
                requester: TaskHarness.requester))
        #expect(summary.steps.map(\.state) == [.failed, .succeeded])
        #expect(summary.steps[0].error?.code == "step.time-limit")
        #expect(summary.changes.map(\.state) == [.proved, .skipped, .skipped, .proved])
        #expect(try await Ledger.rows(TestDatabase.current) == ["a", "d"])
    }
}
