import Crypto
import Foundation
import Glibc
import Maintenance
import Outside

/// Stores file sets in a repository, and brings them back into a directory of their own.
///
/// A set takes two snapshots: one of the files as they are, and behind it one of the signed listing, which names the first.
/// Files without a listing were interrupted and are never offered.
package struct FileKeeper: Sendable {
    package var repository: ResticRepository
    package var key: BackupKey
    package var tell: @Sendable (String) -> Void = { _ in }

    package init(_ repository: ResticRepository, key: BackupKey) {
        self.repository = repository
        self.key = key
    }

    private var desk: RepositoryDesk { RepositoryDesk(repository) }
    private var blocking: Blocking { Blocking(label: "mainstay.files") }
    private var clock: WallClock { repository.programs.clock }

    // MARK: - Storing

    /// - Throws: `CopyError`, `FileError`, `ProgramError`, `CancellationError`.
    package func store(_ set: FileSet, runID: String) async throws -> FileListing {
        try await desk.alone(tell: tell) {
            _ = try await desk.open(key: key, tell: tell)
            tell("reading '\(set.directory)'")
            var listing = try await read(set, runID: runID, hashing: true)
            let snapshot = try await desk.sending { try await send(set) }
            listing.snapshot = snapshot
            listing.compare(with: try await read(set, runID: runID, hashing: false))
            try await repository.check()
            try await compareListing(&listing)
            try await readBack(listing)
            let signed = try SignedListing(listing, key: key)
            let bytes = Array(try JSONEncoder().encode(signed))
            try await desk.sending {
                try await repository.store(
                    bytes, as: "\(set.environment)/\(set.name).json", tags: Self.tags(set, key) + ["listing"])
            }
            try await blocking.run { _ in try StoredFilesNote(repository.directory).write(set, runID: runID) }
            return listing
        }
    }

    static func tags(_ set: FileSet, _ key: BackupKey) -> [String] {
        [CopyLabel.mark, "files=\(set.name)", "environment=\(set.environment)", "key=\(key.name)"]
    }

    private func read(_ set: FileSet, runID: String, hashing: Bool) async throws -> FileListing {
        let now = clock.now()
        return try await blocking.run {
            try FileListing.read(set, hashing: hashing, runID: runID, at: now, $0)
        }
    }

    private func send(_ set: FileSet) async throws -> String {
        let list = "\(repository.directory)/files.list"
        try await blocking.run { _ in
            let names = try set.entries().map { $0.bytes + [0] }
            try SafeDirectory(repository.directory).write(
                try FileName("files.list"), Array(names.joined()), mode: 0o600)
        }
        let summary = try await repository.store(
            filesOf: list, in: set.directory, excluding: try await blocking.run { _ in try set.resticExclusions() },
            tags: Self.tags(set, key), tell: tell)
        let snapshots = try await repository.snapshots()
        guard let snapshot = snapshots.first(where: { $0.id.hasPrefix(summary.snapshot_id) }) else {
            throw CopyError.failed(storage: repository.storage, detail: "the snapshot it made is not in its list")
        }
        return snapshot.id
    }

    // MARK: - Comparing

    /// That restic lists these files and directories, those that stayed as they were with their lengths. One that came
    /// while the others were read, or became another kind, is put into the listing, and one that went is taken out of it.
    private func compareListing(_ listing: inout FileListing) async throws {
        // What is no UTF-8 stands in restic's JSON without its bytes.
        let found = try await repository.nodes(of: listing.snapshot).filter { !$0.key.containsBytes("\u{fffd}") }
        var known: Set<String> = []
        var went: Set<String> = []
        for entry in listing.entries {
            guard let path = try Self.text(entry.path).map({ "/\($0)" }) else { continue }
            guard let there = found[path], there.kind == entry.kind else {
                guard !entry.isSteady else { throw differs(listing, "'\(path.printable)' is missing") }
                went.insert(entry.path)
                continue
            }
            known.insert(path)
            if entry.kind == .file, entry.isSteady, there.length != entry.size.bytes {
                throw differs(listing, "'\(path.printable)' has another length than it had")
            }
        }
        listing.entries.removeAll { went.contains($0.path) }
        let omitted = Set(try listing.omissions.compactMap { try Self.text($0.path).map { "/\($0)" } })
        for (path, node) in found where !known.contains(path) && !omitted.contains(path) {
            try listing.add(path.dropFirst(), node, at: clock.now())
        }
        listing.entries.sort { $0.path < $1.path }
    }

    /// Nil for a path that is no UTF-8.
    private static func text(_ encoded: String) throws -> String? {
        let parts = try encoded.split(separator: "/").map { try FileName(encoded: String($0)).bytes }
        return String(validating: parts.joined(separator: [UInt8(ascii: "/")]), as: UTF8.self)
    }

    /// Some files drawn by lot, up to 16 MB.
    private func readBack(_ listing: FileListing) async throws {
        var room: Int64 = 16 * 1_048_576
        for entry in listing.entries.filter({ $0.kind == .file && $0.isSteady }).shuffled().prefix(5)
        where entry.size.bytes <= room {
            guard let path = try Self.text(entry.path) else { continue }
            room -= entry.size.bytes
            var hash = SHA256()
            try await repository.read("/\(path)", of: listing.snapshot) { hash.update(data: $0) }
            guard Array(hash.finalize()).hexadecimal == entry.sha256 else {
                throw differs(listing, "'\(entry.path.printable)' read back is another one")
            }
        }
    }

    private func differs(_ listing: FileListing, _ detail: String) -> CopyError {
        .files(listing.name, storage: repository.storage, detail: detail)
    }

    // MARK: - Bringing back

    /// The listings of a set, the newest first.
    ///
    /// - Throws: `CopyError` where one does not fit its signature, too.
    package func listings(_ name: String, environment: String, most: Int = 1) async throws -> [FileListing] {
        guard let found = try await desk.look(key: key) else {
            throw CopyError.noRepository(storage: repository.storage)
        }
        let wanted: Set = [CopyLabel.mark, "files=\(name)", "environment=\(environment)", "listing"]
        var listings: [FileListing] = []
        for snapshot in found.snapshots where wanted.isSubset(of: snapshot.tags ?? []) {
            guard listings.count < most else { break }
            let bytes = try await repository.contents("/\(environment)/\(name).json", of: snapshot.id)
            let signed = try repository.decoded(SignedListing.self, bytes, "a listing")
            guard let listing = try signed.believed(key: key), listing.name == name, listing.environment == environment
            else {
                throw CopyError.files(
                    name, storage: repository.storage,
                    detail: "the listing in snapshot \(snapshot.id.prefix(8)) does not fit its signature")
            }
            listings.append(listing)
        }
        return listings
    }

    /// Writes all files into a directory that is made, and compares each with the listing.
    ///
    /// - Throws: `FileError.exists`, `CopyError.files` with the first difference; what was written stays to be looked at.
    package func restore(_ listing: FileListing, to target: String) async throws {
        try await desk.alone(tell: tell) {
            guard mkdir(target, 0o700) == 0 else {
                guard errno == EEXIST else { throw FileError.system(.create, path: target, number: errno) }
                throw FileError.exists(path: target)
            }
            tell("fetching \(listing.bytes) from the storage '\(repository.storage)'")
            try await repository.restore(listing.snapshot, to: target)
            if let problem = try await compare(listing, at: target) { throw differs(listing, problem) }
        }
    }

    /// What of a directory is not as the listing says; nil where all is.
    package func compare(_ listing: FileListing, at target: String) async throws -> String? {
        let set = FileSet(
            name: listing.name, environment: listing.environment, directory: target, include: [], exclude: [])
        let found = try await read(set, runID: listing.runID, hashing: true)
        let there = Dictionary(found.entries.map { ($0.path, $0) }) { first, _ in first }
        for entry in listing.entries {
            guard let one = there[entry.path] else { return "'\(entry.path)' is missing" }
            if !entry.isSteady, entry.kind != .directory { continue }
            guard one.kind == entry.kind else { return "'\(entry.path)' is a \(one.kind.rawValue)" }
            if entry.isSteady, entry.sha256 != one.sha256 { return "'\(entry.path)' has another SHA-256" }
        }
        // What is mounted on a directory is left out, and the directory itself is there.
        let known = Set(listing.entries.map(\.path)).union(listing.omissions.map(\.path))
        return found.entries.first { !known.contains($0.path) }.map { "'\($0.path)' does not belong to it" }
    }
}
