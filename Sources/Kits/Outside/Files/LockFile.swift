import Glibc
import Maintenance

/// An exclusive lock on a file of its own (flock(2)): held until released or until the process ends, however it ends.
///
/// The file stays: removing it would let two processes hold locks on two files of the same name.
package final class LockFile: Sendable {
    private let descriptor: Int32

    /// Nil where another process holds it; throws `LockFileError` where the file cannot be opened.
    package init?(_ path: String) throws {
        let opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard opened >= 0 else { throw LockFileError(path: path, reason: systemReason(errno)) }
        guard flock(opened, LOCK_EX | LOCK_NB) == 0 else {
            let failure = errno
            close(opened)
            guard failure == EWOULDBLOCK else { throw LockFileError(path: path, reason: systemReason(failure)) }
            return nil
        }
        descriptor = opened
    }

    // A child that is being started at this moment holds a copy of the descriptor until it runs its program, so that
    // closing ours alone would not give the lock back yet.
    deinit {
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }
}

package struct LockFileError: MaintenanceError, Hashable {
    package var path: String
    package var reason: String

    package init(path: String, reason: String) {
        self.path = path
        self.reason = reason
    }

    package var code: String { "file.cannot-lock" }
    package var problem: String { "cannot lock '\(path.printable)': \(reason)" }
    package var hint: String? { "The directory has to exist and be writable for this user." }
    package var exitStatus: ExitStatus { .configuration }
}
