import ArgumentParser
import Backup
import Engine
import Maintenance
import Outside
import PostgreSQL
import Settings

extension PhysicalBackupType: ExpressibleByArgument {}

/// What 'backup run --type' does: it lets pgBackRest or pg_basebackup take a backup of the whole cluster, and proves it
/// where that is asked.
struct PhysicalBackups: Sendable {
    let type: PhysicalBackupType
    let proves: Bool

    static let taking = "back up files"
    static let takingAndProving = "back up files and prove"

    static func isMeant(_ change: Change) -> Bool { [taking, takingAndProving].contains(change.kind) }

    func survey(_ look: Look) async throws -> Observation {
        let physical = try await PhysicalPlace.needed(look)
        let session = try await look.database()
        var observation = Observation()
        observation.identity = try await DatabaseIdentity.facts(session)
        if proves {
            observation.examined.insert("BK020")
            observation.findings += look.missingPrinter
        }
        let info = try await physical.info()
        try await physical.refuseOther(info, session)
        let last = info.newest
        let alike = info.backups.last { $0.type == type }
        observation.evidence = [
            "stanza": .text(physical.name), "last backup": last.map { .text($0.label) } ?? .null,
            "keeps": .text(physical.keeps),
        ]
        let words: [String]
        switch physical.engine {
        case .pgBackRest(let repository): words = repository.backupWords(type)
        case .base:
            let obstacles = try await BaseBackupWriter.obstacles(type, session)
            observation.gaps += obstacles.map { .init("base backup", $0) }
            guard obstacles.isEmpty else { return observation }
            let version = PostgreSQLVersion(number: await session.serverVersion)
            // What reads the copy's control file, before anything is copied for nothing.
            do {
                _ = try await ServerPrograms.find(major: version.major, with: look.programs)
            } catch let error as ProgramError {
                observation.gaps.append(.init("base backup", error))
                return observation
            }
            words = BaseBackupWriter.commandWords(
                try await ClientProgram.find("pg_basebackup", fitting: version, with: look.programs), type)
        }
        observation.changes = [
            Change(
                kind: proves ? Self.takingAndProving : Self.taking, object: physical.name,
                action: .program(words), effect: .maintains, scope: .resource,
                reversal: "it goes by its retention (\(physical.keeps)), behind a newer one that is proved",
                identity: observation.identity,
                reason: last.map { "the last one is of \($0.stopped)" } ?? "there is none yet",
                estimate: alike.map {
                    .init(seconds: $0.duration.inSeconds, source: "the last \(type.rawValue) backup")
                },
                priority: last == nil ? .critical : .warning)
        ]
        return observation
    }

    static func inspect(_ change: Change, _ look: Look) async throws -> Inspection {
        let physical = try await PhysicalPlace.needed(look)
        let identity = try await DatabaseIdentity.facts(try await look.database())
        let newest = try await physical.info().newest
        return Inspection(identity: identity, witness: ["newest": newest.map { .text($0.label) } ?? .null])
    }

    func apply(_ change: Change, _ act: Act) async throws {
        let physical = try await PhysicalPlace.needed(act.look)
        // Its fence: no second worker of ours backs up the same database at once.
        _ = try await act.connection()
        let taken: String
        switch physical.engine {
        case .pgBackRest(let repository):
            act.look.tell("taking a \(type.rawValue) backup of '\(physical.name)'")
            taken = try await repository.back(up: type).label
        case .base:
            let key = try await physical.place.keyOrNew()
            var writer = BaseBackupWriter(
                BaseBackups(physical.place.folder, key: key), key: key, address: try await act.look.address(),
                runID: act.look.runID, type: type, programs: act.look.programs)
            writer.tell = act.look.tell
            taken = try await writer.take().label
        }
        guard change.kind == Self.takingAndProving else { return }
        try await act.provePhysical(taken)
        try await act.expireBehindProof()
    }

    /// The repository's own word, read anew: there is a newer one than before, without an error.
    static func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof {
        let physical = try await PhysicalPlace.needed(look)
        var info = try await physical.info()
        // pgBackRest goes on when we die; while it does nobody can say what becomes of its backup.
        while info.isBusy {
            look.tell("waiting for the backup that pgBackRest takes")
            try await look.clock.sleep(for: .seconds(1))
            info = try await physical.info()
        }
        guard let newest = info.newest, .text(newest.label) != witness["newest"] else {
            return .notDone("there is no new backup")
        }
        if let trouble = info.trouble(around: newest) { return .notDone(trouble.problem) }
        if newest.hasPageErrors {
            return .notDone("\(newest.label) has pages with a wrong checksum: the database itself is damaged")
        }
        guard change.kind == takingAndProving else { return .done(newest.facts) }
        guard let certificate = try await physical.certificate(of: newest.label), certificate.runID == look.runID else {
            return .notDone("backup \(newest.label) has no certificate of this run")
        }
        guard certificate.verdict == .proved else { return .notDone(certificate.summary) }
        return .done(newest.facts.merging(certificate.facts) { own, _ in own })
    }
}

extension PhysicalPlace {
    /// Its retention, in pgBackRest's own words.
    var keeps: String {
        guard case .pgBackRest(let repository) = engine else { return "what 'retention' and 'keep' say" }
        let words = repository.options.retention(of: settings.stanza)
        return words.isEmpty ? "everything: no retention is set" : words.joined(separator: ", ")
    }

    /// Whose backups, behind a label.
    var of: String { settings.engine == .basebackup ? "" : " of the stanza '\(settings.stanza)'" }

    /// What a proof replays.
    var log: String { settings.engine == .basebackup ? "the log that came with it" : "the archived log" }

    /// A backup of another cluster under this one's name is found before it is relied on.
    ///
    /// - Throws: `PhysicalError.otherCluster`.
    func refuseOther(_ info: RepositoryInfo, _ session: SurveySession) async throws {
        guard let own = try await ServerFacts(session).systemIdentifier,
            let present = info.present.first(where: { $0.systemIdentifier != own })
        else { return }
        throw PhysicalError.otherCluster(
            stanza: name, repository: present.systemIdentifier, database: own)
    }
}

extension PhysicalBackup {
    /// What a run keeps of it.
    var facts: Facts {
        [
            "backup": .text(label), "type": .text(type.rawValue), "cluster": .text(size.description),
            "added": .text(added.description), "ended": .text(stopped.iso8601),
            "WAL": .text([firstWAL, lastWAL].compactMap { $0 }.joined(separator: " to ")),
        ]
    }
}

extension PhysicalCertificate {
    /// What a run keeps of it.
    var facts: Facts {
        [
            "backup": .text(backup), "verdict": .text(verdict.rawValue), "rungs": .text(ladder.score),
            "tables": tables.map { Scalar($0) } ?? .null,
            "rows": rows.map { .integer(Int64(clamping: $0)) } ?? .null,
            "restore seconds": restoreSeconds.map { .number($0) } ?? .null,
            "recovery seconds": recoverySeconds.map { .number($0) } ?? .null,
            "replayed to": replayedTo.map { .text($0) } ?? .null, "counts until": .text(countsUntil.iso8601),
        ]
    }
}
