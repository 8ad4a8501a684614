import Backup
import Calendar
import Engine
import Maintenance
import Outside
import Settings

/// All copies of one database in one storage with what its policy says of each: `BackupShelf` for what lies elsewhere.
struct CopyShelf: Sendable {
    let storage: String
    /// The newest first.
    let items: [Item]

    struct Item: Sendable {
        var label: CopyLabel
        var snapshot: ResticSnapshot
        var standing: KnownBackup.Standing
        var verdict: Retention.Verdict
    }

    /// The oldest first.
    var going: [Item] { items.reversed().filter { !$0.verdict.stays } }

    var listing: Listing {
        Listing(
            "Copies in \(storage)", ["backup", "proof", "what becomes of it"],
            items.map { item in
                let text =
                    switch item.verdict {
                    case .kept(let reasons): "kept: \(reasons.joined(separator: "; "))"
                    case .held(let reason): "held: \(reason), and no newer one is proved"
                    case .goes(let reason): "goes: \(reason)"
                    }
                return [.text(item.label.backup.description), .text(item.standing.rawValue), .text(text)]
            })
    }

    /// Asks the storage now. Nil where there is no repository yet, or no key.
    static func read(_ look: Look, storage: String) async throws -> CopyShelf? {
        let place = BackupPlace(look)
        guard let key = try await place.key() else { return nil }
        let repository = try await CopyStorages(look).repository(storage)
        guard let found = try await RepositoryDesk(repository).look(key: key) else { return nil }
        let own = found.snapshots.compactMap { snapshot in
            snapshot.label.flatMap { $0.target == look.target ? (label: $0, snapshot: snapshot) : nil }
        }
        let zone = try ZoneDirectory(environment: look.programs.environment).zone(look.inventory.timeZone ?? "UTC")
        let now = look.clock.now()
        let retention = Retention(policy: look.inventory.backupPolicy(of: look.target), zone: zone, now: now)
        var standings: [String: KnownBackup.Standing] = [:]
        var candidates: [Retention.Candidate] = []
        let extracted = try await Blocking().run { _ in
            Dictionary(
                try place.folder.backups(key: key).compactMap { backup in
                    backup.manifest?.extraction.map { (backup.id, $0.made) }
                }
            ) { first, _ in first }
        }
        for (label, snapshot) in own {
            let (standing, certificate) = try await standing(
                label.backup, snapshot.id, of: found.identity, in: storage, place, key, now: now)
            standings[snapshot.id] = standing
            // A time that cannot be read is nobody's who would be removed for it.
            guard let time = Timestamp(iso8601: snapshot.time) else { continue }
            candidates.append(
                .init(
                    id: label.backup, snapshot: time, standing: standing,
                    parts: certificate?.provedParts(retention) ?? [],
                    asked: try place.folder.asked(for: label.backup, key: key), extracted: extracted[label.backup]))
        }
        let verdicts = retention.judge(candidates)
        return CopyShelf(
            storage: storage,
            items: own.map { label, snapshot in
                Item(
                    label: label, snapshot: snapshot, standing: standings[snapshot.id] ?? .none,
                    verdict: verdicts[label.backup] ?? .kept(["nobody can say when it was made"]))
            }.sorted { ($0.label.backup, $0.snapshot.id) > ($1.label.backup, $1.snapshot.id) })
    }

    /// Proved where this very copy was restored, or where its backup was and the copy was seen since, and both count; with
    /// the certificate of its backup where the copy was seen since.
    private static func standing(
        _ id: BackupID, _ snapshot: String, of repository: String, in storage: String, _ place: BackupPlace,
        _ key: BackupKey, now: Timestamp
    ) async throws -> (KnownBackup.Standing, Certificate?) {
        let folder = place.folder
        let (receipt, isHere) = try await Blocking().run { _ in
            (try folder.receipt(of: id, in: storage, key: key), try folder.presence(of: id) != .gone)
        }
        let certificate = isHere ? try await place.believedCertificate(of: id) : nil
        guard let receipt, receipt.counts(at: now), receipt.isOf(snapshot, in: repository) else { return (.none, nil) }
        if receipt.certificate?.proves(at: now) == true { return (.proved, certificate) }
        if receipt.certificate?.verdict == .refuted || certificate?.verdict == .refuted { return (.refuted, nil) }
        return (certificate?.proves(at: now) == true ? .proved : .none, certificate)
    }
}
