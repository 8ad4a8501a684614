import Maintenance
import Outside

/// Where a restore gets its files from: a backup that lies there, or one that is still being written.
protocol RestoreSource: Sendable {
    /// `toc.dat`, which is small, there first, and read by pg_restore as it is.
    func contents() throws -> Descriptor
    /// Every other file that pg_restore opens by itself: the data of tables, and the lists of large objects.
    var feeds: [RestoreFeed] { get }
    /// The file as it is stored; returns when it is whole.
    ///
    /// - Parameter name: as pg_restore knows it, such as `3021.dat` or `blob_16401.dat`.
    /// - Throws: when it will never be there.
    func ready(_ name: String) async throws -> DataFile
}

/// One file that pg_restore is going to open.
struct RestoreFeed: Sendable, Hashable {
    enum Content: Sendable {
        case rows, largeObjects
    }

    /// As pg_restore knows it: `3021.dat`, `blobs.toc`, `blobs_3021.toc`.
    var name: String
    var content: Content
    /// Before compression; may be an estimate while the backup is still being written.
    var size: ByteCount

    /// pg_restore begins with the largest (`_PrepParallelRestore`, pg_backup_directory.c): a list of large objects
    /// counts a thousand times, since what it lists is longer than itself.
    var weight: Int64 { content == .rows ? size.bytes : size.bytes.multipliedReportingOverflow(by: 1_024).partialValue }

    /// The number in its name, by which pg_restore orders equals.
    var number: Int { Int(name.drop { !$0.isNumber }.prefix { $0.isNumber }) ?? 0 }
}

/// A file of a backup as it lies in its directory, which may get another name meanwhile.
struct DataFile: Sendable {
    var directory: SafeDirectory
    var name: FileName
    var isCompressed: Bool
    var expanded: ByteCount?

    var path: String { directory.shown(name) }

    func expansion() throws -> Expansion { Expansion(try directory.open(name), isCompressed: isCompressed) }
}

extension DataFile {
    /// - Parameter file: of pg_dump's directory.
    init(_ file: BackupManifest.File, in directory: SafeDirectory) throws(FileError) {
        self.directory = directory
        name = try FileName(String(file.path.dropFirst(BackupLayout.database.count + 1)))
        isCompressed = file.expanded != nil
        expanded = file.expanded ?? file.size
    }

    /// As pg_restore knows it.
    static func plainName(_ file: BackupManifest.File) -> String? {
        let prefix = BackupLayout.database + "/"
        guard file.path.hasPrefix(prefix) else { return nil }
        let name = String(file.path.dropFirst(prefix.count))
        return file.expanded != nil && name.hasSuffix(".zst") ? String(name.dropLast(4)) : name
    }
}

/// A whole backup, as its manifest lists it.
struct StoredBackup: RestoreSource {
    let feeds: [RestoreFeed]
    private let directory: SafeDirectory
    private let files: [String: DataFile]

    private static let contentsName = "toc.dat"

    /// - Parameters:
    ///   - path: the backup's directory.
    ///   - wanted: the names, as pg_restore knows them, of the files that it opens; nil for everything.
    /// - Throws: `FileError`; `BackupError.incomplete` when there is no table of contents among its files.
    init(_ manifest: BackupManifest, at path: String, only wanted: Set<String>? = nil) throws {
        directory = try SafeDirectory("\(path)/\(BackupLayout.database)")
        var files: [String: DataFile] = [:]
        var feeds: [RestoreFeed] = []
        for file in manifest.files {
            guard let name = DataFile.plainName(file) else { continue }
            if let wanted, name != Self.contentsName, !wanted.contains(name) { continue }
            files[name] = try DataFile(file, in: directory)
            let size = file.expanded ?? file.size
            if name.hasSuffix(".toc") {
                feeds.append(RestoreFeed(name: name, content: .largeObjects, size: size))
            } else if name != Self.contentsName, !name.hasPrefix("blob_") {
                feeds.append(RestoreFeed(name: name, content: .rows, size: size))
            }
        }
        guard files[Self.contentsName] != nil else {
            throw BackupError.incomplete(path: directory.path, missing: Self.contentsName)
        }
        self.feeds = feeds
        self.files = files
    }

    /// All rows and large objects, before compression.
    var size: ByteCount {
        ByteCount(files.reduce(0) { $0 + ($1.key == Self.contentsName ? 0 : $1.value.expanded?.bytes ?? 0) })
    }

    func contents() throws -> Descriptor { try directory.open(try FileName(Self.contentsName)) }

    func ready(_ name: String) async throws -> DataFile {
        guard let file = files[name] else { throw BackupError.incomplete(path: directory.path, missing: name) }
        return file
    }
}
