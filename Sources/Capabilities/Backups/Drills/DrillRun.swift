import Backup
import Engine
import Maintenance
import Outside
import PostgreSQL
import Settings

/// Brings back what a drill's plan names, one thing after the other as a person would, and measures it. Everything happens
/// in private servers and directories of its own, which are gone afterwards.
struct DrillRun: Sendable {
    let look: Look
    let plan: DrillPlan
    private let place: BackupPlace
    private let policy: BackupPolicy

    init(_ look: Look, _ plan: DrillPlan) {
        self.look = look
        self.plan = plan
        place = BackupPlace(look)
        policy = look.inventory.backupPolicy(of: look.target)
    }

    private var clock: WallClock { look.clock }

    /// - Throws: what keeps a part from being tried at all; what is wrong with what came back is in the certificate.
    func run() async throws -> DrillCertificate {
        let began = clock.now()
        let start = clock.monotonic()
        let key = try await place.keyOrNew()
        // Before anything is brought back, so that all this is archived when it is.
        let hasCluster = plan.sources.contains { if case .cluster = $0 { true } else { false } }
        let tail = hasCluster ? try await tail() : nil
        var parts: [DrillCertificate.Part] = []
        for source in plan.sources {
            look.tell("bringing back \(source.text)")
            parts.append(try await part(source, key))
        }
        var measured = DrillCertificate.Measured(provedSeconds: (clock.monotonic() - start).inSeconds)
        measured.backSeconds = parts.flatMap(\.phases).filter(\.isRecovery).reduce(0) { $0 + $1.seconds }
        measured.rpoSeconds = policy.recovery?.rpo?.inSeconds
        measured.rtoSeconds = policy.recovery?.rto?.inSeconds
        addLoss(parts, tail, at: began, to: &measured)
        var certificate = DrillCertificate(
            plan.scenario, target: look.target, runID: look.runID, parts: parts,
            obstacles: plan.obstacles.filter { $0.severity == .critical }.map { .init($0.problem, hint: $0.mend) },
            measured: measured, began: began, ended: clock.now(),
            countsFor: policy.recovery?.drillWithin ?? RecoveryTargets.usualDrillWithin)
        certificate.moment = plan.moment
        certificate.notes =
            plan.notes + plan.obstacles.filter { $0.severity < .critical }.map(\.problem)
        certificate.uncovered =
            plan.uncovered + [
                "the time until somebody notices, decides, and has a machine to restore on",
                "everything outside what is named above: other databases, services, addresses, access",
            ]
        return certificate
    }

    private func part(_ source: DrillPlan.Source, _ key: BackupKey) async throws -> DrillCertificate.Part {
        switch source {
        case .backup(let id, let path, _):
            let certificate = try await look.backupProof(in: place.folder, key: key).run(id)
            return .init(certificate, source: "the directory \(path)", fetching: nil)
        case .copy(let id, let storage, _, _): return try await copy(id, storage, key)
        case .cluster(let backup, _):
            let physical = try await PhysicalPlace.needed(look)
            var recovery = ClusterRecovery(
                try physical.pgBackRest(for: "a drill of the whole cluster"), workDirectory: look.workDirectory)
            recovery.superuser = physical.settings.superuser
            recovery.jobs = look.inventory.backups.jobs
            recovery.source = try await look.clusterSource()
            recovery.database = try await look.address().database
            let proof = look.backupProof(in: place.folder, key: key)
            recovery.assertions = proof.assertions
            recovery.smokeTest = proof.smokeTest
            recovery.tell = look.tell
            return try await recovery.run(backup, before: plan.scenario == .operatorError ? plan.moment : nil)
        case .files(let listing, let storage): return try await files(listing, storage)
        }
    }

    private func copy(_ id: BackupID, _ storage: String, _ key: BackupKey) async throws -> DrillCertificate.Part {
        let start = clock.monotonic()
        var fetch = CopyFetch(
            place.folder, key: key, repository: try await CopyStorages(look).repository(storage))
        fetch.tell = look.tell
        let source = "the storage '\(storage)'"
        do {
            return try await fetch.withCopy(id, in: look.workDirectory) { _, folder, _ in
                let fetching = (clock.monotonic() - start).inSeconds
                let certificate = try await look.backupProof(in: folder, key: key).run(id)
                return .init(certificate, source: source, fetching: fetching)
            }
        } catch let error as CopyError {
            return try refuted(.init(kind: .database, name: id.description, source: source), error)
        }
    }

    private func files(_ listing: FileListing, _ storage: String) async throws -> DrillCertificate.Part {
        let start = clock.monotonic()
        var part = DrillCertificate.Part(
            kind: .files, name: listing.name, source: "the storage '\(storage)'", asOf: listing.taken)
        part.content = "\("file".counted(listing.files)), \(listing.bytes)"
        let scratch = try await ScratchSpace.make(in: look.workDirectory, "drill-\(look.runID)")
        do {
            try await FileKeeper(look, storage: storage).restore(listing, to: "\(scratch.path)/contents")
            part.standing = .proved
        } catch let error as CopyError {
            part = try refuted(part, error)
        } catch {
            // What failed first is what a person has to know.
            do { try await scratch.remove() } catch {}
            throw error
        }
        try await scratch.remove()
        part.phases = [.init("fetching and comparing", (clock.monotonic() - start).inSeconds)]
        part.comparisons = ["every file by its SHA-256 with the signed listing, and that there is no other"]
        part.uncovered = ["owners and permissions, as far as whoever runs it may not set them"]
        if !listing.unsteady.isEmpty {
            part.uncovered.append("\("file".counted(listing.unsteady.count)) changed while they were stored")
        }
        return part
    }

    /// - Throws: the error where trying again may help, or it speaks of this host and not of what is stored.
    private func refuted(_ part: DrillCertificate.Part, _ error: CopyError) throws -> DrillCertificate.Part {
        switch error {
        case .differs, .files, .broken, .noCopy, .noFiles, .gone: break
        default: throw error
        }
        var part = part
        part.standing = .refuted
        part.problems.append(error.problem)
        return part
    }

    // MARK: - What it would have cost

    private func addLoss(
        _ parts: [DrillCertificate.Part], _ tail: Tail?, at now: Timestamp, to measured: inout DrillCertificate.Measured
    ) {
        // What a recovery came to before it ended too early came back all the same.
        let back = parts.filter { $0.standing != .refuted ? $0.kind != .files : $0.kind == .cluster && $0.asOf != nil }
        guard !back.isEmpty else { return }
        let cluster = back.first { $0.kind == .cluster }
        let wanted = plan.scenario == .operatorError ? plan.moment ?? now : now
        if plan.scenario == .operatorError, let moment = plan.moment {
            measured.undoneSeconds = max(0, (now - moment).inSeconds)
            if cluster != nil {
                // PostgreSQL ends such a recovery only when it has come to a commit behind the moment.
                measured.lossSeconds = 0
                return
            }
        }
        let replayed = cluster?.replayedTo.flatMap { LogPosition($0) }
        if cluster != nil, let tail, tail.isReached(by: replayed) {
            measured.lossSeconds = tail.bytes == 0 ? 0 : tail.seconds
            measured.lossNote = "the log that was not archived yet, \(ByteCount(tail.bytes)), as the server says"
            return
        }
        measured.lossSeconds = back.compactMap(\.asOf).max().map { max(0, (wanted - $0).inSeconds) }
        guard cluster != nil else { return }
        measured.lossNote =
            tail.map { tail in
                "the recovery ended at \(replayed?.description ?? "the end of the backup"), and the server says that it "
                    + "archived everything up to \(tail.archivedTo)"
            } ?? "at most: since the last commit in the archived log; the server could not be asked"
    }

    /// What was not archived when the drill began.
    private struct Tail {
        var seconds: Double
        var bytes: Int64
        var archivedTo: LogPosition
        var segmentSize: UInt64

        /// Whether a recovery came that far; the last segment may be filled up with nothing.
        func isReached(by position: LogPosition?) -> Bool {
            position.map { $0.value + segmentSize >= archivedTo.value } ?? false
        }
    }

    /// Nil where the server cannot be asked, as on the day itself, and where nothing was ever archived.
    private func tail() async throws -> Tail? {
        do {
            let session = try await look.database()
            let state = try await ArchiverState.read { try await session.query($0) }
            guard let tail = PointInTimeDrill.tail(state), let archivedTo = state.archivedTo else { return nil }
            return Tail(
                seconds: tail.seconds, bytes: tail.bytes, archivedTo: archivedTo, segmentSize: state.segmentSize)
        } catch let error as any MaintenanceError {
            try Task.checkCancellation()
            look.tell("what is not archived yet cannot be asked: \(error.problem)")
            return nil
        }
    }
}
