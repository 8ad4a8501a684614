import CXXHash
import Glibc
import Maintenance
import Outside
import PostgreSQL
import Synchronization

/// Takes the files of a dump while pg_dump still writes them: digests what is in them, compresses it into the backup,
/// and gives their space back, so that production is read once and the disk holds little more than the backup.
///
/// pg_dump's directory format (pg_backup_directory.c) has a file `N.dat` of COPY text for each table, with N the number
/// in the list of contents, and `blob_OID.dat` with the bytes of each large object.
final class DumpFollower: Sendable {
    struct Taken: Sendable {
        var tables: [Int: (digest: RowDigest, file: String)] = [:]
        var largeObjects = LargeObjectDigest()
        var files: [BackupManifest.File] = []
    }

    /// What has been taken so far, for the person who waits.
    struct Progress: Sendable {
        var files = 0
        var bytes: Int64 = 0
        var rows: UInt64 = 0
    }

    private let plain: SafeDirectory
    private let stored: SafeDirectory
    private let watch: DumpWatch
    private let level: Int
    private let tell: @Sendable (Event) -> Void
    private let taken = Mutex(Taken())
    private let counted = Mutex(Progress())

    enum Event: Sendable {
        /// A first file is there: pg_dump has written its list of contents (`_CloseArchive`, pg_backup_directory.c).
        case begun
        /// This one is stored.
        case whole(BackupManifest.File)
    }

    private static let block = 1_048_576
    private static let patience: UInt32 = 1_000

    /// - Parameters:
    ///   - plain: where pg_dump writes.
    ///   - stored: where the backup's files go.
    ///   - tell: told of each file.
    init(
        from plain: SafeDirectory, to stored: SafeDirectory, level: Int,
        tell: @escaping @Sendable (Event) -> Void = { _ in }
    ) throws {
        self.plain = plain
        self.stored = stored
        self.level = level
        self.tell = tell
        watch = try DumpWatch(plain) { DumpFile($0) != nil }
    }

    /// To be called when pg_dump has ended well; `follow` returns then.
    func end() throws { try watch.end() }

    var progress: Progress { counted.withLock { $0 } }

    /// When every `follow` has returned.
    var result: Taken { taken.withLock { $0 } }

    /// Takes file after file until there are no more. Several threads may do it at once. Blocks.
    func follow(_ cancellation: Blocking.Cancellation) throws {
        let compressor = ZstdCompressor(level: level)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.block, alignment: 4_096)
        defer { buffer.deallocate() }
        while true {
            try cancellation.check()
            switch try watch.turn() {
            case .take(let name):
                tell(.begun)
                try take(name, compressor, buffer, cancellation)
            case .wait: usleep(Self.patience)
            case .done: return
            }
        }
    }

    private func take(
        _ name: FileName, _ compressor: ZstdCompressor, _ buffer: UnsafeMutableRawBufferPointer,
        _ cancellation: Blocking.Cancellation
    ) throws {
        guard let kind = DumpFile(name) else { preconditionFailure("'\(name)' is no file to follow") }
        let source = try plain.open(name, flags: O_RDWR)
        let storedName = try name.appending(".zst")
        let path = "\(BackupLayout.database)/\(storedName)"
        let file = try StoredFile(storedName, in: stored, as: path, compressor)
        switch kind {
        case .table(let number):
            var hasher = CopyTextHasher()
            try read(source, name, buffer, cancellation) { block in
                hasher.add(block)
                try file.write(block)
            }
            guard hasher.isComplete else { throw BackupError.halfFile(name: name.description) }
            let digest = hasher.digest
            counted.withLock { $0.rows += digest.rows }
            taken.withLock { $0.tables[number] = (digest, path) }
        case .largeObject(let oid):
            var hasher = LargeObjectHasher(oid: oid)
            try read(source, name, buffer, cancellation) { block in
                hasher.add(block)
                try file.write(block)
            }
            let digest = hasher.digest
            taken.withLock { $0.largeObjects.sum = $0.largeObjects.sum + digest }
        case .largeObjectList:
            try read(source, name, buffer, cancellation) { try file.write($0) }
        }
        let finished = try file.finish()
        counted.withLock { $0.files += 1 }
        taken.withLock { $0.files.append(finished) }
        if let status = try plain.status(of: name) {
            let closed = try source.status()
            guard status.identity == closed.identity else { throw FileError.changed(path: plain.shown(name)) }
            _ = try plain.remove(name, seen: status)
        }
        tell(.whole(finished))
    }

    /// Reads a file to its end, which is where it ends when nobody writes to it any more.
    private func read(
        _ source: Descriptor, _ name: FileName, _ buffer: UnsafeMutableRawBufferPointer,
        _ cancellation: Blocking.Cancellation, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        var offset: Int64 = 0
        var released: Int64 = 0
        var isWhole = false
        while true {
            try cancellation.check()
            let count = try source.read(into: buffer)
            if count > 0 {
                try body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                offset += Int64(count)
                counted.withLock { $0.bytes += Int64(count) }
                // The last block is given back with the file.
                if offset - released >= 8 * Int64(Self.block), source.release(first: offset & ~4_095) {
                    released = offset
                }
            } else if isWhole {
                return
            } else {
                isWhole = try watch.isWhole(name)
                if !isWhole { usleep(Self.patience) }
            }
        }
    }
}

/// What a file of a dump's directory is, by its name.
enum DumpFile: Hashable {
    /// The rows of the entry with this number.
    case table(Int)
    case largeObject(UInt32)
    /// `blobs.toc`, from PostgreSQL 17 on `blobs_N.toc`.
    case largeObjectList

    /// Nil for `toc.dat` and anything else.
    init?(_ name: FileName) {
        let text = name.description
        if text.hasPrefix("blob_"), text.hasSuffix(".dat"), let oid = UInt32(text.dropFirst(5).dropLast(4)) {
            self = .largeObject(oid)
        } else if text.hasPrefix("blobs"), text.hasSuffix(".toc") {
            self = .largeObjectList
        } else if text.hasSuffix(".dat"), let number = Int(text.dropLast(4)) {
            self = .table(number)
        } else {
            return nil
        }
    }
}

/// Hashes one large object block by block, its oid with it.
struct LargeObjectHasher: ~Copyable {
    private let state: OpaquePointer
    private var length: UInt64 = 0

    init(oid: UInt32) {
        guard let state = XXH3_createState() else { preconditionFailure("xxHash has no memory for a state") }
        self.state = state
        XXH3_128bits_reset_withSeed(state, UInt64(oid))
    }

    deinit { XXH3_freeState(state) }

    mutating func add(_ block: UnsafeRawBufferPointer) {
        XXH3_128bits_update(state, block.baseAddress, block.count)
        length += UInt64(block.count)
    }

    var digest: SumDigest {
        var sum = SumDigest()
        sum.add(XXH3_128bits_digest(state), length: length)
        return sum
    }
}
