import ArgumentParser
import Backup
import Command
import Engine
import Maintenance
import Outside
import Page
import Settings

/// Proves a backup by restoring it.
package struct VerifyBackup: MaintenanceTask {
    package struct Options: ParsableArguments, Sendable {
        @Option(
            help: ArgumentHelp(
                "Which backup to prove: its id, or 'latest', which is meant too where nothing is said.", valueName: "id"
            ))
        package var backup: String?

        @Option(
            help: ArgumentHelp(
                "Prove its copy in this storage, 'secondary' or 'offsite', fetched into 'backups.work'.",
                valueName: "storage"))
        package var from: String?

        @Flag(help: "Prove every stored backup, not only the newest.")
        package var all = false

        @Flag(help: "Take a new backup, and prove that one, where the newest is missing or bad.")
        package var autoFix = false

        @Flag(help: "Prove all rows at once, also where 'verification' proves a part each time.")
        package var whole = false

        @Flag(help: "Prove the physical backups, and not the logical ones.")
        package var physical = false

        package init() {}

        /// Nil for the backups themselves.
        fileprivate var copies: VerifyCopy? { from.map { VerifyCopy(storage: $0, named: named, all: all) } }

        /// pgBackRest's name of a physical backup; nil where none is named.
        fileprivate var label: String? { backup.flatMap { PhysicalBackup.isLabel($0) ? $0 : nil } }

        /// Whether logical backups are not meant.
        fileprivate var isPhysicalOnly: Bool { physical || label != nil }

        /// Whether a newer backup changes nothing about which ones are meant.
        fileprivate var isExact: Bool { all || named != nil }

        /// Whether the policy may divide the rows: what is named is proved whole.
        fileprivate var mayRotate: Bool { !whole && !isExact && from == nil }

        /// Nil for the newest.
        fileprivate var named: String? { backup == "latest" ? nil : backup }

        package func validate() throws {
            if let named, label == nil, BackupID(named) == nil || physical {
                throw ValidationError(
                    "'--backup' is the name of a backup, such as "
                        + "\(physical ? "20261121-020000F" : "20261121T020000Z-k7q2m"), or 'latest'")
            }
            if from != nil, autoFix {
                throw ValidationError("'--auto-fix' is not for copies: 'backup copy' makes them")
            }
            if from != nil, isPhysicalOnly { throw ValidationError("'--from' is for copies of logical backups") }
            if isPhysicalOnly, autoFix { throw ValidationError("'--auto-fix' is for logical backups") }
            if backup != nil, all { throw ValidationError("'--all' and '--backup' exclude each other") }
            if all, autoFix { throw ValidationError("'--auto-fix' is for the newest backup, not with '--all'") }
            if named != nil, autoFix {
                throw ValidationError("'--auto-fix' is for the newest backup, not with '--backup'")
            }
        }
    }

    package static let declaration = TaskDeclaration(
        name: "backup.verify",
        summary: "prove a backup by restoring it and comparing everything",
        explanation: """
            Checks the signature of the manifest, the length and SHA-256 of every file, and that no file is missing or \
            extra. Then it restores the backup into a private PostgreSQL of a fitting version, with its roles, none of \
            which may log in, and counts every error of pg_restore. What was restored is compared with what was dumped: \
            every row of every table by digest, the schema with owners, grants, policies and comments, sequences, and \
            large objects. The outcome is a signed certificate beside the backup, as JSON and as a page, which says what \
            was compared how, what is not covered, and until when it counts ('backups.prove-within'). A locale, an \
            extension or space that this host lacks leaves the step unproven, with the line that installs it; a backup \
            that is not what it says fails the step, and every difference is named. Where 'verification' \
            says 'rotating 1/7', the rows of another seventh of the tables are restored each time, of the backup that is \
            the newest then, with the whole schema, and the certificate says which; '--whole' restores all, and so does \
            whoever names a backup. With '--from' the copy in another \
            storage is fetched and proved in the same way. The production database is not asked for anything. Where \
            'backups.physical' names a stanza of pgBackRest, its newest physical backup is proved too, and the server is \
            asked for nothing but its system identifier: every file and every segment of WAL by checksum, no gap in the \
            log, restored into a private PostgreSQL that replays to its end, every page and index by pg_amcheck, and \
            every row read. With 'engine: basebackup' the same is done of its newest base backup, by pg_verifybackup and \
            the log that came with it.
            """,
        effect: .maintains,
        subject: .resources([.postgresql]),
        aliases: [
            .init(
                "backup:verify", implied: ["--daily"],
                meanings: ["--daily-backups": ["--all-environments"], "--comprehensive": ["--all"]]),
            .init("backup:test-restore"), .init("maintenance:weekly:backup-verification"),
            .init("maintenance:quarterly:backup-restore-test"),
            .init(
                "dr:test-restore", arguments: ["--all-environments"], implied: ["--verify-integrity"],
                meanings: ["--all-backups": ["--all"]]),
        ])

    private let options: Options

    package init(_ options: Options) { self.options = options }

    package func survey(_ look: Look) async throws -> Observation {
        if let copies = options.copies { return try await copies.survey(look) }
        guard options.isPhysicalOnly || options.named == nil, let physical = try await PhysicalPlace(look) else {
            if options.isPhysicalOnly { throw PhysicalNotConfigured(target: look.target) }
            return try await surveyLogical(look, isNeeded: true)
        }
        var files = try await PhysicalProving(physical: physical).survey(look, label: options.label, all: options.all)
        if options.isPhysicalOnly {
            files.examined.insert("BK020")
            files.findings += look.missingPrinter
            return files
        }
        var observation = try await surveyLogical(look, isNeeded: options.autoFix)
        observation.merge(files)
        return observation
    }

    /// - Parameter isNeeded: whether it is a finding that there is none: where the cluster has physical backups it may
    ///   have no other.
    private func surveyLogical(_ look: Look, isNeeded: Bool) async throws -> Observation {
        let place = BackupPlace(look)
        var observation = Observation()
        observation.examined = ["BK001", "BK020"]
        observation.findings += look.missingPrinter
        let wanted = try await wanted(place)
        if wanted.isEmpty, !isNeeded { return observation }
        guard !wanted.isEmpty else {
            if options.autoFix {
                observation.changes = [
                    change(Self.missing, place, look, reason: "there is none: one is taken first", seconds: nil)
                ]
            } else {
                observation.findings += [
                    Finding(
                        code: "BK001", severity: .critical, target: look.target,
                        summary: "there is no backup to prove", mend: "mainstay backup run")
                ]
                observation.gaps = [.init("backup", BackupsError.nothing(look.target))]
            }
            return observation
        }
        let rotation = options.mayRotate ? try await place.rotation(look) : nil
        if let rotation { observation.evidence["rotation"] = .text(rotation.words) }
        for (index, id) in wanted.enumerated() {
            let known = try await place.believedCertificate(of: id)
            if rotation != nil, let known, known.coverage == nil, known.proves(at: look.clock.now()) {
                observation.evidence["proved"] = .text("all its rows, on \(known.times.ended)")
                add(known, of: id, to: &observation, look)
                continue
            }
            if index == 0 {
                add(known, of: id, to: &observation, look)
                try await addFeasibility(of: id, in: place, to: &observation, look)
            }
            observation.changes.append(
                change(
                    // What was refuted is looked at as a whole: another part would not take that back.
                    id.description, place, look, part: known?.verdict == .refuted ? nil : rotation?.next,
                    reason: rotation?.words ?? known.map { "the last proof is of \($0.times.ended)" }
                        ?? "it was never proved",
                    seconds: known.map { ($0.times.ended - $0.times.began).inSeconds }))
        }
        return observation
    }

    private func add(_ known: Certificate?, of newest: BackupID, to observation: inout Observation, _ look: Look) {
        observation.evidence["backup"] = .text(newest.description)
        observation.evidence["last verdict"] = known.map { .text($0.verdict.rawValue) } ?? .null
        // A part of the rows takes a part of the time.
        if let known, known.coverage == nil, let seconds = known.times.restore {
            observation.measurements = [
                Measurement("backup.restore.seconds", look.target, unit: .seconds, value: seconds),
                Measurement(
                    "backup.restore.bytes", look.target, unit: .bytes, value: Double(known.source.size.bytes)),
            ]
        }
    }

    /// What a dry run shows beside the plan. A backup that cannot be believed has no say; its proof says so.
    private func addFeasibility(
        of id: BackupID, in place: BackupPlace, to observation: inout Observation, _ look: Look
    ) async throws {
        guard let key = try await place.key() else { return }
        let manifest: BackupManifest
        do {
            manifest = try await Blocking().run { _ in try place.folder.manifest(of: id, key: key) }
        } catch is BackupError {
            return
        }
        let found = try await ProofFeasibility.look(
            manifest, workDirectory: look.workDirectory, with: look.programs)
        observation.gaps += found.gaps.map { gap in
            .init("restore", ErrorReport(code: "backups.lacking", problem: gap.problem, hint: gap.hint))
        }
        var rows: [(String, String)] = [
            ("backup", "\(id), the database as of \(manifest.times.snapshot)"),
            ("space", "\(found.space) needed in \(look.workDirectory), \(found.free) free"),
            ("server", found.server.map { "PostgreSQL \($0)" } ?? "none that fits"),
        ]
        if !found.extensions.isEmpty {
            rows.append(("extensions", "\(found.extensions.joined(separator: ", ")): asked of the server when it runs"))
        }
        observation.listings.append(
            Listing("Feasibility", ["what", "found"], rows.map { [.text($0.0), .text($0.1.printable)] }))
    }

    /// Stands for the backup that is taken because there is none.
    private static let missing = "a new backup"

    private func change(
        _ object: String, _ place: BackupPlace, _ look: Look, part: RotationPart? = nil, reason: String,
        seconds: Double?
    ) -> Change {
        var identity: Facts = ["backup": .text(object)]
        if let part { identity["part"] = .text(part.description) }
        let what = part.map { "\($0) of the rows of \(object)" } ?? object
        let isBad = options.autoFix ? "; if it is bad, take a new one and prove that" : ""
        return Change(
            kind: "prove", object: object,
            action: .files(
                "restore \(what) of \(place.folder.path) into a private PostgreSQL in \(look.workDirectory), compare "
                    + "everything, and write its certificate beside it\(isBad)"),
            effect: .maintains, reversal: "remove the certificate", identity: identity,
            reason: reason, estimate: seconds.map { .init(seconds: $0, source: "the last proof") })
    }

    /// The newest first.
    private func wanted(_ place: BackupPlace) async throws -> [BackupID] {
        let ids = try await Blocking().run { _ in try place.folder.ids() }
        guard let name = options.named else {
            if options.all { return ids }
            // What was extracted is of a moment somebody chose, and is proved by its name.
            return try await place.newestID().map { [$0] } ?? []
        }
        guard let id = BackupID(name), ids.contains(id) else {
            throw BackupsError.noSuchBackup(name, path: place.folder.path)
        }
        return [id]
    }

    package func inspect(_ change: Change, _ look: Look) async throws -> Inspection {
        if let copies = options.copies { return try await copies.inspect(change, look) }
        if change.kind == PhysicalProving.kind { return try await PhysicalProving.inspect(change, look) }
        let place = BackupPlace(look)
        let newest = try await place.newestID()
        let ids = try await Blocking().run { _ in try place.folder.ids() }
        let isThere =
            BackupID(change.object).map { options.isExact ? ids.contains($0) : $0 == newest } ?? (newest == nil)
        var identity: Facts = ["backup": .text(isThere ? change.object : newest?.description ?? "gone")]
        // Whose turn it is was settled with the plan.
        identity["part"] = change.identity["part"]
        return Inspection(
            identity: identity,
            witness: ["newest": newest.map { .text($0.description) } ?? .null])
    }

    package func apply(_ change: Change, _ act: Act) async throws {
        if let copies = options.copies { return try await copies.apply(change, act) }
        if change.kind == PhysicalProving.kind { return try await act.provePhysical(change.object) }
        do {
            if let id = BackupID(change.object) {
                try await act.proveBackup(id, part: RotationPart(change.identity["part"]))
            } else {
                try await act.proveBackup(try await act.takeBackup().id)
            }
        } catch let error as any MaintenanceError where options.autoFix && error.isAgainstBackup {
            act.look.tell("\(error.problem): taking a new one")
            try await act.proveBackup(try await act.takeBackup().id)
        }
    }

    /// Reads the signed certificate back: only what this run wrote counts.
    package func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof {
        if let copies = options.copies { return try await copies.prove(change, look) }
        if change.kind == PhysicalProving.kind { return try await PhysicalProving.prove(change, look) }
        let place = BackupPlace(look)
        let ids: [BackupID] =
            if options.isExact, let id = BackupID(change.object) { [id] } else {
                // With '--auto-fix' a new one may have come.
                try await place.newestIDs(2)
            }
        for id in ids {
            guard let certificate = try await place.believedCertificate(of: id), certificate.runID == look.runID else {
                continue
            }
            return certificate.isEqual ? .done(certificate.facts) : .notDone(certificate.reasons)
        }
        return .notDone("this run wrote no certificate")
    }
}

extension MaintenanceError {
    /// Whether it says that the backup itself is bad, and not that something is wrong with this host or the key.
    fileprivate var isAgainstBackup: Bool {
        switch self as any MaintenanceError {
        case BackupsError.refuted, BackupError.badSignature, BackupError.unreadable, BackupError.moved,
            BackupError.incomplete:
            true
        default: false
        }
    }
}

extension BackupPlace {
    /// Nil also where it cannot be believed, as the half of one that a killed run left: a new proof takes its place.
    func believedCertificate(of id: BackupID) async throws -> Certificate? {
        do { return try await certificate(of: id) } catch is BackupError { return nil }
    }

    /// Nil where it was never proved; one that cannot be believed is an error.
    func certificate(of id: BackupID) async throws -> Certificate? {
        guard let key = try await key() else { return nil }
        return try await Blocking().run { _ in try folder.certificate(of: id, key: key) }
    }
}

extension Certificate {
    /// Why it does not prove anything, with what to do, safe to print.
    var reasons: String {
        gaps.isEmpty || verdict == .refuted
            ? summary : gaps.map { "\($0.problem)\($0.hint.map { " (\($0))" } ?? "")" }.joined(separator: "; ")
    }

    /// What a run keeps of it.
    var facts: Facts {
        [
            "backup": .text(backup.description), "verdict": .text(verdict.rawValue),
            "tables": Scalar(content.tables), "rows": .integer(Int64(clamping: content.rows)),
            "content": .text(content.rowDigest), "manifest": .text(manifestSHA256),
            "coverage": coverage.map { .text("part \($0.part), proved \($0.words(at: times.ended))") } ?? .null,
            "restore seconds": times.restore.map { .number($0) } ?? .null,
            "counts until": .text(countsUntil.iso8601),
        ]
    }
}

/// Backups that cannot be chosen or relied on.
enum BackupsError: MaintenanceError, Hashable {
    case nothing(Target)
    case noSuchBackup(String, path: String)
    case refuted(BackupID, differences: [String], count: Int)

    var code: String {
        switch self {
        case .nothing: "backups.none"
        case .noSuchBackup: "backups.no-such-backup"
        case .refuted: "backups.refuted"
        }
    }

    var problem: String {
        switch self {
        case .nothing(let target): "there is no backup of '\(target)'"
        case .noSuchBackup(let name, let path): "there is no backup '\(name.printable)' in '\(path.printable)'"
        case .refuted(let id, let differences, let count):
            "backup \(id) does not bring back what was dumped: \(differences.joined(separator: "; "))"
                + (count > differences.count ? " (and \(count - differences.count) more)" : "")
        }
    }

    var hint: String? {
        switch self {
        case .nothing, .refuted: "Take a new one: mainstay backup run"
        case .noSuchBackup: nil
        }
    }
}
