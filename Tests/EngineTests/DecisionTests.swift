import Maintenance
import MaintenanceTesting
import Settings
import Store
import Synchronization
import Testing

@testable import Engine

/// What a person says of changes that nothing else can decide about: of one at a time, and only of what is undecided.
@Suite("decisions about changes", .temporaryDirectory)
struct DecisionTests {
    private final class Made: Sendable {
        private let places = Mutex<[String]>([])
        func add(_ place: String) { places.withLock { $0.append(place) } }
        func count(_ place: String) -> Int { places.withLock { $0.count { $0 == place } } }
    }

    @Test("of two that are undecided each is decided by itself")
    func onePerChange() async throws {
        let made = Made()
        var effort = Effort()
        effort.body = { made.add($0.environment) }
        // Whoever looks sees nothing before it was made a second time.
        effort.verdict = { made.count($0.environment) > 1 ? .done([:]) : .unknown("it is dark") }
        let harness = try effort.harness([Environment("test", []), Environment("prod", [])])
        let run = try await harness.run("test effort")
        #expect(run.changes.map(\.state) == [.undecided, .undecided])
        let places = run.changes.map(\.place)
        #expect(places.map(\.description) == ["1.1", "2.1"])
        #expect(
            try await harness.attentions().map(\.resolve)
                == places.map {
                    "mainstay resume \(run.run.id) --change \($0) --decide done|not-done"
                })

        await #expect {
            try await harness.resume(decision: .notDone)
        } throws: { error in
            let report = ErrorReport(error)
            return report.code == "decision.several" && report.problem.contains("1.1 'effort test' in test")
                && report.problem.contains("2.1 'effort prod' in prod") && report.exitStatus == .usage
        }
        #expect(made.count("test") == 1 && made.count("prod") == 1, "what is refused changes nothing")

        let first = try await harness.resume(decision: .done, about: places[0])
        #expect(first.changes.map(\.state) == [.proved, .undecided])
        #expect(try await harness.attentions().map(\.kind) == [.uncertain])
        let second = try await harness.resume(decision: .notDone)
        #expect(second.run.state == .succeeded)
        #expect(made.count("test") == 1 && made.count("prod") == 2)
    }

    @Test("nothing is decided that nobody has looked at, or that is none of the run's")
    func refusesOthers() async throws {
        let isDark = Mutex(true)
        var effort = Effort()
        effort.verdict = { _ in isDark.withLock { $0 } ? .unknown("it is dark") : .done([:]) }
        let harness = try effort.harness([Environment("test", []), Environment("prod", [])])
        let run = try await harness.run("test effort")
        await #expect {
            try await harness.resume(decision: .done, about: ChangePlace(step: 3, change: 1))
        } throws: {
            ErrorReport($0).code == "decision.not-open"
        }
        isDark.withLock { $0 = false }
        #expect(try await harness.resume().run.state == .succeeded)
        await #expect {
            try await harness.resume(run.run.id, decision: .notDone)
        } throws: {
            ["decision.nothing-open", "run.ended"].contains(ErrorReport($0).code)
        }
    }

    @Test("a change whose run died in the middle is looked at before anybody may decide about it")
    func asksFirst() async throws {
        var effort = Effort()
        effort.verdict = { _ in .unknown("it is dark") }
        let harness = try effort.harness([Environment("test", [])])
        let run = try await harness.run("test effort")
        // As a process leaves it that is killed in the middle of its change.
        try await harness.store.write { writer in
            try writer.run(KillStatement.change, ["run_id": run.run.id])
            try writer.run(KillStatement.run, ["run_id": run.run.id])
            try writer.run(KillStatement.step, ["run_id": run.run.id])
        }
        for place in [nil, ChangePlace(step: 1, change: 1)] {
            await #expect {
                try await harness.resume(decision: .notDone, about: place)
            } throws: {
                ErrorReport($0).code == "decision.nothing-open"
            }
        }
        let asked = try await harness.resume()
        #expect(asked.changes.map(\.state) == [.undecided])
        #expect(asked.step.error?.hint?.contains("--change 1.1 --decide done|not-done") == true)
        #expect(try await harness.resume(decision: .done).run.state == .succeeded)
    }

    @Test(
        "places are read as they are written",
        arguments: [
            ("2.1", true), ("12.340", true), ("0.1", false), ("1.0", false), ("1", false), ("1.2.3", false),
            ("-1.2", false), ("a.b", false), ("", false), ("1.", false),
        ])
    func places(text: String, isOne: Bool) {
        #expect(ChangePlace(text)?.description == (isOne ? text : nil))
    }
}

/// What a killed process leaves in the store.
private enum KillStatement: String, StatementSet {
    case change = "update change set state = 'started', error = null where run_id = :run_id"
    case step = "update step set state = 'running', ended_at = null, error = null where run_id = :run_id"
    case run = "update run set state = 'running', ended_at = null where id = :run_id"
}
