import Glibc
import Maintenance
import Outside

/// Lays the files of a backup out as pg_dump wrote them, for a pg_restore that refuses pipes. They take as much room in the
/// work directory as the rows do as text, and go with it.
struct ExpandedFiles: Sendable {
    let source: any RestoreSource
    let mirror: RestoreMirror
    let blocking: Blocking
    /// Told how many bytes were written.
    var written: @Sendable (Int) -> Void = { _ in }

    /// - Throws: `RestoreError`, `FileError`, what the source throws.
    func write(_ feed: RestoreFeed) async throws {
        let file = try await source.ready(feed.name)
        try await blocking.run { try expand(file, as: feed.name, $0) }
        guard feed.content == .largeObjects else { return }
        for entry in try await blocking.run({ _ in try LargeObjectList.read(file) }) {
            let object = try await source.ready(entry.file)
            try await blocking.run { try expand(object, as: entry.file, $0) }
        }
    }

    private func expand(_ file: DataFile, as name: String, _ cancellation: Blocking.Cancellation) throws {
        let output = try mirror.create(name)
        let expansion = try file.expansion()
        while let piece = try expansion.next() {
            try cancellation.check()
            try output.write(piece)
            written(piece.count)
        }
        if let expected = file.expanded, expected.bytes != expansion.expandedBytes {
            throw RestoreError.otherLength(
                path: file.path, found: ByteCount(expansion.expandedBytes), expected: expected)
        }
    }
}

/// Whether a pg_restore reads named pipes in a directory. That of PostgreSQL 15.20 does not: it looks at each file with
/// lstat(2) first, and says "is not a regular file". Asked of the program itself, since who else does so cannot be told by
/// a number, with a list of contents that is a pipe with nothing of use in it.
struct ReadsPipes: Sendable {
    /// pg_restore, as it will be run.
    let child: ChildProgram
    let mirror: RestoreMirror
    let programs: Programs

    func answer() async throws -> Bool {
        let name = "probe"
        let directory = mirror.file(name)
        let pipe = try await Blocking().run { _ in try mirror.makeProbe(name) }
        var probe = ChildProgram(
            child.executable, ["--format=directory", "--list", directory], environment: child.environment,
            workingDirectory: "/", user: child.user, timeLimit: .seconds(60))
        probe.environment.values["LC_ALL"] = "C"
        let outcome = try await programs.run(probe)
        try await Blocking().runToEnd {
            withExtendedLifetime(pipe) {}
            try mirror.removeProbe(name)
        }
        return !outcome.errorOutput.text.containsBytes("is not a regular file")
    }
}

extension RestoreMirror {
    /// A directory whose list of contents is a pipe, open at both ends, in which some bytes wait that begin no archive.
    fileprivate func makeProbe(_ name: String) throws -> Descriptor {
        let directory = file(name)
        let path = "\(directory)/toc.dat"
        guard mkdir(directory, 0o755) == 0, chmod(directory, 0o755) == 0, mkfifo(path, 0o644) == 0,
            chmod(path, 0o644) == 0
        else { throw RestoreError.mirror(path: path, reason: String(cString: strerror(errno))) }
        let pipe = try Descriptor.open(path, flags: O_RDWR | O_NONBLOCK)
        try pipe.write([UInt8](repeating: 0, count: 512))
        return pipe
    }

    fileprivate func removeProbe(_ name: String) throws {
        let directory = file(name)
        guard unlink("\(directory)/toc.dat") == 0, rmdir(directory) == 0 else {
            throw RestoreError.mirror(path: directory, reason: String(cString: strerror(errno)))
        }
    }
}
