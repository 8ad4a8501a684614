import Maintenance
import Outside

/// Where a restore gets its files from: a backup that lies there, or one that is still being written.
package protocol RestoreSource: Sendable {
    /// Of `toc.dat`, which is small, there first, and read by pg_restore as it is.
    var contents: String { get }
    /// Every other file that pg_restore opens by itself: the data of tables, and the lists of large objects.
    var feeds: [RestoreFeed] { get }
    /// The file as it is stored; returns when it is whole.
    ///
    /// - Parameter name: as pg_restore knows it, such as `3021.dat` or `blob_16401.dat`.
    /// - Throws: when it will never be there.
    func ready(_ name: String) async throws -> DataFile
}

/// One file that pg_restore is going to open.
package struct RestoreFeed: Sendable, Hashable {
    package enum Content: Sendable {
        case rows, largeObjects
    }

    /// As pg_restore knows it: `3021.dat`, `blobs.toc`, `blobs_3021.toc`.
    package var name: String
    package var content: Content
    /// Before compression; may be an estimate while the backup is still being written.
    package var size: ByteCount

    /// pg_restore begins with the largest (`_PrepParallelRestore`, pg_backup_directory.c): a list of large objects
    /// counts a thousand times, since what it lists is longer than itself.
    var weight: Int64 { content == .rows ? size.bytes : size.bytes.multipliedReportingOverflow(by: 1_024).partialValue }

    /// The number in its name, by which pg_restore orders equals.
    var number: Int { Int(name.drop { !$0.isNumber }.prefix { $0.isNumber }) ?? 0 }
}

/// A file of a backup as it lies on the disk.
package struct DataFile: Sendable, Hashable {
    package var path: String
    package var isCompressed: Bool
    /// Nil where it is not known yet.
    package var expanded: ByteCount?

    package init(path: String, isCompressed: Bool, expanded: ByteCount?) {
        self.path = path
        self.isCompressed = isCompressed
        self.expanded = expanded
    }
}

/// A whole backup, as its manifest lists it.
package struct StoredBackup: RestoreSource {
    package let contents: String
    package let feeds: [RestoreFeed]
    private let files: [String: DataFile]

    static let folder = "database"
    static let compressedEnding = ".zst"

    /// - Parameter path: the backup's directory.
    /// - Throws: `BackupError.incomplete` when there is no table of contents among its files.
    package init(_ manifest: BackupManifest, at path: String) throws(BackupError) {
        var files: [String: DataFile] = [:]
        var feeds: [RestoreFeed] = []
        let prefix = Self.folder + "/"
        for file in manifest.files where file.path.hasPrefix(prefix) {
            let isCompressed = file.expanded != nil
            var name = String(file.path.dropFirst(prefix.count))
            if isCompressed, name.hasSuffix(Self.compressedEnding) { name.removeLast(Self.compressedEnding.count) }
            let size = file.expanded ?? file.size
            files[name] = DataFile(path: "\(path)/\(file.path)", isCompressed: isCompressed, expanded: size)
            if name.hasSuffix(".toc") {
                feeds.append(RestoreFeed(name: name, content: .largeObjects, size: size))
            } else if name != "toc.dat", !name.hasPrefix("blob_") {
                feeds.append(RestoreFeed(name: name, content: .rows, size: size))
            }
        }
        guard let contents = files["toc.dat"] else {
            throw .incomplete(path: "\(path)/\(Self.folder)", missing: "toc.dat")
        }
        self.contents = contents.path
        self.feeds = feeds
        self.files = files
    }

    package func ready(_ name: String) async throws -> DataFile {
        guard let file = files[name] else {
            throw BackupError.incomplete(path: contents, missing: name)
        }
        return file
    }
}
