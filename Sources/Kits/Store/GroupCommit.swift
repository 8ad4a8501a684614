import Dispatch
import GRDB
import Synchronization

/// Lets writers that come at once share a commit, and with it the wait for the disk: one transaction, a savepoint for
/// each of them, so that one that fails takes nothing of the others with it. Whoever writes alone pays for nothing.
///
/// Nobody is told before the commit has returned. It runs on a thread of its own, since waiting for a disk must not hold
/// a thread of the cooperative pool.
final class GroupCommit: Sendable {
    private struct Entry: Sendable {
        /// Does the work; what it throws is this writer's own failure.
        var work: @Sendable (Database) throws -> Void
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
    func write<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        try Task.checkCancellation()
        return try await withCheckedThrowingContinuation { continuation in
            let result = Mutex<Value?>(nil)
            let entry = Entry { database in
                let value = try body(database)
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
        var failures: [Int: any Error] = [:]
        do {
            try pool.writeWithoutTransaction { database in
                try database.inTransaction(.immediate) {
                    if group.count == 1 {
                        try group[0].work(database)
                        return .commit
                    }
                    for (index, entry) in group.enumerated() {
                        if let failure = try Self.failure(of: entry, in: database) { failures[index] = failure }
                    }
                    return .commit
                }
            }
        } catch {
            // Nothing of the whole transaction is there.
            for entry in group { entry.done(error) }
            return
        }
        for (index, entry) in group.enumerated() { entry.done(failures[index]) }
    }

    /// The writer's own failure, undone. Throws where the whole transaction is lost with it: a full disk, say.
    private static func failure(of entry: Entry, in database: Database) throws -> (any Error)? {
        do {
            try database.inSavepoint {
                try entry.work(database)
                return .commit
            }
            return nil
        } catch {
            guard database.isInsideTransaction else { throw error }
            return error
        }
    }
}
