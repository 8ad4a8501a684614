import Foundation
import Maintenance

/// One backup as it lies in its folder: what its manifest says, or why nobody can believe it.
package struct KnownBackup: Sendable {
    package let id: BackupID
    package private(set) var manifest: BackupManifest?
    package private(set) var certificate: Certificate?
    /// Why its manifest, or else its certificate, counts for nothing.
    package private(set) var trouble: ErrorReport?

    init(_ id: BackupID, in folder: BackupFolder, _ key: BackupKey) {
        self.id = id
        do {
            manifest = try folder.manifest(of: id, key: key)
            certificate = try folder.certificate(of: id, key: key)
        } catch {
            trouble = ErrorReport(error)
        }
    }

    package enum Standing: String, Sendable, Codable {
        case proved
        /// Some parts of its rows were restored and equal, and the others not yet.
        case partly
        case unproven, refuted
        /// There was a proof, and it counts no more.
        case expired
        case none
        /// The backup itself cannot be believed.
        case bad
    }

    package func standing(at now: Timestamp) -> Standing {
        guard manifest != nil else { return .bad }
        return switch certificate?.verdict {
        case .proved: certificate?.proves(at: now) == true ? .proved : .expired
        case .partly: certificate?.coverage?.counting(at: now).isEmpty == false ? .partly : .expired
        case .unproven: .unproven
        case .refuted: .refuted
        case nil: .none
        }
    }
}

extension BackupFolder {
    /// The newest first, each read when it is come to.
    package func backups(key: BackupKey) throws -> some Sequence<KnownBackup> {
        try ids().lazy.map { KnownBackup($0, in: self, key) }
    }

    /// Those with a certificate that are older than one, the newest first, each read when it is come to.
    package func certified(key: BackupKey, before id: BackupID) throws -> some Sequence<KnownBackup> {
        try ids().lazy.filter {
            $0 < id && FileManager.default.fileExists(atPath: "\(path)/\(Self.certificateName($0))")
        }.map { KnownBackup($0, in: self, key) }
    }

    /// Those whose manifest can be believed, the newest first, each read when it is come to. What is wrong with others
    /// is for `backup list` and the health checks to say.
    package func manifests(key: BackupKey) throws -> some Sequence<BackupManifest> {
        try ids().lazy.compactMap { try? manifest(of: $0, key: key) }
    }
}
