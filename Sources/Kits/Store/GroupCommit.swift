import Dispatch
import Foundation
import GRDB
import Synchronization

/// Lets writers that come at once share a commit, and with it the wait for the disk: one transaction, and where one of
/// them fails another one with a savepoint for each, so that it takes nothing of the others with it.
///
/// Nobody is told before the commit has returned. Whoever writes alone does it on the spot: handing the work to another
/// thread and back takes longer than many a disk does. As soon as others write at the same time, it goes to a thread of
/// its own, so that waiting for a disk never holds more than one thread of the cooperative pool.
final class GroupCommit: Sendable {
    private struct Entry: Sendable {
        /// Of what was postponed, what it goes with; of what is waited for, what has to be written before it.
        var name: String?
        /// Does the work; what it throws is this writer's own failure.
        var work: @Sendable (StoreWriter) throws -> Void
        /// Nil after the commit; the error otherwise. Nobody waits for what was postponed.
        var done: (@Sendable ((any Error)?) -> Void)?
    }

    private struct State {
        var waiting: [Entry] = []
        /// What lies about for company.
        var postponed: [Entry] = []
        /// Somebody commits, or is about to; whoever comes meanwhile is taken along next.
        var isCommitting = false
        /// The last commit was of several, or left some waiting.
        var wereTogether = false
        /// A commit of those nobody waits for is due.
        var isPostponed = false

        /// Puts in line what was postponed under a name; all of it for nil.
        mutating func takePostponed(_ name: String?) {
            guard !postponed.isEmpty else { return }
            waiting += postponed.lazy.filter { name == nil || $0.name == name }
            if name == nil { postponed = [] } else { postponed.removeAll { $0.name == name } }
        }
    }

    /// So many at most share one commit: those who wait for it should not wait for much longer than for the disk.
    private static let most = 256
    /// On one processor the pool has one thread, and nothing else would go on meanwhile.
    private static let mayHoldThread = ProcessInfo.processInfo.activeProcessorCount > 1

    private let pool: DatabasePool
    private let patience: Patience
    private let queue = DispatchQueue(label: "mainstay.store.commit")
    /// Of its own: the global queues' threads may all be busy with what runs for minutes.
    private let answers = DispatchQueue(label: "mainstay.store.answer")
    private let state = Mutex(State())

    /// How long what nobody waits for may lie about.
    struct Patience: Sendable {
        /// For company.
        var first = DispatchTimeInterval.milliseconds(5)
        /// After the store could not be written.
        var again = DispatchTimeInterval.seconds(1)
    }

    init(_ pool: DatabasePool, _ patience: Patience = Patience()) {
        self.pool = pool
        self.patience = patience
    }

    /// All or nothing; durable when it returns.
    ///
    /// - Parameter name: only what was postponed under the same is written before it; nil for all that was postponed.
    func write<Value: Sendable>(
        after name: String? = nil, _ body: @escaping @Sendable (StoreWriter) throws -> Value
    ) async throws -> Value {
        let result = Mutex<Value?>(nil)
        try await write(
            after: name,
            work: { writer in
                let value = try body(writer)
                result.withLock { $0 = value }
            })
        guard let value = result.withLock({ $0 }) else {
            preconditionFailure("a commit has returned for work that was not done")
        }
        return value
    }

    /// The same for work that answers nothing, which is most of it.
    func write(after name: String?, work: @escaping @Sendable (StoreWriter) throws -> Void) async throws {
        try Task.checkCancellation()
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            let entry = Entry(name: name, work: work) { error in
                if let error { continuation.resume(throwing: error) } else { continuation.resume() }
            }
            let (isFirst, isAlone) = state.withLock { state in
                state.takePostponed(name)
                state.waiting.append(entry)
                let isFirst = !state.isCommitting
                state.isCommitting = true
                return (isFirst, !state.wereTogether)
            }
            guard isFirst else { return }
            if isAlone, Self.mayHoldThread { commit() } else { queue.async { self.commit() } }
        }
    }

    /// Written with what is written next under the same name, before it, or by itself a little later; nobody is told. What
    /// cannot be written has to show in what is written after it: where both are lost, only who waits for that is told, and
    /// nothing of both is tried again.
    ///
    /// With whatever comes first it would often be alone on its page, which the next commit then writes once more.
    func postpone(as name: String, _ body: @escaping @Sendable (StoreWriter) throws -> Void) {
        let isFirst = state.withLock { state in
            state.postponed.append(Entry(name: name, work: body))
            defer { state.isPostponed = true }
            return !state.isPostponed
        }
        if isFirst { look(after: patience.first) }
    }

    /// Writes what lies about then, where nobody else is at it: whoever is looks again at their end.
    private func look(after pause: DispatchTimeInterval) {
        queue.asyncAfter(deadline: .now() + pause) {
            let isLeft = self.state.withLock { state in
                state.isPostponed = false
                state.takePostponed(nil)
                guard !state.waiting.isEmpty, !state.isCommitting else { return false }
                state.isCommitting = true
                return true
            }
            if isLeft { self.commit() }
        }
    }

    /// One group, and whoever has come meanwhile on the thread for that.
    private func commit() {
        let group = state.withLock { state in
            let group = Array(state.waiting.prefix(Self.most))
            state.waiting.removeFirst(group.count)
            return group
        }
        let failures: [Int: any Error]
        do {
            failures = try write(group)
        } catch {
            // Nothing of the whole transaction is there.
            let error = error
            failures = Dictionary(uniqueKeysWithValues: group.indices.map { ($0, error) })
        }
        answer(group) { failures[$0] }
        let lost = failures.isEmpty ? [] : Self.lost(of: group, failures)
        let (isMore, isLeft) = state.withLock { state in
            state.waiting.insert(contentsOf: lost, at: 0)
            state.isCommitting = state.waiting.contains { $0.done != nil }
            state.wereTogether = state.isCommitting || group.count { $0.done != nil } > 1
            let isLeft = !state.waiting.isEmpty && !state.isCommitting && !state.isPostponed
            state.isPostponed = state.isPostponed || isLeft
            return (state.isCommitting, isLeft)
        }
        if isMore { queue.async { self.commit() } }
        if isLeft { look(after: lost.isEmpty ? patience.first : patience.again) }
    }

    /// What nobody waits for and the store could not take: it is written before what comes next.
    ///
    /// Not where somebody waited for what goes with it: told that it failed, they give up, and others may go on from what
    /// is written until then. Nor where its own work failed, which it would again.
    private static func lost(of group: [Entry], _ failures: [Int: any Error]) -> [Entry] {
        group.enumerated().filter { index, entry in
            guard entry.done == nil, let failure = failures[index], isOfStore(failure) else { return false }
            return !group[index...].contains { $0.done != nil && $0.name == entry.name }
        }.map(\.element)
    }

    /// Tells who waits. Waking several costs this thread more than their rows did, so another one does it while the next
    /// commit begins.
    private func answer(_ group: [Entry], _ error: @escaping @Sendable (Int) -> (any Error)?) {
        guard group.count(where: { $0.done != nil }) > 1 else {
            for (index, entry) in group.enumerated() { entry.done?(error(index)) }
            return
        }
        answers.async {
            for (index, entry) in group.enumerated() { entry.done?(error(index)) }
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
            // Of what was postponed: who waits for what goes with it is told this, and not what comes of it there.
            var causes: [String: any Error] = [:]
            try database.inTransaction(.immediate) {
                for (index, entry) in group.enumerated() {
                    if entry.done != nil, let cause = entry.name.flatMap({ causes[$0] }) {
                        failures[index] = cause
                    } else if let failure = try Self.failure(of: entry, in: database) {
                        failures[index] = failure
                        if entry.done == nil, let name = entry.name { causes[name] = failure }
                    }
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

    /// Whether it says nothing about the work itself, which may well be written later.
    private static func isOfStore(_ error: any Error) -> Bool {
        switch (error as? DatabaseError)?.resultCode {
        case .SQLITE_FULL, .SQLITE_NOMEM, .SQLITE_INTERRUPT: true
        default: isLost(error)
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
