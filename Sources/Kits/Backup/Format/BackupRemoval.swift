import Maintenance
import Outside

/// How backups go. The first thing that happens is another name (`.ID.removed`), so that whatever ends the program on the
/// way, no backup that lacks a file is ever listed; what such an end leaves goes with the next removal of it.
extension BackupFolder {
    /// Where a backup stands on its way out.
    package enum Presence: Hashable, Sendable {
        case whole(FileIdentity)
        /// It has its last name, and may lack anything.
        case going(FileIdentity)
        case gone
    }

    static func lastName(of id: BackupID) -> String { ".\(id).removed" }

    package func presence(of id: BackupID) throws -> Presence {
        guard let directory = try open() else { return .gone }
        if let status = try directory.status(of: try FileName(id.description)) { return .whole(status.identity) }
        if let status = try directory.status(of: try FileName(Self.lastName(of: id))) {
            return .going(status.identity)
        }
        return .gone
    }

    /// Backups whose removal was begun and not ended, the newest first.
    package func going() throws -> [BackupID] {
        var found: [BackupID] = []
        try open()?.forEachName { name in
            let text = name.description
            guard text.hasPrefix("."), text.hasSuffix(".removed"),
                let id = BackupID(String(text.dropFirst().dropLast(".removed".count)))
            else { return }
            found.append(id)
        }
        return found.sorted(by: >)
    }

    /// Removes a backup with its certificates, or what is left of it. Nothing happens where it is gone.
    ///
    /// - Parameter seen: which directory it is.
    /// - Throws: `FileError.changed` where another stands there, `FileError.locked` while a backup is being taken.
    package func remove(_ id: BackupID, seen: FileIdentity, _ cancellation: Blocking.Cancellation) throws {
        guard let directory = try open() else { return }
        let lock = try directory.lock()
        defer { lock.release() }
        let (own, last) = (try FileName(id.description), try FileName(Self.lastName(of: id)))
        switch try presence(of: id) {
        case .gone: return
        case .whole(let identity):
            guard identity == seen else { throw FileError.changed(path: directory.shown(own)) }
            try directory.rename(own, to: last)
            // Before the first file goes, also for a power cut.
            try directory.synchronize()
        case .going(let identity):
            guard identity == seen else { throw FileError.changed(path: directory.shown(last)) }
        }
        for name in try Self.companions(of: id) {
            if let status = try directory.status(of: name) { _ = try directory.remove(name, seen: status) }
        }
        try empty(try directory.subdirectory(last), cancellation)
        _ = try directory.removeIfEmpty(last, identity: seen)
        try directory.synchronize()
    }

    /// What stands beside a backup and belongs to it.
    static func companions(of id: BackupID) throws -> [FileName] {
        let receipts = storages.map { receiptName(id, $0) }
        return try
            ([certificateName(id), certificateSignatureName(id)] + CertificateCopy.allNames(of: id) + receipts
            + keepNames(id))
            .map { try FileName($0) }
    }

    /// Whether anything that belongs to a backup is still there, under whatever name.
    package func isGone(_ id: BackupID) throws -> Bool {
        guard let directory = try open() else { return true }
        guard try presence(of: id) == .gone else { return false }
        return try Self.companions(of: id).allSatisfy { try directory.status(of: $0) == nil }
    }

    /// Never through a link and never onto another filesystem.
    private func empty(_ directory: SafeDirectory, _ cancellation: Blocking.Cancellation) throws {
        try FileTree(directory).walk(cancellation) { event in
            switch event {
            case .found(let entry):
                if entry.status.kind != .directory { _ = try entry.directory.remove(entry.name, seen: entry.status) }
            case .left(let entry):
                _ = try entry.directory.removeIfEmpty(entry.name, identity: entry.status.identity)
            case .skipped(_, let reason): throw reason
            }
        }
    }

    /// The first file that is missing, or has another length than the manifest says; nil where all are there. Looks at
    /// names and lengths only: what is in them is for a proof.
    package func firstMisfit(of manifest: BackupManifest) throws -> String? {
        let root = try SafeDirectory(path(of: manifest.id))
        for file in manifest.files {
            let parts = file.path.split(separator: "/").map(String.init)
            guard let last = parts.last else { return file.path }
            do throws(FileError) {
                var directory = root
                for part in parts.dropLast() { directory = try directory.subdirectory(try FileName(part)) }
                let status = try directory.status(of: try FileName(last))
                guard status?.kind == .file, status?.size == file.size else { return file.path }
            } catch {
                guard error.isMissing else { throw error }
                return file.path
            }
        }
        return nil
    }
}
