import Foundation
import Maintenance
import Outside

/// Brings copies back out of a repository: into the directory of the backups, as a backup like any other, or only to be
/// proved.
package struct CopyFetch: Sendable {
    package var folder: BackupFolder
    package var key: BackupKey
    package var repository: ResticRepository
    package var tell: @Sendable (String) -> Void = { _ in }

    package init(_ folder: BackupFolder, key: BackupKey, repository: ResticRepository) {
        self.folder = folder
        self.key = key
        self.repository = repository
    }

    private var desk: RepositoryDesk { RepositoryDesk(repository) }
    private var blocking: Blocking { Blocking(label: "mainstay.fetch") }

    /// The copies of this target, the newest first.
    ///
    /// - Throws: `CopyError.noRepository` too.
    package func copies() async throws -> [(id: BackupID, snapshot: ResticSnapshot)] {
        guard let found = try await desk.look(key: key) else {
            throw CopyError.noRepository(storage: repository.storage)
        }
        let own = found.snapshots.compactMap { snapshot in
            snapshot.label.flatMap { $0.target == folder.target ? (id: $0.backup, snapshot: snapshot) : nil }
        }
        return own.sorted { $0.id > $1.id }
    }

    /// Puts a copy where the backup was: first under another name, and only when every file has the SHA-256 of the
    /// signed manifest, as what it is.
    ///
    /// - Throws: `CopyError`, `BackupError`, `FileError.exists` where something stands there.
    package func fetch(_ id: BackupID) async throws {
        try await desk.alone(tell: tell) {
            let copy = try await copy(id)
            let parent = try await blocking.run { _ in try folder.make() }
            let lock = try parent.lock()
            defer { lock.release() }
            // A name that the next backup clears away, should we be killed.
            let partial = try FileName(".\(id).partial")
            let place = parent.shown(partial)
            try await remove(place)
            do {
                try await write(copy, to: place)
                try await blocking.run { _ in
                    let whole = "\(place)\(StoredCopy.root(copy.label))"
                    try Descriptor.open(whole).synchronizeFilesystem()
                    guard try parent.status(of: try FileName(id.description)) == nil else {
                        throw FileError.exists(path: folder.path(of: id))
                    }
                    try FileManager.default.moveItem(atPath: whole, toPath: folder.path(of: id))
                    try parent.synchronize()
                }
                try await remove(place)
            } catch {
                try await remove(place)
                throw error
            }
        }
    }

    /// Restores a copy beside everything else, hands its folder to `body`, and removes it again.
    ///
    /// - Parameter workDirectory: where it is laid out.
    package func withCopy<Result: Sendable>(
        _ id: BackupID, in workDirectory: String,
        _ body: (StoredCopy, BackupFolder, _ repository: String) async throws -> Result
    ) async throws -> Result {
        try await desk.alone(tell: tell) {
            let copy = try await copy(id)
            guard let identity = try desk.known() else { throw CopyError.noRepository(storage: repository.storage) }
            let scratch = try await ScratchSpace.make(in: workDirectory, "fetched-\(repository.storage)-\(id)")
            let place = scratch.path
            do {
                try await write(copy, to: place)
                let result = try await body(copy, BackupFolder(root: place, target: folder.target), identity)
                try await scratch.remove()
                return result
            } catch {
                try await scratch.remove()
                throw error
            }
        }
    }

    private func copy(_ id: BackupID) async throws -> StoredCopy {
        let found = try await desk.open(key: key, tell: tell)
        guard
            let (snapshot, label) = found.snapshots.lazy.compactMap({ snapshot in
                snapshot.label.flatMap { $0.isCopy(of: id, folder.target) ? (snapshot, $0) : nil }
            }).first
        else {
            throw CopyError.noCopy(id, storage: repository.storage)
        }
        let copy = try await StoredCopy(snapshot, label, in: repository, key: key)
        try await copy.compareListing()
        return copy
    }

    private func write(_ copy: StoredCopy, to place: String) async throws {
        try await blocking.run { _ in
            try FileManager.default.createDirectory(
                atPath: place, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            let free = try SafeDirectory(place).availableSpace()
            let needed = copy.manifest.storedBytes
            guard free >= needed else { throw CopyError.noSpace(path: place, needed: needed, free: free) }
        }
        tell("fetching \(copy.manifest.storedBytes) from the storage '\(repository.storage)'")
        try await repository.restore(copy.snapshot.id, to: place)
        let problems = try await Checksums(copy.manifest, at: place + StoredCopy.root(copy.label)).problems()
        if let problem = problems.first {
            throw CopyError.differs(
                copy.label.backup, storage: repository.storage,
                detail: "'\(problem.path.printable)': \(problem.clause.printable)")
        }
    }

    private func remove(_ place: String) async throws {
        try await blocking.runToEnd {
            guard FileManager.default.fileExists(atPath: place) else { return }
            try FileManager.default.removeItem(atPath: place)
        }
    }
}
