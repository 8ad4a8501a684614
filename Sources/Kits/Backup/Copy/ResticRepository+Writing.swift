import Foundation
import Maintenance
import Outside
import Synchronization

extension ResticRepository {
    /// Makes a repository where there is none.
    func create() async throws {
        do { _ = try await text(["init"], isWriting: true) } catch let error as CopyError {
            // Somebody else made it in this moment.
            guard case .failed(_, let detail) = error, ResticComplaint(detail) == .exists else { throw error }
        }
    }

    /// Stores a directory as a snapshot of its own.
    ///
    /// - Parameters:
    ///   - path: relative to `root`, as it stands in the snapshot.
    ///   - time: what the snapshot's time is to be.
    /// - Returns: what restic says of it.
    func store(
        _ path: String, in root: String, tags: [String], time: Timestamp, tell: @escaping @Sendable (String) -> Void
    ) async throws -> ResticSummary {
        let civil = CivilTime(time)
        let arguments =
            ["backup", "--json", "--host", "mainstay", "--time", "\(civil.date) \(civil.time)"]
            + tags.flatMap { ["--tag", $0] } + [path]
        return try await unlocking {
            let child = try child(arguments, in: root, isWriting: true)
            return try await store(child, tell)
        }
    }

    /// Stores what a file names, NUL after each, as a snapshot of its own. What cannot be read is left out: the caller
    /// knows what it is.
    func store(
        filesOf list: String, in directory: String, excluding patterns: [String], tags: [String],
        tell: @escaping @Sendable (String) -> Void
    ) async throws -> ResticSummary {
        let arguments =
            ["backup", "--json", "--host", "mainstay", "--one-file-system", "--files-from-raw", list]
            + patterns.flatMap { ["--exclude", $0] } + tags.flatMap { ["--tag", $0] }
        return try await unlocking {
            try await store(try child(arguments, in: directory, isWriting: true), tell, isLenient: true)
        }
    }

    /// Stores bytes as the one file of a snapshot.
    func store(_ bytes: [UInt8], as path: String, tags: [String]) async throws {
        let arguments =
            ["backup", "--json", "--host", "mainstay", "--stdin", "--stdin-filename", path]
            + tags.flatMap { ["--tag", $0] }
        try await unlocking {
            var child = try child(arguments, isWriting: true)
            child.input = .bytes(bytes)
            _ = try await store(child, { _ in })
        }
    }

    private func store(
        _ child: ChildProgram, _ tell: @escaping @Sendable (String) -> Void, isLenient: Bool = false
    ) async throws -> ResticSummary {
        let progress = UploadProgress(clock: programs.clock, tell: tell)
        let outcome: ProgramOutcome?
        outcome = try await withThrowingTaskGroup(of: ProgramOutcome?.self) { group in
            defer { group.cancelAll() }
            group.addTask {
                try await programs.run(child) { line in progress.read(line.bytes) }
            }
            group.addTask {
                // Nil where nothing moved any more.
                while progress.idle() < patience { try await programs.clock.sleep(for: min(patience / 4, .seconds(5))) }
                return nil
            }
            return try await group.next() ?? nil
        }
        guard let outcome else {
            // Whoever asks now says whether it is slow or gone.
            _ = try await identity()
            throw CopyError.stalled(storage: storage, after: patience)
        }
        if case .exited(3) = outcome.termination, !isLenient {
            let lines = outcome.errorOutput.lastLines(3).joined(separator: " / ")
            throw CopyError.failed(storage: storage, detail: "not every file could be read: \(lines)")
        }
        _ = try checked(outcome, accepting: isLenient ? [0, 3] : [0])
        guard let summary = progress.summary else {
            throw CopyError.failed(storage: storage, detail: "restic ended well and said nothing of a snapshot")
        }
        return summary
    }

    /// Reads the packs that no index names, so that what an interrupted run sent is not sent again.
    func rebuildIndex() async throws {
        try await unlocking { _ = try checked(try await long(["rebuild-index"], isWriting: true)) }
    }

    /// Forgets snapshots; what they hold stays until `prune`.
    package func forget(_ snapshots: [String]) async throws {
        guard !snapshots.isEmpty else { return }
        try await unlocking { _ = try await text(["forget"] + snapshots, isWriting: true) }
    }

    /// Removes what no snapshot needs any more.
    package func prune() async throws {
        try await unlocking { _ = try checked(try await long(["prune"], isWriting: true)) }
    }
}

/// The last line of `restic backup --json`.
struct ResticSummary: Decodable, Sendable {
    // swift-format-ignore: AlwaysUseLowerCamelCase
    var snapshot_id: String
    // swift-format-ignore: AlwaysUseLowerCamelCase
    var data_added: Int64
    // swift-format-ignore: AlwaysUseLowerCamelCase
    var total_bytes_processed: Int64
}

/// What `restic backup --json` says while it works: how far it is, and when it came further last.
private final class UploadProgress: Sendable {
    private struct State {
        var bytes: Int64 = -1
        var moved: Duration
        var told: Duration
        var summary: ResticSummary?
    }

    private struct Status: Decodable {
        // swift-format-ignore: AlwaysUseLowerCamelCase
        var message_type: String
        // swift-format-ignore: AlwaysUseLowerCamelCase
        var bytes_done: Int64?
        // swift-format-ignore: AlwaysUseLowerCamelCase
        var total_bytes: Int64?
    }

    private let clock: WallClock
    private let tell: @Sendable (String) -> Void
    private let state: Mutex<State>

    init(clock: WallClock, tell: @escaping @Sendable (String) -> Void) {
        self.clock = clock
        self.tell = tell
        let now = clock.monotonic()
        state = Mutex(State(moved: now, told: now))
    }

    var summary: ResticSummary? { state.withLock { $0.summary } }

    func idle() -> Duration { state.withLock { clock.monotonic() - $0.moved } }

    /// A line that is no JSON of restic's is none of ours.
    func read(_ line: ArraySlice<UInt8>) {
        let data = Data(line)
        guard let status = try? JSONDecoder().decode(Status.self, from: data) else { return }
        let now = clock.monotonic()
        var news: String?
        state.withLock { state in
            if status.message_type == "summary" {
                state.summary = try? JSONDecoder().decode(ResticSummary.self, from: data)
                state.moved = now
            }
            guard let bytes = status.bytes_done, bytes != state.bytes else { return }
            state.bytes = bytes
            state.moved = now
            if now - state.told >= .seconds(5), let total = status.total_bytes {
                state.told = now
                news = "copied \(ByteCount(bytes)) of \(ByteCount(total))"
            }
        }
        if let news { tell(news) }
    }
}
