import Crypto
import Foundation
import Glibc
import Maintenance
import Outside

/// A backup as a repository gets it: the same one, with the files of pg_dump's directory as they were before they were
/// compressed. restic finds what is equal in two of them by their content, and zstd would make all of it differ.
///
/// It is a whole backup by itself, with a signed manifest of its own that names these files, so that what comes back out
/// of a repository is proved and restored as any other.
package struct PlainBackup: Sendable {
    let stored: BackupManifest
    let key: BackupKey

    package init(_ stored: BackupManifest, key: BackupKey) {
        self.stored = stored
        self.key = key
    }

    /// What it takes on the disk.
    package var size: ByteCount { ByteCount(stored.files.reduce(0) { $0 + ($1.expanded ?? $1.size).bytes }) }

    /// The name of a file that is stored as `path`.
    static func name(_ file: BackupManifest.File) -> String {
        isExpanded(file) ? String(file.path.dropLast(4)) : file.path
    }

    /// The listing of the schema stays as it is: it is small, and not pg_dump's.
    private static func isExpanded(_ file: BackupManifest.File) -> Bool {
        file.expanded != nil && file.path.hasPrefix(BackupLayout.database + "/") && file.path.hasSuffix(".zst")
    }

    /// Writes it as the directory `target`, which is made.
    ///
    /// - Parameter source: the directory of the stored backup.
    /// - Throws: `CopyError.damaged` where a file is not what the manifest says, `FileError`, `RestoreError.damaged`.
    package func write(
        from source: String, to target: String, _ cancellation: Blocking.Cancellation
    ) throws -> BackupManifest {
        try FileManager.default.createDirectory(
            atPath: "\(target)/\(BackupLayout.database)", withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        var plain = stored
        plain.files = try stored.files.filter { $0.path != BackupLayout.instructions }.map { file in
            try expand(file, from: source, to: target, cancellation)
        }
        rename(in: &plain)
        let root = try SafeDirectory(target)
        plain.files.append(try write(BackupLayout.instructions, RestoreInstructions(plain).text, in: root))
        plain.files.sort { $0.path < $1.path }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let bytes = Array(try encoder.encode(plain))
        try root.write(try FileName(BackupLayout.manifest), bytes, mode: 0o600)
        encoder.outputFormatting.insert(.prettyPrinted)
        try root.write(
            try FileName(BackupLayout.signature), Array(try encoder.encode(key.sign(bytes))), mode: 0o600)
        return plain
    }

    private func rename(in plain: inout BackupManifest) {
        let names = Dictionary(stored.files.map { ($0.path, Self.name($0)) }) { first, _ in first }
        for index in plain.tables.indices {
            plain.tables[index].file = names[plain.tables[index].file] ?? plain.tables[index].file
        }
        plain.largeObjects.files = plain.largeObjects.files.map { names[$0] ?? $0 }.sorted()
    }

    /// Reads the stored file once: hashed as it is stored, and what it holds hashed and written.
    private func expand(
        _ file: BackupManifest.File, from source: String, to target: String, _ cancellation: Blocking.Cancellation
    ) throws -> BackupManifest.File {
        let isExpanded = Self.isExpanded(file)
        let name = Self.name(file)
        let input = try Descriptor.open("\(source)/\(file.path)")
        let expansion = Expansion(input, isCompressed: isExpanded, hashing: true)
        let output = try Descriptor.open("\(target)/\(name)", flags: O_WRONLY | O_CREAT | O_EXCL)
        var hash = SHA256()
        while let piece = try expansion.next() {
            try cancellation.check()
            hash.update(bufferPointer: piece)
            try output.write(piece)
        }
        guard expansion.storedDigest == file.sha256 else {
            throw CopyError.damaged(stored.id, file: file.path, reason: "its SHA-256 is not the manifest's")
        }
        return BackupManifest.File(
            path: name, size: ByteCount(expansion.expandedBytes), sha256: Array(hash.finalize()).hexadecimal,
            expanded: isExpanded ? nil : file.expanded)
    }

    private func write(_ name: String, _ text: String, in root: SafeDirectory) throws -> BackupManifest.File {
        let bytes = Array(text.utf8)
        try root.write(try FileName(name), bytes, mode: 0o600)
        return BackupManifest.File(
            path: name, size: ByteCount(Int64(bytes.count)), sha256: Array(SHA256.hash(data: bytes)).hexadecimal)
    }
}

extension BackupManifest {
    /// Whether both are of the same rows: what is said in one place differs only in how files are stored.
    package func isCopy(of other: BackupManifest) -> Bool { withoutFiles == other.withoutFiles }

    private var withoutFiles: BackupManifest {
        var rest = self
        rest.files = []
        rest.largeObjects.files = []
        for index in rest.tables.indices { rest.tables[index].file = "" }
        return rest
    }

    /// Whether pg_dump's files lie there as it wrote them.
    var isPlain: Bool {
        !files.contains { $0.path.hasPrefix(BackupLayout.database + "/") && $0.expanded != nil }
    }
}
