import Maintenance

/// A copy in a repository that cannot be made, read or believed.
package enum CopyError: MaintenanceError, Hashable {
    /// Nothing was ever there, or nobody has made it yet.
    case noRepository(storage: String)
    /// There was one, and it is gone.
    case gone(storage: String)
    /// Another repository stands where ours was.
    case replaced(storage: String, known: String, found: String)
    /// What lies there was made with another backup key, or not by Mainstay.
    case foreign(storage: String, detail: String)
    case password(storage: String)
    case credentials(storage: String, detail: String)
    case unreachable(storage: String, detail: String)
    case full(storage: String, detail: String)
    case readOnly(storage: String, detail: String)
    /// Nothing moved for so long.
    case stalled(storage: String, after: Duration)
    /// By a process that lives, or one of another machine.
    case locked(storage: String, holder: String)
    /// restic's own words about what is wrong inside.
    case broken(storage: String, detail: String)
    /// The repository does not hold the copy as it was made.
    case differs(BackupID, storage: String, detail: String)
    /// The backup that should be copied is not what its manifest says.
    case damaged(BackupID, file: String, reason: String)
    case noCopy(BackupID, storage: String)
    /// A file set in the repository is not what was stored.
    case files(String, storage: String, detail: String)
    case noFiles(String, storage: String)
    case noSpace(path: String, needed: ByteCount, free: ByteCount)
    case failed(storage: String, detail: String)

    package var code: String {
        switch self {
        case .noRepository: "copy.no-repository"
        case .gone: "copy.repository-gone"
        case .replaced: "copy.repository-replaced"
        case .foreign: "copy.foreign-repository"
        case .password: "copy.password"
        case .credentials: "copy.credentials"
        case .unreachable: "copy.unreachable"
        case .full: "copy.storage-full"
        case .readOnly: "copy.storage-read-only"
        case .stalled: "copy.stalled"
        case .locked: "copy.locked"
        case .broken: "copy.repository-damaged"
        case .differs: "copy.differs"
        case .damaged: "copy.backup-damaged"
        case .noCopy, .noFiles: "copy.none"
        case .files: "copy.files-differ"
        case .noSpace: "copy.no-space"
        case .failed: "copy.failed"
        }
    }

    package var problem: String {
        switch self {
        case .noRepository(let storage): "there is no repository in the storage '\(storage)' yet"
        case .gone(let storage):
            "the repository in the storage '\(storage)' is gone: there was one, and nothing is there"
        case .replaced(let storage, let known, let found):
            "another repository stands in the storage '\(storage)': \(found.prefix(10).printable), and ours was "
                + known.prefix(10).printable
        case .foreign(let storage, let detail):
            "the repository in the storage '\(storage)' is not this Mainstay's: \(detail.printable)"
        case .password(let storage): "the password of the storage '\(storage)' opens no key of its repository"
        case .credentials(let storage, let detail): "the storage '\(storage)' refuses our credentials: \(detail)"
        case .unreachable(let storage, let detail): "the storage '\(storage)' cannot be reached: \(detail)"
        case .full(let storage, let detail): "the storage '\(storage)' is full: \(detail)"
        case .readOnly(let storage, let detail): "the storage '\(storage)' cannot be written to: \(detail)"
        case .stalled(let storage, let limit):
            "the storage '\(storage)' took nothing for \(limit.short) ('give-up-after')"
        case .locked(let storage, let holder): "the repository in the storage '\(storage)' is locked: \(holder)"
        case .broken(let storage, let detail): "the repository in the storage '\(storage)' is damaged: \(detail)"
        case .differs(let id, let storage, let detail):
            "the copy of backup \(id) in the storage '\(storage)' is not what was copied: \(detail)"
        case .damaged(let id, let file, let reason):
            "backup \(id) is not copied, because '\(file.printable)' is damaged: \(reason.printable)"
        case .files(let name, let storage, let detail):
            "the files '\(name)' in the storage '\(storage)' are not what was stored: \(detail)"
        case .noFiles(let name, let storage): "the storage '\(storage)' holds no files '\(name.printable)'"
        case .noCopy(let id, let storage): "the storage '\(storage)' holds no copy of backup \(id)"
        case .noSpace(let path, let needed, let free):
            "'\(path.printable)' has \(free) free, and \(needed) are needed to hold the backup uncompressed"
        case .failed(let storage, let detail): "restic failed at the storage '\(storage)': \(detail)"
        }
    }

    package var hint: String? {
        switch self {
        case .noRepository: "'mainstay backup copy' makes it with the first copy."
        case .gone:
            "Look whether the storage is mounted and the URL is right. Where the loss is real, forget the old one: "
                + "mainstay backup copy --new-repository"
        case .replaced:
            "Look at 'repository' of this storage. Nothing was written. Where the change is meant: "
                + "mainstay backup copy --new-repository"
        case .foreign: "Look at 'repository' of this storage, and at 'backups.key'. Nothing was written."
        case .password: "Put the password back that the repository was made with; nobody can read it without."
        case .credentials: "Renew them, and look at 'environment' of this storage."
        case .unreachable, .stalled: "Nothing was lost; the next run sends what is missing."
        case .full: "Free some space there, or remove old copies: mainstay backup prune"
        case .readOnly: "Check the rights there; nothing was written."
        case .locked: "Wait for it to end. A lock whose process is gone: restic unlock"
        case .broken:
            "Do not rely on these copies. Keep the repository as it is, and make a new one in another place: "
                + "what lies in 'backups.directory' is copied again."
        case .differs: "Copy it again: mainstay backup copy"
        case .damaged: "Prove it: mainstay backup verify; and take a new one: mainstay backup run"
        case .files: "Store them again: mainstay backup files"
        case .noFiles: "Store them: mainstay backup files"
        case .noCopy: "List the copies: mainstay backup list"
        case .noSpace: "Free some space, or name another directory in 'backups.work'."
        case .failed: nil
        }
    }

    package var isRetryable: Bool {
        switch self {
        case .unreachable, .stalled, .locked: true
        default: false
        }
    }

    package var exitStatus: ExitStatus {
        switch self {
        case .noRepository, .password, .credentials, .foreign, .replaced: .configuration
        case .unreachable, .stalled: .unreachable
        default: .failure
        }
    }
}
