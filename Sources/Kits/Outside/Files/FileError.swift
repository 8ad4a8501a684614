import Glibc
import Maintenance

/// A file or directory that could not be used as was asked. Paths are shown as they are written, made printable.
package enum FileError: MaintenanceError, Equatable {
    /// The system refused an operation, with its error number.
    case system(Operation, path: String, number: Int32)
    case notDirectory(path: String)
    case notFile(path: String)
    case symbolicLink(path: String)
    case otherFilesystem(path: String)
    /// Something else stands where the file was that was looked at before.
    case changed(path: String)
    case exists(path: String)
    case invalidName(String)
    case tooDeep(path: String, limit: Int)
    case tooLong(path: String, limit: ByteCount)
    case locked(path: String, holder: Int32?)
    /// What was written is not what was read back.
    case differs(path: String, detail: String)

    package enum Operation: String, Sendable {
        case open = "opened"
        case look = "looked at"
        case read = "read"
        case write = "written"
        case create = "created"
        case synchronize = "written to the disk"
        case rename = "renamed"
        case remove = "removed"
        case list = "listed"
        case lock = "locked"
        case truncate = "truncated"
        case change = "changed"
    }

    init(_ operation: Operation, _ path: String, _ number: Int32) {
        self =
            switch number {
            case ENOTDIR: .notDirectory(path: path)
            case ELOOP: .symbolicLink(path: path)
            case EEXIST: .exists(path: path)
            default: .system(operation, path: path, number: number)
            }
    }

    private var number: Int32? {
        if case .system(_, _, let number) = self { number } else { nil }
    }

    /// Whether there is nothing of that name.
    package var isMissing: Bool { number == ENOENT }
    package var isPermissionDenied: Bool { number == EACCES || number == EPERM }

    package var code: String {
        switch self {
        case .system:
            switch number {
            case ENOENT: "file.missing"
            case EACCES, EPERM: "file.permission"
            case ENOSPC, EDQUOT: "file.disk-full"
            case EROFS: "file.read-only"
            default: "file.failed"
            }
        case .notDirectory, .notFile: "file.wrong-kind"
        case .symbolicLink: "file.symbolic-link"
        case .otherFilesystem: "file.other-filesystem"
        case .changed: "file.changed"
        case .exists: "file.exists"
        case .invalidName: "file.invalid-name"
        case .tooDeep: "file.too-deep"
        case .tooLong: "file.too-long"
        case .locked: "file.locked"
        case .differs: "file.differs"
        }
    }

    package var problem: String {
        switch self {
        case .system(_, let path, ENOENT): "there is no '\(path.printable)'"
        case .system(let operation, let path, ENOSPC):
            "'\(path.printable)' cannot be \(operation.rawValue): the disk is full"
        case .system(let operation, let path, EDQUOT):
            "'\(path.printable)' cannot be \(operation.rawValue): its owner's disk quota is used up"
        case .system(let operation, let path, let number):
            "'\(path.printable)' cannot be \(operation.rawValue): \(systemReason(number))"
        case .notDirectory(let path): "'\(path.printable)' is not a directory"
        case .notFile(let path): "'\(path.printable)' is not a regular file"
        case .symbolicLink(let path): "'\(path.printable)' is a symbolic link, which is never followed here"
        case .otherFilesystem(let path): "'\(path.printable)' is on another filesystem"
        case .changed(let path): "'\(path.printable)' is no longer the file that was seen"
        case .exists(let path): "'\(path.printable)' exists already"
        case .invalidName(let name): "'\(name.printable)' is not the name of a file"
        case .tooDeep(let path, let limit): "'\(path.printable)' is deeper than \(limit) directories"
        case .tooLong(let path, let limit): "'\(path.printable)' is longer than \(limit)"
        case .locked(let path, let holder):
            "'\(path.printable)' is locked by \(holder.map { "process \($0)" } ?? "another process")"
        case .differs(let path, let detail): "'\(path.printable)' does not read back as it was written: \(detail)"
        }
    }

    private static func directory(of path: String) -> String {
        path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    }

    package var hint: String? {
        switch self {
        case .system(_, _, EACCES), .system(_, _, EPERM):
            "Give the user Mainstay runs as the rights, or run it as another."
        // The file itself may never have been.
        case .system(_, let path, ENOSPC): "Free some space: df -h \(Self.directory(of: path).shellQuoted.printable)"
        case .system(_, let path, EROFS):
            "The filesystem is mounted read-only: findmnt -T \(path.shellQuoted.printable)"
        case .symbolicLink: "Configure the directory it leads to."
        case .changed: "Plan again: somebody else works on the same files."
        case .locked: "Wait until it is done, or look at it with 'mainstay runs'."
        case .differs: "The original is kept. Check the disk."
        default: nil
        }
    }

    package var isRetryable: Bool {
        switch self {
        case .locked: true
        case .system: [EAGAIN, EINTR, ENOSPC, EMFILE, ENFILE, ENOMEM, EBUSY, EDQUOT].contains(number)
        default: false
        }
    }

    package var exitStatus: ExitStatus {
        switch self {
        case .invalidName: .configuration
        default: .failure
        }
    }
}
