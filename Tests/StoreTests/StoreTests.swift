import Engine
import Foundation
import Maintenance
import MaintenanceTesting
import Store
import Testing

private enum Sample: String, StatementSet {
    case insert = "insert into thing (name, size, share, flag) values (:name, :size, :share, :flag)"
    case all = "select * from thing order by name"
    case synchronous = "pragma synchronous"
    case journalMode = "pragma journal_mode"
}

private let migrations = [
    Migration(
        "sample.1",
        [
            "create table thing (name text primary key, size bigint, share double precision, flag bigint not null) {clustered}"
        ])
]

@Suite("store", .temporaryDirectory)
struct StoreTests {
    private var directory: String { TemporaryDirectory.current + "/state" }

    @Test("values come back as they were written, null too")
    func roundTrips() async throws {
        let store = try Store(directory: directory, migrations: migrations)
        try await store.write { writer in
            try writer.run(
                Sample.insert,
                ["name": "a'; drop table thing; --\u{0001f600}", "size": Int64.max, "share": 0.1, "flag": true])
            try writer.run(
                Sample.insert, ["name": "b", "size": Int64?.none, "share": Double?.none, "flag": false])
        }
        let rows = try await store.read { try $0.rows(Sample.all) }
        #expect(try rows[0].get("name", as: String.self) == "a'; drop table thing; --\u{0001f600}")
        #expect(try rows[0].get("size", as: Int64.self) == .max)
        #expect(try rows[0].get("share", as: Double.self) == 0.1)
        #expect(try rows[0].get("flag", as: Bool.self))
        #expect(try rows[1].get("size", as: Int64?.self) == nil)
        #expect(throws: StoreError.self) { try rows[1].get("size", as: Int64.self) }
        #expect(throws: StoreError.self) { try rows[1].get("nothing", as: String.self) }
    }

    @Test("whoever looks again and again is told whether anybody has written, here or elsewhere")
    func version() async throws {
        let store = try Store(directory: directory, migrations: migrations)
        let other = try Store(directory: directory, migrations: migrations)
        let first = try await store.version()
        _ = try await store.read { try $0.rows(Sample.all) }
        #expect(try await store.version() == first)
        var seen = first
        for (number, writer) in [store, other, store].enumerated() {
            try await writer.write {
                try $0.run(
                    Sample.insert, ["name": "\(number)", "size": Int64?.none, "share": Double?.none, "flag": false])
            }
            let now = try await store.version()
            #expect(now != seen)
            #expect(try await store.version() == now)
            seen = now
        }
    }

    @Test("a commit is durable: FULL is set on the writer and read back")
    func isDurable() async throws {
        let store = try Store(directory: directory, migrations: migrations)
        let (level, mode) = try await store.write { writer in
            (
                try writer.reader.first(Sample.synchronous)?.get("synchronous", as: Int.self),
                try writer.reader.first(Sample.journalMode)?.get("journal_mode", as: String.self)
            )
        }
        #expect(level == 2)
        #expect(mode == "wal")
    }

    @Test("a transaction that throws leaves nothing behind")
    func rollsBack() async throws {
        let store = try Store(directory: directory, migrations: migrations)
        await #expect(throws: CancellationError.self) {
            try await store.write { writer in
                try writer.run(Sample.insert, ["name": "x", "size": 1, "share": 1.0, "flag": true])
                throw CancellationError()
            }
        }
        #expect(try await store.read { try $0.rows(Sample.all) }.isEmpty)
    }

    @Test("two processes' worth of stores see each other's commits")
    func isShared() async throws {
        let first = try Store(directory: directory, migrations: migrations)
        let second = try Store(directory: directory, migrations: migrations)
        try await first.write { try $0.run(Sample.insert, ["name": "x", "size": 1, "share": 1.0, "flag": true]) }
        #expect(try await second.read { try $0.rows(Sample.all) }.count == 1)
    }

    @Test("whoever reads does not wait for a writer that was stopped in the middle of its transaction")
    func readsBesideWriter() async throws {
        let first = try Store(directory: directory, migrations: migrations)
        let (begun, begins) = AsyncStream.makeStream(of: Void.self)
        let release = DispatchSemaphore(value: 0)
        let writing = Task.detached(executorPreference: OwnThreads()) {
            try await first.write { writer in
                try writer.run(Sample.insert, ["name": "x", "size": 1, "share": 1.0, "flag": true])
                begins.yield()
                release.wait()
            }
        }
        for await _ in begun { break }
        let second = try Store(directory: directory, migrations: migrations)
        let seen = try await second.read { try $0.rows(Sample.all) }.count
        release.signal()
        try await writing.value
        #expect(seen == 0)
        #expect(try await second.read { try $0.rows(Sample.all) }.count == 1)
    }

    @Test("a state that a newer version wrote is refused")
    func refusesNewer() throws {
        let newer = migrations + [Migration("sample.2", ["create table other (id bigint primary key)"])]
        try Store(directory: directory, migrations: newer).close()
        #expect {
            try Store(directory: directory, migrations: migrations)
        } throws: { ($0 as? StoreError)?.code == "store.newer" }
    }

    @Test("a damaged file is named as such")
    func refusesDamage() throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try Data("this is no database at all, but long enough to look at".utf8)
            .write(to: URL(fileURLWithPath: directory + "/mainstay.sqlite"))
        #expect {
            try Store(directory: directory, migrations: migrations)
        } throws: { ($0 as? StoreError)?.code == "store.damaged" }
    }

    @Test("a place that cannot be a directory is a configuration error")
    func refusesBadPlace() throws {
        try Data().write(to: URL(fileURLWithPath: directory))
        #expect {
            try Store(directory: directory + "/below", migrations: migrations)
        } throws: { ($0 as? any MaintenanceError)?.exitStatus == .configuration }
    }
}
