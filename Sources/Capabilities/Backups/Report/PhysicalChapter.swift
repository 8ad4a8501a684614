import Backup
import Engine
import Maintenance
import Outside
import Page
import Report
import Settings

/// What a report says of the physical backups of one database.
struct PhysicalMaterial: Sendable {
    /// The newest first; also those whose certificate nobody could read.
    var backups: [ListedPhysicalBackup] = []
    /// The newest tried recovery to a point in time.
    var drill: PointInTimeRecord?
    /// Why nobody can say what there is.
    var trouble: ErrorReport?

    /// Nil where none are configured.
    static func read(_ look: Look, _ target: Target, _ place: BackupPlace, at now: Timestamp) async throws
        -> PhysicalMaterial?
    {
        do {
            guard let physical = try await PhysicalPlace(look.inventory, place, target, look.programs) else {
                return nil
            }
            let info = try await physical.info()
            var material = PhysicalMaterial()
            material.trouble = info.trouble.map { ErrorReport($0) }
            for backup in info.backups.reversed() {
                material.backups.append(
                    ListedPhysicalBackup(
                        backup, target: target, stanza: info.stanza,
                        certificate: try await physical.certificate(of: backup.label), at: now))
            }
            material.drill = try await physical.drill()
            return material
        } catch let error as any MaintenanceError {
            try Task.checkCancellation()
            return PhysicalMaterial(trouble: ErrorReport(error))
        }
    }
}

/// The chapter of the report about physical backups and points in time.
struct PhysicalChapter: Sendable {
    let material: BackupMaterial

    private var databases: [(target: Target, physical: PhysicalMaterial, policy: BackupPolicy)] {
        material.databases.compactMap { database in
            database.physical.map { (database.target, $0, database.policy) }
        }
    }

    var blocks: [ReportDocument.Block] { troubles + backups + drills }

    private var troubles: [ReportDocument.Block] {
        databases.compactMap { database in
            database.physical.trouble.map { .paragraph("\(database.target): \($0.problem).") }
        }
    }

    private var backups: [ReportDocument.Block] {
        let all = databases.flatMap(\.physical.backups).filter { $0.backup.stopped >= material.since }
        let older = databases.flatMap(\.physical.backups).count - all.count
        guard !all.isEmpty || older > 0 else { return [] }
        let listing = Listing(
            "",
            [
                "backup", "database", "type", "ended", Listing.Column("cluster", .bytes),
                Listing.Column("added", .bytes), Listing.Column("took", .seconds), "verification",
            ],
            all.map { listed in
                [
                    .text(listed.backup.label), .text(listed.target.description), .text(listed.backup.type.rawValue),
                    .text(listed.backup.stopped.iso8601), .integer(listed.backup.size.bytes),
                    .integer(listed.backup.added.bytes), .number(listed.backup.duration.inSeconds),
                    .text("\(listed.proof.rawValue), \(listed.ladder.score)"),
                ]
            })
        let words = older > 0 ? [ReportDocument.Block.paragraph("\(older) older ones are kept.")] : []
        return (all.isEmpty ? [] : [.table(listing, standings: all.map { BackupReport.standing($0.proof) })]) + words
    }

    /// With what was wanted beside what was measured.
    private var drills: [ReportDocument.Block] {
        let tried = databases.compactMap { database in
            database.physical.drill.map { (database.target, $0, database.policy.recovery) }
        }
        guard !tried.isEmpty else { return [] }
        let listing = Listing(
            "",
            [
                "database", "tried", "restored to", "exact", Listing.Column("recovery point", .seconds),
                Listing.Column("wanted", .seconds), Listing.Column("recovery time", .seconds),
                Listing.Column("at most", .seconds),
            ],
            tried.map { target, record, wanted in
                [
                    .text(target.description), .text(record.ended.iso8601), .text(record.outcome.goal),
                    .boolean(record.outcome.isExact), .number(record.outcome.lostSeconds),
                    wanted?.rpo.map { .number($0.inSeconds) } ?? .null,
                    .number(record.outcome.recoverySecondsInAll), wanted?.rto.map { .number($0.inSeconds) } ?? .null,
                ]
            })
        return [
            .table(listing, standings: tried.map { Self.standing($1, $2) }),
            .paragraph(
                "A recovery to a random moment between two commits, tried for real. Recovery point: what a loss of the "
                    + "server would have cost at that moment. Recovery time: from the first file to the first query."),
        ]
    }

    private static func standing(_ record: PointInTimeRecord, _ wanted: RecoveryTargets?) -> Standing {
        guard record.outcome.isExact else { return .critical }
        let isLate = wanted?.rto.map { record.outcome.recoverySecondsInAll > $0.inSeconds } ?? false
        let isFar = wanted?.rpo.map { record.outcome.lostSeconds > $0.inSeconds } ?? false
        return isLate || isFar ? .critical : .good
    }
}
