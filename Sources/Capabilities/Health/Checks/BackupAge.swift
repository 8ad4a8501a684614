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
            Only backups of 'mainstay backup run' whose signature fits count. Where there is none at all it warns: a \
            database that is backed up by other means has the check switched off in the configuration \
            ('backup.age: {enabled: false}'). 'frequency' of 'backups' moves both limits: to a twelfth more than the \
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
        guard let newest = seen.manifests.first else { return seen.none }
        let age = context.look.clock.now() - newest.times.snapshot
        var reading = Reading(
            value: age.inSeconds, summary: "the newest backup is \(age.short) old (\(context.limits.text))")
        if let trouble = seen.trouble {
            reading.summary = "\(trouble); the newest that can be believed is \(age.short) old"
            reading.state = context.limits.judge(age.inSeconds) == .critical ? .critical : .warning
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
            failed is critical, whatever older ones say.
            """,
        mend: "mainstay backup verify"
    ) { context in
        let seen = try await BackupsSeen(context)
        guard let newest = seen.backups.first(where: { $0.manifest != nil }) else { return seen.none }
        let now = context.look.clock.now()
        if newest.standing(at: now) == .refuted {
            return Reading(summary: "the proof of the newest backup \(newest.id) failed", state: .critical)
        }
        guard let proved = seen.backups.first(where: { $0.standing(at: now) == .proved })?.manifest else {
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

/// The backups of a database, the newest first.
private struct BackupsSeen: Sendable {
    var backups: [KnownBackup] = []

    /// Older ones say nothing new.
    private static let most = 30

    init(_ context: CheckContext) async throws {
        let settings = context.look.inventory.backups
        let state = context.look.log.directory
        let folder = BackupFolder(root: settings.directory(state: state), target: context.target)
        let keyFile = settings.keyFile(state: state)
        backups = try await Blocking().run { _ in
            guard let key = try BackupKey.read(keyFile, former: settings.formerKeys) else {
                guard try folder.ids().isEmpty else { throw BackupError.noKey(path: keyFile) }
                return []
            }
            return Array(try folder.backups(key: key).prefix(Self.most))
        }
    }

    /// Those that can be believed.
    var manifests: [BackupManifest] { backups.compactMap(\.manifest) }

    /// Why the newest of all cannot be believed, or its proof; nil where they can.
    var trouble: String? { backups.first?.trouble?.problem }

    var none: Reading {
        let reason = trouble.map { ": \($0)" } ?? ""
        return Reading(summary: "there is no backup that can be believed\(reason)", state: .warning)
    }
}
