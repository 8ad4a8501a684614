import Crypto
import Maintenance
import Outside

/// A manifest whose signature fits, and the SHA-256 of its file, which names exactly this backup.
package struct BelievedBackup: Sendable {
    package var manifest: BackupManifest
    /// 64 hexadecimal digits.
    package var digest: String
}

extension BackupFolder {
    /// - Throws: `BackupError` where there is no manifest to believe, `FileError`.
    package func believed(_ id: BackupID, key: BackupKey) throws -> BelievedBackup {
        let manifest = try manifest(of: id, key: key)
        let file = try Descriptor.open("\(path(of: id))/\(BackupLayout.manifest)")
        let bytes = try file.contents(limit: Self.largestManifest) ?? []
        return BelievedBackup(manifest: manifest, digest: Array(SHA256.hash(data: bytes)).hexadecimal)
    }
}
