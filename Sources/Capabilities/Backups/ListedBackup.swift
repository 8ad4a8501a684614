import Backup
import Engine
import Maintenance
import Outside

/// One backup as lists show it: what its manifest says, or why nobody can believe it.
struct ListedBackup: Sendable, Encodable {
    var target: Target
    var id: BackupID
    var path: String
    var manifest: BackupManifest?
    var certificate: Certificate?
    /// Why it counts for nothing: its manifest or its certificate cannot be believed.
    var trouble: ErrorReport?
    var proof: Proof

    enum Proof: String, Encodable {
        case proved, unproven, refuted
        /// There was a proof, and it counts no more.
        case expired
        case none
        /// The backup itself cannot be believed.
        case bad
    }

    /// All of a target, the newest first.
    static func all(_ place: BackupPlace, now: Timestamp) async throws -> [ListedBackup] {
        guard let key = try await place.key() else { return [] }
        let folder = place.folder
        return try await Blocking().run { _ in
            try folder.ids().map { ListedBackup($0, in: folder, key, now) }
        }
    }

    private init(_ id: BackupID, in folder: BackupFolder, _ key: BackupKey, _ now: Timestamp) {
        target = folder.target
        self.id = id
        path = folder.path(of: id)
        proof = .none
        do {
            manifest = try folder.manifest(of: id, key: key)
            certificate = try folder.certificate(of: id, key: key)
        } catch {
            trouble = ErrorReport(error)
        }
        if manifest == nil {
            proof = .bad
        } else if let certificate {
            switch certificate.verdict {
            case .proved: proof = certificate.proves(at: now) ? .proved : .expired
            case .unproven: proof = .unproven
            case .refuted: proof = .refuted
            }
        }
    }

    private enum CodingKeys: String, CodingKey {
        case target, id, path, snapshot, rows, tables, storedBytes, contentBytes, seconds, proof, certificate, trouble
    }

    /// Without the manifest itself, which has a line for every table.
    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(target, forKey: .target)
        try container.encode(id, forKey: .id)
        try container.encode(path, forKey: .path)
        try container.encodeIfPresent(manifest?.times.snapshot, forKey: .snapshot)
        try container.encodeIfPresent(manifest?.rows, forKey: .rows)
        try container.encodeIfPresent(manifest?.tables.count, forKey: .tables)
        try container.encodeIfPresent(manifest?.storedBytes.bytes, forKey: .storedBytes)
        try container.encodeIfPresent(manifest?.contentBytes.bytes, forKey: .contentBytes)
        try container.encodeIfPresent(manifest?.times.duration.inSeconds, forKey: .seconds)
        try container.encode(proof, forKey: .proof)
        try container.encodeIfPresent(certificate, forKey: .certificate)
        try container.encodeIfPresent(trouble, forKey: .trouble)
    }
}
