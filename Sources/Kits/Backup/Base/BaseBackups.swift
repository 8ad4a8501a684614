import Foundation
import Maintenance
import Outside

/// The base backups of one database's cluster: directories under `physical/base` beside its certificates, each with the
/// files as pg_basebackup wrote them (`data`, `tablespaces`) and our record (`backup.json`). While one is made, and while
/// one goes, it has a name that begins with a dot, so that a half one is never listed.
package struct BaseBackups: Sendable {
    package let target: Target
    package let path: String
    package let key: BackupKey?

    /// What lists call it where pgBackRest has the name of a stanza.
    package static let name = "basebackup"

    package init(_ folder: BackupFolder, key: BackupKey?) {
        target = folder.target
        path = "\(folder.path)/physical/base"
        self.key = key
    }

    static let data = "data"
    static let tablespaces = "tablespaces"
    static let manifest = "backup_manifest"
    private static let record = "backup"

    package func path(of label: String) -> String { "\(path)/\(label)" }
    func data(of label: String) -> String { "\(path)/\(label)/\(Self.data)" }

    /// Nil where none was ever taken.
    func open() throws -> SafeDirectory? {
        do { return try SafeDirectory(path) } catch  where error.isMissing { return nil }
    }

    func make() throws -> SafeDirectory {
        try SafeDirectory.make(path)
        return try SafeDirectory(path)
    }

    /// Of whole backups, the oldest first.
    func labels() throws -> [String] {
        var labels: [String] = []
        try open()?.forEachName { name in
            if PhysicalBackup.isLabel(name.description) { labels.append(name.description) }
        }
        // The time of an incremental one stands behind that of its full one.
        return labels.sorted { ($0.suffix(16).dropLast(), $0) < ($1.suffix(16).dropLast(), $1) }
    }

    /// What was written down when it was taken.
    ///
    /// - Throws: `PhysicalRecordError` where it cannot be believed, `FileError`.
    package func record(of label: String) throws -> BaseBackupRecord {
        let shelf = RecordShelf(directory: path(of: label))
        guard let key, let record = try shelf.read(BaseBackupRecord.self, Self.record, key: key) else {
            throw PhysicalRecordError(path: shelf.path(of: Self.record), reason: "it is not there, or has no key")
        }
        guard record.format == BaseBackupRecord.format, record.label == label, record.target == target else {
            throw PhysicalRecordError(path: shelf.path(of: Self.record), reason: "it is about something else")
        }
        return record
    }

    func write(_ record: BaseBackupRecord, in directory: String, key: BackupKey) throws {
        try RecordShelf(directory: directory).write(record, as: Self.record, key: key)
    }

    /// Those that can be believed, the oldest first, and what is wrong with the others.
    package func records() throws -> (believed: [BaseBackupRecord], trouble: [PhysicalRecordError]) {
        var believed: [BaseBackupRecord] = []
        var trouble: [PhysicalRecordError] = []
        for label in try labels() {
            do { believed.append(try record(of: label)) } catch let error as PhysicalRecordError {
                trouble.append(error)
            }
        }
        return (believed, trouble)
    }

    /// In the words in which pgBackRest would tell it.
    package func info() throws -> RepositoryInfo {
        let (records, trouble) = try records()
        var identifiers: [String] = []
        var clusters: [RepositoryInfo.Cluster] = []
        for record in records where !identifiers.contains(record.systemIdentifier) {
            identifiers.append(record.systemIdentifier)
            clusters.append(
                .init(
                    id: identifiers.count, repository: 1, systemIdentifier: record.systemIdentifier,
                    version: String(record.major)))
        }
        let status =
            trouble.first.map { RepositoryInfo.Status(code: 99, message: $0.problem) }
            ?? (records.isEmpty
                ? .init(code: 2, message: "no base backup was taken yet") : .init(code: 0, message: "ok"))
        return RepositoryInfo(
            stanza: Self.name, status: status,
            backups: records.map { record in
                record.listed((identifiers.firstIndex(of: record.systemIdentifier) ?? 0) + 1)
            }, archives: [], clusters: clusters,
            repositories: [.init(key: 1, cipher: "none", status: .init(code: 0, message: "ok"))], isBusy: false)
    }

    /// The backups that one is put together of, itself the last.
    func chain(of record: BaseBackupRecord) -> [String] { record.needs + [record.label] }
}

extension BaseBackups {
    private static func lastName(of label: String) throws -> FileName { try FileName(".\(label).removed") }

    /// Removes a backup, or what is left of it; its name goes first. Nothing happens where it is gone.
    ///
    /// - Throws: `BaseBackupError.needed` where another is combined with it, `FileError.locked` while one is being taken.
    package func remove(_ label: String) throws {
        guard let directory = try open() else { return }
        let lock = try directory.lock()
        defer { lock.release() }
        if let other = try records().believed.first(where: { $0.needs.contains(label) }) {
            throw BaseBackupError.needed(label, by: other.label)
        }
        let (own, last) = (try FileName(label), try Self.lastName(of: label))
        if try directory.status(of: own) != nil {
            try directory.rename(own, to: last)
            // Before the first file goes, also for a power cut.
            try directory.synchronize()
        }
        if try directory.status(of: last) != nil {
            try FileManager.default.removeItem(atPath: directory.shown(last))
            try directory.synchronize()
        }
    }

    package func isGone(_ label: String) throws -> Bool {
        guard let directory = try open() else { return true }
        return try directory.status(of: try FileName(label)) == nil
            && directory.status(of: try Self.lastName(of: label)) == nil
    }

    /// Removals that were begun and not ended.
    package func going() throws -> [String] {
        var found: [String] = []
        try open()?.forEachName { name in
            let text = name.description
            guard text.hasPrefix("."), text.hasSuffix(".removed") else { return }
            let label = String(text.dropFirst().dropLast(".removed".count))
            if PhysicalBackup.isLabel(label) { found.append(label) }
        }
        return found.sorted()
    }
}
