import Crypto
import Maintenance
import Outside

/// What a restore begins with: of a whole backup, or of one that is still being made.
struct RestoreInput: Sendable {
    var outline: BackupOutline
    /// SQL.
    var roles: [UInt8]
    var collations: CollationUses
    var source: any RestoreSource
    /// What is restored, as `--use-list` reads it; nil for everything.
    var list: String?
}

extension RestoreInput {
    /// - Parameters:
    ///   - path: the backup's directory.
    ///   - content: what is to come of it; nil for everything.
    /// - Throws: `BackupError`, `FileError`, `RestoreError`.
    init(_ manifest: BackupManifest, at path: String, _ content: RotatedContent? = nil) throws {
        outline = manifest.outline
        roles = try Checksums(manifest, at: path).believed(manifest.roles.file)
        collations = try StoredCatalog(path: "\(path)/\(manifest.catalog.file)").collations()
        source = try StoredBackup(manifest, at: path, only: content?.files)
        list = content?.list
    }
}

extension BackupManifest {
    /// Whether its list of contents has this SHA-256.
    func hasContents(_ digest: String) -> Bool {
        files.contains { $0.path == BackupLayout.contents && $0.sha256 == digest }
    }
}

extension Descriptor {
    /// Of the whole file, as hexadecimal digits; the position stays.
    func sha256() throws -> String {
        var hash = SHA256()
        var offset: Int64 = 0
        while true {
            let bytes = try read(upTo: 262_144, at: offset)
            if bytes.isEmpty { return Array(hash.finalize()).hexadecimal }
            hash.update(data: bytes)
            offset += Int64(bytes.count)
        }
    }
}
