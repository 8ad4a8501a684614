import Backup
import Engine
import Glibc
import Maintenance
import Outside
import Settings

/// Whether three copies of a database are on two storages, one of them elsewhere: the database itself, the backup in
/// `backups.directory`, and what was seen in the repositories, not what is configured.
///
/// The rule is of the US-CERT's "Data Backup Options" (2012). A repository in a directory on the filesystem of the
/// backups is no second storage: one disk takes both.
struct ThreeTwoOne: Sendable {
    private let look: Look
    private let key: BackupKey

    init(_ look: Look, _ key: BackupKey) {
        self.look = look
        self.key = key
    }

    /// - Parameter planned: what this very run is going to copy counts, because a copy that fails says so itself.
    func findings(_ shelf: BackupShelf, planned: [Change]) async throws -> [Finding] {
        let items = shelf.items.filter { $0.backup.manifest?.extraction == nil }
        guard !items.isEmpty else { return [] }
        let configured = look.inventory.backups.storage.repositories
        guard !configured.isEmpty else {
            return [
                finding(.info, "its backups lie in one place: no other storage is configured", ["copies": Scalar(2)])
            ]
        }
        var storages: [String] = []
        var elsewhere: [String] = []
        for (name, settings) in configured {
            let isPlanned = planned.contains { $0.identity["storage"] == .text(name) }
            if !isPlanned {
                guard try await isSeen(items.map(\.id), in: name) else { continue }
            }
            storages.append(name)
            if try await !isOnSameDisk(settings) { elsewhere.append(name) }
        }
        let evidence: Facts = [
            "copies": Scalar(2 + storages.count), "storages": .text(storages.joined(separator: ", ")),
            "on another disk": .text(elsewhere.joined(separator: ", ")),
        ]
        var lacks: [String] = []
        if storages.isEmpty { lacks.append("no copy of its backups was seen in another storage lately") }
        if !storages.isEmpty, elsewhere.isEmpty { lacks.append("all copies of its backups are on one disk") }
        if !storages.isEmpty, !elsewhere.contains("offsite") { lacks.append("none was seen off site") }
        return lacks.isEmpty ? [] : [finding(.warning, lacks.joined(separator: ", and "), evidence)]
    }

    private func finding(_ severity: Severity, _ summary: String, _ evidence: Facts) -> Finding {
        Finding(
            code: "BK004", severity: severity, target: look.target, summary: "\(summary) (3-2-1)", evidence: evidence,
            mend: "mainstay backup copy")
    }

    private func isSeen(_ ids: [BackupID], in storage: String) async throws -> Bool {
        let (folder, now, key) = (BackupPlace(look).folder, look.clock.now(), key)
        return try await Blocking().run { _ in
            try ids.contains { try folder.receipt(of: $0, in: storage, key: key)?.counts(at: now) ?? false }
        }
    }

    private func isOnSameDisk(_ settings: RepositorySettings) async throws -> Bool {
        guard settings.isDirectory else { return false }
        let text = try await settings.repository.resolve(with: look.programs).reveal()
        let path = text.hasPrefix("local:") ? String(text.dropFirst("local:".count)) : text
        let folder = BackupPlace(look).folder.path
        return try await Blocking().run { _ in
            var (theirs, ours) = (stat(), stat())
            // One that is not there, or cannot be looked at, was not seen either.
            guard stat(path, &theirs) == 0, stat(folder, &ours) == 0 else { return true }
            return theirs.st_dev == ours.st_dev
        }
    }
}
