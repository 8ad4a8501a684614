import Backup
import Calendar
import Engine
import Maintenance
import Outside
import Settings

/// All backups of one database with what its policy says of each.
struct BackupShelf: Sendable {
    /// The newest first.
    var items: [Item]
    /// Removals that were begun and not ended.
    var going: [BackupID]

    struct Item: Sendable {
        var backup: KnownBackup
        var identity: FileIdentity
        /// Nil for one whose standing nobody knows: it is not judged, and stays.
        var verdict: Retention.Verdict?
        /// Why nobody knows.
        var trouble: String?

        var id: BackupID { backup.id }
        var size: ByteCount? { backup.manifest?.storedBytes }

        /// One line: `kept: newest proved; weekly 2026-47`, `goes: older than 90d`.
        var text: String {
            switch verdict {
            case .kept(let reasons): "kept: \(reasons.joined(separator: "; "))"
            case .held(let reason): "held: \(reason), and no newer one is proved"
            case .goes(let reason): "goes: \(reason)"
            case nil: "unknown: \(trouble ?? "nobody can say what it is")"
            }
        }
    }

    subscript(id: BackupID) -> Item? { items.first { $0.id == id } }

    /// Reads what lies there now. Nil where there is neither a backup nor a key.
    static func read(_ look: Look) async throws -> BackupShelf? {
        let place = BackupPlace(look)
        guard let key = try await place.key() else { return nil }
        let zone = try ZoneDirectory(environment: look.programs.environment).zone(look.inventory.timeZone ?? "UTC")
        let retention = Retention(
            policy: look.inventory.backupPolicy(of: look.target), zone: zone, now: look.clock.now())
        return try await Blocking().run { cancellation in
            try BackupShelf(place.folder, key: key, retention, cancellation)
        }
    }

    private init(
        _ folder: BackupFolder, key: BackupKey, _ retention: Retention, _ cancellation: Blocking.Cancellation
    ) throws {
        going = try folder.going()
        items = []
        var candidates: [Retention.Candidate] = []
        var isProved = false
        for backup in try folder.backups(key: key) {
            try cancellation.check()
            guard case .whole(let identity) = try folder.presence(of: backup.id) else { continue }
            var item = Item(backup: backup, identity: identity)
            let standing = backup.standing(at: retention.now)
            item.trouble = backup.trouble?.problem
            // What all older ones hang on has to be there, and not only its certificate.
            if !isProved, standing == .proved || standing == .partly, item.trouble == nil,
                let manifest = backup.manifest, manifest.extraction == nil
            {
                item.trouble = try folder.firstMisfit(of: manifest).map {
                    "its file '\($0.printable)' is missing, or has another length"
                }
                isProved = standing == .proved && item.trouble == nil
            }
            if item.trouble == nil, let manifest = backup.manifest {
                candidates.append(
                    .init(
                        id: backup.id, snapshot: manifest.times.snapshot, standing: standing,
                        parts: backup.certificate?.provedParts(retention) ?? [],
                        asked: try folder.asked(for: backup.id, key: key), extracted: manifest.extraction?.made))
            }
            items.append(item)
        }
        let verdicts = retention.judge(candidates)
        for index in items.indices { items[index].verdict = verdicts[items[index].id] }
    }
}

extension Certificate {
    /// The parts that count now, of as many as the policy divides the rows into.
    func provedParts(_ retention: Retention) -> Set<Int> {
        guard let parts = retention.policy.verification?.value.parts else { return [] }
        return Set(proofs(ofParts: parts).filter { retention.now <= $0.countsUntil }.map(\.part))
    }
}

extension BackupFolder {
    /// Until when somebody asked for a backup to be kept. A note that cannot be believed keeps it for good: who wrote it
    /// may have meant that.
    func asked(for id: BackupID, key: BackupKey) throws -> Retention.Candidate.Asked? {
        do {
            return try keepNote(of: id, key: key).map { .init(until: $0.until, reason: $0.reason) }
        } catch let error as PhysicalRecordError {
            return .init(
                until: Timestamp(microseconds: .max / 2), reason: "its note cannot be believed (\(error.reason))")
        }
    }
}
