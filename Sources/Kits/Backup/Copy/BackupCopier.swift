import Crypto
import Foundation
import Maintenance
import Outside

/// Copies a backup into a repository, and looks at what it made before it says that there is a copy.
package struct BackupCopier: Sendable {
    package var folder: BackupFolder
    package var key: BackupKey
    package var repository: ResticRepository
    /// Where the backup is laid out uncompressed while it is sent.
    package var workDirectory: String
    package var runID: String
    /// How long what was looked at counts.
    package var countsFor: Duration
    package var tell: @Sendable (String) -> Void = { _ in }
    /// At most so much is read back, beside the smallest file.
    var readsBack = ByteCount(32 * 1_048_576)

    package init(
        _ folder: BackupFolder, key: BackupKey, repository: ResticRepository, workDirectory: String, runID: String,
        countsFor: Duration
    ) {
        self.folder = folder
        self.key = key
        self.repository = repository
        self.workDirectory = workDirectory
        self.runID = runID
        self.countsFor = countsFor
    }

    private var desk: RepositoryDesk { RepositoryDesk(repository) }
    private var blocking: Blocking { Blocking(label: "mainstay.copy") }

    /// Of this storage of this state alone, so that what a killed run left there is known as ours.
    private var staging: String {
        let digits = Array(SHA256.hash(data: Array(repository.directory.utf8))).hexadecimal
        return "\(workDirectory)/copying-\(repository.storage)-\(digits.prefix(12))"
    }

    /// Copies it where it is not there yet, proves the copy, and leaves the receipt beside the backup.
    ///
    /// - Throws: `CopyError`, `BackupError`, `FileError`, `ProgramError`, `CancellationError`.
    package func copy(_ id: BackupID) async throws -> CopyReceipt {
        let backup = try await blocking.run { _ in try folder.believed(id, key: key) }
        return try await desk.alone(tell: tell) {
            let (identity, snapshots) = try await desk.open(key: key, tell: tell)
            let label = CopyLabel(backup: id, target: folder.target, key: key.name)
            let present = snapshots.filter { $0.label?.isCopy(of: id, folder.target) == true }
            let (there, bad) = try await whole(present, backup.manifest)
            let (snapshot, sent) =
                if let there { (there, ByteCount?.none) } else { try await send(backup.manifest, label) }
            let receipt = try await prove(snapshot, label, of: backup, repository: identity, sent: sent)
            try await blocking.run { _ in try folder.write(receipt, key: key) }
            // Only now: a copy that is not what it was is better than none.
            try await repository.forget(bad)
            return receipt
        }
    }

    /// Looks at the copy of a backup again, and reads a part of all that the repository holds: another one each time.
    ///
    /// - Throws: `CopyError.noCopy` too. Whatever it finds wrong with the copy, nobody has seen a good one any more.
    package func examine(_ id: BackupID, parts: Int) async throws -> CopyReceipt {
        let backup = try await blocking.run { _ in try folder.believed(id, key: key) }
        do { return try await examined(backup, parts: parts) } catch {
            if Self.isAgainstCopy(error) {
                try await blocking.runToEnd { try folder.removeReceipt(of: id, in: repository.storage) }
            }
            throw error
        }
    }

    /// Whether it says that a copy is not what was copied, and not that nobody could look.
    private static func isAgainstCopy(_ error: any Error) -> Bool {
        switch error {
        case CopyError.differs, CopyError.broken, CopyError.noCopy: true
        default: error is BackupError
        }
    }

    private func examined(_ backup: BelievedBackup, parts: Int) async throws -> CopyReceipt {
        let id = backup.manifest.id
        return try await desk.alone(tell: tell) {
            let (identity, snapshots) = try await desk.open(key: key, tell: tell)
            guard
                let (snapshot, label) = snapshots.lazy.compactMap({ snapshot in
                    snapshot.label.flatMap { $0.isCopy(of: id, folder.target) ? (snapshot, $0) : nil }
                }).first
            else {
                throw CopyError.noCopy(id, storage: repository.storage)
            }
            let part = try desk.partToRead(of: parts, runID: runID)
            var receipt = try await prove(
                snapshot, label, of: backup, repository: identity, sent: nil, reading: part.map { ($0, parts) })
            let last = try await blocking.run { _ in
                try folder.receipt(of: id, in: repository.storage, key: key)
            }
            // Of another snapshot it says nothing about this one.
            if let last, last.isOf(snapshot.id, in: identity) { receipt.certificate = last.certificate }
            let written = receipt
            try await blocking.run { _ in try folder.write(written, key: key) }
            if let part { try desk.remember(reading: part, of: parts, runID: runID) }
            return receipt
        }
    }

    /// A copy that is there already, as a run left it that was killed before it had looked; and the ids of those that are
    /// not whole.
    private func whole(
        _ snapshots: [ResticSnapshot], _ stored: BackupManifest
    ) async throws -> (ResticSnapshot?, bad: [String]) {
        var bad: [String] = []
        for snapshot in snapshots {
            guard let label = snapshot.label else { continue }
            do {
                let copy = try await StoredCopy(snapshot, label, in: repository, key: key)
                try copy.compare(with: stored)
                try await copy.compareListing()
                return (snapshot, bad)
            } catch {
                // A repository that is damaged is no matter of one snapshot.
                if case CopyError.broken = error { throw error }
                guard Self.isAgainstCopy(error) else { throw error }
                bad.append(snapshot.id)
            }
        }
        return (nil, bad)
    }

    private func send(_ stored: BackupManifest, _ label: CopyLabel) async throws -> (ResticSnapshot, ByteCount?) {
        let plain = PlainBackup(stored, key: key)
        let (staging, path) = (staging, StoredCopy.root(label))
        try await clear()
        tell("laying out \(plain.size) for the storage '\(repository.storage)'")
        do {
            try await blocking.run { cancellation in
                try checkSpace(plain.size)
                _ = try plain.write(
                    from: folder.path(of: stored.id), to: staging + path, cancellation)
            }
            let summary = try await desk.sending {
                try await repository.store(
                    String(path.dropFirst()), in: staging, tags: label.tags, time: stored.times.snapshot, tell: tell)
            }
            try await clear()
            let all = try await repository.snapshots()
            guard let snapshot = all.first(where: { $0.id.hasPrefix(summary.snapshot_id) && $0.label == label }) else {
                throw CopyError.failed(
                    storage: repository.storage, detail: "the snapshot it made is not in its list")
            }
            return (snapshot, ByteCount(summary.data_added))
        } catch {
            try await clear()
            throw error
        }
    }

    private func checkSpace(_ needed: ByteCount) throws {
        try FileManager.default.createDirectory(
            atPath: staging, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let free = try SafeDirectory(staging).availableSpace()
        guard free >= needed else { throw CopyError.noSpace(path: workDirectory, needed: needed, free: free) }
    }

    private func clear() async throws {
        let staging = staging
        try await blocking.runToEnd {
            guard FileManager.default.fileExists(atPath: staging) else { return }
            try FileManager.default.removeItem(atPath: staging)
        }
    }

    private func prove(
        _ snapshot: ResticSnapshot, _ label: CopyLabel, of backup: BelievedBackup, repository identity: String,
        sent: ByteCount?, reading share: (part: Int, of: Int)? = nil
    ) async throws -> CopyReceipt {
        tell("looking at the copy in the storage '\(repository.storage)'")
        // First, because it says at once what reading would try for a quarter of an hour: a pack that is cut off.
        try await repository.check()
        let copy = try await StoredCopy(snapshot, label, in: repository, key: key)
        try copy.compare(with: backup.manifest)
        try await copy.compareListing()
        var generator = SystemRandomNumberGenerator()
        let read = try await copy.readBack(most: readsBack, using: &generator)
        if let share {
            tell("reading part \(share.part) of \(share.of) of the storage '\(repository.storage)'")
            try await repository.check(reading: share)
        }
        var receipt = CopyReceipt(
            of: copy, in: identity, original: backup.digest, runID: runID, readBack: read,
            at: repository.programs.clock.now(), countsFor: countsFor)
        receipt.sent = sent
        receipt.stored = try await repository.size()
        return receipt
    }
}
