import Backup
import Engine
import Maintenance
import Outside
import Settings

/// Finds out what is left to come back from when a scenario has happened. Nothing is changed, and the database itself is
/// not asked: it is supposed to be gone.
struct DrillPlanning: Sendable {
    let look: Look
    let scenario: DrillScenario
    let moment: Timestamp?
    let place: BackupPlace

    init(_ look: Look, _ scenario: DrillScenario, moment: Timestamp?) {
        self.look = look
        self.scenario = scenario
        self.moment = moment
        place = BackupPlace(look)
    }

    private var environment: String { look.target.environment.shellQuoted }

    /// - Throws: `BackupError.noKey`, `FileError`, and what keeps the work directory from being looked at.
    func plan() async throws -> DrillPlan {
        var plan = DrillPlan(scenario: scenario, moment: moment)
        switch scenario {
        case .databaseFailure, .operatorError: try await addFromHere(to: &plan)
        case .completeFailure, .regionLoss, .ransomware:
            // Without a key nothing was ever copied.
            guard let key = try await place.key() else {
                plan.lacks(
                    "there is no backup of '\(look.target)'", mend: "mainstay backup run --environment \(environment)")
                return plan
            }
            try await addFromElsewhere(key, to: &plan)
        case .failover: preconditionFailure("a failover is rehearsed by a task of its own")
        }
        if scenario == .ransomware { try await judgeSignatures(to: &plan) }
        try await addHost(to: &plan)
        if let last = try await place.drills().first(where: { $0.scenario == scenario && $0.verdict == .proved }) {
            plan.expected = .init(seconds: last.measured.provedSeconds, source: "the drill of \(last.ended)")
        }
        return plan
    }

    // MARK: - What this host has

    private func addFromHere(to plan: inout DrillPlan) async throws {
        if try await addCluster(to: &plan, surviving: false) { return }
        let backups = try await ListedBackup.own(place, now: look.clock.now())
        if let bad = backups.first, bad.manifest == nil {
            plan.lacks(
                "the newest backup is bad: \(bad.trouble?.problem ?? "it cannot be read")", object: "newest",
                mend: "mainstay backup run --environment \(environment)")
        }
        let known = backups.compactMap(\.manifest)
        let wanted = moment.map { moment in known.first { $0.times.snapshot <= moment } } ?? known.first
        guard let manifest = wanted else {
            let which = moment.map { " before \($0)" } ?? ""
            plan.lacks(
                "there is no backup of '\(look.target)'\(which) here",
                mend: "mainstay backup run --environment \(environment)")
            return
        }
        if scenario == .operatorError {
            plan.notes.append(
                "without physical backups only what stood in a backup comes back, not the moment before the mistake")
        }
        plan.sources.append(
            .backup(manifest.id, path: place.folder.path, snapshot: manifest.times.snapshot))
        let needed = try await need(manifest, &plan)
        plan.space = plan.space + needed
        plan.expected = backups.first { $0.id == manifest.id }?.certificate.map {
            .init(seconds: ($0.times.ended - $0.times.began).inSeconds, source: "its last proof")
        }
    }

    /// - Parameter surviving: whether it counts only where no repository of it is on this host.
    /// - Returns: whether there is one to restore.
    private func addCluster(to plan: inout DrillPlan, surviving: Bool) async throws -> Bool {
        let policy = look.inventory.backupPolicy(of: look.target)
        guard let settings = policy.physical else {
            if scenario == .databaseFailure {
                plan.notes.append("no physical backups are configured: what was committed since the backup is lost")
            }
            return false
        }
        guard settings.engine == .pgbackrest else {
            plan.notes.append(
                "base backups lie beside the others and have no log behind them: they are not what is drilled")
            return false
        }
        do {
            let physical = try await PhysicalPlace.needed(look)
            let options = try physical.pgBackRest(for: "a drill of the whole cluster").options
            let places = options.places(of: settings.stanza)
            let lost = surviving ? Self.lost(places) : [:]
            plan.notes += lost.sorted { $0.key < $1.key }.map { number, reason in
                "the physical backups of '\(settings.stanza)' in repository \(number) do not count: \(reason)"
            }
            guard lost.count < places.count else { return false }
            var info = try await physical.info()
            info.backups.removeAll { lost[$0.repository] != nil }
            let limit = scenario == .regionLoss || scenario == .completeFailure ? nil : moment
            guard let backup = ClusterRecovery.backup(in: info, before: limit) else {
                let which = limit.map { " that ended before \($0)" } ?? ""
                plan.lacks(
                    "the stanza '\(settings.stanza)' has no backup\(which)", object: settings.stanza,
                    mend: "mainstay backup run --type full --environment \(environment)")
                return false
            }
            plan.sources.append(.cluster(backup, stanza: settings.stanza))
            plan.space = plan.space + ByteCount(backup.size.bytes / 5 * 6 + 1_073_741_824)
            if let proof = try await physical.certificate(of: backup.label) {
                plan.expected = .init(
                    seconds: (proof.ended - proof.began).inSeconds, source: "the last proof of \(backup.label)")
            }
            return true
        } catch let error as any MaintenanceError {
            plan.lacks(
                "the physical backups cannot be asked: \(error.problem)", object: settings.stanza, mend: error.hint)
            return false
        }
    }

    /// The repositories that are lost with this host, each with the reason.
    private static func lost(_ places: [PgBackRestOptions.Place]) -> [Int: String] {
        places.reduce(into: [:]) { result, place in
            let survival =
                place.path.map { Survival(ofDirectory: $0) } ?? place.host.map { Survival(ofHost: $0) } ?? .elsewhere
            if case .lostWithHost(let reason) = survival { result[place.number] = reason }
        }
    }

    // MARK: - What is elsewhere

    private func addFromElsewhere(_ key: BackupKey, to plan: inout DrillPlan) async throws {
        let storages = try await survivors(&plan)
        var found: (storage: String, copy: StoredCopy)?
        for name in storages {
            do {
                // Of several storages the one that loses least, the one that is trusted most where they are alike.
                if let copy = try await newestCopy(in: name, key, after: found?.copy.label.backup) {
                    found = (name, copy)
                }
            } catch let error as any MaintenanceError {
                plan.lacks(
                    "the storage '\(name)' cannot be relied on: \(error.problem)", object: name,
                    mend: error.hint ?? "mainstay backup copy --storage \(name)")
            }
        }
        if let found {
            let manifest = found.copy.manifest
            plan.sources.append(
                .copy(
                    manifest.id, storage: found.storage, snapshot: found.copy.snapshot.id,
                    taken: manifest.times.snapshot))
            let needed = try await need(manifest, &plan) + manifest.storedBytes
            plan.space = plan.space + needed
        }
        let hasCluster = scenario == .ransomware ? false : try await addCluster(to: &plan, surviving: true)
        if storages.isEmpty, !hasCluster { plan.obstacles.append(Self.nothingLeft(plan)) }
        if !storages.isEmpty, found == nil, !hasCluster {
            let which = moment.map { " of before \($0)" } ?? ""
            plan.lacks(
                "no copy of '\(look.target)'\(which) is in \(storages.map { "'\($0)'" }.joined(separator: " or "))",
                mend: "mainstay backup copy --environment \(environment)")
        }
        try await addFiles(from: storages, key, to: &plan)
        plan.uncovered += [
            "that the storages are where the configuration says: that cannot be seen from here",
            "the keys: the key of the backups and the passwords of the storages were taken from this host, and have to lie "
                + "in another place as well for the day when it is gone",
        ]
    }

    /// The newest copy in a storage that is older than the stated moment; nil where none is newer than `known`.
    private func newestCopy(in storage: String, _ key: BackupKey, after known: BackupID?) async throws -> StoredCopy? {
        let repository = try await CopyStorages(look).repository(storage)
        for (id, snapshot) in try await CopyFetch(place.folder, key: key, repository: repository).copies() {
            if let known, id <= known { return nil }
            guard let label = snapshot.label else { continue }
            if let moment, let time = Timestamp(iso8601: snapshot.time), time > moment { continue }
            let copy = try await StoredCopy(snapshot, label, in: repository, key: key)
            // restic keeps whole seconds, and whoever wrote the snapshot chose them; this one is signed.
            guard moment.map({ copy.manifest.times.snapshot <= $0 }) ?? true else { continue }
            return copy
        }
        return nil
    }

    /// The storages that are left, those that are trusted most first.
    private func survivors(_ plan: inout DrillPlan) async throws -> [String] {
        var names: [(name: String, isAppendOnly: Bool)] = []
        let configured = look.inventory.backups.storage.repositories
        for (name, settings) in configured {
            if scenario == .regionLoss, name != "offsite", settings.region == nil {
                plan.notes.append(
                    "'\(name)' does not count: nobody says that it is at another place ('region', or 'offsite')")
                continue
            }
            do {
                let address = try await settings.repository.resolve(with: look.programs).reveal()
                switch Survival(ofRepository: address, environment: look.programs.environment) {
                case .elsewhere: names.append((name, settings.isAppendOnly))
                case .lostWithHost(let reason):
                    plan.notes.append("'\(name)' does not count: \(reason), and goes with it")
                }
            } catch let error as any MaintenanceError {
                plan.lacks("the storage '\(name)' cannot be reached: \(error.problem)", object: name, mend: error.hint)
            }
        }
        if !names.isEmpty, scenario == .ransomware, !names.contains(where: \.isAppendOnly) {
            plan.obstacles.append(
                .init(
                    code: DrillPlan.reliance, severity: .warning, object: "append-only",
                    problem: "whoever has this host can remove every copy: no storage is declared 'append-only'",
                    mend: "Let the storage refuse removals to this host's login, and say so: 'append-only: true'"))
        }
        return names.filter(\.isAppendOnly).map(\.name) + names.filter { !$0.isAppendOnly }.map(\.name)
    }

    /// Neither a copy in a storage nor a physical backup.
    private static func nothingLeft(_ plan: DrillPlan) -> DrillPlan.Obstacle {
        let why = plan.notes.isEmpty ? "" : " (\(plan.notes.joined(separator: "; ")))"
        return .init(
            code: DrillPlan.lacking,
            problem: "nothing would be left: no storage of 'backups.storage' is elsewhere\(why)",
            mend: "Write into the configuration: backups: {storage: {offsite: {repository: "
                + "\"sftp:backup@another-host:/srv/backups\", password: \"file:/etc/mainstay/offsite.password\"}}}",
            exitStatus: .configuration)
    }

    /// The files of an environment come back with its first database.
    private func addFiles(from storages: [String], _ key: BackupKey, to plan: inout DrillPlan) async throws {
        let first = (look.environment?.resources ?? []).first { $0.kind == .postgresql }?.name
        guard first == look.target.resource, !storages.isEmpty else { return }
        let sets = look.inventory.backups.fileSets(of: look.target.environment)
        if sets.isEmpty {
            plan.uncovered.append(
                "configuration files and applications: there are no file sets of '\(look.target.environment)' under "
                    + "'backups.files'")
        }
        for set in sets {
            var found: (listing: FileListing, storage: String)?
            for name in storages {
                do {
                    let keeper = try await FileKeeper(look, storage: name)
                    let listings = try await keeper.listings(
                        set.name, environment: set.environment, most: moment == nil ? 1 : 1_000)
                    let listing = listings.first { listing in moment.map { listing.taken <= $0 } ?? true }
                    if let listing, found.map({ $0.listing.taken < listing.taken }) ?? true {
                        found = (listing, name)
                    }
                } catch let error as any MaintenanceError {
                    plan.lacks(
                        "the files '\(set.name)' in '\(name)' cannot be relied on: \(error.problem)",
                        object: set.name, mend: error.hint)
                }
            }
            guard let found else {
                plan.lacks(
                    "the files '\(set.name)' are in no storage that would be left", object: set.name,
                    mend: "mainstay backup files --environment \(environment) --name \(set.name)")
                continue
            }
            plan.sources.append(.files(found.listing, storage: found.storage))
            plan.space = plan.space + found.listing.bytes
        }
    }

    // MARK: - What has to be so

    /// Whoever encrypts backups cannot sign them again.
    private func judgeSignatures(to plan: inout DrillPlan) async throws {
        for backup in try await ListedBackup.own(place, now: look.clock.now()) {
            guard let trouble = backup.trouble else { continue }
            plan.lacks(
                "the backup \(backup.id) on this host cannot be believed any more: \(trouble.problem)",
                code: DrillPlan.tampered, object: backup.id.description, mend: "mainstay backup list")
        }
    }

    private func need(_ manifest: BackupManifest, _ plan: inout DrillPlan) async throws -> ByteCount {
        let found = try await ProofFeasibility.look(manifest, workDirectory: look.workDirectory, with: look.programs)
        for gap in found.gaps { plan.lacks(gap.problem, object: "host", mend: gap.hint) }
        return found.space
    }

    private func addHost(to plan: inout DrillPlan) async throws {
        guard plan.space.bytes > 0 else { return }
        let free = try await ProofFeasibility.free(look.workDirectory)
        if free < plan.space {
            plan.lacks(
                "\(plan.space) are needed in '\(look.workDirectory)', and \(free) are free", object: "space",
                mend: "Make room, or name another directory: 'backups: {work: …}'")
        }
    }
}

extension BackupPlace {
    /// The certificates of drills of this target, the newest first.
    func drills() async throws -> [DrillCertificate] {
        guard let key = try await key() else { return [] }
        let folder = folder
        return try await Blocking().run { _ in try folder.drills(key: key) }
    }
}
