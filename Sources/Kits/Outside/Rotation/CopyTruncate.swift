import CShims
import Glibc
import Maintenance

/// Rotation for a writer that cannot be told: the log is copied, and what was copied is taken out of it.
///
/// Where the filesystem can (ext4, XFS), exactly the copied blocks are cut off the log's beginning in one step, and no
/// byte is lost or twice, however fast the writer is; up to a block then stays in the log, and a line may be divided
/// between the two files. Elsewhere the log is emptied right after the copy has caught up with it; what is written in
/// between is lost, and measured from above by what the writers wrote meanwhile.
package struct CopyTruncate: Sendable {
    package var files: LogFiles
    /// Off only to see the other way at work.
    package var cutsBlocks: Bool

    package init(_ files: LogFiles, cutsBlocks: Bool = true) {
        self.files = files
        self.cutsBlocks = cutsBlocks
    }

    package struct Outcome: Sendable {
        package var name: RotatedName
        package var copied: ByteCount
        package var gap: Gap
        /// Writers that do not append: they leave a hole in the file when they go on, which no copy can help.
        package var writingAtOffset: [OpenFiles.Writer]
    }

    /// What may have been lost.
    package enum Gap: Sendable, Hashable {
        /// By construction: nothing was emptied that was not copied.
        case none
        /// At most this much, by the writers' own counters.
        case atMost(ByteCount)
        /// The writers could not all be looked at.
        case unknown(reason: String)
    }

    /// Blocks: not on the cooperative pool. Throws `FileError`; until the log itself is cut nothing has happened to it.
    ///
    /// The copy keeps a fixed hidden name until the log is cut, so that a crash in between neither loses nor doubles
    /// anything: `finishInterrupted` tells the two cases apart.
    package func run(
        _ identity: FileIdentity, style: LogFiles.Style, at now: Timestamp,
        _ cancellation: Blocking.Cancellation = Blocking.Cancellation()
    ) throws -> Outcome {
        let directory = files.directory
        let log = try directory.open(files.log, flags: O_RDWR)
        let status = try log.status()
        guard status.identity == identity else { throw FileError.changed(path: files.shown) }
        if let name = try finishInterrupted(style: style, at: now) {
            return Outcome(
                name: name, copied: try directory.status(of: name.fileName)?.size ?? ByteCount(0),
                gap: .unknown(reason: "the run that copied it was interrupted"), writingAtOffset: [])
        }
        var present = try OpenFiles().writers(of: identity)
        present.writers.removeAll { $0.process == getpid() }
        let hidden = try hiddenName
        let copy = try directory.open(hidden, flags: O_RDWR | O_CREAT | O_EXCL)
        do {
            try copy.take(mode: status.mode, owner: status)
            var copied = try append(log, from: 0, to: copy, cancellation)
            var gap = Gap.none
            if let kept = try cut(log, copy, copied) {
                copied = kept
            } else {
                gap = try empty(log, copy, &copied, present, cancellation)
            }
            let name = try files.makeRoom(style, at: now) { try directory.rename(hidden, to: $0) }
            try directory.synchronize()
            return Outcome(
                name: name, copied: ByteCount(copied), gap: gap,
                writingAtOffset: present.writers.filter { !$0.appends })
        } catch {
            // The copy stays where the log may have been cut; the next run looks.
            if try isWhole(log, copy) { directory.discard(hidden, copy) }
            throw error
        }
    }

    /// Settles what an interrupted run left: a copy whose log was cut becomes the rotated file it was meant to be, one
    /// whose content still stands in the log is dropped. Nil when there is nothing left to finish.
    package func finishInterrupted(style: LogFiles.Style, at now: Timestamp) throws -> RotatedName? {
        let directory = files.directory
        let hidden = try hiddenName
        guard let left = try directory.status(of: hidden), left.kind == .file else { return nil }
        let copy = try directory.open(hidden, flags: O_RDWR)
        let log = try directory.open(files.log)
        if try isWhole(log, copy) {
            directory.discard(hidden, copy)
            return nil
        }
        try copy.synchronize()
        let name = try files.makeRoom(style, at: now) { try directory.rename(hidden, to: $0) }
        try directory.synchronize()
        return name
    }

    /// Whether an interrupted run has left a copy.
    package func isInterrupted() throws -> Bool { try files.directory.status(of: hiddenName) != nil }

    private var hiddenName: FileName {
        get throws(FileError) { try FileName(bytes: [46] + files.log.bytes.prefix(230) + ".mainstay-copy".utf8) }
    }

    private static let chunk = 1 << 20

    /// How far the copy reaches then: the log's end as it is now, so that a writer that is faster than we are does not
    /// keep us here for ever.
    private func append(
        _ log: Descriptor, from start: Int64, to copy: Descriptor, _ cancellation: Blocking.Cancellation
    ) throws -> Int64 {
        let end = try log.status().size.bytes
        var offset = start
        while offset < end {
            try cancellation.check()
            let bytes = try log.read(upTo: Int(min(Int64(Self.chunk), end - offset)), at: offset)
            if bytes.isEmpty { break }
            try copy.write(bytes)
            offset += Int64(bytes.count)
        }
        return offset
    }

    /// Whether the copy's bytes all stand at the log's beginning.
    private func isWhole(_ log: Descriptor, _ copy: Descriptor) throws -> Bool {
        var offset: Int64 = 0
        while true {
            let bytes = try copy.read(upTo: Self.chunk, at: offset)
            if bytes.isEmpty { return true }
            guard try log.read(upTo: bytes.count, at: offset).isIdentical(to: bytes) else { return false }
            offset += Int64(bytes.count)
        }
    }

    /// To the disk and read back, before anything is taken from the log.
    private func secure(_ log: Descriptor, _ copy: Descriptor) throws {
        try copy.synchronize()
        try files.directory.synchronize()
        guard try isWhole(log, copy) else {
            throw FileError.differs(path: copy.path, detail: "the copy is not the log's beginning")
        }
    }

    /// Bytes that stay in the copy, all whole blocks, taken out of the log; nil where the filesystem cannot, or there is
    /// not a whole block before the log's end.
    private func cut(_ log: Descriptor, _ copy: Descriptor, _ copied: Int64) throws -> Int64? {
        var space = statvfs()
        guard cutsBlocks, fstatvfs(log.number, &space) == 0, space.f_bsize > 0 else { return nil }
        let block = Int64(space.f_bsize)
        let whole = max(0, copied - 1) / block * block
        guard whole > 0, try Self.canCut(copy, block: block) else { return nil }
        guard ftruncate(copy.number, off_t(whole)) == 0 else { throw FileError(.truncate, copy.path, errno) }
        try secure(log, copy)
        guard mainstay_collapse_beginning(log.number, Int(whole)) == 0 else {
            throw FileError(.truncate, log.path, errno)
        }
        return whole
    }

    /// Asks the filesystem with a length beyond the file's end: EINVAL from one that knows the operation, EOPNOTSUPP
    /// from one that does not.
    private static func canCut(_ file: Descriptor, block: Int64) throws -> Bool {
        let beyond = try file.status().size.bytes / block * block + 2 * block
        let result = mainstay_collapse_beginning(file.number, Int(beyond))
        return result != 0 && errno == EINVAL
    }

    /// Empties the log when the copy has caught up with it.
    private func empty(
        _ log: Descriptor, _ copy: Descriptor, _ copied: inout Int64, _ present: OpenFiles.Answer,
        _ cancellation: Blocking.Cancellation
    ) throws -> Gap {
        try secure(log, copy)
        let processes = Set(present.writers.map(\.process))
        let before = counters(processes)
        // In this order: what a writer adds in between is counted twice, and never left out.
        let start = try log.status().size.bytes
        copied = try append(log, from: copied, to: copy, cancellation)
        try copy.synchronize()
        // As late as can be: the last bytes of a busy writer.
        for _ in 0..<8 {
            let reached = try append(log, from: copied, to: copy, cancellation)
            if reached == copied { break }
            copied = reached
        }
        guard ftruncate(log.number, 0) == 0 else { throw FileError(.truncate, log.path, errno) }
        let since = try log.status().size.bytes
        let after = counters(processes)
        try copy.synchronize()
        guard present.isComplete else { return .unknown(reason: "not every process could be looked at") }
        guard let before, let after else { return .unknown(reason: "a writer could not be looked at") }
        // Written by the writers to whatever file, without what reached the copy and what stands in the log.
        let lost = max(0, after - before - (copied - start) - since)
        return processes.isEmpty && since == 0 ? .unknown(reason: "no process has it open") : .atMost(ByteCount(lost))
    }

    /// Nil when one of them cannot be looked at, or has ended.
    private func counters(_ processes: Set<Int32>) -> Int64? {
        var sum: Int64 = 0
        for process in processes {
            guard let written = OpenFiles().written(by: process) else { return nil }
            sum += written
        }
        return sum
    }
}
