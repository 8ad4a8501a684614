import Crypto
import Maintenance
import Outside
import Settings

/// The files under a configured path that are old enough to be removed, and the very ones: at most a fixed number, the
/// oldest first, so that memory does not grow with the tree.
struct OldFiles {
    /// More are left for the next run.
    static let most = 100_000

    struct File {
        /// From the root on, without loss.
        var path: String
        var status: FileStatus
    }

    /// Oldest first.
    private(set) var files: [File] = []
    /// Old enough too, but over the limit of one run.
    private(set) var left = 0
    private(set) var skipped: [(path: String, reason: FileError)] = []

    var bytes: Int64 { files.reduce(0) { $0 + $1.status.size.bytes } }
    /// The youngest that is removed: what the change names as its bound.
    var newest: Timestamp? { files.last?.status.modified }

    private let patterns: [FileNamePattern]?
    private let limit: FileAccess.Limit

    /// Everything last modified at or before `bound`, by the rules of the configuration.
    init(_ access: FileAccess, modifiedBy bound: Timestamp, _ cancellation: Blocking.Cancellation) throws {
        patterns = access.include?.value.map(FileNamePattern.init)
        limit = access.limit
        try FileTree(try SafeDirectory(access.path.value)).walk(cancellation) { event in
            switch event {
            case .found(let entry):
                let isWanted = patterns?.contains { $0.matches(entry.name) } ?? true
                guard entry.status.kind == .file, isWanted, entry.status.modified <= bound else { return }
                files.append(File(path: entry.relativePath, status: entry.status))
                if files.count >= 2 * most { keepOldest() }
            case .left: break
            case .skipped(let path, let reason):
                // The rest of a dead tree is one gap, not a million.
                if skipped.count < 1_000 { skipped.append((path, reason)) }
            }
        }
        keepOldest()
    }

    private var most: Int { min(Self.most, limit.files?.value ?? Self.most) }

    private mutating func keepOldest() {
        files.sort { ($0.status.modified, $0.path) < ($1.status.modified, $1.path) }
        var count = min(files.count, most)
        if let limit = limit.bytes?.value.bytes {
            var total: Int64 = 0
            count =
                files.prefix(count).prefix { file in
                    total += file.status.size.bytes
                    return total <= limit
                }.count
        }
        left += files.count - count
        files.removeLast(files.count - count)
    }

    /// The same for the same files as they are: path, inode, size and time of each.
    var digest: String {
        var digest = CanonicalDigest()
        for file in files {
            digest.add([
                file.path, file.status.identity.description, String(file.status.size.bytes),
                file.status.modified.iso8601,
            ])
        }
        return digest.hexadecimal
    }
}
