import CShims
import Glibc
import Maintenance

/// A directory that was opened once, and everything in it relative to that: whoever renames a directory above, or puts
/// a symbolic link in its place, does not move us elsewhere (openat(2), "Rationale").
package final class SafeDirectory: Sendable {
    /// For messages: how it was reached.
    package let path: String
    package let identity: FileIdentity
    let descriptor: Descriptor

    private init(_ descriptor: Descriptor, path: String) throws(FileError) {
        self.descriptor = descriptor
        self.path = path
        identity = try descriptor.status().identity
    }

    /// A configured path. Links above its last part are the administrator's and are followed; the last part itself must
    /// be a directory.
    package convenience init(_ path: String) throws(FileError) {
        let number = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard number >= 0 else { throw Self.error(opening: path, in: AT_FDCWD, named: path, errno) }
        try self.init(Descriptor(adopting: number, path: path), path: path)
    }

    /// One level down, never through a symbolic link, and on this filesystem unless `crossing` says otherwise.
    package func subdirectory(_ name: FileName, crossing: Bool = false) throws(FileError) -> SafeDirectory {
        let path = shown(name)
        let number = name.withCString { openat(descriptor.number, $0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) }
        guard number >= 0 else {
            let code = errno
            throw name.withCString { Self.error(opening: $0, in: descriptor.number, named: path, code) }
        }
        let directory = try SafeDirectory(Descriptor(adopting: number, path: path), path: path)
        guard crossing || directory.identity.device == identity.device else { throw .otherFilesystem(path: path) }
        return directory
    }

    /// `O_DIRECTORY | O_NOFOLLOW` says ENOTDIR of a link too; a person wants to know which it is.
    private static func error(
        opening name: UnsafePointer<CChar>, in directory: Int32, named path: String, _ number: Int32
    ) -> FileError {
        var raw = stat()
        if number == ENOTDIR || number == ELOOP, fstatat(directory, name, &raw, AT_SYMLINK_NOFOLLOW) == 0,
            raw.st_mode & S_IFMT == S_IFLNK
        {
            return .symbolicLink(path: path)
        }
        return FileError(.open, path, number)
    }

    package func shown(_ name: FileName) -> String { path.hasSuffix("/") ? "\(path)\(name)" : "\(path)/\(name)" }

    /// Of the name itself, a link not followed; nil when there is nothing of that name.
    package func status(of name: FileName) throws(FileError) -> FileStatus? {
        var raw = stat()
        if name.withCString({ fstatat(descriptor.number, $0, &raw, AT_SYMLINK_NOFOLLOW) }) == 0 {
            return FileStatus(raw)
        }
        guard errno == ENOENT else { throw FileError(.look, shown(name), errno) }
        return nil
    }

    /// Why a file cannot be read, without opening it; nil where it can be.
    package func obstacle(toReading name: FileName) -> FileError? {
        let result = name.withCString { faccessat(descriptor.number, $0, R_OK, AT_EACCESS) }
        return result == 0 || errno == ENOENT ? nil : FileError(.read, shown(name), errno)
    }

    /// When a file was made; nil where the filesystem does not know it.
    package func birth(of name: FileName) -> Timestamp? {
        let microseconds = name.withCString { mainstay_birth(descriptor.number, $0) }
        return microseconds < 0 ? nil : Timestamp(microseconds: Int64(microseconds))
    }

    /// Regular files only: a pipe or a device that stands in a file's place is an error and blocks nobody.
    package func open(_ name: FileName, flags: Int32 = O_RDONLY, mode: UInt32 = 0o600) throws(FileError) -> Descriptor {
        let all = flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC
        let number = name.withCString { openat(descriptor.number, $0, all, mode) }
        guard number >= 0 else { throw FileError(flags & O_CREAT == 0 ? .open : .create, shown(name), errno) }
        let file = Descriptor(adopting: number, path: shown(name))
        guard try file.status().kind == .file else { throw .notFile(path: shown(name)) }
        return file
    }

    /// Removes the name if what it leads to is still what was seen: the same file, of the same size, not written to
    /// since. False when it is gone already; throws `FileError.changed` when something else stands there.
    package func remove(_ name: FileName, seen: FileStatus) throws(FileError) -> Bool {
        guard let present = try status(of: name) else { return false }
        guard present.identity == seen.identity, present.kind == seen.kind, present.kind != .directory,
            present.size == seen.size, present.modified == seen.modified
        else { throw .changed(path: shown(name)) }
        if name.withCString({ unlinkat(descriptor.number, $0, 0) }) == 0 { return true }
        guard errno == ENOENT else { throw FileError(.remove, shown(name), errno) }
        return false
    }

    /// Removes a directory if it is the one that was seen, and empty; false when it is not empty or gone already.
    package func removeIfEmpty(_ name: FileName, identity: FileIdentity) throws(FileError) -> Bool {
        guard let present = try status(of: name) else { return false }
        guard present.identity == identity, present.kind == .directory else { throw .changed(path: shown(name)) }
        if name.withCString({ unlinkat(descriptor.number, $0, AT_REMOVEDIR) }) == 0 { return true }
        guard [ENOTEMPTY, EEXIST, ENOENT].contains(errno) else { throw FileError(.remove, shown(name), errno) }
        return false
    }

    /// Throws `FileError.exists` rather than replace something.
    package func rename(_ old: FileName, to new: FileName) throws(FileError) {
        let number = descriptor.number
        let result = old.withCString { old in
            new.withCString { mainstay_rename_exclusively(number, old, number, $0) }
        }
        guard result == 0 else { throw FileError(.rename, errno == EEXIST ? shown(new) : shown(old), errno) }
    }

    /// Atomically takes the place of what has that name.
    package func rename(_ old: FileName, replacing new: FileName) throws(FileError) {
        let number = descriptor.number
        let result = old.withCString { old in new.withCString { renameat(number, old, number, $0) } }
        guard result == 0 else { throw FileError(.rename, shown(old), errno) }
    }

    /// Makes the names themselves durable: fsync(2) of a directory.
    package func synchronize() throws(FileError) { try descriptor.synchronize() }

    /// What everybody but root may still write here.
    package func availableSpace() throws(FileError) -> ByteCount {
        var space = statvfs()
        guard fstatvfs(descriptor.number, &space) == 0 else { throw FileError(.look, path, errno) }
        return ByteCount(Int64(space.f_bavail) * Int64(space.f_frsize))
    }

    /// Names in no order, read as they are asked for, without `.` and `..`.
    package func forEachName(_ body: (FileName) throws -> Void) throws {
        let number = openat(descriptor.number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard number >= 0 else { throw FileError(.list, path, errno) }
        guard let stream = fdopendir(number) else {
            let code = errno
            close(number)
            throw FileError(.list, path, code)
        }
        defer { closedir(stream) }
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                if errno != 0 { throw FileError(.list, path, errno) }
                return
            }
            let bytes = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            if bytes != [46], bytes != [46, 46] { try body(try FileName(bytes: bytes)) }
        }
    }
}

extension FileName {
    /// NUL-terminated, for a system call.
    func withCString<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
        (bytes.map { CChar(bitPattern: $0) } + [0]).withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { preconditionFailure("a name has at least its NUL") }
            return body(base)
        }
    }
}
