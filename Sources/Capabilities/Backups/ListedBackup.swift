import Backup
import Engine
import Maintenance
import Outside

/// One backup as lists show it.
struct ListedBackup: Sendable, Encodable {
    var target: Target
    var path: String
    var stored: KnownBackup
    var proof: KnownBackup.Standing
    var ladder: VerificationLadder
    /// By the name of the storage.
    var copies: [CopyReceipt] = []
    /// Until when somebody asked for it to be kept; nil where nobody did, or it cannot be believed.
    var kept: KeepNote?

    var id: BackupID { stored.id }
    var manifest: BackupManifest? { stored.manifest }
    var certificate: Certificate? { stored.certificate }
    var trouble: ErrorReport? { stored.trouble }
    /// Whether it was taken out of a physical backup.
    var isExtracted: Bool { manifest?.extraction != nil }

    /// `proved, 6 of 6`; `partly, 3 of 7 parts` where only these were restored yet.
    func proofWords(at now: Timestamp) -> String {
        if proof == .partly, let coverage = certificate?.coverage { return "partly, \(coverage.words(at: now))" }
        return "\(proof.rawValue), \(ladder.score)"
    }

    /// All of a target, the newest first.
    static func all(_ place: BackupPlace, now: Timestamp) async throws -> [ListedBackup] {
        guard let key = try await place.key() else { return [] }
        let folder = place.folder
        return try await Blocking().run { _ in
            try folder.backups(key: key).map { backup in
                var listed = ListedBackup(
                    target: folder.target, path: folder.path(of: backup.id), stored: backup,
                    proof: backup.standing(at: now), ladder: backup.ladder(at: now))
                listed.copies = try BackupFolder.storages.compactMap {
                    try folder.receipt(of: backup.id, in: $0, key: key)
                }
                listed.kept = try folder.believedKeepNote(of: backup.id, key: key)
                return listed
            }
        }
    }

    /// The same without those that were taken out of physical backups: somebody chose their moment, and they say nothing of
    /// how the database is backed up.
    static func own(_ place: BackupPlace, now: Timestamp) async throws -> [ListedBackup] {
        try await all(place, now: now).filter { !$0.isExtracted }
    }

    private enum CodingKeys: String, CodingKey {
        case target, id, path, snapshot, rows, tables, storedBytes, contentBytes, seconds, proof, ladder, certificate,
            trouble, copies, kept
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
        try container.encode(ladder, forKey: .ladder)
        try container.encodeIfPresent(certificate, forKey: .certificate)
        try container.encodeIfPresent(trouble, forKey: .trouble)
        try container.encode(copies, forKey: .copies)
        try container.encodeIfPresent(kept, forKey: .kept)
    }
}

extension BackupFolder {
    fileprivate func believedKeepNote(of id: BackupID, key: BackupKey) throws -> KeepNote? {
        do { return try keepNote(of: id, key: key) } catch is PhysicalRecordError { return nil }
    }
}
