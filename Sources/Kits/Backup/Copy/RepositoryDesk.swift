import Foundation
import Glibc
import Maintenance
import Outside

/// What is remembered on this side of a repository, and the right to write to it: one run of this state at a time.
///
/// `STATE/storages/NAME` holds the lock, the identity of the repository that we made or took on, a mark while something
/// is sent, and restic's cache. The identity is why a storage that comes back empty is never taken for a new one.
package struct RepositoryDesk: Sendable {
    package let repository: ResticRepository
    private var directory: String { repository.directory }
    private var clock: WallClock { repository.programs.clock }

    package init(_ repository: ResticRepository) { self.repository = repository }

    private struct Known: Codable {
        var repository: String
    }

    private struct Reading: Codable {
        var part: Int
        var of: Int
        var runID: String
    }

    private var identityFile: String { "\(directory)/repository.json" }
    private var sendingFile: String { "\(directory)/sending" }

    private func prepare() throws {
        try SafeDirectory.make(directory)
    }

    /// The repository we know here; nil where there never was one.
    ///
    /// - Throws: `FileError`, `CopyError.failed` where what is remembered cannot be read.
    package func known() throws -> String? {
        guard let bytes = try Descriptor.contents(ifThere: identityFile) else { return nil }
        return try repository.decoded(Known.self, bytes, "'\(identityFile)'").repository
    }

    func remember(_ identity: String) throws {
        try SafeDirectory(directory).write(
            try FileName("repository.json"), Array(try JSONEncoder().encode(Known(repository: identity))), mode: 0o600)
    }

    /// Takes on the repository that is there now, instead of the one that is known; where there is none, what is known
    /// is forgotten, and the next copy makes one.
    package func takeOver(key: BackupKey) async throws {
        try prepare()
        if let found = try await look(key: key, takingOver: true) { return try remember(found.identity) }
        let directory = try SafeDirectory(directory)
        let name = try FileName("repository.json")
        if let status = try directory.status(of: name) { _ = try directory.remove(name, seen: status) }
    }

    /// Runs `body` while nobody else of this state uses the storage; waits for whoever does.
    package func alone<Result: Sendable>(
        tell: @Sendable (String) -> Void, _ body: () async throws -> Result
    ) async throws -> Result {
        try prepare()
        var isTold = false
        while true {
            if let lock = try LockFile("\(directory)/lock") {
                // What our dead process left running would go on writing beside us.
                for process in StartedPrograms().having(ResticRepository.mark, directory) { kill(process, SIGKILL) }
                defer { withExtendedLifetime(lock) {} }
                return try await body()
            }
            if !isTold { tell("waiting for another run that uses the storage '\(repository.storage)'") }
            isTold = true
            try await clock.sleep(for: .seconds(1))
        }
    }

    /// Looks whether the repository is the one that is known, and whether all that is in it is ours.
    ///
    /// - Parameter takingOver: whether it may be another one than we know.
    /// - Returns: its identity and snapshots; nil where there is none and none was ever known.
    /// - Throws: `CopyError.gone`, `.replaced`, `.foreign`, and whatever keeps it from being asked.
    package func look(
        key: BackupKey, takingOver: Bool = false
    ) async throws -> (identity: String, snapshots: [ResticSnapshot])? {
        let known = takingOver ? nil : try known()
        guard let identity = try await repository.identity() else {
            guard known == nil else { throw CopyError.gone(storage: repository.storage) }
            return nil
        }
        if let known, known != identity {
            throw CopyError.replaced(storage: repository.storage, known: known, found: identity)
        }
        let snapshots = try await repository.snapshots()
        try judge(snapshots, key: key)
        return (identity, snapshots)
    }

    /// Several hosts of one team may share a repository, and its key; anybody else's is left alone.
    private func judge(_ snapshots: [ResticSnapshot], key: BackupKey) throws(CopyError) {
        guard let strange = snapshots.first(where: { !($0.key.map(key.knows) ?? false) }) else { return }
        let detail =
            if let other = strange.key {
                "snapshot \(strange.id.prefix(8)) is signed with the key '\(other)', and ours is '\(key.name)'"
            } else {
                "snapshot \(strange.id.prefix(8)) of '\(strange.hostname ?? "?")' was not made by Mainstay"
            }
        throw .foreign(storage: repository.storage, detail: detail)
    }

    /// As `look`; makes the repository where there is none yet. What an interrupted run sent is put into the index.
    func open(key: BackupKey, tell: @Sendable (String) -> Void) async throws -> (
        identity: String, snapshots: [ResticSnapshot]
    ) {
        var found = try await look(key: key)
        if found == nil {
            tell("making the repository in the storage '\(repository.storage)'")
            try await repository.create()
            found = try await look(key: key)
        }
        guard let found else { throw CopyError.noRepository(storage: repository.storage) }
        try remember(found.identity)
        if try wasInterrupted() {
            tell("a run was interrupted: reading what it sent to the storage '\(repository.storage)' into the index")
            try await repository.rebuildIndex()
        }
        return found
    }

    /// Which part of the repository's data is due to be read; nil where this run has read one, for another database.
    func partToRead(of parts: Int, runID: String) throws -> Int? {
        guard let bytes = try Descriptor.contents(ifThere: "\(directory)/reading.json") else { return 1 }
        let last = try repository.decoded(Reading.self, bytes, "'\(directory)/reading.json'")
        guard last.runID != runID else { return nil }
        return last.of == parts ? last.part % parts + 1 : 1
    }

    func remember(reading part: Int, of parts: Int, runID: String) throws {
        let bytes = try JSONEncoder().encode(Reading(part: part, of: parts, runID: runID))
        try SafeDirectory(directory).write(try FileName("reading.json"), Array(bytes), mode: 0o600)
    }

    private func wasInterrupted() throws -> Bool {
        try SafeDirectory(directory).status(of: try FileName("sending")) != nil
    }

    /// The mark stays where `body` fails or the process dies: what was sent until then is in no index.
    func sending<Result>(_ body: () async throws -> Result) async throws -> Result {
        let directory = try SafeDirectory(directory)
        let name = try FileName("sending")
        try directory.write(name, [], mode: 0o600)
        let result = try await body()
        if let status = try directory.status(of: name) { _ = try directory.remove(name, seen: status) }
        return result
    }
}
