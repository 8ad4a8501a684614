import Backup
import Engine
import Maintenance
import Page
import Settings

/// How one database stands with its backups at the moment of a report.
struct DatabaseStanding: Sendable {
    let database: BackupMaterial.Database
    let now: Timestamp
    /// Snapshots of the period and the last one before it, also of backups that are gone, oldest first.
    let snapshots: [Timestamp]

    init(_ database: BackupMaterial.Database, _ material: BackupMaterial) {
        self.database = database
        now = material.now
        let kept = database.backups.compactMap { $0.isExtracted ? nil : $0.manifest?.times.snapshot }
        let all = Set(kept + Self.taken(material, of: database.target)).sorted()
        snapshots = all.filter { $0 < material.since }.suffix(1) + all.filter { $0 >= material.since }
    }

    var target: Target { database.target }
    /// The newest that can be believed. What was taken out of a physical backup is no new snapshot of the database.
    var newest: ListedBackup? { database.backups.first { $0.manifest != nil && !$0.isExtracted } }
    /// The newest physical one, where there is no other.
    var physicalOnly: ListedPhysicalBackup? { newest == nil ? database.physical?.backups.first : nil }
    var proved: ListedBackup? { database.backups.first { $0.proof == .proved && !$0.isExtracted } }
    var age: Duration? { newest?.manifest.map { now - $0.times.snapshot } }
    var stored: ByteCount {
        ByteCount(database.backups.compactMap { $0.manifest?.storedBytes.bytes }.reduce(0, +))
    }

    /// The most work that a loss at the worst moment of the period would have cost: between one snapshot and the next,
    /// and since the last one.
    var worstLoss: Duration? {
        zip(snapshots, snapshots.dropFirst() + [now]).map { $1 - $0 }.max()
    }

    /// Nil where its policy does not prove it by parts.
    var rotation: Rotation? {
        let own = database.backups.filter { !$0.isExtracted }
        return database.policy.verification?.value.parts.map { Rotation($0, own.map(\.stored), at: now) }
    }

    /// How far it is proved: rungs of the newest, or parts of all its rows.
    var verification: String? {
        if proved == nil, let rotation { return rotation.words }
        return (newest?.ladder ?? physicalOnly?.ladder)?.score
    }

    var restoreTime: Duration? { proved?.certificate?.recoveryTime }

    var standing: Standing { problem?.standing ?? .good }

    struct Problem: Hashable, Sendable {
        var standing: Standing
        var words: String
        var mend: String?
    }

    /// The worst thing about it; nil where all is well.
    var problem: Problem? {
        let environment = target.environment.shellQuoted
        let take = "mainstay backup run --prove --environment \(environment)"
        guard let newest, let age else {
            // Its cluster's backups bring it back as well.
            if let physical = database.physical { return problem(of: physical) }
            return Problem(
                standing: database.isProtected ? .critical : .warning, words: "it has no backup that can be believed",
                mend: take)
        }
        let first = database.backups.first { !$0.isExtracted }
        if first?.id != newest.id, let trouble = first?.trouble {
            return Problem(standing: .critical, words: "its newest backup is bad: \(trouble.problem)", mend: take)
        }
        if newest.proof == .refuted {
            return Problem(
                standing: .critical, words: "its newest backup is refuted: \(newest.certificate?.summary ?? "")",
                mend: take)
        }
        if let frequency = database.policy.frequency?.value, age > frequency.warning {
            return Problem(
                standing: age > frequency.critical ? .critical : .warning,
                words: "its newest backup is \(age.short) old, and there is to be one \(frequency.rawValue)", mend: take
            )
        }
        guard proved != nil || rotation?.isWhole == true else {
            return Problem(
                standing: .warning, words: rotation.map { "it is \($0.words)" } ?? "no backup of it is proved",
                mend: "mainstay backup verify --environment \(environment)")
        }
        return nil
    }

    /// The worst thing about a database that has no other backups.
    private func problem(of physical: PhysicalMaterial) -> Problem? {
        let environment = target.environment.shellQuoted
        let take = "mainstay backup run --type full --environment \(environment)"
        if let trouble = physical.trouble {
            return Problem(standing: .critical, words: trouble.problem, mend: trouble.hint)
        }
        guard let newest = physical.backups.first else {
            return Problem(
                standing: database.isProtected ? .critical : .warning, words: "it has no backup at all", mend: take)
        }
        if newest.proof == .refuted {
            return Problem(
                standing: .critical,
                words: "its newest physical backup is refuted: \(newest.certificate?.summary ?? "")", mend: take)
        }
        guard physical.backups.contains(where: { $0.proof == .proved }) else {
            return Problem(
                standing: .warning, words: "no backup of it is proved",
                mend: "mainstay backup verify --physical --environment \(environment)")
        }
        return nil
    }

    /// What the runs say that was taken, of which much is pruned since.
    private static func taken(_ material: BackupMaterial, of target: Target) -> [Timestamp] {
        material.runs.flatMap { summary -> [Timestamp] in
            let steps = Set(summary.steps.filter { $0.target == target }.map(\.number))
            return summary.changes.compactMap { record in
                guard steps.contains(record.step), record.state == .proved, record.change.kind != ExtractBackup.kind,
                    case .text(let text)? = record.evidence?["snapshot"]
                else { return nil }
                return Timestamp(iso8601: text)
            }
        }
    }
}
