import Foundation
import Maintenance
import Outside

/// Where the backups of one target lie: `ROOT/ENVIRONMENT/RESOURCE`. A backup is a directory there under its id; while it
/// is being made it has another name (`.ID.partial`), so that a half one is never taken for a whole one. Beside a backup
/// stand its certificates, `ID.certificate.json` and `.html`.
package struct BackupFolder: Sendable, Hashable {
    package let target: Target
    package let path: String

    /// A manifest is read into memory; a database of 100,000 tables has one of about 40 MB.
    static let largestManifest = 512 * 1_048_576

    package init(root: String, target: Target) {
        self.target = target
        path = "\(root)/\(target.environment)/\(target.resource)"
    }

    /// Nil where nothing was ever backed up.
    package func open() throws -> SafeDirectory? {
        do { return try SafeDirectory(path) } catch  where error.isMissing { return nil }
    }

    package func make() throws -> SafeDirectory {
        try SafeDirectory.make(path)
        return try SafeDirectory(path)
    }

    package func path(of id: BackupID) -> String { "\(path)/\(id)" }

    /// Whole backups, the newest first.
    package func ids() throws -> [BackupID] {
        guard let directory = try open() else { return [] }
        var ids: [BackupID] = []
        try directory.forEachName { name in
            if let id = BackupID(name.description), try directory.status(of: name)?.kind == .directory {
                ids.append(id)
            }
        }
        return ids.sorted(by: >)
    }

    /// Reads a backup's manifest and believes it only with its signature.
    ///
    /// - Throws: `BackupError`, `FileError`.
    package func manifest(of id: BackupID, key: BackupKey) throws -> BackupManifest {
        let directory = try SafeDirectory(path(of: id))
        return try believed(
            try contents(BackupLayout.manifest, of: directory),
            signature: try contents(BackupLayout.signature, of: directory), of: id, key: key)
    }

    /// A manifest that was read from here or elsewhere, believed only with its signature.
    ///
    /// - Parameters:
    ///   - bytes: of `manifest.json`.
    ///   - signature: of `signature.json`.
    /// - Throws: `BackupError`.
    package func believed(
        _ bytes: [UInt8], signature signed: [UInt8], of id: BackupID, key: BackupKey
    ) throws -> BackupManifest {
        let signature: BackupSignature
        do {
            signature = try JSONDecoder().decode(BackupSignature.self, from: Data(signed))
        } catch let error as DecodingError {
            throw BackupError.unreadable(path: "\(path(of: id))/\(BackupLayout.signature)", reason: error.short)
        }
        guard key.knows(signature.key) else {
            throw BackupError.otherKey(id, has: signature.key, wanted: key.name)
        }
        guard key.isSigned(bytes, by: signature) else { throw BackupError.badSignature(id) }
        let manifest: BackupManifest
        do {
            manifest = try JSONDecoder().decode(BackupManifest.self, from: Data(bytes))
        } catch let error as DecodingError {
            throw BackupError.unreadable(path: "\(path(of: id))/\(BackupLayout.manifest)", reason: error.short)
        }
        guard manifest.format == BackupManifest.format else {
            throw BackupError.otherFormat(id, format: manifest.format)
        }
        guard manifest.id == id, manifest.source.target == target else { throw BackupError.moved(id, to: path) }
        return manifest
    }

    private func contents(_ name: String, of directory: SafeDirectory) throws -> [UInt8] {
        let file = try FileName(name)
        do {
            guard let bytes = try directory.open(file).contents(limit: Self.largestManifest) else {
                throw FileError.tooLong(
                    path: directory.shown(file), limit: ByteCount(Int64(Self.largestManifest)))
            }
            return bytes
        } catch let error as FileError where error.isMissing {
            throw BackupError.incomplete(path: directory.path, missing: name)
        }
    }
}

extension DecodingError {
    /// Where and what, in one clause.
    var short: String {
        switch self {
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
            .dataCorrupted(let context):
            let path = context.codingPath.map(\.stringValue).joined(separator: ".")
            return (path.isEmpty ? "" : "\(path): ") + context.debugDescription
        @unknown default: return "it cannot be decoded"
        }
    }
}
