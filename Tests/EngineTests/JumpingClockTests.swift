import Maintenance
import MaintenanceTesting
import Outside
import Testing

@testable import Engine

/// The machine's clock is set an hour forward or back in the middle of a change.
@Suite("a clock that jumps in the middle of a change", .temporaryDirectory, .cluster)
struct JumpingClockTests {
    @Test(
        "the run ends well, its trail is sound, and its length is not believed where it is negative",
        arguments: [1, -1])
    func jumps(hours: Int) async throws {
        let jump = Duration.seconds(3_600 * hours)
        // Changes that take no time by themselves, in a window that is open from 00:00 to 23:00.
        let estate = try await WindowEstate([.test("daily 00:00-23:00")], minutes: 0)
        var harness = estate.harness
        var ledger = Ledger()
        let clock = estate.clock
        ledger.before = { change, _ in
            if change.object == "b" { clock.set(clock.clock.now() + jump) }
        }
        harness.catalog = TaskCatalog([TaskEntry(ledger)])
        let run = try await harness.run("test ledger")
        #expect(run.run.state == .succeeded && run.changes.map(\.state) == [.proved, .proved, .proved])
        #expect(try await estate.rows() == ["a", "b", "c"])
        #expect(try await harness.log.verifyAudit().isSound)
        let expected = try await harness.log.expectedDurations(
            run.changes.map(\.change), of: "test.ledger", at: Target(environment: "production", resource: "main"))
        #expect(expected.values.allSatisfy { $0.seconds >= 0 }, "\(expected)")
        #expect(try await harness.log.run("latest").id == run.run.id)
    }

    @Test("a run that was cut off before it is gone on with after it, and nothing is done twice", arguments: [1, -1])
    func goesOn(hours: Int) async throws {
        let estate = try await WindowEstate([.test("daily 00:00-23:00")], minutes: 0)
        var harness = estate.harness
        var ledger = Ledger()
        ledger.before = { change, _ in
            guard change.object == "b" else { return }
            withUnsafeCurrentTask { $0?.cancel() }
            throw CancellationError()
        }
        harness.catalog = TaskCatalog([TaskEntry(ledger)])
        _ = try await harness.run("test ledger")
        #expect(try await estate.rows() == ["a"])
        estate.clock.set(estate.clock.clock.now() + .seconds(3_600 * hours))
        #expect(try await estate.harness.resume().run.state == .succeeded)
        #expect(try await estate.rows() == ["a", "b", "c"])
        #expect(try await estate.harness.log.verifyAudit().isSound)
    }
}
