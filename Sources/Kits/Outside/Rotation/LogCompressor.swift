import Glibc
import Maintenance
import Synchronization

/// Compresses a rotated file with the field's own program, and removes the original only when what was written has been
/// read back from the disk and is the same, byte for byte.
package struct LogCompressor: Sendable {
    private let programs: Programs
    private let blocking: Blocking

    package init(_ programs: Programs, blocking: Blocking = Blocking()) {
        self.programs = programs
        self.blocking = blocking
    }

    package struct Outcome: Sendable {
        package var name: FileName
        package var original: ByteCount
        package var compressed: ByteCount
    }

    /// Throws `FileError.changed` when the file is not what was seen, or is written to meanwhile, `FileError.differs`
    /// when it does not read back, `ProgramError` when the program is missing or fails; the original stays in every
    /// case. An interrupted run leaves at most a hidden `.partial` file, which the next one removes; so the caller holds
    /// the directory's lock.
    package func compress(_ name: FileName, in directory: SafeDirectory, seen: FileStatus, with kind: LogCompression)
        async throws -> Outcome
    {
        let goal = try name.appending(kind.ending)
        if let done = try await finishInterrupted(name, in: directory, seen: seen, with: kind) { return done }
        let source = try directory.open(name)
        try check(source, seen)
        try directory.discardTemporaries(for: goal)
        let temporary = try directory.temporaryName(for: goal)
        let target = try directory.open(temporary, flags: O_RDWR | O_CREAT | O_EXCL)
        do {
            let program = ChildProgram(kind.program, ["-c"], input: .descriptor(source.number))
            _ = try await programs.run(program, into: target.number).checked()
            try target.take(mode: seen.mode, owner: seen)
            try target.keepTime(of: seen)
            try await blocking.run { _ in try target.synchronize() }
            try await compare(target.path, temporary, in: directory, with: source, kind, seen)
            try check(source, seen)
            try directory.rename(temporary, to: goal)
        } catch {
            directory.discard(temporary, target)
            throw error
        }
        try directory.synchronize()
        return try remove(name, in: directory, seen: seen, leaving: goal)
    }

    /// Both files are there, since the run that compressed ended between the two names: what is read back the same
    /// needs only the original's removal. Throws `FileError.exists` where it is another file.
    private func finishInterrupted(
        _ name: FileName, in directory: SafeDirectory, seen: FileStatus, with kind: LogCompression
    ) async throws -> Outcome? {
        let goal = try name.appending(kind.ending)
        guard try directory.status(of: goal) != nil else { return nil }
        let source = try directory.open(name)
        try check(source, seen)
        do {
            try await compare(directory.shown(goal), goal, in: directory, with: source, kind, seen)
        } catch {
            throw error is CancellationError ? error : FileError.exists(path: directory.shown(goal))
        }
        return try remove(name, in: directory, seen: seen, leaving: goal)
    }

    private func remove(_ name: FileName, in directory: SafeDirectory, seen: FileStatus, leaving goal: FileName)
        throws -> Outcome
    {
        _ = try directory.remove(name, seen: seen)
        try directory.synchronize()
        let compressed = try directory.status(of: goal)?.size ?? ByteCount(0)
        return Outcome(name: goal, original: seen.size, compressed: compressed)
    }

    private func check(_ source: Descriptor, _ seen: FileStatus) throws {
        let present = try source.status()
        guard present.identity == seen.identity, present.size == seen.size, present.modified == seen.modified else {
            throw FileError.changed(path: source.path)
        }
    }

    /// Decompresses what stands on the disk and holds it against the original as it streams by.
    private func compare(
        _ path: String, _ name: FileName, in directory: SafeDirectory, with source: Descriptor, _ kind: LogCompression,
        _ seen: FileStatus
    ) async throws {
        let written = try directory.open(name)
        var offset: Int64 = 0
        let program = ChildProgram(kind.program, ["-dc"], input: .descriptor(written.number))
        let outcome = try await programs.run(program) { chunk in
            let original = try source.read(upTo: chunk.count, at: offset)
            guard original.isIdentical(to: chunk) else {
                throw FileError.differs(path: path, detail: "it differs within \(chunk.count) bytes of byte \(offset)")
            }
            offset += Int64(chunk.count)
        }
        _ = try outcome.checked()
        guard offset == seen.size.bytes else {
            throw FileError.differs(path: path, detail: "\(offset) bytes of \(seen.size.bytes) came back")
        }
    }
}

extension LogCompression {
    /// Reads standard input, writes standard output with `-c`, and back with `-dc`.
    package var program: String { rawValue }
}

extension Descriptor {
    /// A compressed log is as old as the log was.
    func keepTime(of status: FileStatus) throws(FileError) {
        let (seconds, rest) = status.modified.microseconds.quotientAndRemainder(dividingBy: 1_000_000)
        let time = timespec(tv_sec: Int(seconds), tv_nsec: Int(rest) * 1_000)
        guard [time, time].withUnsafeBufferPointer({ futimens(number, $0.baseAddress) }) == 0 else {
            throw FileError(.change, path, errno)
        }
    }
}
