import Backup
import Calendar
import Engine
import Maintenance
import Outside
import Settings

/// The base backups of a database's cluster with what its policy says of each: the same rules as for logical ones, and a
/// full one stays as long as an incremental one that is combined with it.
struct BaseShelf: Sendable {
    /// The newest first.
    var items: [Item]
    /// Removals that were begun and not ended.
    var going: [String]

    /// Of the changes that remove one.
    static let kind = "remove files"

    struct Item: Sendable {
        var record: BaseBackupRecord
        var standing: KnownBackup.Standing
        var verdict: Retention.Verdict

        /// `kept: newest proved`, `goes: older than 90d`.
        var text: String {
            switch verdict {
            case .kept(let reasons): "kept: \(reasons.joined(separator: "; "))"
            case .held(let reason): "held: \(reason), and no newer one is proved"
            case .goes(let reason): "goes: \(reason)"
            }
        }
    }

    /// Nil where there are no base backups to speak of.
    static func read(_ look: Look) async throws -> BaseShelf? {
        let policy = look.inventory.backupPolicy(of: look.target)
        let place = BackupPlace(look)
        guard policy.physical?.engine == .basebackup, let key = try await place.key() else { return nil }
        let zone = try ZoneDirectory(environment: look.programs.environment).zone(look.inventory.timeZone ?? "UTC")
        let retention = Retention(policy: policy, zone: zone, now: look.clock.now())
        return try await Blocking().run { _ in
            let backups = BaseBackups(place.folder, key: key)
            var found: [(BaseBackupRecord, KnownBackup.Standing)] = []
            for record in try backups.records().believed {
                let certificate: PhysicalCertificate?
                do {
                    certificate = try place.folder.physicalCertificate(of: record.label, key: key)
                } catch is PhysicalRecordError {
                    certificate = nil
                }
                found.append((record, certificate?.standing(at: retention.now) ?? .none))
            }
            return BaseShelf(found, retention, going: try backups.going())
        }
    }

    init(_ found: [(BaseBackupRecord, KnownBackup.Standing)], _ retention: Retention, going: [String]) {
        self.going = going
        var random = SystemRandomNumberGenerator()
        // The rules speak of names of logical backups, which say when they are of.
        let named = found.map { (id: BackupID(at: $0.0.stopped, using: &random), record: $0.0, standing: $0.1) }
        let verdicts = retention.judge(
            named.map { .init(id: $0.id, snapshot: $0.record.stopped, standing: $0.standing) })
        var items = named.map {
            Item(record: $0.record, standing: $0.standing, verdict: verdicts[$0.id] ?? .kept(["nobody judged it"]))
        }
        for index in items.indices where !items[index].verdict.stays {
            let label = items[index].record.label
            if let other = items.first(where: { $0.verdict.stays && $0.record.needs.contains(label) }) {
                items[index].verdict = .kept(["\(other.record.label) needs it"])
            }
        }
        self.items = items.sorted { ($0.record.stopped, $0.record.label) > ($1.record.stopped, $1.record.label) }
    }

    func add(to observation: inout Observation, _ look: Look) {
        guard !items.isEmpty || !going.isEmpty else { return }
        observation.listings.append(
            Listing(
                "Base backups of \(look.target)", ["backup", .init("size", .bytes), "proof", "what becomes of it"],
                items.map { item in
                    [
                        .text(item.record.label), .integer(item.record.stored.bytes), .text(item.standing.rawValue),
                        .text(item.text),
                    ]
                }))
        let authority = look.inventory.backupPolicy(of: look.target).authority?.description
        let folder = BackupPlace(look).folder
        // An incremental one goes before what it is combined with.
        let leaving = items.filter { !$0.verdict.stays }
        observation.changes += leaving.map { item in
            Change(
                kind: Self.kind, object: item.record.label,
                action: .files(
                    "remove \(BaseBackups(folder, key: nil).path(of: item.record.label)), \(item.record.stored)"),
                effect: .destroys, reversal: "none", identity: Self.identity(item),
                reason: item.text, authority: authority)
        }
        observation.changes += going.map { label in
            Change(
                kind: Self.kind, object: label,
                action: .files("remove what an interrupted removal left of \(label)"), effect: .destroys,
                reversal: "none; it was no whole backup any more",
                identity: ["backup": .text(label), "policy": "going"],
                reason: "its removal was begun and not ended", authority: authority,
                keeps: "nothing: it was no whole backup any more")
        }
    }

    private static func identity(_ item: Item) -> Facts {
        [
            "backup": .text(item.record.label), "manifest": .text(item.record.manifestSHA256),
            "policy": .text(item.verdict.stays ? item.text : "removes it"),
        ]
    }

    /// The policy is asked once more, with what lies there now.
    static func inspect(_ change: Change, _ look: Look) async throws -> Inspection {
        let shelf = try await read(look)
        if let item = shelf?.items.first(where: { $0.record.label == change.object }) {
            return Inspection(identity: identity(item), witness: ["run": .text(look.runID)])
        }
        let isGoing = shelf?.going.contains(change.object) == true
        return Inspection(
            identity: ["backup": .text(isGoing ? change.object : "gone"), "policy": "going"],
            witness: ["run": .text(look.runID)])
    }

    static func apply(_ change: Change, _ act: Act) async throws {
        let place = BackupPlace(act.look)
        guard let key = try await place.key() else { throw BackupError.noKey(path: place.keyFile) }
        try await Blocking().run { _ in try BaseBackups(place.folder, key: key).remove(change.object) }
    }

    static func prove(_ change: Change, _ look: Look) async throws -> Proof {
        let place = BackupPlace(look)
        let isGone = try await Blocking().run { _ in
            try BaseBackups(place.folder, key: nil).isGone(change.object)
        }
        return isGone ? .done(["removed": .text(change.object)]) : .notDone("it is still there, or a part of it")
    }
}

extension PhysicalCertificate {
    func standing(at now: Timestamp) -> KnownBackup.Standing {
        switch verdict {
        case .proved: proves(at: now) ? .proved : .expired
        case .unproven, .partly: .unproven
        case .refuted: .refuted
        }
    }
}
