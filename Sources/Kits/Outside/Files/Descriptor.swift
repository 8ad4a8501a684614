import CShims
import Glibc
import Maintenance

/// An open file descriptor, closed when nobody holds it any more.
///
/// Every call here is the system's own; what fails is thrown as a `FileError` with the path it was opened by.
package final class Descriptor: Sendable {
    package let number: Int32
    /// For messages.
    package let path: String

    /// Takes over a descriptor that is open.
    package init(adopting number: Int32, path: String) {
        self.number = number
        self.path = path
    }

    deinit { close(number) }

    /// Opens a path that configuration names; always close-on-exec.
    package static func open(_ path: String, flags: Int32 = O_RDONLY, mode: UInt32 = 0o600) throws(FileError)
        -> Descriptor
    {
        let number = Glibc.open(path, flags | O_CLOEXEC, mode)
        guard number >= 0 else { throw FileError(.open, path, errno) }
        return Descriptor(adopting: number, path: path)
    }

    package func status() throws(FileError) -> FileStatus {
        var raw = stat()
        guard fstat(number, &raw) == 0 else { throw FileError(.look, path, errno) }
        return FileStatus(raw)
    }

    /// Up to `count` bytes from an offset, or from the present position where it is nil; empty at the end.
    package func read(upTo count: Int, at offset: Int64? = nil) throws(FileError) -> [UInt8] {
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            repeat {
                let size =
                    offset.map { pread(number, buffer.baseAddress, count, off_t($0)) }
                    ?? Glibc.read(number, buffer.baseAddress, count)
                failure = size < 0 ? errno : 0
                filled = max(0, size)
            } while failure == EINTR
        }
        guard failure == 0 else { throw FileError(.read, path, failure) }
        return bytes
    }

    /// Into memory of the caller's, from the present position; 0 at the end.
    package func read(into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
        while true {
            let size = Glibc.read(number, buffer.baseAddress, buffer.count)
            if size >= 0 { return size }
            guard errno == EINTR else { throw FileError(.read, path, errno) }
        }
    }

    /// All of them, however often the system takes a part only.
    package func write(_ bytes: [UInt8]) throws(FileError) {
        let failure = bytes.withUnsafeBytes(writeAll)
        guard failure == 0 else { throw FileError(.write, path, failure) }
    }

    package func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        let failure = writeAll(bytes)
        guard failure == 0 else { throw FileError(.write, path, failure) }
    }

    /// The error number, 0 for none.
    private func writeAll(_ bytes: UnsafeRawBufferPointer) -> Int32 {
        var rest = bytes[...]
        while !rest.isEmpty {
            let size = Glibc.write(number, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if size >= 0 { rest = rest.dropFirst(size) } else if errno != EINTR { return errno }
        }
        return 0
    }

    /// Gives back what the first `length` bytes take on the disk; they read as zeros after that, and the size stays.
    /// False where the filesystem cannot.
    package func release(first length: Int64) -> Bool { mainstay_punch_hole(number, 0, Int(length)) == 0 }

    /// To the disk: fsync(2). Without it a file that was written and renamed may be empty after a power cut.
    package func synchronize() throws(FileError) {
        guard fsync(number) == 0 else { throw FileError(.synchronize, path, errno) }
    }

    /// Lets the system begin to write the file out, so that `synchronize` waits less later; a hint.
    package func beginWriting() { _ = mainstay_begin_writing(number) }

    /// Everything on the filesystem it is on, to the disk: with many files faster than one after the other.
    package func synchronizeFilesystem() throws(FileError) {
        guard mainstay_synchronize_filesystem(number) == 0 else { throw FileError(.synchronize, path, errno) }
    }

    /// The whole of a small file, among them those of /proc, whose size is not known before; nil when it is longer.
    package func contents(limit: Int) throws(FileError) -> [UInt8]? {
        var bytes: [UInt8] = []
        while bytes.count <= limit {
            let chunk = try read(upTo: min(65_536, limit + 1 - bytes.count))
            if chunk.isEmpty { return bytes }
            bytes += chunk
        }
        return nil
    }
}

extension [UInt8] {
    /// `==` at the speed of memcmp(3), in debug builds too.
    func isIdentical(to other: [UInt8]) -> Bool {
        count == other.count
            && withUnsafeBytes { own in
                other.withUnsafeBytes { other in
                    guard let own = own.baseAddress, let base = other.baseAddress else { return true }
                    return memcmp(own, base, other.count) == 0
                }
            }
    }
}
