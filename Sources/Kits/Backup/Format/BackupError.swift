import Maintenance
import PostgreSQL

/// A backup that cannot be taken, read or believed.
package enum BackupError: MaintenanceError, Hashable {
    case badKey(path: String)
    case badCertificateKey(path: String)
    /// There are backups and no key to believe them with.
    case noKey(path: String)
    case otherKey(BackupID, has: String, wanted: String)
    case badSignature(BackupID)
    /// Of a certificate's page.
    case badPage(BackupID)
    case unreadable(path: String, reason: String)
    case otherFormat(BackupID, format: String)
    /// Its manifest names another backup or another target.
    case moved(BackupID, to: String)
    case incomplete(path: String, missing: String)
    /// Row locks and snapshots do not hold behind it.
    case transactionPooler(String)
    case notReadable([QualifiedName])
    case filtered([QualifiedName])
    case cannotWatch(path: String, reason: String)
    case cannotMake(path: String, reason: String)
    /// pg_dump ended well and its file has no end.
    case halfFile(name: String)
    /// pg_dump's list of contents lacks tables, or its directory lacks their files.
    case leftOut([QualifiedName])
    /// A COPY of our own in the same snapshot gave other rows.
    case dumpDiffers(QualifiedName, dumped: RowDigest, read: RowDigest)
    case snapshotLost(reason: String)
    case noSpace(path: String, needed: ByteCount, free: ByteCount)

    package var code: String {
        switch self {
        case .badKey, .badCertificateKey, .noKey: "backup.key"
        case .otherKey: "backup.other-key"
        case .badSignature, .badPage: "backup.signature"
        case .unreadable: "backup.unreadable"
        case .otherFormat: "backup.format"
        case .moved: "backup.moved"
        case .incomplete: "backup.incomplete"
        case .transactionPooler: "backup.transaction-pooler"
        case .notReadable: "backup.not-readable"
        case .filtered: "backup.row-security"
        case .cannotWatch: "backup.cannot-watch"
        case .cannotMake: "backup.cannot-make"
        case .halfFile, .leftOut, .dumpDiffers: "backup.dump-incomplete"
        case .snapshotLost: "backup.snapshot-lost"
        case .noSpace: "backup.no-space"
        }
    }

    package var problem: String {
        switch self {
        case .badKey(let path): "'\(path.printable)' holds no key of 64 hexadecimal digits"
        case .badCertificateKey(let path): "'\(path.printable)' holds no private key of the curve P-256 as PEM"
        case .noKey(let path): "there is no key '\(path.printable)' to check signatures with"
        case .otherKey(let id, let has, let wanted):
            "backup \(id) was signed with the key '\(has.printable)', and this one is '\(wanted)'"
        case .badPage(let id): "the page of backup \(id)'s certificate does not fit its signature: one was changed"
        case .badSignature(let id): "the manifest of backup \(id) does not fit its signature: one of them was changed"
        case .unreadable(let path, let reason): "'\(path.printable)' cannot be read: \(reason.printable)"
        case .otherFormat(let id, let format):
            "backup \(id) has the format '\(format.printable)', and '\(BackupManifest.format)' is needed"
        case .moved(let id, let path): "what stands as backup \(id) in '\(path.printable)' is another one"
        case .incomplete(let path, let missing): "'\(path.printable)' has no '\(missing.printable)'"
        case .transactionPooler(let address):
            "'\(address)' is a connection pooler that gives each transaction another session"
        case .notReadable(let names): "this role may not read \(Self.list(names))"
        case .filtered(let names): "row security would hide rows of \(Self.list(names)) from this role"
        case .cannotWatch(let path, let reason): "'\(path.printable)' cannot be watched: \(reason)"
        case .cannotMake(let path, let reason): "'\(path.printable)' cannot be made: \(reason)"
        case .halfFile(let name): "pg_dump ended without an error, and its file '\(name.printable)' has no end"
        case .leftOut(let names): "pg_dump ended without an error and left out \(Self.list(names))"
        case .dumpDiffers(let name, let dumped, let read):
            "pg_dump wrote \(dumped.rows) rows of \(name) (\(dumped)) that are not the \(read.rows) there are (\(read))"
        case .snapshotLost(let reason): "the session that held the snapshot is gone: \(reason)"
        case .noSpace(let path, let needed, let free):
            "'\(path.printable)' has \(free) free, and about \(needed) are needed"
        }
    }

    package var hint: String? {
        switch self {
        case .badKey, .noKey, .otherKey:
            "Put the key back from where you keep its copy, or name it in 'backups.key' or 'backups.former-keys'."
        case .badCertificateKey: "Move it away, and a new one is made, or name another in 'backups.certificate-key'."
        case .badSignature, .badPage, .moved, .incomplete, .unreadable:
            "Do not rely on it. Take a new one: mainstay backup run"
        case .cannotMake: "Check the rights and the free space of the directory."
        case .otherFormat: "Use the version of Mainstay that made it."
        case .transactionPooler: "Name the server itself in the configuration, not the pooler."
        case .notReadable: "Let it read: grant pg_read_all_data to the role, or name another role."
        case .filtered: "Give the role BYPASSRLS, or name another role."
        case .cannotWatch: "Raise fs.inotify.max_user_instances (sysctl)."
        case .halfFile, .leftOut, .dumpDiffers: "Nothing was kept. Look for what wraps or replaces pg_dump."
        case .snapshotLost: "Try again; look who ended it in the server's log."
        case .noSpace: "Free some space, or name another directory in 'backups.directory'."
        }
    }

    package var exitStatus: ExitStatus {
        switch self {
        case .badKey, .badCertificateKey, .noKey, .otherKey, .transactionPooler, .notReadable, .filtered: .configuration
        default: .failure
        }
    }

    package var isRetryable: Bool {
        if case .snapshotLost = self { true } else { false }
    }

    private static func list(_ names: [QualifiedName]) -> String {
        let shown = names.sorted().prefix(5).map(\.description).joined(separator: ", ")
        return names.count > 5 ? "\(shown) and \(names.count - 5) more" : shown
    }
}
