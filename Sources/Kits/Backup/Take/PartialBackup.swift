import Foundation
import Glibc
import Maintenance
import Outside

/// The directory of a backup while it is made: `.ID.partial`, with a place for pg_dump's own files in it.
struct PartialBackup: Sendable {
    let id: BackupID
    let parent: SafeDirectory
    let directory: SafeDirectory
    /// pg_dump's: empty at the beginning, but for `toc.dat` empty again at the end.
    let plain: SafeDirectory
    /// The backup's `database`.
    let database: SafeDirectory

    private static let beginning = "."
    private static let ending = ".partial"

    init(_ id: BackupID, in parent: SafeDirectory) throws {
        self.id = id
        self.parent = parent
        let name = try FileName(Self.beginning + id.description + Self.ending)
        let path = parent.shown(name)
        for directory in [path, "\(path)/\(BackupLayout.plain)", "\(path)/\(BackupLayout.database)"] {
            guard mkdir(directory, 0o700) == 0 else {
                throw BackupError.cannotMake(path: directory, reason: systemReason(errno))
            }
        }
        directory = try parent.subdirectory(name)
        plain = try directory.subdirectory(try FileName(BackupLayout.plain))
        database = try directory.subdirectory(try FileName(BackupLayout.database))
    }

    /// Removes what killed runs left half done. Only under the lock of the folder.
    static func discardAll(in parent: SafeDirectory) throws {
        var left: [String] = []
        try parent.forEachName { name in
            let text = name.description
            guard text.hasPrefix(beginning), text.hasSuffix(ending),
                BackupID(String(text.dropFirst(beginning.count).dropLast(ending.count))) != nil
            else { return }
            left.append(parent.shown(name))
        }
        for path in left { try FileManager.default.removeItem(atPath: path) }
    }

    func discard() throws { try FileManager.default.removeItem(atPath: directory.path) }

    /// Stores what is left, signs, makes everything durable, and gives the directory its name.
    func complete(_ manifest: BackupManifest, key: BackupKey, clock: WallClock) throws -> BackupManifest {
        var manifest = manifest
        manifest.files.append(try storeContents())
        manifest.files.append(
            try store(BackupLayout.instructions, Array(RestoreInstructions(manifest).text.utf8)))
        manifest.files.sort { $0.path < $1.path }
        try FileManager.default.removeItem(atPath: plain.path)
        try synchronize(manifest.files.map(\.path))
        if manifest.extraction == nil { manifest.times.finished = clock.now() }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let bytes = Array(try encoder.encode(manifest))
        try directory.write(try FileName(BackupLayout.manifest), bytes, mode: 0o600)
        encoder.outputFormatting.insert(.prettyPrinted)
        try directory.write(
            try FileName(BackupLayout.signature), Array(try encoder.encode(key.sign(bytes))), mode: 0o600)
        try database.synchronize()
        try directory.synchronize()
        try parent.rename(
            try FileName(Self.beginning + id.description + Self.ending), to: try FileName(id.description))
        try parent.synchronize()
        return manifest
    }

    /// pg_dump's list of contents is left as it is, so that pg_restore reads it at once.
    private func storeContents() throws -> BackupManifest.File {
        let name = try FileName("toc.dat")
        let source = try plain.open(name)
        let file = try StoredFile(name, in: database, as: BackupLayout.contents, nil)
        while true {
            let bytes = try source.read(upTo: 1_048_576)
            if bytes.isEmpty { return try file.finish() }
            try file.write(bytes)
        }
    }

    /// A small file, as it is.
    func store(_ name: String, _ bytes: [UInt8]) throws -> BackupManifest.File {
        let file = try StoredFile(try FileName(name), in: directory, as: name, nil)
        try file.write(bytes)
        return try file.finish()
    }

    /// Every file to the disk. With many of them the filesystem is asked for all at once first: one fsync(2) after the
    /// other would wait for a journal commit each.
    private func synchronize(_ paths: [String]) throws {
        if paths.count > 100 { try Descriptor.open(directory.path).synchronizeFilesystem() }
        for path in paths { try Descriptor.open("\(directory.path)/\(path)").synchronize() }
    }
}
