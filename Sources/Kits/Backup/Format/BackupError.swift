import Maintenance

/// A backup that cannot be taken, read or believed.
package enum BackupError: MaintenanceError, Hashable {
    case badKey(path: String)
    /// There are backups and no key to believe them with.
    case noKey(path: String)
    case otherKey(BackupID, has: String, wanted: String)
    case badSignature(BackupID)
    case unreadable(path: String, reason: String)
    case otherFormat(BackupID, format: String)
    /// Its manifest names another backup or another target.
    case moved(BackupID, to: String)
    case incomplete(path: String, missing: String)

    package var code: String {
        switch self {
        case .badKey, .noKey: "backup.key"
        case .otherKey: "backup.other-key"
        case .badSignature: "backup.signature"
        case .unreadable: "backup.unreadable"
        case .otherFormat: "backup.format"
        case .moved: "backup.moved"
        case .incomplete: "backup.incomplete"
        }
    }

    package var problem: String {
        switch self {
        case .badKey(let path): "'\(path.printable)' holds no key of 64 hexadecimal digits"
        case .noKey(let path): "there is no key '\(path.printable)' to check signatures with"
        case .otherKey(let id, let has, let wanted):
            "backup \(id) was signed with the key '\(has.printable)', and this one is '\(wanted)'"
        case .badSignature(let id): "the manifest of backup \(id) does not fit its signature: one of them was changed"
        case .unreadable(let path, let reason): "'\(path.printable)' cannot be read: \(reason.printable)"
        case .otherFormat(let id, let format):
            "backup \(id) has the format '\(format.printable)', and '\(BackupManifest.format)' is needed"
        case .moved(let id, let path): "what stands as backup \(id) in '\(path.printable)' is another one"
        case .incomplete(let path, let missing): "'\(path.printable)' has no '\(missing.printable)'"
        }
    }

    package var hint: String? {
        switch self {
        case .badKey, .noKey, .otherKey: "Put the key back from where you keep its copy, or name it in 'backups.key'."
        case .badSignature, .moved, .incomplete, .unreadable:
            "Do not rely on it. Take a new one: mainstay backup run"
        case .otherFormat: "Use the version of Mainstay that made it."
        }
    }

    package var exitStatus: ExitStatus {
        switch self {
        case .badKey, .noKey, .otherKey: .configuration
        default: .failure
        }
    }
}
