import Backup
import Engine
import Maintenance
import Page
import Report
import Settings

/// The report about backups, made from its material alone.
struct BackupReport: Sendable {
    private let material: BackupMaterial
    private let databases: [DatabaseStanding]

    init(_ material: BackupMaterial) {
        self.material = material
        databases = material.databases.map { DatabaseStanding($0, material) }
    }

    var document: ReportDocument {
        let good = databases.count { $0.standing == .good }
        return ReportDocument(
            "Backups, \(CivilTime(material.now).date)", madeAt: material.now, since: material.since,
            runID: material.run.id,
            requester: material.run.requester,
            standing: standing, sentence: sentence,
            why: "A backup counts where it was restored and compared, and its certificate is still good.",
            tiles: [
                .init("\(good) of \(databases.count)", "databases stand well"),
                .init("\(ended(.proved).count)", "changes to backups made and proved"),
                .init("\(failures.count)", failures.count == 1 ? "step did not succeed" : "steps did not succeed"),
                .init(ByteCount(databases.map(\.stored.bytes).reduce(0, +)).description, "stored"),
            ],
            sections: [
                .init("What needs a person", needs), .init("Databases", overview),
                .init("Steps that did not succeed", failed),
                .init("Backups of the period", taken),
                .init("Physical backups and points in time", PhysicalChapter(material: material).blocks),
                .init("Disasters rehearsed", drills), .init("Growth", growth), .init("What is stored", storage),
                .init("Open findings", findings),
            ], audit: material.audit)
    }

    private var standing: Standing { databases.map(\.standing).max() ?? .unknown }

    private var sentence: String {
        guard !databases.isEmpty else { return "There is no database to back up" }
        let bad = databases.filter { $0.standing > .notice }
        guard let first = bad.max(by: { $0.standing < $1.standing }), let problem = first.problem else {
            return "Every database has a backup that is proved and young enough"
        }
        return "\(first.target): \(problem.words)" + (bad.count > 1 ? " (and \(bad.count - 1) more)" : "")
    }

    private var needs: [ReportDocument.Block] {
        databases.filter { $0.standing > .notice }.sorted { $0.standing > $1.standing }.flatMap {
            database -> [ReportDocument.Block] in
            guard let problem = database.problem else { return [] }
            return [.paragraph("\(database.target): \(problem.words).")] + (problem.mend.map { [.remedy($0)] } ?? [])
        }
    }

    private var overview: [ReportDocument.Block] {
        guard !databases.isEmpty else { return [] }
        let listing = Listing(
            "",
            [
                "database", "newest backup", Listing.Column("age", .seconds), "verification", "proof counts until",
                Listing.Column("most work lost", .seconds), Listing.Column("restore takes", .seconds),
            ],
            databases.map { database in
                [
                    .text(database.target.description),
                    (database.newest?.id.description ?? database.physicalOnly?.backup.label).map { .text($0) } ?? .null,
                    seconds(database.age ?? database.physicalOnly.map { material.now - $0.backup.stopped }),
                    database.verification.map { .text($0) } ?? .null,
                    database.proved?.certificate.map { .text($0.countsUntil.iso8601) } ?? .null,
                    seconds(database.worstLoss), seconds(database.restoreTime),
                ]
            })
        return [
            .table(listing, standings: databases.map(\.standing)),
            .paragraph(
                "Most work lost: the longest time of the period between one snapshot and the next, and since the last one. "
                    + "Restore takes: checking the files, starting a server and restoring, as the last proof measured it."
            ),
        ]
    }

    private func seconds(_ duration: Duration?) -> Scalar { duration.map { .number($0.inSeconds) } ?? .null }

    // MARK: what happened

    /// Tasks that are about backups.
    private static func isAboutBackups(_ task: String) -> Bool {
        ["backup.", "recovery.", "dr."].contains { task.hasPrefix($0) }
    }

    private func ended(_ state: ChangeState) -> [ChangeRecord] {
        material.runs.filter { !$0.run.isDryRun && $0.run.id != material.run.id }.flatMap { summary in
            let steps = Set(summary.steps.filter { Self.isAboutBackups($0.task) }.map(\.number))
            return summary.changes.filter { steps.contains($0.step) && $0.state == state }
        }
    }

    private var failures: [StepRecord] {
        material.runs.filter { !$0.run.isDryRun }.flatMap(\.steps).filter { step in
            guard Self.isAboutBackups(step.task) else { return false }
            return switch step.state {
            case .failed, .unproven, .refused, .uncertain, .cancelled: true
            default: false
            }
        }
    }

    private var failed: [ReportDocument.Block] {
        guard !failures.isEmpty else { return [] }
        let listing = Listing(
            "", ["when", "task", "database", "ended", "reason", "run"],
            failures.reversed().map { step in
                [
                    (step.endedAt ?? step.startedAt).map { .text($0.iso8601) } ?? .null, .text(step.title),
                    .text(step.target.description), .text(step.state.rawValue),
                    step.error.map { .text($0.problem) } ?? .null, .text(step.runID),
                ]
            })
        return [.table(listing, standings: [])]
    }

    private var taken: [ReportDocument.Block] {
        let backups = material.databases.flatMap(\.backups).filter { backup in
            backup.manifest.map { $0.times.snapshot >= material.since } ?? true
        }.sorted { $0.id > $1.id }
        guard !backups.isEmpty else { return [] }
        let listing = Listing(
            "",
            [
                "backup", "database", "snapshot", Listing.Column("rows", .count), Listing.Column("stored", .bytes),
                Listing.Column("took", .seconds), "verification",
            ],
            backups.map { backup in
                let manifest = backup.manifest
                return [
                    .text(backup.id.description), .text(backup.target.description),
                    manifest.map { .text($0.times.snapshot.iso8601) } ?? .null,
                    manifest.map { .integer(Int64(clamping: $0.rows)) } ?? .null,
                    manifest.map { .integer($0.storedBytes.bytes) } ?? .null,
                    manifest.map { .number($0.times.duration.inSeconds) } ?? .null,
                    .text(backup.proofWords(at: material.now)),
                ]
            })
        return [.table(listing, standings: backups.map { Self.standing($0.proof) })]
    }

    static func standing(_ proof: KnownBackup.Standing) -> Standing {
        switch proof {
        case .proved: .good
        case .partly: .notice
        case .none, .unproven, .expired: .unknown
        case .refuted, .bad: .critical
        }
    }

    /// The newest of each scenario of each database.
    private var drills: [ReportDocument.Block] {
        let newest = material.databases.flatMap { database -> [DrillCertificate] in
            var seen: Set<DrillScenario> = []
            return database.drills.filter { seen.insert($0.scenario).inserted }
        }
        guard !newest.isEmpty else { return [] }
        let listing = Listing(
            "",
            [
                "database", "scenario", "when", "verdict", Listing.Column("took", .seconds),
                Listing.Column("may take", .seconds), Listing.Column("work lost", .seconds),
                Listing.Column("may lose", .seconds),
            ],
            newest.map { drill in
                let measured = drill.measured
                func cell(_ value: Double?) -> Scalar { value.map { .number($0) } ?? .null }
                return [
                    .text(drill.target.description), .text(drill.scenario.rawValue), .text(drill.ended.iso8601),
                    .text(drill.verdict.rawValue), .number(measured.provedSeconds), cell(measured.rtoSeconds),
                    cell(measured.lossSeconds), cell(measured.rpoSeconds),
                ]
            })
        return [.table(listing, standings: newest.map { $0.standing(at: material.now) })]
    }

    // MARK: where it is going

    /// What is shown over time, with its name for people.
    private static let shown = [
        ("backup.bytes", "Size of a backup"), ("backup.seconds", "Time to take one"),
        ("backup.restore.seconds", "Time to restore one"),
    ]

    private var growth: [ReportDocument.Block] {
        databases.flatMap { database -> [ReportDocument.Block] in
            Self.shown.compactMap { name, title in
                guard
                    let series = material.series.first(where: {
                        $0.series.name == name && $0.series.target == database.target
                    }), series.samples.count > 1
                else { return nil }
                return .chart(
                    title: title, subtitle: database.target.description, unit: series.series.unit,
                    lines: [.init("", series.samples.map { .init(at: $0.at, value: $0.value) })])
            } + [prospect(database), deadline(database)].compactMap(\.self)
        }
    }

    /// What the sizes of a year say about the next one.
    private func prospect(_ database: DatabaseStanding) -> ReportDocument.Block? {
        let samples =
            material.series.first {
                $0.series.name == "backup.bytes" && $0.series.target == database.target
            }?.samples ?? []
        guard let trend = LinearTrend(samples.map { ($0.at, $0.value) }) else { return nil }
        let month = trend.slope * 30 * 86_400
        guard abs(month) >= 1 else { return .paragraph("\(database.target): the size of a backup stays as it is.") }
        let change = ByteCount(Int64(abs(month)))
        return .paragraph(
            "\(database.target): at the present pace a backup \(month > 0 ? "grows" : "shrinks") by \(change) in 30 days."
        )
    }

    /// When a recovery takes longer than it may, by the proofs and drills of a year.
    private func deadline(_ database: DatabaseStanding) -> ReportDocument.Block? {
        guard let limit = database.database.policy.recovery?.rto,
            let prospect = RecoveryProspect(material.series, of: database.target, limit: limit),
            prospect.passes != nil
        else { return nil }
        return .paragraph("\(database.target): \(prospect.words).")
    }

    private var storage: [ReportDocument.Block] {
        guard !databases.isEmpty else { return [] }
        let listing = Listing(
            "",
            [
                "database", Listing.Column("backups", .count), Listing.Column("stored", .bytes), "where",
                "copies seen in",
            ],
            databases.map { database in
                let copies = database.database.backups.flatMap(\.copies).filter { $0.counts(at: material.now) }
                return [
                    .text(database.target.description), Scalar(database.database.backups.count),
                    .integer(database.stored.bytes), .text(database.database.path),
                    .text(Set(copies.map(\.storage)).sorted().joined(separator: ", ")),
                ]
            })
        return [.table(listing, standings: [])] + StorageChapter(material: material).blocks
    }

    private var findings: [ReportDocument.Block] {
        guard !material.findings.isEmpty else { return [] }
        let listing = Listing(
            "", ["code", "where", "what", "since", "mended by"],
            material.findings.map { record in
                [
                    .text(record.finding.code), .text(record.finding.target.description), .text(record.finding.summary),
                    .text(record.firstSeen.iso8601), record.finding.mend.map { .text($0) } ?? .null,
                ]
            })
        return [.table(listing, standings: material.findings.map { $0.finding.severity.standing })]
    }
}

extension DrillCertificate {
    fileprivate func standing(at now: Timestamp) -> Standing {
        switch verdict {
        case .proved where now > countsUntil: .unknown
        case .proved: measured.missesRTO || measured.missesRPO ? .warning : .good
        case .unproven, .partly: .unknown
        case .refuted: .critical
        }
    }
}
