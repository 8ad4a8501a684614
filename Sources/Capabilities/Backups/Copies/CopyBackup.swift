import ArgumentParser
import Backup
import Engine
import Maintenance
import Outside
import Settings

/// Copies backups into the restic repositories of the other storages.
package struct CopyBackup: MaintenanceTask {
    package struct Options: ParsableArguments, Sendable {
        @Option(
            help: ArgumentHelp("Only into this storage: 'secondary' or 'offsite'.", valueName: "name"))
        package var storage: String?

        @Flag(
            help: ArgumentHelp(
                "Take on the repository that is there now, or make one, although another one was there before."))
        package var newRepository = false

        package init() {}
    }

    package static let declaration = TaskDeclaration(
        name: "backup.copy",
        summary: "copy backups into the other storages, and look at what lies there",
        explanation: """
            Copies every backup that its policy keeps into the restic repositories of 'backups.storage', where it is not \
            there yet, the newest first. restic encrypts, compresses, and sends only what no earlier copy holds; therefore \
            it gets each backup uncompressed, laid out in 'backups.work'. The files are checked against the signed \
            manifest on the way, so that a damaged backup is never copied. A copy counts only when restic lists exactly \
            the files of its manifest with their lengths, 'restic check' has nothing to say, and files read back have \
            the SHA-256 they should have; what was seen is signed and lies beside the backup. What an interrupted run had \
            sent is put into the index before the next attempt and not sent again. A repository that was there and is \
            gone, or is another one, or holds anybody else's snapshots, is left alone and is a finding ('BK005'); so is \
            a database without a copy elsewhere ('BK004').
            """,
        effect: .maintains,
        subject: .resources([.postgresql]),
        aliases: [.init("backup:copy")])

    /// More are left for the next run.
    private static let most = 20

    private let options: Options

    package init(_ options: Options) { self.options = options }

    package func survey(_ look: Look) async throws -> Observation {
        let storages = CopyStorages(look)
        var observation = Observation()
        observation.examined = ["BK004", "BK005"]
        let configured = try storages.configured(only: options.storage)
        let place = BackupPlace(look)
        guard let key = try await place.key(), let shelf = try await BackupShelf.read(look) else { return observation }
        let backups = shelf.items.filter(\.isWorthCopying)
        var rows: [[Scalar]] = []
        for (name, settings) in configured {
            do {
                let there = try await labels(in: name, storages, key)
                let missing = backups.filter { item in
                    !there.contains { $0.isCopy(of: item.id, look.target) }
                }
                let unseen = try await unseen(backups, in: name, place, key)
                for item in backups where missing.contains(where: { $0.id == item.id }) || unseen.contains(item.id) {
                    observation.changes.append(
                        try await change(
                            item, to: name, settings, isThere: !missing.contains { $0.id == item.id }, look))
                }
                rows.append([
                    .text(name), settings.region.map { .text($0) } ?? .null, Scalar(backups.count - missing.count),
                    Scalar(missing.count),
                ])
            } catch let error as any MaintenanceError {
                observation.gaps.append(.init("storage \(name)", error))
                observation.findings.append(.storage(name, settings, error, what: "copies of its backups", look.target))
            }
        }
        // The newest first, whatever the storage: one that takes nothing keeps no other from its copies.
        observation.changes = Array(observation.changes.sorted { $0.object > $1.object }.prefix(Self.most))
        observation.listings = [
            Listing(
                "Copies of \(look.target)", ["storage", "region", .init("there", .count), .init("missing", .count)],
                rows)
        ]
        observation.findings += try await ThreeTwoOne(look, key).findings(shelf, planned: observation.changes)
        return observation
    }

    /// Without `--new-repository` only of the repository we know.
    private func labels(in name: String, _ storages: CopyStorages, _ key: BackupKey) async throws -> Set<CopyLabel> {
        let desk = RepositoryDesk(try await storages.repository(name))
        let found = try await desk.look(key: key, takingOver: options.newRepository)
        return Set(found?.snapshots.compactMap(\.label) ?? [])
    }

    /// Those at which nobody has looked. Looking again at what counts no more is the comparison's work.
    private func unseen(
        _ backups: [BackupShelf.Item], in name: String, _ place: BackupPlace, _ key: BackupKey
    ) async throws -> Set<BackupID> {
        let folder = place.folder
        return try await Blocking().run { _ in
            Set(
                try backups.map(\.id).filter { id in
                    try folder.receipt(of: id, in: name, key: key) == nil
                })
        }
    }

    private func change(
        _ item: BackupShelf.Item, to name: String, _ settings: RepositorySettings, isThere: Bool, _ look: Look
    ) async throws -> Change {
        let label = "\(look.target.environment)/\(look.target.resource)/\(item.id)"
        return Change(
            kind: "copy", object: "\(item.id) to \(name)",
            action: .program(ResticRepository.commandWords(label, tags: ["backup=\(item.id)"])),
            effect: .maintains, reversal: "restic forget, then restic prune",
            identity: try await identity(item.id, name, settings, look),
            reason: isThere ? "it is there, and nobody has looked at it" : "it is not in '\(settings.repository)' yet",
            priority: .warning)
    }

    private func identity(
        _ id: BackupID, _ name: String, _ settings: RepositorySettings, _ look: Look
    ) async throws -> Facts {
        let place = BackupPlace(look)
        guard let key = try await place.key() else { throw BackupError.noKey(path: place.keyFile) }
        let folder = place.folder
        let believed = try await Blocking().run { _ in try folder.believed(id, key: key) }
        return [
            "backup": .text(id.description), "manifest": .text(believed.digest), "storage": .text(name),
            "repository": .text(settings.repository.description),
        ]
    }

    // MARK: - Copying

    package func inspect(_ change: Change, _ look: Look) async throws -> Inspection {
        let (id, name) = try Self.meaning(of: change)
        let settings = try CopyStorages(look).settings(name)
        let receipt = try await BackupPlace(look).receipt(of: id, in: name)
        return Inspection(
            identity: try await identity(id, name, settings, look),
            witness: ["looked at": receipt.map { .text($0.checkedAt.iso8601) } ?? .null])
    }

    package func apply(_ change: Change, _ act: Act) async throws {
        let look = act.look
        let (id, name) = try Self.meaning(of: change)
        let place = BackupPlace(look)
        guard let key = try await place.key() else { throw BackupError.noKey(path: place.keyFile) }
        let repository = try await CopyStorages(look).repository(name)
        if options.newRepository { try await RepositoryDesk(repository).takeOver(key: key) }
        var copier = BackupCopier(
            place.folder, key: key, repository: repository, workDirectory: look.workDirectory, runID: look.runID,
            countsFor: look.inventory.backups.proveWithin)
        copier.tell = look.tell
        _ = try await copier.copy(id)
    }

    /// Reads the signed receipt back, and asks the repository once more whether the snapshot is there.
    package func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof {
        let (id, name) = try Self.meaning(of: change)
        let place = BackupPlace(look)
        guard let key = try await place.key(), let receipt = try await place.receipt(of: id, in: name),
            receipt.runID == look.runID
        else { return .notDone("this run has no receipt of a copy") }
        let desk = RepositoryDesk(try await CopyStorages(look).repository(name))
        guard let found = try await desk.look(key: key), found.identity == receipt.repository,
            found.snapshots.contains(where: { $0.id == receipt.snapshot && $0.label?.backup == id })
        else { return .notDone("the repository does not list the snapshot \(receipt.snapshot.prefix(8))") }
        return .done(receipt.facts)
    }

    private static func meaning(of change: Change) throws -> (BackupID, storage: String) {
        guard case .text(let text)? = change.identity["backup"], let id = BackupID(text),
            case .text(let storage)? = change.identity["storage"]
        else { preconditionFailure("a change of a copy names its backup and its storage") }
        return (id, storage)
    }
}

extension Finding {
    /// A storage that cannot be asked, with what mends that.
    ///
    /// - Parameter what: is in it, in the plural.
    static func storage(
        _ name: String, _ settings: RepositorySettings, _ error: any MaintenanceError, what: String, _ target: Target
    ) -> Finding {
        Finding(
            code: "BK005", severity: .critical, target: target, object: name,
            summary: "the \(what) in the storage '\(name)' cannot be looked at: \(error.problem)",
            evidence: ["repository": .text(settings.repository.description), "code": .text(error.code)],
            mend: error.hint)
    }
}

extension BackupShelf.Item {
    /// One that nobody can believe, that was refuted, that goes soon, or that was taken out of a physical backup, is not.
    fileprivate var isWorthCopying: Bool {
        guard trouble == nil, backup.certificate?.verdict != .refuted, backup.manifest?.extraction == nil else {
            return false
        }
        return verdict?.stays ?? false
    }
}

extension BackupPlace {
    /// Nil where nobody has looked at such a copy, or what is said of it cannot be believed.
    func receipt(of id: BackupID, in storage: String) async throws -> CopyReceipt? {
        guard let key = try await key() else { return nil }
        return try await Blocking().run { _ in try folder.receipt(of: id, in: storage, key: key) }
    }
}

extension CopyReceipt {
    /// What a run keeps of it.
    var facts: Facts {
        [
            "backup": .text(backup.description), "storage": .text(storage), "snapshot": .text(snapshot),
            "repository": .text(repository), "files": Scalar(files), "content": .text(bytes.description),
            "sent": sent.map { .text($0.description) } ?? .null, "read back": .text(readBack.description),
        ]
    }
}
