import Command
import Composition

/// Backups that are proved by restoring them.
extension Capability {
    package static let backups = Capability(
        "backups",
        tasks: [
            .init(RunBackup.self), .init(VerifyBackup.self), .init(RestoreBackup.self), .init(PruneBackups.self),
            .init(WriteBackupReport.self), .init(TestPointInTime.self), .init(CheckReadiness.self),
            .init(CopyBackup.self), .init(CompareCopies.self), .init(FetchBackup.self), .init(PruneCopies.self),
            .init(BackupFiles.self), .init(RestoreFiles.self), .init(ExtractBackup.self), .init(RunDrill.self),
            .init(RehearseFailover.self), .init(UpdatePlans.self), .init(TrainRecovery.self),
            .init(ReviewRecoveryTimes.self),
        ],
        commands: [
            (group: "backup", command: ListBackups.self), (group: "backup", command: ShowBackup.self),
            (group: "backup", command: ConfigureBackups.self), (group: "backup", command: AutomateBackups.self),
        ])
}
