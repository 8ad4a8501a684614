import Dispatch
import GRDB
import Synchronization

/// Lets writers that come at once share a commit, and with it the wait for the disk: one transaction, and where one of
/// them fails another one with a savepoint for each, so that it takes nothing of the others with it. Whoever writes alone
/// pays for nothing.
///
/// Nobody is told before the commit has returned. It runs on a thread of its own, since waiting for a disk must not hold
/// a thread of the cooperative pool.
final class GroupCommit: Sendable {
    private struct Entry: Sendable {
        /// Does the work; what it throws is this writer's own failure.
        var work: @Sendable (StoreWriter) throws -> Void
        /// Nil after the commit; the error otherwise.
        var done: @Sendable ((any Error)?) -> Void
    }

    /// So many at most share one commit: those who wait for it should not wait for much longer than for the disk.
    private static let most = 256

    private let pool: DatabasePool
    private let queue = DispatchQueue(label: "mainstay.store.commit")
    private let waiting = Mutex<[Entry]>([])

    init(_ pool: DatabasePool) { self.pool = pool }

    /// All or nothing; durable when it returns.
    func write<Value: Sendable>(_ body: @escaping @Sendable (StoreWriter) throws -> Value) async throws -> Value {
        try Task.checkCancellation()
        return try await withCheckedThrowingContinuation { continuation in
            let result = Mutex<Value?>(nil)
            let entry = Entry { writer in
                let value = try body(writer)
                result.withLock { $0 = value }
            } done: { error in
                if let error { return continuation.resume(throwing: error) }
                guard let value = result.withLock({ $0 }) else {
                    preconditionFailure("a commit has returned for work that was not done")
                }
                continuation.resume(returning: value)
            }
            let isFirst = waiting.withLock { waiting in
                waiting.append(entry)
                return waiting.count == 1
            }
            // Whoever finds others waiting is taken along by them.
            if isFirst { queue.async { self.commit() } }
        }
    }

    private func commit() {
        let (group, isMore) = waiting.withLock { waiting in
            let group = Array(waiting.prefix(Self.most))
            waiting.removeFirst(group.count)
            return (group, !waiting.isEmpty)
        }
        if isMore { queue.async { self.commit() } }
        do {
            let failures = try write(group)
            for (index, entry) in group.enumerated() { entry.done(failures[index]) }
        } catch {
            // Nothing of the whole transaction is there.
            for entry in group { entry.done(error) }
        }
    }

    /// One transaction for all of them. Mostly nobody's work fails, and then nothing has to be kept apart.
    ///
    /// - Returns: the failures of single writers, of which nothing was written.
    private func write(_ group: [Entry]) throws -> [Int: any Error] {
        try pool.writeWithoutTransaction { database in
            do {
                let writer = StoreWriter(database: database, memo: TransactionMemo())
                try Execution(database: database).transaction {
                    for entry in group { try entry.work(writer) }
                }
                return [:]
            } catch {
                guard group.count > 1, !Self.isLost(error) else { throw error }
            }
            var failures: [Int: any Error] = [:]
            try database.inTransaction(.immediate) {
                for (index, entry) in group.enumerated() {
                    if let failure = try Self.failure(of: entry, in: database) { failures[index] = failure }
                }
                return .commit
            }
            return failures
        }
    }

    /// Whether trying again what each wrote by itself helps nobody: the lock was not to be had, the file is broken, or
    /// nobody can tell what the disk has taken.
    private static func isLost(_ error: any Error) -> Bool {
        switch (error as? DatabaseError)?.resultCode {
        case .SQLITE_BUSY, .SQLITE_IOERR, .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_READONLY, .SQLITE_CANTOPEN: true
        default: false
        }
    }

    /// The writer's own failure, undone. Throws where the whole transaction is lost with it: a full disk, say.
    private static func failure(of entry: Entry, in database: Database) throws -> (any Error)? {
        do {
            try database.inSavepoint {
                try entry.work(StoreWriter(database: database, memo: nil))
                return .commit
            }
            return nil
        } catch {
            guard database.isInsideTransaction else { throw error }
            return error
        }
    }
}
