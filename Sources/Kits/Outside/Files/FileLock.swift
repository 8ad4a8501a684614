import Glibc
import Maintenance

/// An advisory lock on a directory, held until this value is gone: the fence that keeps a second worker from the same
/// files (flock(2)). The kernel gives it back when the process dies, however it dies.
package final class FileLock: Sendable {
    private let descriptor: Descriptor

    fileprivate init(_ descriptor: Descriptor) { self.descriptor = descriptor }

    deinit { release() }

    /// Gives it back now; the value is of no use after that. Said to the kernel and not left to close(2): a child that
    /// is being started at this moment holds a copy of every descriptor until it runs its program.
    package func release() {
        flock(descriptor.number, LOCK_UN)
    }
}

extension SafeDirectory {
    /// Throws `FileError.locked`, with the holder's process where /proc/locks tells it, when another one has it. Each
    /// call locks for itself: two locks of one process exclude each other too.
    package func lock() throws(FileError) -> FileLock {
        let number = openat(descriptor.number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard number >= 0 else { throw FileError(.lock, path, errno) }
        let own = Descriptor(adopting: number, path: path)
        guard flock(number, LOCK_EX | LOCK_NB) == 0 else {
            guard errno == EWOULDBLOCK else { throw FileError(.lock, path, errno) }
            throw .locked(path: path, holder: holder)
        }
        return FileLock(own)
    }

    /// `1: FLOCK  ADVISORY  WRITE 1234 fe:00:131073 0 EOF` (proc(5), /proc/locks).
    private var holder: Int32? {
        guard let bytes = try? Descriptor.open("/proc/locks").contents(limit: 4_194_304) else { return nil }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        for fields in lines.map({ $0.split(separator: " ") }) where fields.count >= 6 && fields[1] == "FLOCK" {
            let place = fields[5].split(separator: ":")
            if place.count == 3, UInt64(place[2]) == identity.inode { return Int32(fields[4]) }
        }
        return nil
    }
}
