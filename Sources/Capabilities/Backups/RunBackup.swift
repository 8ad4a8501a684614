import ArgumentParser
import Backup
import Command
import Engine
import Maintenance
import Outside
import PostgreSQL
import Settings

/// Takes a backup of a database.
package struct RunBackup: MaintenanceTask {
    package struct Options: ParsableArguments, Sendable {
        @Flag(
            help: "Prove it at once by restoring it, as 'backup verify' does; so without it where 'verification' is on."
        )
        package var prove = false

        @Option(
            help: ArgumentHelp(
                "Take a physical backup of the whole cluster with pgBackRest or pg_basebackup: full, differential or incremental. "
                    + "Without it, a logical one of the database.", valueName: "kind"))
        package var type: PhysicalBackupType?

        @Option(
            help: ArgumentHelp(
                "Keep it for so long, whatever the policy says: 'backup prune' leaves it alone until then.",
                valueName: "age"))
        package var keepFor: Period?

        @Option(help: ArgumentHelp("Why it is kept: shown wherever it is listed.", valueName: "words"))
        package var reason: String?

        package init() {}

        package func validate() throws {
            if reason != nil, keepFor == nil { throw ValidationError("'--reason' says why '--keep-for' keeps it") }
            if let reason, reason.isEmpty || reason.utf8.count > 200 {
                throw ValidationError("'--reason' is a text of at most 200 bytes")
            }
            if keepFor != nil, type != nil {
                throw ValidationError(
                    "'--keep-for' is for logical backups: pgBackRest keeps its own by 'repo1-retention-…'")
            }
        }
    }

    package static let declaration = TaskDeclaration(
        name: "backup.run",
        summary: "take a backup of a database",
        explanation: """
            Takes a logical backup with one read of the database. All tables are locked in ACCESS SHARE mode, with a short \
            lock time-out and retries, so that nobody waits behind us; then the snapshot is taken, and pg_dump reads in \
            it. While pg_dump writes, every row is digested and every file compressed, so that the disk holds little more \
            than the backup; another tenth of the rows each time ('backups.read-twice') is read again by a COPY of our \
            own in the same snapshot, which checks pg_dump itself. The backup also holds the roles without passwords, the \
            settings of the database, large objects, the listing of the schema, and RESTORE.txt, which says how to \
            restore it without Mainstay. Until every file is on the disk with its SHA-256 in the signed manifest it has \
            another name, so that a half backup is never taken for a whole one. A role that may not read a table, or from \
            which row security hides rows, is refused before anything begins, and so is a connection pooler that gives \
            each transaction another session. With '--keep-for' it stays for so long whatever the policy says, with a signed \
            note beside it that says why; 'backup:pre-upgrade' keeps it for 30 days. With '--prove', or 'verification: true' in its policy, the backup is restored and compared right away, and the step \
            succeeds only with its certificate; with 'verification: rotating 1/7' a seventh of its tables each time, but \
            all of one that is kept on purpose. With '--type' pgBackRest takes a physical backup of the whole cluster \
            instead, by the team's own configuration and retention ('backups.physical'), or pg_basebackup does \
            ('engine: basebackup').
            """,
        effect: .maintains,
        subject: .resources([.postgresql]),
        aliases: [
            .init("backup:run"),
            .init(
                "backup:pre-upgrade", arguments: ["--prove", "--keep-for=30d", "--reason=pre-upgrade"],
                implied: ["--full-backup"]),
        ])

    private let options: Options

    package init(_ options: Options) { self.options = options }

    /// Nil where a logical backup is meant.
    private func physical(_ look: Look) -> PhysicalBackups? {
        let policy = look.inventory.backupPolicy(of: look.target)
        return options.type.map {
            PhysicalBackups(type: $0, proves: options.prove || policy.verification?.value.provesAtOnce == true)
        }
    }

    package func survey(_ look: Look) async throws -> Observation {
        if let physical = physical(look) { return try await physical.survey(look) }
        let session = try await look.database()
        let settings = look.inventory.backups
        let place = BackupPlace(look)
        var observation = Observation()
        observation.identity = try await DatabaseIdentity.facts(session)
        let source = try await BackupSource.look(session)
        let version = PostgreSQLVersion(number: await session.serverVersion)
        let program = try await ClientProgram.find("pg_dump", fitting: version, with: look.programs)
        let last = try await place.newest()
        observation.evidence = [
            "tables": Scalar(source.tables), "rows and indexes": .text(source.size.description),
            "last backup": last.map { .text($0.id.description) } ?? .null,
        ]
        if let last {
            observation.measurements = [
                Measurement(
                    "backup.seconds", look.target, unit: .seconds, value: last.times.duration.inSeconds),
                Measurement(
                    "backup.snapshot.seconds", look.target, unit: .seconds, value: last.times.snapshotAge.inSeconds),
                Measurement("backup.bytes", look.target, unit: .bytes, value: Double(last.storedBytes.bytes)),
            ]
        }
        let verification = look.inventory.backupPolicy(of: look.target).verification?.value
        let proves = options.prove || verification?.provesAtOnce == true
        if proves {
            observation.examined.insert("BK020")
            observation.findings += look.missingPrinter
        }
        let words = BackupWriter.commandWords(program, jobs: settings.jobs, role: look.role)
        observation.changes = [
            Change(
                kind: proves ? Self.proving : "back up", object: source.database, action: .program(words),
                effect: .maintains,
                lock: .accessShare, reversal: "remove its directory", identity: observation.identity,
                reason: (last.map { "the last one is of \($0.times.snapshot)" } ?? "there is none yet")
                    + (note(look).map { "; kept until \(CivilTime($0.until).date): \($0.reason.printable)" } ?? ""),
                estimate: last.map {
                    .init(seconds: $0.times.duration.inSeconds, source: "the last backup")
                },
                priority: last == nil ? .critical : .warning)
        ]
        return observation
    }

    /// Written down with the plan, so that a run goes on as it was planned.
    private static let proving = "back up and prove"

    package func inspect(_ change: Change, _ look: Look) async throws -> Inspection {
        if PhysicalBackups.isMeant(change) { return try await PhysicalBackups.inspect(change, look) }
        let identity = try await DatabaseIdentity.facts(try await look.database())
        let newest = try await BackupPlace(look).newest()
        return Inspection(
            identity: identity, witness: ["newest": newest.map { .text($0.id.description) } ?? .null])
    }

    package func apply(_ change: Change, _ act: Act) async throws {
        if let physical = physical(act.look) { return try await physical.apply(change, act) }
        try await take(change, act)
        try await keep(act.look)
    }

    private func take(_ change: Change, _ act: Act) async throws {
        guard change.kind == Self.proving else {
            _ = try await act.takeBackup()
            return
        }
        let place = BackupPlace(act.look)
        // One that this run took before it was killed while proving it.
        var id = try await place.manifest(ofRun: act.look.runID)?.id
        if let own = id, let certificate = try await place.believedCertificate(of: own) {
            // Or before it was killed while saying how long it is kept.
            if options.keepFor != nil, certificate.isEqual, certificate.runID == act.look.runID { return }
            id = nil
        }
        if let id {
            try await act.proveBackup(id, part: isWhole ? nil : try await place.rotation(act.look)?.next)
        } else {
            try await act.takeAndProveBackup(isWhole: isWhole)
        }
    }

    /// One that is kept on purpose is to be relied on as it is.
    private var isWhole: Bool { options.keepFor != nil }

    /// Until when it is kept, and why; nil where the policy alone decides.
    private func note(_ look: Look) -> (until: Timestamp, reason: String)? {
        options.keepFor.map { span in
            // The same span forwards as backwards: a month is as long as the one that is over.
            let now = look.clock.now()
            return (now + (now - span.before(now)), options.reason ?? "asked for")
        }
    }

    private func keep(_ look: Look) async throws {
        guard let note = note(look) else { return }
        let place = BackupPlace(look)
        guard let key = try await place.key(), let taken = try await place.manifest(ofRun: look.runID) else {
            throw BackupsError.nothing(look.target)
        }
        let keeping = KeepNote(
            taken.id, of: look.target, until: note.until, reason: note.reason, runID: look.runID, at: look.clock.now())
        try await Blocking().run { _ in try place.folder.write(keeping, key: key) }
    }

    /// Reads back every file of the backup that this run took.
    package func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof {
        if PhysicalBackups.isMeant(change) { return try await PhysicalBackups.prove(change, before: witness, look) }
        let place = BackupPlace(look)
        guard let manifest = try await place.manifest(ofRun: look.runID) else {
            return .notDone("this run has no backup")
        }
        let problems = try await Checksums(manifest, at: place.folder.path(of: manifest.id)).problems()
        if let problem = problems.first {
            return .failed(
                "\(problem.path) of backup \(manifest.id) is not as it was written (\(problems.count) files are not): the "
                    + "storage lost it", manifest.facts)
        }
        if options.keepFor != nil, let key = try await place.key() {
            let kept = try await Blocking().run { _ in try place.folder.keepNote(of: manifest.id, key: key) }
            guard kept?.runID == look.runID else { return .notDone("nothing says how long it is to be kept") }
        }
        guard change.kind == Self.proving else { return .done(manifest.facts) }
        guard let certificate = try await place.believedCertificate(of: manifest.id), certificate.runID == look.runID
        else {
            return .notDone("backup \(manifest.id) has no certificate of this run")
        }
        guard certificate.isEqual else { return .notDone(certificate.reasons) }
        return .done(manifest.facts.merging(certificate.facts) { own, _ in own })
    }
}

extension Look {
    /// The role that is taken on after connecting; nil for the login's own.
    fileprivate var role: String? {
        if case .postgresql(let access) = resource.access { access.role } else { nil }
    }
}

extension BackupPlace {
    /// The newest that this run took; nil where there is none.
    fileprivate func manifest(ofRun runID: String) async throws -> BackupManifest? {
        guard let key = try await key() else { return nil }
        return try await Blocking().run { _ in
            try folder.manifests(key: key).prefix(5).first { $0.runID == runID }
        }
    }
}

extension BackupManifest {
    /// What a run keeps of it.
    var facts: Facts {
        [
            "backup": .text(id.description), "tables": Scalar(tables.count), "rows": .integer(Int64(clamping: rows)),
            "content": .text(contentBytes.description), "stored": .text(storedBytes.description),
            "snapshot": .text(times.snapshot.iso8601), "snapshot held": .text(times.snapshotAge.short),
            "read twice": readTwice.map { .text($0.description) } ?? .null,
        ]
    }
}
