import Crypto
import Foundation
import Maintenance
import Outside

/// What was under a file set's directory at one time: every file with its SHA-256, and by name what could not be read.
package struct FileListing: Codable, Sendable, Hashable {
    package static let format = "mainstay-files/1"

    package var format = Self.format
    package var name: String
    package var environment: String
    package var directory: String
    package var runID: String
    package var taken: Timestamp
    /// The snapshot that holds the files; empty until it is made.
    package var snapshot = ""
    /// By path.
    package var entries: [Entry]
    package var omissions: [Omission]

    package struct Entry: Codable, Sendable, Hashable {
        /// From the directory on, as `FileName.encoded` writes it.
        package var path: String
        package var kind: FileStatus.Kind
        package var size: ByteCount
        /// 64 hexadecimal digits; nil for what is no file.
        package var sha256: String?
        package var modified: Timestamp
        /// Whether it was still the same when the snapshot was made.
        package var isSteady = true
    }

    package struct Omission: Codable, Sendable, Hashable {
        package var path: String
        package var reason: String
    }

    package var files: Int { entries.count { $0.kind == .file } }
    package var bytes: ByteCount { ByteCount(entries.reduce(0) { $0 + ($1.kind == .file ? $1.size.bytes : 0) }) }
    package var unsteady: [String] { entries.filter { !$0.isSteady }.map(\.path) }

    /// Reads what is there now.
    ///
    /// - Parameter hashing: whether every file is read; else only looked at.
    /// - Throws: `FileError` where the directory itself cannot be listed.
    package static func read(
        _ set: FileSet, hashing: Bool, runID: String, at time: Timestamp, _ cancellation: Blocking.Cancellation
    ) throws -> FileListing {
        var listing = FileListing(
            name: set.name, environment: set.environment, directory: set.directory, runID: runID, taken: time,
            entries: [], omissions: [])
        try FileTree(try SafeDirectory(set.directory)).walk(cancellation) { event in
            switch event {
            case .left: break
            case .found(let entry):
                if set.holds(entry.path) { try listing.add(entry, hashing: hashing, cancellation) }
            case .skipped(let path, let reason):
                // Where it lies nobody can tell, it may well be one of the set.
                let relative = Self.relative(path, to: set.directory)
                guard relative.map(set.holds) ?? true else { return }
                let name = relative.map { $0.map(\.encoded).joined(separator: "/") } ?? path
                // A directory was found before it could not be gone into.
                let isDirectory = listing.entries.last { $0.path == name }?.kind == .directory
                listing.omissions.append(
                    Omission(path: name, reason: reason.problem + (isDirectory ? ", with all below it" : "")))
            }
        }
        listing.entries.sort { $0.path < $1.path }
        listing.omissions.sort { $0.path < $1.path }
        return listing
    }

    private static func relative(_ path: String, to directory: String) -> [FileName]? {
        let root = directory == "/" ? directory : directory + "/"
        guard path.hasPrefix(root) else { return nil }
        return try? path.utf8.dropFirst(root.utf8.count).split(separator: UInt8(ascii: "/"))
            .map { try FileName(bytes: Array($0)) }
    }

    /// Adds what came while the others were read, as a snapshot has it: nobody knows what it was to be.
    ///
    /// - Throws: `FileError` for a path that is none.
    mutating func add(_ path: Substring, _ node: ResticNode, at time: Timestamp) throws(FileError) {
        var encoded: [String] = []
        for part in path.utf8.split(separator: UInt8(ascii: "/")) {
            encoded.append(try FileName(bytes: Array(part)).encoded)
        }
        let path = encoded.joined(separator: "/")
        guard node.kind != .other else {
            omissions.append(Omission(path: path, reason: Self.special))
            return
        }
        entries.append(
            Entry(
                path: path, kind: node.kind, size: ByteCount(node.length ?? 0), sha256: nil, modified: time,
                isSteady: false))
    }

    private static let special = "it is a socket, a pipe or a device"

    private mutating func add(
        _ entry: FileTree.Entry, hashing: Bool, _ cancellation: Blocking.Cancellation
    ) throws {
        let status = entry.status
        // What another filesystem is mounted on is named by the walk.
        if status.kind == .directory, status.identity.device != entry.directory.identity.device { return }
        guard status.kind != .other else {
            omissions.append(Omission(path: entry.relativePath, reason: Self.special))
            return
        }
        var item = Entry(path: entry.relativePath, kind: status.kind, size: status.size, modified: status.modified)
        if !hashing, status.kind == .file, let obstacle = entry.directory.obstacle(toReading: entry.name) {
            omissions.append(Omission(path: entry.relativePath, reason: obstacle.problem))
        }
        if hashing, status.kind == .file {
            do throws(FileError) {
                item.sha256 = try Self.digest(try entry.directory.open(entry.name), cancellation)
            } catch {
                // One that went meanwhile is none.
                if !error.isMissing { omissions.append(Omission(path: entry.relativePath, reason: error.problem)) }
                return
            }
            try cancellation.check()
        }
        entries.append(item)
    }

    private static func digest(
        _ file: Descriptor, _ cancellation: Blocking.Cancellation
    ) throws(FileError) -> String {
        var hash = SHA256()
        while !cancellation.isCancelled {
            let chunk = try file.read(upTo: 524_288)
            if chunk.isEmpty { break }
            hash.update(data: chunk)
        }
        return Array(hash.finalize()).hexadecimal
    }

    /// Marks what is not as it was when this was read.
    mutating func compare(with later: FileListing) {
        let now = Dictionary(later.entries.map { ($0.path, $0) }) { first, _ in first }
        for index in entries.indices {
            let there = now[entries[index].path]
            let isSame = there?.kind == entries[index].kind && there?.size == entries[index].size
            entries[index].isSteady =
                entries[index].kind == .directory
                ? there?.kind == .directory : isSame && there?.modified == entries[index].modified
        }
    }
}

/// A listing with its signature, as it lies in a repository.
struct SignedListing: Codable {
    var listing: Data
    var signature: BackupSignature

    init(_ listing: FileListing, key: BackupKey) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        self.listing = try encoder.encode(listing)
        signature = key.sign(Array(self.listing))
    }

    /// Nil where the signature does not fit.
    func believed(key: BackupKey) throws -> FileListing? {
        guard key.isSigned(Array(listing), by: signature) else { return nil }
        let read = try JSONDecoder().decode(FileListing.self, from: listing)
        return read.format == FileListing.format ? read : nil
    }
}
