import Backup
import Command
import Engine
import Foundation
import Maintenance
import Outside
import Settings

/// What 'backup restore --into' does: it brings a whole cluster back from a physical backup, as a data directory.
struct RestoreCluster: Sendable {
    let options: RestoreBackup.Options
    let directory: String

    static let kind = "restore cluster"

    /// Nil where a database is to be restored.
    init?(_ options: RestoreBackup.Options) {
        guard let directory = options.into?.path else { return nil }
        self.options = options
        self.directory = directory
    }

    /// The one that is named; else the newest that no proof has refuted, with those it is taken instead of.
    private func source(
        _ physical: PhysicalPlace, _ info: RepositoryInfo
    ) async throws -> (backup: PhysicalBackup, refuted: [String]) {
        if options.asOf != nil { _ = try physical.pgBackRest(for: "a recovery to a point in time") }
        if options.backup != "latest" {
            return (try BackupExtraction.source(options.backup, before: options.asOf, in: info), [])
        }
        var refuted: Set<String> = []
        for backup in info.backups {
            if try await physical.certificate(of: backup.label)?.verdict == .refuted { refuted.insert(backup.label) }
        }
        var believed = info
        believed.backups.removeAll { refuted.contains($0.label) || !refuted.isDisjoint(with: $0.needs) }
        if believed.backups.isEmpty, let newest = info.newest {
            throw RestoreRefusal.refuted(newest.label)
        }
        let backup = try BackupExtraction.source(nil, before: options.asOf, in: believed)
        let passed = info.backups.filter { other in
            other.stopped > backup.stopped && options.asOf.map { other.stopped <= $0 } ?? true
        }
        return (backup, passed.map(\.label))
    }

    private func restore(_ physical: PhysicalPlace, _ backup: PhysicalBackup, _ look: Look) -> ClusterRestore {
        var restore = ClusterRestore(physical.engine, backup, to: options.asOf, into: directory)
        restore.superuser = physical.settings.superuser
        restore.jobs = look.inventory.backups.jobs
        restore.tell = look.tell
        return restore
    }

    func survey(_ look: Look) async throws -> Observation {
        let physical = try await PhysicalPlace.needed(look)
        if let moment = options.asOf, moment > look.clock.now() { throw MomentAhead(moment: moment) }
        let info = try await physical.info()
        let (backup, refuted) = try await source(physical, info)
        let cluster = info.cluster(of: backup)?.systemIdentifier
        if case .known(let own) = try await look.clusterSource(), let cluster, cluster != own {
            throw PhysicalError.otherCluster(stanza: physical.name, repository: cluster, database: own)
        }
        var observation = Observation()
        if let obstacle = try await restore(physical, backup, look).obstacle() {
            observation.gaps = [.init("directory", obstacle)]
            return observation
        }
        let known = try await physical.certificate(of: backup.label)
        let goal = options.asOf?.description ?? physical.end
        observation.evidence = [
            "backup": .text(backup.label), "cluster": .text(backup.size.description),
            "proof": .text(known?.verdict.rawValue ?? "none"),
        ]
        observation.changes = [
            Change(
                kind: Self.kind, object: directory,
                action: .files(
                    "restore \(backup.label)\(physical.of) beside \(directory), replay \(physical.log) up to \(goal) in a "
                        + "private PostgreSQL, read everything, shut it down, and give it that name"),
                effect: .maintains, reversal: "remove \(directory)",
                identity: [
                    "backup": .text(backup.label), "moment": .text(goal), "present": false,
                    "cluster": cluster.map { .text($0) } ?? .null,
                ],
                reason: "the whole cluster as of \(goal)"
                    + (refuted.isEmpty
                        ? "" : "; passed over, since a proof refuted it: \(refuted.joined(separator: ", "))"),
                estimate: known.flatMap { proof in
                    proof.restoreSeconds.map {
                        .init(seconds: $0 + (proof.recoverySeconds ?? 0), source: "its last proof")
                    }
                }, priority: .critical)
        ]
        return observation
    }

    func inspect(_ change: Change, _ look: Look) async throws -> Inspection {
        let physical = try await PhysicalPlace.needed(look)
        let info = try await physical.info()
        let backup = info.backups.first { .text($0.label) == change.identity["backup"] }
        var identity = change.identity
        if backup == nil { identity["backup"] = "gone" }
        identity["cluster"] = backup.flatMap { info.cluster(of: $0) }.map { .text($0.systemIdentifier) } ?? .null
        let isThere = FileManager.default.fileExists(atPath: directory)
        identity["present"] = .boolean(isThere)
        return Inspection(identity: identity, witness: ["present": .boolean(isThere)])
    }

    func apply(_ change: Change, _ act: Act) async throws {
        let look = act.look
        let physical = try await PhysicalPlace.needed(look)
        let info = try await physical.info()
        guard let backup = info.backups.first(where: { .text($0.label) == change.identity["backup"] }) else {
            throw PhysicalError.noBackup(stanza: info.stanza)
        }
        let key = try await physical.place.keyOrNew()
        let outcome = try await restore(physical, backup, look).run()
        let folder = physical.place.folder
        try await Blocking().run { _ in
            _ = try folder.make()
            try folder.write(outcome, ofRun: look.runID, key: key)
        }
    }

    /// It stands there, and this run wrote down that it was read.
    func prove(_ change: Change, _ look: Look) async throws -> Proof {
        guard FileManager.default.fileExists(atPath: directory) else { return .notDone("nothing stands there") }
        let place = BackupPlace(look)
        guard let key = try await place.key() else { return .unknown("there is no key to believe a record with") }
        let record = try await Blocking().run { _ in
            try place.folder.clusterRestore(ofRun: look.runID, key: key)
        }
        guard let record, record.directory == directory else {
            return .unknown("something stands there, and nobody wrote down that it was read to its end")
        }
        let major = Int(record.server.filter { $0.isNumber || $0 == "." }.prefix { $0.isNumber }) ?? 0
        let found = try await ClusterRestore.systemIdentifier(of: directory, major: major, with: look.programs)
        guard found == record.systemIdentifier else {
            return .failed("the cluster there is \(found), and \(record.systemIdentifier) was restored", [:])
        }
        return .done([
            "backup": .text(record.backup), "directory": .text(directory), "cluster": .text(record.systemIdentifier),
            "last commit": record.lastCommit.map { .text($0.iso8601) } ?? .null,
            "replayed to": record.replayedTo.map { .text($0) } ?? .null, "tables": Scalar(record.tables),
            "rows": .integer(Int64(clamping: record.rows)), "restore seconds": .number(record.restoreSeconds),
            "recovery seconds": .number(record.recoverySeconds), "start it": .text("pg_ctl -D \(directory) start"),
        ])
    }
}

extension PhysicalPlace {
    /// How far a recovery without a moment comes.
    fileprivate var end: String {
        settings.engine == .basebackup ? "its own end" : "the end of what was archived"
    }
}
