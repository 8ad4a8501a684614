import Backup
import Engine
import Maintenance
import Outside
import Settings

extension Check {
    static let backupAge = Check(
        CheckSchema(
            name: "backup.age",
            summary: "how old the newest backup is",
            thresholds: .init(.seconds, warning: 26 * 3_600, critical: 3 * 86_400), every: .seconds(600)),
        code: "HC040",
        title: "Age of the newest backup",
        kind: .postgresql,
        explanation: """
            How long ago the snapshot of the newest backup was taken, which is how much work a total loss would cost now. \
            Only backups of 'mainstay backup run' whose signature fits count. One that a run took and that is not there any \
            more, with nothing newer in its place, is critical: nothing of ours removes the newest, so that a storage lost \
            it or somebody took it away. Where there is none at all it warns: a \
            database that is backed up by other means has the check switched off in the configuration \
            ('backup.age: {enabled: false}'). Of a database that has physical backups alone ('backups.physical') \
            'backup.physical' says how old they are. 'frequency' of 'backups' moves both limits: to a twelfth more than the \
            interval, and to three of them; limits under 'checks' win over it.
            """,
        mend: "mainstay backup run",
        standard: { inventory, target in
            inventory.backupPolicy(of: target).frequency.map {
                StandardThresholds(warning: $0.value.warning.inSeconds, critical: $0.value.critical.inSeconds)
            }
        }
    ) { context in
        let seen = try await BackupsSeen(context)
        if let gone = try await context.goneBackup(newerThan: seen.backups.first?.id) {
            return Reading(summary: gone, state: .critical)
        }
        if let physical = try await seen.physical(context) { return physical.age }
        guard let newest = seen.manifests.first else { return seen.none }
        let age = context.look.clock.now() - newest.times.snapshot
        var reading = Reading(
            value: age.inSeconds, summary: "the newest backup is \(age.short) old (\(context.limits.text))")
        if let trouble = seen.trouble {
            reading.summary = "\(trouble); the newest that can be believed is \(age.short) old"
            reading.state = context.limits.judge(age.inSeconds) == .critical ? .critical : .warning
        } else if age < Self.mostSkew {
            reading.summary = Self.ofTheFuture(newest.id.description, by: age)
            reading.state = .warning
        }
        reading.evidence = ["backup": .text(newest.id.description), "stored": .text(newest.storedBytes.description)]
        reading.measurements = [
            Measurement("backup.age", context.target, unit: .seconds, value: age.inSeconds),
            Measurement("backup.bytes", context.target, unit: .bytes, value: Double(newest.storedBytes.bytes)),
        ]
        return reading
    }

    static let backupProof = Check(
        CheckSchema(
            name: "backup.proof",
            summary: "how old the newest backup is that was proved by restoring it",
            thresholds: .init(.seconds, warning: 8 * 86_400, critical: nil), every: .seconds(600)),
        code: "HC041",
        title: "Age of the newest proved backup",
        kind: .postgresql,
        explanation: """
            A backup nobody has restored is a hope. This is the age of the newest one that has a certificate: it was \
            restored into a server of its own, and what came out equals what was dumped. A newest backup whose proof \
            failed is critical, whatever older ones say. Where 'verification' proves a part each night it is the age of the \
            oldest state among the newest proofs of all parts, its limit moves to two days more than there are parts, and \
            it warns until every part has a proof that counts. Of a database that has physical backups alone the newest \
            proof of one of them counts.
            """,
        mend: "mainstay backup verify",
        standard: { inventory, target in
            inventory.backupPolicy(of: target).verification?.value.parts.map {
                StandardThresholds(warning: max(8, Double($0) + 2) * 86_400, critical: nil)
            }
        }
    ) { context in
        let seen = try await BackupsSeen(context)
        if let physical = try await seen.physical(context) { return physical.proof(context) }
        guard let newest = seen.backups.first(where: { $0.manifest != nil }) else { return seen.none }
        let now = context.look.clock.now()
        if newest.standing(at: now) == .refuted {
            return Reading(summary: "the proof of the newest backup \(newest.id) failed", state: .critical)
        }
        guard let proved = try await seen.proved(at: now) else {
            let policy = context.look.inventory.backupPolicy(of: context.target)
            if let parts = policy.verification?.value.parts {
                return seen.reading(of: Rotation(parts, seen.backups, at: now), context, at: now)
            }
            let trouble = seen.trouble.map { ": \($0)" } ?? ""
            return Reading(summary: "no backup has a proof that counts\(trouble)", state: .warning)
        }
        let age = now - proved.times.snapshot
        var reading = Reading(
            value: age.inSeconds, summary: "the newest proved backup is \(age.short) old (\(context.limits.text))")
        reading.evidence = ["backup": .text(proved.id.description)]
        reading.measurements = [Measurement("backup.proof.age", context.target, unit: .seconds, value: age.inSeconds)]
        return reading
    }
}

extension Check {
    /// The clocks of a database server and of this machine may differ by so much.
    static let mostSkew: Duration = .seconds(-300)

    /// An age below zero would pass as young for ever.
    static func ofTheFuture(_ backup: String, by age: Duration) -> String {
        "backup \(backup) is of a moment that comes in \((.zero - age).short): a clock is or was wrong, and nobody knows how old "
            + "it is"
    }
}

extension CheckContext {
    /// The newest backup that a run took and that is there no more, in words; nil where it is, or something newer.
    fileprivate func goneBackup(newerThan newest: BackupID?) async throws -> String? {
        let kinds = ("back up", "back up and prove")
        guard let taken = try await look.log.lastProved(kinds, of: "backup.run", at: target),
            case .text(let name)? = taken.evidence?["backup"], let id = BackupID(name), newest.map({ $0 < id }) ?? true
        else { return nil }
        return
            "backup \(id) of run \(taken.runID) is not there any more, and nothing newer is: its storage lost it, or "
            + "somebody removed it"
    }
}

/// The backups of a database, the newest first.
private struct BackupsSeen: Sendable {
    /// The newest of them, which are enough for what is asked about the newest.
    var backups: [KnownBackup] = []
    private let folder: BackupFolder
    private var key: BackupKey?

    init(_ context: CheckContext) async throws {
        let settings = context.look.inventory.backups
        let state = context.look.log.directory
        let folder = BackupFolder(root: settings.directory(state: state), target: context.target)
        self.folder = folder
        let keyFile = settings.keyFile(state: state)
        // Older ones say nothing new; a part of the rows is proved each night.
        let most = max(30, 4 * (context.look.inventory.backupPolicy(of: context.target).verification?.value.parts ?? 0))
        (backups, key) = try await Blocking().run { _ in
            guard let key = try BackupKey.read(keyFile, former: settings.formerKeys) else {
                guard try folder.ids().isEmpty else { throw BackupError.noKey(path: keyFile) }
                return ([], nil)
            }
            // What was taken out of a physical backup is no new one of the database.
            let own = try folder.backups(key: key).lazy.filter { $0.manifest?.extraction == nil }
            return (Array(own.prefix(most)), key)
        }
    }

    /// The newest that is proved, however many came after it: who backs up each hour and proves once a week has more than
    /// a hundred in between. Of older ones only those with a certificate are read.
    func proved(at now: Timestamp) async throws -> BackupManifest? {
        if let found = backups.first(where: { $0.standing(at: now) == .proved }) { return found.manifest }
        guard let key, let last = backups.last?.id else { return nil }
        return try await Blocking().run { _ in
            try folder.certified(key: key, before: last).first {
                $0.manifest?.extraction == nil && $0.standing(at: now) == .proved
            }?.manifest
        }
    }

    /// Where the database has physical backups and no logical one: those with a proof, the newest first.
    func physical(_ context: CheckContext) async throws -> PhysicalAlone? {
        let policy = context.look.inventory.backupPolicy(of: context.target)
        guard backups.isEmpty, policy.physical != nil else { return nil }
        guard let key else { return PhysicalAlone(certificates: []) }
        return try await Blocking().run { _ in
            PhysicalAlone(certificates: try folder.physicalCertificates(key: key))
        }
    }

    /// Those that can be believed.
    var manifests: [BackupManifest] { backups.compactMap(\.manifest) }

    /// Why the newest of all cannot be believed, or its proof; nil where they can.
    var trouble: String? { backups.first?.trouble?.problem }

    /// What is proved by parts is as fresh as the oldest state that one of them was proved of.
    func reading(of rotation: Rotation, _ context: CheckContext, at now: Timestamp) -> Reading {
        let share = Measurement(
            "backup.proof.parts", context.target, unit: .percent,
            value: 100 * Double(rotation.newest.count) / Double(rotation.parts))
        guard rotation.isWhole, let oldest = rotation.oldest else {
            var reading = Reading(summary: rotation.words, state: .warning)
            reading.measurements = [share]
            return reading
        }
        let age = now - oldest.snapshot
        var reading = Reading(
            value: age.inSeconds,
            summary: "\(rotation.words), the oldest of a state \(age.short) old (\(context.limits.text))")
        reading.evidence = ["backup": .text(oldest.backup.description)]
        reading.measurements = [
            share, Measurement("backup.proof.age", context.target, unit: .seconds, value: age.inSeconds),
        ]
        return reading
    }

    var none: Reading {
        let reason = trouble.map { ": \($0)" } ?? ""
        return Reading(summary: "there is no backup that can be believed\(reason)", state: .warning)
    }
}

/// What is said of a database that has physical backups alone.
private struct PhysicalAlone: Sendable {
    /// Of the newest backup first.
    var certificates: [PhysicalCertificate]

    var age: Reading {
        Reading(summary: "only physical backups are taken, whose age 'backup.physical' tells", state: .passed)
    }

    func proof(_ context: CheckContext) -> Reading {
        let now = context.look.clock.now()
        if let newest = certificates.first, newest.verdict == .refuted {
            return Reading(summary: "the proof of the newest physical backup \(newest.backup) failed", state: .critical)
        }
        guard let proved = certificates.first(where: { $0.proves(at: now) }) else {
            return Reading(summary: "no physical backup has a proof that counts", state: .warning)
        }
        let age = now - proved.taken
        var reading = Reading(
            value: age.inSeconds,
            summary: "the newest proved physical backup is \(age.short) old (\(context.limits.text))")
        reading.evidence = ["backup": .text(proved.backup)]
        reading.measurements = [
            Measurement("backup.proof.age", context.target, unit: .seconds, value: age.inSeconds)
        ]
        return reading
    }
}
