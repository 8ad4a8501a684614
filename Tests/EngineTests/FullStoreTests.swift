import Maintenance
import MaintenanceTesting
import Outside
import Store
import Testing

@testable import Engine

private enum Limit: String, StatementSet {
    /// No page more than there are (SQLite, "PRAGMA max_page_count"): what a full disk is to the writer.
    case full = "pragma max_page_count = 1"
    case lifted = "pragma max_page_count = 1000000"
}

/// The disk under the state fills up in the middle of a run.
@Suite("a store that is full in the middle of a run", .temporaryDirectory, .cluster)
struct FullStoreTests {
    @Test(
        "nothing more is started; once there is room the run goes on, and every change is made once", arguments: 1...4)
    func goesOn(seed: Int) async throws {
        try await TestDatabase.current.run(Ledger.table)
        var generator = SeededGenerator(seed: UInt64(seed))
        let keys = (0..<120).map { "key \($0)" }
        let last = keys[Int.random(in: 0..<40, using: &generator)]
        var ledger = Ledger()
        ledger.keys = keys
        let quiet = try TaskHarness([TaskEntry(ledger)], database: TestDatabase.current)
        let store = quiet.log.store
        ledger.after = { change, _ in
            guard change.object == last else { return }
            try await store.write { _ = try $0.reader.rows(Limit.full) }
        }
        var harness = quiet
        harness.catalog = TaskCatalog([TaskEntry(ledger)])
        await #expect(throws: StoreError.self) { try await harness.run("test ledger") }
        let made = try await Ledger.rows(TestDatabase.current)
        #expect(made.contains(last) && made.count < keys.count, "seed \(seed): \(made.count) made")

        // As long as it is full, going on does not end the run either, and makes nothing twice.
        await #expect(throws: StoreError.self) { try await quiet.resume() }
        let still = try await Ledger.rows(TestDatabase.current)
        #expect(Set(still).count == still.count && still.count < keys.count)

        try await store.write { _ = try $0.reader.rows(Limit.lifted) }
        let run = try await quiet.resume()
        #expect(run.run.state == .succeeded, "\(run.steps.first?.error?.problem ?? "")")
        #expect(run.changes.allSatisfy { $0.state == .proved })
        #expect(try await Ledger.rows(TestDatabase.current) == keys)
        #expect(try await quiet.log.verifyAudit().isSound)
    }

    @Test("a journal that somebody else went on with ends nothing: the step stays open, and resuming settles it")
    func journalMoved() async throws {
        try await TestDatabase.current.run(Ledger.table)
        var ledger = Ledger()
        ledger.keys = ["a", "b"]
        let quiet = try TaskHarness([TaskEntry(ledger)], database: TestDatabase.current)
        let store = quiet.log.store
        ledger.after = { change, _ in
            guard change.object == "a" else { return }
            // As if it had been begun a second time: what comes of the first attempt does not count for this one.
            try await store.write { _ = try $0.run(Moved.begunAgain) }
        }
        var harness = quiet
        harness.catalog = TaskCatalog([TaskEntry(ledger)])
        await #expect {
            try await harness.run("test ledger")
        } throws: {
            ErrorReport($0).code == "journal.moved"
        }
        #expect(try await Ledger.rows(TestDatabase.current) == ["a"])
        let run = try await quiet.resume()
        #expect(run.run.state == .succeeded, "\(run.steps.first?.error?.problem ?? "")")
        #expect(run.changes.allSatisfy { $0.state == .proved })
        #expect(try await Ledger.rows(TestDatabase.current) == ["a", "b"])
    }
}

private enum Moved: String, StatementSet {
    case begunAgain = "update change set started_at = started_at + 1 where state = 'started'"
}
