import Foundation
import Maintenance
import MaintenanceTesting
import Testing

@testable import Store

private enum Row: String, StatementSet {
    case insert = "insert into row (name, size) values (:name, :size)"
    case all = "select name, size from row order by name"
    case limit = "pragma max_page_count = 60"
}

private let migrations = [Migration("row.1", ["create table row (name text primary key, size text not null)"])]

@Suite("writers that come at once", .temporaryDirectory)
struct GroupCommitTests {
    private struct Refused: Error {}

    /// - Parameter patience: milliseconds that nothing postponed is written for by itself, and again after a failure.
    private func store(_ patience: (Int, Int) = (5, 1_000)) throws -> Store {
        try Store(
            directory: TemporaryDirectory.current + "/state", migrations: migrations,
            patience: GroupCommit.Patience(first: .milliseconds(patience.0), again: .milliseconds(patience.1)))
    }

    /// Names of the rows that were reported as written, and of those that were not.
    private func write(_ store: Store, _ count: Int, size: @escaping @Sendable (Int) throws -> String) async
        -> (written: Set<String>, failed: Set<String>)
    {
        await withTaskGroup(of: (String, Bool).self) { group in
            for number in 0..<count {
                group.addTask {
                    let name = "row \(number)"
                    do {
                        try await store.write { writer in
                            try writer.run(Row.insert, ["name": name, "size": ""])
                            try writer.run(Row.insert, ["name": name + " too", "size": try size(number)])
                        }
                        return (name, true)
                    } catch {
                        return (name, false)
                    }
                }
            }
            var result: (written: Set<String>, failed: Set<String>) = ([], [])
            for await (name, isWritten) in group {
                if isWritten { result.written.insert(name) } else { result.failed.insert(name) }
            }
            return result
        }
    }

    @Test("are all written, but for those that fail, of which nothing is", arguments: [1, 2, 16, 1_000])
    func writes(count: Int) async throws {
        let store = try store()
        let (written, failed) = await write(store, count) { number in
            if number % 3 == 1 { throw Refused() }
            return "x"
        }
        #expect(failed.count == (count + 1) / 3)
        let rows = try await store.read { try $0.rows(Row.all).map { try $0.get("name", as: String.self) } }
        #expect(Set(rows) == written.union(written.map { $0 + " too" }))
    }

    @Test("a full store fails those whose rows it did not take, and nobody else is told it was written")
    func isFull() async throws {
        let store = try store()
        try await store.write { _ = try $0.reader.rows(Row.limit) }
        let (written, failed) = await write(store, 200) { _ in String(repeating: "x", count: 3_000) }
        #expect(!failed.isEmpty)
        let rows = try await store.read { try $0.rows(Row.all).map { try $0.get("name", as: String.self) } }
        #expect(Set(rows) == written.union(written.map { $0 + " too" }))
    }

    @Test("whoever was cancelled before writes nothing")
    func isCancelled() async throws {
        let store = try store()
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await store.write { try $0.run(Row.insert, ["name": "x", "size": ""]) }
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await store.read { try $0.rows(Row.all) }.isEmpty)
    }

    private func names(_ store: Store) async throws -> [String] {
        try await store.read { try $0.rows(Row.all).map { try $0.get("name", as: String.self) } }
    }

    private func insert(_ name: String) -> @Sendable (StoreWriter) throws -> Void {
        { try $0.run(Row.insert, ["name": name, "size": ""]) }
    }

    @Test("what nobody waits for is there before what is written after it, and by itself a little later")
    func postpones() async throws {
        var store = try store((3_600_000, 3_600_000))
        store.postpone(as: "x", insert("a"))
        // It could not be written if the other were not there yet.
        try await store.write { writer in
            let known = try writer.reader.rows(Row.all).count
            try writer.run(Row.insert, ["name": "b \(known)", "size": ""])
        }
        #expect(try await names(store) == ["a", "b 1"])
        try store.close()
        store = try self.store()
        store.postpone(as: "x", insert("c"))
        for _ in 0..<200 where try await names(store).count < 3 { try await Task.sleep(for: .milliseconds(10)) }
        #expect(try await names(store) == ["a", "b 1", "c"])
    }

    @Test("what was postponed under a name goes with the next write of that name, and not with another's")
    func named() async throws {
        let store = try store((3_600_000, 3_600_000))
        store.postpone(as: "x", insert("a"))
        store.postpone(as: "y", insert("b"))
        try await store.write(after: "y", insert("c"))
        #expect(try await names(store) == ["b", "c"])
        try await store.write(after: "x", insert("d"))
        #expect(Set(try await names(store)) == ["a", "b", "c", "d"])
        store.postpone(as: "z", insert("e"))
        try await store.write(insert("f"))
        #expect(Set(try await names(store)) == ["a", "b", "c", "d", "e", "f"])
    }

    @Test("what nobody waits for and fails takes nothing of the others with it")
    func postponesFailures() async throws {
        let store = try store((3_600_000, 3_600_000))
        store.postpone(as: "x") { _ in throw Refused() }
        store.postpone(as: "x", insert("a"))
        try await store.write(insert("b"))
        #expect(try await names(store) == ["a", "b"])
    }

    @Test("all that came is there, in its order, whoever waited for it", .timeLimit(.minutes(1)))
    func mixes() async throws {
        let store = try store()
        await withTaskGroup(of: Void.self) { group in
            for writer in 0..<8 {
                group.addTask {
                    for number in 0..<50 {
                        let name = "\(writer) \(100 + number)"
                        store.postpone(as: name, insert(name + " a"))
                        do {
                            try await store.write(after: writer % 2 == 0 ? name : nil) { writer in
                                let before = try writer.reader.rows(Row.all).contains {
                                    try $0.get("name", as: String.self) == name + " a"
                                }
                                try writer.run(Row.insert, ["name": name + " b", "size": before ? "" : "too early"])
                            }
                        } catch {
                            Issue.record(error)
                        }
                    }
                }
            }
        }
        let rows = try await store.read { try $0.rows(Row.all).map { try $0.get("size", as: String.self) } }
        #expect(rows.count == 800)
        #expect(rows.allSatisfy { $0.isEmpty })
    }
}
