import Foundation
import GRDB
import Maintenance
import Outside
import Synchronization

/// Durable state: SQLite in WAL mode, one writer, commits synced to disk before they return.
///
/// Capabilities own their tables and hand in their migrations; statements come as `StatementSet`s.
package final class Store: Sendable {
    package let directory: String
    private let pool: DatabasePool
    private let commits: GroupCommit
    /// Opened by whoever asks first whether something was written.
    private let watcher = Mutex<DatabaseQueue?>(nil)

    /// KiB at most, and only as much as it has touched.
    private static let writerCache = 16_384

    /// Opens, or creates, the state in `directory`, and applies the migrations that are missing.
    package convenience init(directory: String, migrations: [Migration]) throws {
        try self.init(directory: directory, migrations: migrations, patience: GroupCommit.Patience())
    }

    /// - Parameter patience: with what nobody waits for.
    init(directory: String, migrations: [Migration], patience: GroupCommit.Patience) throws {
        self.directory = directory
        let path = directory + "/mainstay.sqlite"
        do {
            try SafeDirectory.make(directory)
            var configuration = Configuration()
            configuration.busyMode = .timeout(10)
            configuration.maximumReaderCount = 4
            configuration.label = "mainstay.store"
            pool = try DatabasePool(path: path, configuration: configuration)
            commits = GroupCommit(pool, patience)
        } catch {
            throw Self.translate(error, opening: directory)
        }
        do {
            // GRDB sets synchronous = NORMAL for WAL after preparing the connection: a commit would then be lost with
            // the power. The journal's promise needs FULL, so it is set again and read back.
            let level = try pool.writeWithoutTransaction { database in
                try database.execute(sql: "PRAGMA synchronous = FULL")
                // The writer finds again what it has just written. The log keeps its standard length: one that grows for
                // longer before it is written over again costs more at each sync than fewer checkpoints save.
                try database.execute(sql: "PRAGMA cache_size = -\(Self.writerCache)")
                return try Int.fetchOne(database, sql: "PRAGMA synchronous") ?? -1
            }
            guard level == 2 else { throw StoreError.notDurable(synchronous: level) }
            try migrate(migrations)
        } catch {
            throw Self.translate(error, opening: directory)
        }
    }

    /// Reads from one consistent snapshot.
    package func read<Value: Sendable>(_ body: @escaping @Sendable (StoreReader) throws -> Value) async throws -> Value
    {
        do {
            return try await pool.read { try body(StoreReader(database: $0)) }
        } catch {
            throw Self.translate(error, opening: directory)
        }
    }

    /// Another number than the last time whenever anybody, this process or another, has written something in between: a
    /// question of some microseconds for those who look again and again.
    ///
    /// The number means nothing by itself: `PRAGMA data_version` of a connection counts what others commit (SQLite, "Pragma
    /// statements"), so the connection that asks is one of its own and never writes.
    package func version() async throws -> Int64 {
        do {
            let queue = try watcher.withLock { watcher in
                if let watcher { return watcher }
                var configuration = Configuration()
                configuration.readonly = true
                configuration.busyMode = .timeout(10)
                configuration.label = "mainstay.store.watch"
                let queue = try DatabaseQueue(path: pool.path, configuration: configuration)
                watcher = queue
                return queue
            }
            return try await queue.writeWithoutTransaction { try Int64.fetchOne($0, sql: "PRAGMA data_version") ?? 0 }
        } catch {
            throw Self.translate(error, opening: directory)
        }
    }

    /// All or nothing; durable when it returns. Those who write at once share a commit.
    ///
    /// - Parameters:
    ///   - name: of what was postponed and has to be written before it; nil for all that was.
    ///   - body: writes to the store and does nothing else, since it is done a second time where another's work in the
    ///     same commit fails.
    @discardableResult
    package func write<Value: Sendable>(
        after name: String? = nil, _ body: @escaping @Sendable (StoreWriter) throws -> Value
    ) async throws -> Value {
        do {
            return try await commits.write(after: name, body)
        } catch {
            throw Self.translate(error, opening: directory)
        }
    }

    /// The same for work that was put together before and answers nothing.
    package func write(
        after name: String, work: @escaping @Sendable (StoreWriter) throws -> Void
    ) async throws {
        do {
            try await commits.write(after: name, work: work)
        } catch {
            throw Self.translate(error, opening: directory)
        }
    }

    /// For what nobody has to wait for, such as news between two moves that are durable themselves: written with what is
    /// written next under its name, before that, or a few milliseconds later.
    ///
    /// - Parameter body: as that of `write`. Nobody is told of its failure: what is written after it must meet the same.
    package func postpone(as name: String, _ body: @escaping @Sendable (StoreWriter) throws -> Void) {
        commits.postpone(as: name, body)
    }

    package func close() throws {
        try watcher.withLock { try $0?.close() }
        try pool.close()
    }

    private func migrate(_ migrations: [Migration]) throws {
        // Whoever only reads does not wait for a writer, which may be stopped in the middle of its transaction. Asked of the
        // connection that is open already: another one would read the whole schema again.
        let isCurrent = try pool.writeWithoutTransaction { database in
            guard try database.tableExists("migration") else { return false }
            return try missing(migrations, in: database).isEmpty
        }
        guard !isCurrent else { return }
        try pool.write { database in
            try database.execute(
                sql: "create table if not exists migration (name text primary key, position bigint not null)")
            for (position, migration) in try missing(migrations, in: database) {
                for statement in migration.statements(for: .sqlite) { try database.execute(sql: statement) }
                try database.execute(
                    sql: "insert into migration (name, position) values (?, ?)", arguments: [migration.name, position])
            }
        }
    }

    /// Those that have not been applied yet, each with its place.
    private func missing(_ migrations: [Migration], in database: Database) throws -> [(Int, Migration)] {
        let applied = try String.fetchAll(database, sql: "select name from migration order by position")
        let known = Set(migrations.map(\.name))
        if let newer = applied.first(where: { !known.contains($0) }) {
            throw StoreError.unknownMigration(name: newer, path: directory)
        }
        return migrations.enumerated().filter { !applied.contains($0.element.name) }.map { ($0.offset, $0.element) }
    }

    private static func translate(_ error: any Error, opening path: String) -> any Error {
        guard let error = error as? DatabaseError else {
            if let error = error as? FileError {
                return StoreError.cannotOpen(path: path, reason: error.problem)
            }
            if error is StoreError || error is CancellationError || error is any MaintenanceError { return error }
            return StoreError.cannotOpen(path: path, reason: (error as NSError).localizedDescription)
        }
        switch error.resultCode {
        case .SQLITE_FULL: return StoreError.full(path: path)
        // On a full disk SQLite cannot enlarge its shared memory file either, and calls that an input/output error.
        // So it is with a log that it cannot make.
        case .SQLITE_IOERR where freeBytes(path) < 131_072, .SQLITE_CANTOPEN where freeBytes(path) < 131_072:
            return StoreError.full(path: path)
        case .SQLITE_READONLY: return StoreError.readOnly(path: path)
        case .SQLITE_BUSY: return StoreError.busy(path: path)
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            return StoreError.damaged(path: path, reason: error.message ?? "\(error.resultCode)")
        case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_AUTH:
            return StoreError.cannotOpen(path: path, reason: error.message ?? "\(error.resultCode)")
        case .SQLITE_INTERRUPT: return CancellationError()
        default: return StoreError.statement(error.message ?? "\(error.resultCode)")
        }
    }
}

/// Free space of the file system under a directory; where it is not known, plenty.
private func freeBytes(_ path: String) -> Int64 {
    let attributes = try? FileManager.default.attributesOfFileSystem(forPath: path)
    return (attributes?[.systemFreeSize] as? NSNumber)?.int64Value ?? .max
}

/// The reading half of a transaction; only valid inside the closure it was given to.
package struct StoreReader {
    let database: Database

    package func rows(_ statement: some StatementSet, _ values: [String: any StoreConvertible] = [:]) throws
        -> [StoreRow]
    {
        try Execution(database: database).rows(FilledStatement(statement, values))
    }

    /// The same with a statement that was filled before.
    package func rows(_ filled: FilledStatement) throws -> [StoreRow] {
        try Execution(database: database).rows(filled)
    }

    package func first(_ statement: some StatementSet, _ values: [String: any StoreConvertible] = [:]) throws
        -> StoreRow?
    {
        try rows(statement, values).first
    }
}

/// The writing half of a transaction; reads see what it wrote.
package struct StoreWriter {
    let database: Database
    /// Nil where one that fails is taken back alone, and what it has found out with it.
    let memo: TransactionMemo?

    package var reader: StoreReader { StoreReader(database: database) }

    /// What another writer of this transaction has remembered; nil where nobody has.
    package func recall<Value: Sendable>(_ key: String) -> Value? { memo?.values[key] as? Value }

    /// For those who write after this one in the same transaction, so that they need not ask the database.
    package func remember(_ value: some Sendable, as key: String) { memo?.values[key] = value }

    /// Runs the statement; returns how many rows it changed.
    @discardableResult
    package func run(_ statement: some StatementSet, _ values: [String: any StoreConvertible] = [:]) throws -> Int {
        try run(FilledStatement(statement, values))
    }

    /// The same with a statement that was filled before the transaction began.
    @discardableResult
    package func run(_ filled: FilledStatement) throws -> Int { try Execution(database: database).run(filled) }
}

/// What writers that share a transaction tell each other. It lives as long as the transaction, on its thread.
final class TransactionMemo {
    var values: [String: any Sendable] = [:]
}
