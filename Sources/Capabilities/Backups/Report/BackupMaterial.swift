import Backup
import Engine
import Maintenance
import Outside
import Report
import Settings

/// All that the report about backups is made from; equal material makes an equal report.
struct BackupMaterial: Sendable {
    /// The instant the report speaks of.
    var now: Timestamp
    var since: Timestamp
    var run: RunRecord
    var databases: [Database]
    /// Of the period, oldest first.
    var runs: [RunSummary]
    var findings: [FindingRecord]
    /// Of measurements of backups, back to a year.
    var series: [SampledSeries]
    var audit: AuditHead?
    /// The nearest first.
    var storages: [Storage] = []

    /// A place for copies, as the newest look at it found it.
    struct Storage: Sendable {
        var name: String
        var region: String?
        var stored: ByteCount?
        var seen: Timestamp?
        var price: StoragePrice?
    }

    struct Database: Sendable {
        var target: Target
        /// The newest first.
        var backups: [ListedBackup]
        var policy: BackupPolicy
        /// Where they lie.
        var path: String
        var isProtected: Bool
        /// The newest first.
        var drills: [DrillCertificate] = []
        /// Nil where none are configured.
        var physical: PhysicalMaterial?
    }

    /// How far back growth is looked at.
    static let growth: Duration = .seconds(366 * 86_400)
    /// The beginnings of the names of what backups and drills measure.
    private static let measured = ["backup.", "dr.rto.", "dr.rpo."]

    static func read(_ look: Look, over length: Duration) async throws -> BackupMaterial {
        let now = try await ReportWriting.instant(look)
        let since = now - length
        let inventory = look.inventory
        var databases: [Database] = []
        for target in inventory.targets(of: .resources([.postgresql]), in: inventory.environments.map(\.name)) {
            let place = BackupPlace(inventory, state: look.log.directory, target)
            databases.append(
                Database(
                    target: target, backups: try await ListedBackup.all(place, now: now),
                    policy: inventory.backupPolicy(of: target), path: place.folder.path,
                    isProtected: inventory[environment: target.environment]?.isProtected ?? false,
                    drills: try await place.drills(),
                    physical: try await PhysicalMaterial.read(look, target, place, at: now)))
        }
        var series: [SampledSeries] = []
        for environment in inventory.environments {
            series += try await look.log.history(of: environment.name, since: now - growth)
                .filter { series in
                    measured.contains { series.series.name.hasPrefix($0) } && !series.samples.isEmpty
                }
        }
        return BackupMaterial(
            now: now, since: since, run: try await look.log.run(look.runID), databases: databases,
            runs: try await look.log.runs(since: since),
            findings: try await look.log.openFindings().filter { Self.isAboutBackups($0) }, series: series,
            audit: try await look.log.auditHead(), storages: storages(inventory, databases))
    }

    private static func storages(_ inventory: Inventory, _ databases: [Database]) -> [Storage] {
        let receipts = databases.flatMap(\.backups).flatMap(\.copies)
        return inventory.backups.storage.repositories.map { name, settings in
            let newest = receipts.filter { $0.storage == name && $0.stored != nil }.max { $0.checkedAt < $1.checkedAt }
            return Storage(
                name: name, region: settings.region, stored: newest?.stored, seen: newest?.checkedAt,
                price: settings.price)
        }
    }

    private static func isAboutBackups(_ record: FindingRecord) -> Bool {
        let task = record.task
        return task.hasPrefix("backup.") || task.hasPrefix("recovery.") || task.hasPrefix("dr.")
            || record.finding.code.hasPrefix("BK") || backupChecks.contains(record.finding.code)
    }

    /// Those of the health checks about backups.
    private static let backupChecks: Set<String> = ["HC040", "HC041", "HC045", "HC046", "HC047"]
}
