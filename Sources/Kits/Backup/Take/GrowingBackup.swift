import Crypto
import Maintenance
import Outside
import Synchronization

/// A backup that is being made, for a restore that goes on beside it. The restore waits for the backup and never the
/// other way round, so that the snapshot of the source is not held a moment longer.
final class GrowingBackup: Sendable {
    /// All that a restore has to have before the first row comes.
    struct Beginning: Sendable {
        var outline: BackupOutline
        /// SQL.
        var roles: [UInt8]
        var collations: CollationUses
        /// pg_dump's list of contents, open.
        var contents: Descriptor
        /// Its SHA-256 when the first file came: only with this one the restore is of the whole backup.
        var contentsDigest: String
        var feeds: [RestoreFeed]
    }

    private struct State {
        var beginning: Beginning?
        var files: [String: DataFile] = [:]
        /// Whether pg_dump has written its list of contents.
        var hasContents = false
        /// Nothing more comes: the backup is whole, or will never be.
        var isOver = false
        /// Its name, when it is whole.
        var whole: BackupID?
        var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
        var nextWaiting = 0
    }

    private let state = Mutex(State())

    func begin(_ beginning: Beginning) { change { $0.beginning = beginning } }

    func add(_ event: DumpFollower.Event, in directory: SafeDirectory) {
        switch event {
        case .begun: change { $0.hasContents = true }
        case .whole(let file):
            guard let name = DataFile.plainName(file), let stored = try? DataFile(file, in: directory) else {
                preconditionFailure("a file that was just stored has a name")
            }
            change { $0.files[name] = stored }
        }
    }

    /// - Parameter id: of the whole backup; nil where it failed.
    func end(_ id: BackupID?) {
        change {
            $0.whole = id
            $0.isOver = true
        }
    }

    /// The name of the whole backup; nil where there will be none.
    func whole() async throws -> BackupID? { try await first { $0.isOver ? .some($0.whole) : nil } }

    /// Returns when pg_dump has written its list of contents, or has ended.
    func untilContents() async throws { _ = try await first { $0.hasContents || $0.isOver ? true : nil } }

    /// Nil where the backup ended before it had begun.
    func beginning() async throws -> Beginning? {
        try await first { state in
            if let beginning = state.beginning { return .some(beginning) }
            return state.isOver ? .some(nil) : nil
        }
    }

    /// Nil where it will never come.
    func file(_ name: String) async throws -> DataFile? {
        try await first { state in
            if let file = state.files[name] { return .some(file) }
            return state.isOver ? .some(nil) : nil
        }
    }

    private func change(_ body: (inout State) -> Void) {
        let waiting = state.withLock { state in
            body(&state)
            defer { state.waiting = [:] }
            return state.waiting.values
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Waits until there is an answer.
    private func first<Answer: Sendable>(_ answer: (borrowing State) -> Answer?) async throws -> Answer {
        while true {
            try Task.checkCancellation()
            let number = state.withLock { state in
                state.nextWaiting += 1
                return state.nextWaiting
            }
            if let found = state.withLock({ answer($0) }) { return found }
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    let isAnswered = state.withLock { state in
                        // What changed since the question was asked would wake nobody any more.
                        if Task.isCancelled || answer(state) != nil { return true }
                        state.waiting[number] = continuation
                        return false
                    }
                    if isAnswered { continuation.resume() }
                }
            } onCancel: {
                state.withLock { $0.waiting.removeValue(forKey: number) }?.resume()
            }
        }
    }
}

extension GrowingBackup {
    /// As a restore takes it.
    struct Source: RestoreSource {
        let backup: GrowingBackup
        let beginning: Beginning

        var feeds: [RestoreFeed] { beginning.feeds }

        func contents() -> Descriptor { beginning.contents }

        func ready(_ name: String) async throws -> DataFile {
            guard let file = try await backup.file(name) else {
                throw BackupError.incomplete(path: beginning.contents.path, missing: name)
            }
            return file
        }
    }
}
