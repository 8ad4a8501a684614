import Foundation
import Glibc
import Maintenance
import Outside

/// The files of one private cluster: `NAME/` with data and log, a short directory for its socket, and `NAME.lock`, which
/// says where that is and on which the owner holds a lock (flock(2)) as long as it lives. A lock that can be had means
/// that the owner is gone, however it ended. The lock file stays ours: the server's user could change what is in `NAME/`.
struct ClusterDirectory: Sendable {
    let path: String
    let lock: OwnerLock

    var data: String { "\(path)/data" }
    var log: String { "\(path)/server.log" }
    /// Files of ours beside it, which the server's user may at most read.
    var files: String { "\(path).files" }

    /// Takes a new name below `parent`. The lock is held before the directory exists.
    static func create(in parent: String, for user: SystemUser?) throws(ClusterError) -> ClusterDirectory {
        if let unfit = parent.unicodeScalars.first(where: { "\"$`\\'\n".unicodeScalars.contains($0) }) {
            throw .directory(parent, reason: "pg_ctl cannot take a path with the character '\(unfit)'")
        }
        do {
            try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
        } catch {
            throw .directory(parent, reason: error.localizedDescription)
        }
        while true {
            guard let lock = try OwnerLock.create(in: parent) else { continue }
            let directory = ClusterDirectory(path: String(lock.path.dropLast(5)), lock: lock)
            guard mkdir(directory.path, 0o700) == 0 else { throw .directory(directory.path, reason: reason()) }
            try give(directory.path, to: user)
            return directory
        }
    }

    /// A directory of its own with a name as short as can be, noted for the sweep.
    func makeSocketDirectory(in parent: String, for user: SystemUser?) throws(ClusterError) -> String {
        var template = Array("\(parent)/pg-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw .directory(parent, reason: Self.reason()) }
        let socket = template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
        guard lock.note(socket) else {
            rmdir(socket)
            throw .directory(lock.path, reason: "the socket's directory could not be noted")
        }
        let full = "\(socket)/.s.PGSQL.65535.lock"
        guard full.utf8.count <= 107 else { throw .socketPathTooLong(full) }
        try Self.give(socket, to: user)
        return socket
    }

    func write(_ text: String, to name: String, for user: SystemUser?) throws(ClusterError) -> String {
        let file = "\(path)/\(name)"
        guard
            FileManager.default.createFile(
                atPath: file, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
        else { throw .directory(file, reason: Self.reason()) }
        try Self.give(file, to: user)
        return file
    }

    /// Empty; the server's own.
    func makeData(for user: SystemUser?) throws(ClusterError) {
        guard mkdir(data, 0o700) == 0 else { throw .directory(data, reason: Self.reason()) }
        try Self.give(data, to: user)
    }

    /// Ours; the group of the server's user may look into it.
    func makeFiles(for user: SystemUser?) throws(ClusterError) -> String {
        guard mkdir(files, 0o750) == 0, chmod(files, 0o750) == 0 else {
            throw .directory(files, reason: Self.reason())
        }
        if let user, chown(files, uid_t.max, user.group) != 0 { throw .directory(files, reason: Self.reason()) }
        return files
    }

    func append(_ text: String, to file: String) throws(ClusterError) {
        do {
            let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: file))
            try handle.seekToEnd()
            try handle.write(contentsOf: Data(text.utf8))
            try handle.close()
        } catch {
            throw .directory(file, reason: error.localizedDescription)
        }
    }

    /// The last lines of the server's log, printable.
    func logLines(_ count: Int) -> [String] {
        guard let handle = FileHandle(forReadingAtPath: log) else { return [] }
        var captured = CapturedOutput(limit: ByteCount(65_536))
        while let chunk = try? handle.read(upToCount: 65_536), !chunk.isEmpty { captured.append(chunk) }
        return captured.lastLines(count)
    }

    /// Why a server did not start: its fatal words but for those to whoever asked too early, and the last lines.
    var lastWords: [String] {
        let lines = logLines(60)
        let last = lines.suffix(3)
        return lines.indices.filter { index in
            let isFatal = lines[index].containsBytes("FATAL:") || lines[index].containsBytes("PANIC:")
            return last.indices.contains(index) || isFatal && !lines[index].containsBytes("the database system is ")
        }.map { lines[$0] }
    }

    /// The postmaster, if it runs: the process named in its pid file which stands in this data directory.
    var serverPID: pid_t? {
        guard let text = try? String(contentsOfFile: "\(data)/postmaster.pid", encoding: .utf8),
            let pid = text.split(separator: "\n").first.flatMap({ pid_t($0) }), pid > 1
        else { return nil }
        var ours = stat()
        var theirs = stat()
        guard stat(data, &ours) == 0, stat("/proc/\(pid)/cwd", &theirs) == 0, ours.st_ino == theirs.st_ino,
            ours.st_dev == theirs.st_dev
        else { return nil }
        return pid
    }

    /// Ends the server at once and removes every file. Synchronous, so that it can run when the process ends.
    ///
    /// - Throws: `ClusterError` when the server outlives ten seconds or a file cannot be removed; then the lock file
    ///   stays for a later sweep.
    func destroy() throws(ClusterError) {
        endClients()
        if let pid = serverPID {
            kill(pid, SIGQUIT)
            var waited = 0
            while serverPID == pid {
                guard waited < 1_000 else { throw .stopFailed(directory: path, reason: "process \(pid) does not end") }
                usleep(10_000)
                waited += 1
            }
        }
        for directory in [lock.noted, files, path] {
            guard let directory else { continue }
            // An initdb that its killed owner left behind still makes files there, or removes them itself.
            var attempts = 0
            while access(directory, F_OK) == 0 {
                do {
                    try FileManager.default.removeItem(atPath: directory)
                } catch {
                    attempts += 1
                    guard attempts < 100 else { throw .directory(directory, reason: error.localizedDescription) }
                    usleep(100_000)
                }
            }
        }
        lock.remove()
    }

    /// A client program whose owner was killed goes on: a pg_restore that waits at a pipe would wait there for ever.
    private func endClients() {
        guard let socketDirectory = lock.noted else { return }
        for process in StartedPrograms().having("PGHOST", socketDirectory) { kill(process, SIGKILL) }
    }

    private static func give(_ path: String, to user: SystemUser?) throws(ClusterError) {
        guard let user else { return }
        guard chown(path, user.id, user.group) == 0 else { throw .directory(path, reason: reason()) }
    }

    private static func reason() -> String { String(cString: strerror(errno)) }
}

/// The owner's lock on its own file; the kernel lets it go when the process ends, however that happens.
final class OwnerLock: Sendable {
    let path: String
    private let descriptor: Int32

    private init(path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// A new file with its lock; nil if a sweep came between the two.
    static func create(in parent: String) throws(ClusterError) -> OwnerLock? {
        let path = "\(parent)/cluster-\(String(UInt64.random(in: 0 ... .max), radix: 36)).lock"
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .directory(parent, reason: String(cString: strerror(errno))) }
        return taken(descriptor, path)
    }

    /// The lock of an owner that is gone; nil while it lives.
    static func orphaned(_ path: String) -> OwnerLock? {
        let descriptor = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
        return descriptor < 0 ? nil : taken(descriptor, path)
    }

    /// The lock counts only if the path still leads to the locked file.
    private static func taken(_ descriptor: Int32, _ path: String) -> OwnerLock? {
        var ours = stat()
        var theirs = stat()
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, fstat(descriptor, &ours) == 0, lstat(path, &theirs) == 0,
            ours.st_ino == theirs.st_ino, ours.st_dev == theirs.st_dev
        else {
            close(descriptor)
            return nil
        }
        return OwnerLock(path: path, descriptor: descriptor)
    }

    /// Keeps a path in the lock file.
    func note(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return pwrite(descriptor, bytes, bytes.count, 0) == bytes.count
    }

    /// What was noted; nil for nothing.
    var noted: String? {
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        return count > 0 ? String(decoding: bytes.prefix(count), as: UTF8.self) : nil
    }

    func remove() { unlink(path) }
}
