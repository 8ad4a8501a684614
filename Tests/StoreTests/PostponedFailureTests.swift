import Dispatch
import Foundation
import Maintenance
import MaintenanceTesting
import Synchronization
import Testing

@testable import Store

private enum Row: String, StatementSet {
    case insert = "insert into row (name, size) values (:name, :size)"
    case all = "select name, size from row order by name"
    case full = "pragma max_page_count = 10"
    case lifted = "pragma max_page_count = 1000000"
    case hasty = "pragma busy_timeout = 20"
}

private let migrations = [Migration("row.1", ["create table row (name text primary key, size text not null)"])]

@Suite("what was postponed and cannot be written", .temporaryDirectory)
struct PostponedFailureTests {
    private struct Refused: Error, Equatable { var name: String }

    /// How often a piece of work was tried.
    private final class Tries: Sendable {
        private let count = Mutex(0)
        var value: Int { count.withLock { $0 } }
        func add() { count.withLock { $0 += 1 } }
    }

    /// - Parameters:
    ///   - first: milliseconds that nothing postponed is written for by itself.
    ///   - again: the same after a failure.
    private func store(first: Int, again: Int) async throws -> Store {
        let store = try Store(
            directory: TemporaryDirectory.current + "/state", migrations: migrations,
            patience: GroupCommit.Patience(first: .milliseconds(first), again: .milliseconds(again)))
        try await store.write { _ = try $0.reader.rows(Row.hasty) }
        return store
    }

    private func names(_ store: Store) async throws -> [String] {
        try await store.read { try $0.rows(Row.all).map { try $0.get("name", as: String.self) } }
    }

    private func insert(_ name: String, _ size: Int = 0) -> @Sendable (StoreWriter) throws -> Void {
        { try $0.run(Row.insert, ["name": name, "size": String(repeating: "x", count: size)]) }
    }

    /// Does something while another process, as it were, holds the lock of the store.
    private func whileBusy(_ body: () async throws -> Void) async throws {
        let other = try Store(directory: TemporaryDirectory.current + "/state", migrations: migrations)
        let (holds, released) = (Tries(), DispatchSemaphore(value: 0))
        let holder = Task.detached(executorPreference: OwnThreads()) {
            try await other.write { _ in
                holds.add()
                released.wait()
            }
        }
        try await waitUntil { holds.value > 0 }
        do {
            try await body()
            released.signal()
        } catch {
            released.signal()
            throw error
        }
        try await holder.value
        try other.close()
    }

    private func waitUntil(_ isSo: () async throws -> Bool) async throws {
        for _ in 0..<1_000 where try await !isSo() { try await Task.sleep(for: .milliseconds(10)) }
        try #require(try await isSo())
    }

    @Test("is not written after somebody was told that what goes with it has failed: the lock was not to be had")
    func isBusy() async throws {
        let store = try await store(first: 3_600_000, again: 1)
        store.postpone(as: "x", insert("applied"))
        store.postpone(as: "y", insert("kept"))
        try await whileBusy {
            await #expect(throws: StoreError.self) { try await store.write(after: "x", insert("proved")) }
        }
        #expect(try await names(store).isEmpty)
        try await store.write(insert("z"))
        #expect(try await names(store) == ["kept", "z"])
    }

    @Test("is not written after somebody was told that what goes with it has failed: the store was full")
    func isFull() async throws {
        let store = try await store(first: 3_600_000, again: 1)
        try await store.write { _ = try $0.reader.rows(Row.full) }
        store.postpone(as: "x", insert("applied"))
        await #expect(throws: StoreError.self) { try await store.write(after: "x", insert("proved", 200_000)) }
        let told = try await names(store)
        try await store.write { _ = try $0.reader.rows(Row.lifted) }
        try await store.write(insert("z"))
        #expect(try await names(store) == told + ["z"])
    }

    @Test("is written later where nobody was told anything of it", arguments: [true, false])
    func isKept(isAlone: Bool) async throws {
        let store = try await store(first: isAlone ? 1 : 3_600_000, again: 1)
        try await whileBusy {
            let tried = Tries()
            store.postpone(as: "x") { writer in
                tried.add()
                try writer.run(Row.insert, ["name": "a", "size": ""])
            }
            // Somebody else's failure is none of what was postponed.
            if !isAlone { await #expect(throws: StoreError.self) { try await store.write(insert("b")) } }
            #expect(tried.value == 0)
        }
        // By itself, or with whatever comes.
        if !isAlone { try await store.write(insert("c")) }
        try await waitUntil { try await names(store) == (isAlone ? ["a"] : ["a", "c"]) }
    }

    @Test("is tried once where its own work fails")
    func isTriedOnce() async throws {
        let store = try await store(first: 1, again: 1)
        let tries = Tries()
        store.postpone(as: "x") { _ in
            tries.add()
            throw Refused(name: "x")
        }
        try await waitUntil { tries.value > 0 }
        // Everything that is in line goes with this.
        try await store.write(insert("a"))
        #expect(tries.value == 1)
        #expect(try await names(store) == ["a"])
    }

    @Test("tells who waits for what goes with it why it failed, and others nothing")
    func tellsTheCause() async throws {
        let store = try await store(first: 3_600_000, again: 1)
        store.postpone(as: "x") { writer in
            try writer.run(Row.insert, ["name": "half", "size": ""])
            throw StoreError.full(path: "x")
        }
        // What it would find itself is only that something is missing.
        await #expect {
            try await store.write(after: "x") { writer in
                guard try !writer.reader.rows(Row.all).isEmpty else { throw StoreError.statement("nothing is there") }
            }
        } throws: {
            ($0 as? StoreError)?.code == "store.full"
        }
        store.postpone(as: "x") { _ in throw Refused(name: "x") }
        try await store.write(insert("a"))
        #expect(try await names(store) == ["a"])
    }
}
