import Glibc
import Maintenance

extension SafeDirectory {
    /// Makes a directory, and those above it that are missing, so that they are there after a power cut too: the name of
    /// each is written to the disk in the directory that holds it, also of one that is there already.
    ///
    /// - Parameter mode: of every directory that is made.
    package static func make(_ path: String, mode: UInt32 = 0o700) throws(FileError) {
        var made = mkdir(path, mode) == 0
        let above = parent(of: path)
        if !made, errno == ENOENT, let above {
            try make(above, mode: mode)
            made = mkdir(path, mode) == 0
        }
        guard made else {
            let number = errno
            var raw = stat()
            guard number == EEXIST, stat(path, &raw) == 0, raw.st_mode & S_IFMT == S_IFDIR else {
                throw FileError(.create, path, number == EEXIST ? ENOTDIR : number)
            }
            // Whoever made it may have died before its name was on the disk, or be about to put it there. What lies in a
            // directory that may not be opened was made by somebody else.
            if let above, let directory = try? Descriptor.open(above, flags: O_RDONLY | O_DIRECTORY) {
                try directory.synchronize()
            }
            return
        }
        try Descriptor.open(above ?? ".", flags: O_RDONLY | O_DIRECTORY).synchronize()
    }

    /// Nil where nothing is named above it.
    private static func parent(of path: String) -> String? {
        var path = path[...]
        while path.utf8.count > 1, path.hasSuffix("/") { path.removeLast() }
        return path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) }
    }

    /// Writes a file so that at every moment either the old one or the whole new one has the name, also after a power
    /// cut: under a temporary name, to the disk, renamed, and the directory to the disk.
    ///
    /// An existing file's permissions and owner are kept, else it gets `mode`. When anything fails, the temporary file
    /// is removed and the old one untouched.
    package func write(_ name: FileName, mode: UInt32 = 0o644, _ body: (Descriptor) throws -> Void) throws {
        let existing = try status(of: name)
        guard existing == nil || existing?.kind == .file else { throw FileError.notFile(path: shown(name)) }
        let temporary = try temporaryName(for: name)
        let file = try open(temporary, flags: O_WRONLY | O_CREAT | O_EXCL)
        do {
            try body(file)
            try file.take(mode: existing?.mode ?? mode, owner: existing)
            try file.synchronize()
            try rename(temporary, replacing: name)
        } catch {
            discard(temporary, file)
            throw error
        }
        try synchronize()
    }

    package func write(_ name: FileName, _ bytes: [UInt8], mode: UInt32 = 0o644) throws {
        try write(name, mode: mode) { try $0.write(bytes) }
    }

    /// Writes a file that only its owner can read, unless there is one: then, also where somebody else made it at the same
    /// moment, that one stays.
    package func writeOnce(_ name: FileName, _ bytes: [UInt8]) throws {
        let temporary = try temporaryName(for: name)
        let file = try open(temporary, flags: O_WRONLY | O_CREAT | O_EXCL)
        try file.write(bytes)
        try file.synchronize()
        do {
            try rename(temporary, to: name)
        } catch {
            _ = try remove(temporary, seen: try file.status())
            guard case .exists = error else { throw error }
        }
        try synchronize()
    }

    /// `.NAME.0f3a….partial`: hidden, beside its goal, not there yet. A crash may leave one behind.
    package func temporaryName(for name: FileName) throws(FileError) -> FileName {
        let random = UInt64.random(in: 0...UInt64.max)
        return try FileName(bytes: [46] + name.bytes.prefix(200) + ".\(String(random, radix: 16)).partial".utf8)
    }

    /// Removes what interrupted writes of this name left behind. Only under a lock: another writer's file looks the same.
    package func discardTemporaries(for name: FileName) throws {
        let beginning = [46] + name.bytes.prefix(200) + [46]
        var left: [FileName] = []
        try forEachName { found in
            if found.bytes.starts(with: beginning), found.bytes.suffix(8) == Array(".partial".utf8)[...] {
                left.append(found)
            }
        }
        for temporary in left {
            if let status = try status(of: temporary), status.kind == .file { _ = try remove(temporary, seen: status) }
        }
    }

    /// Removes a temporary file that is of no use; that it stays is the lesser trouble than the one being reported.
    func discard(_ temporary: FileName, _ file: Descriptor) {
        guard let own = try? file.status(), let there = try? status(of: temporary), own.identity == there.identity
        else {
            return
        }
        _ = temporary.withCString { unlinkat(descriptor.number, $0, 0) }
    }
}

extension Descriptor {
    /// Permissions, and with root's rights the owner of another file.
    func take(mode: UInt32, owner: FileStatus?) throws(FileError) {
        if let owner, geteuid() == 0 {
            guard fchown(number, owner.owner, owner.group) == 0 else { throw FileError(.change, path, errno) }
        }
        guard fchmod(number, mode) == 0 else { throw FileError(.change, path, errno) }
    }
}
