import Glibc
import Maintenance
import Outside

/// The directory that pg_restore is told to restore from. It holds the table of contents and, for each other file, first
/// a stand-in of the right length that takes no space, then a named pipe: pg_restore looks at the lengths when it
/// begins, to restore the largest first, and opens the files only when the database is there. So what is stored
/// compressed is expanded into pg_restore's hands, and no second copy of the data ever lies on the disk. For a pg_restore
/// that refuses pipes the files themselves lie here (`ExpandedFiles`).
struct RestoreMirror: Sendable {
    /// Owned by us; whoever runs pg_restore may only read.
    let path: String
    private let reader: SystemUser?

    init(_ path: String, readableBy reader: SystemUser?) {
        self.path = path
        self.reader = reader
    }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    /// - Throws: `RestoreError.mirror`, `FileError`.
    func makeStandIns(_ feeds: [RestoreFeed], contents: Descriptor, _ cancellation: Blocking.Cancellation) throws {
        try copyContents(contents)
        for feed in feeds {
            try cancellation.check()
            let standIn = try create(feed.name)
            guard ftruncate(standIn.number, off_t(feed.size.bytes)) == 0 else { throw error(feed.name) }
        }
    }

    func copyContents(_ contents: Descriptor) throws { try copy(contents, as: "toc.dat") }

    /// Each stand-in gives way to its pipe at once, so that no moment shows neither.
    func makePipes(_ feeds: [RestoreFeed], _ cancellation: Blocking.Cancellation) throws {
        for feed in feeds {
            try cancellation.check()
            try makePipe(feed.name)
            if feed.content == .largeObjects { for name in Self.objectNames(of: feed) { try makePipe(name) } }
        }
    }

    /// `F_SETPIPE_SZ` (fcntl(2)), which glibc's headers show only to GNU sources.
    private static let setPipeSize: Int32 = 1_031

    /// Through which the large objects of a list come in turn. Two of them: pg_restore opens the next only when it has
    /// closed the last, so that nobody who still reads one can get what is meant for its successor.
    static func objectNames(of list: RestoreFeed) -> [String] { ["\(list.name).even", "\(list.name).odd"] }

    /// Opens a pipe for writing; nil while nobody reads it. Stays non-blocking.
    func open(_ name: String) throws -> Descriptor? {
        let number = Glibc.open(file(name), O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC)
        guard number >= 0 else {
            if errno == ENXIO || errno == EINTR { return nil }
            throw error(name)
        }
        let pipe = Descriptor(adopting: number, path: file(name))
        var status = stat()
        guard fstat(number, &status) == 0, status.st_mode & S_IFMT == S_IFIFO else {
            throw RestoreError.mirror(path: file(name), reason: "something else stands in its place")
        }
        // As large as a user may have it; what the kernel does not give only costs time.
        _ = fcntl(number, Self.setPipeSize, 1_048_576)
        return pipe
    }

    /// A file that pg_restore reads beside those of the backup.
    func write(_ name: String, _ text: String) throws { try create(name).write(Array(text.utf8)) }

    private func copy(_ from: Descriptor, as name: String) throws {
        let to = try create(name)
        while true {
            let chunk = try from.read(upTo: 262_144)
            if chunk.isEmpty { return }
            try to.write(chunk)
        }
    }

    func create(_ name: String) throws -> Descriptor {
        let file = try Descriptor.open(file(name), flags: O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o640)
        guard fchmod(file.number, 0o640) == 0 else { throw error(name) }
        if let reader, fchown(file.number, uid_t.max, reader.group) != 0 { throw error(name) }
        return file
    }

    private func makePipe(_ name: String) throws {
        let temporary = file(".next")
        guard mkfifo(temporary, 0o640) == 0, chmod(temporary, 0o640) == 0 else { throw error(name) }
        if let reader, chown(temporary, uid_t.max, reader.group) != 0 { throw error(name) }
        guard rename(temporary, file(name)) == 0 else { throw error(name) }
    }

    private func error(_ name: String) -> RestoreError {
        .mirror(path: file(name), reason: String(cString: strerror(errno)))
    }
}
