import Maintenance
import PostgreSQL

/// A base backup that cannot be taken or read.
package enum BaseBackupError: MaintenanceError, Hashable {
    /// `backup_manifest` is not what PostgreSQL writes.
    case manifest(path: String, reason: String)
    case noReplication(role: String)
    /// The server lets too few programs follow it.
    case noSenders(Int)
    case noSummaries(version: Int)
    /// There is no full one to hold on to.
    case nothingToChange
    /// What pg_basebackup has no word for.
    case noSuchType(PhysicalBackupType)
    /// Combining backups with directories outside of theirs is not built.
    case tablespaces([String])
    /// Another one was begun in the same second.
    case labelTaken(String)
    case cannotMake(path: String, reason: String)
    /// A later one is combined with it.
    case needed(String, by: String)
    /// What only an archive of the log gives.
    case noArchive(String)

    package var code: String {
        switch self {
        case .manifest: "basebackup.manifest"
        case .noReplication: "basebackup.no-replication"
        case .noSenders: "basebackup.no-senders"
        case .noSummaries: "basebackup.no-summaries"
        case .nothingToChange: "basebackup.nothing-to-change"
        case .noSuchType: "basebackup.no-such-type"
        case .tablespaces: "basebackup.tablespaces"
        case .labelTaken: "basebackup.label-taken"
        case .cannotMake: "basebackup.cannot-make"
        case .needed: "basebackup.needed"
        case .noArchive: "basebackup.no-archive"
        }
    }

    package var problem: String {
        switch self {
        case .manifest(let path, let reason):
            "'\(path.printable)' is no manifest of a base backup: \(reason.printable)"
        case .noReplication(let role): "the role '\(role.printable)' may not follow the server, as pg_basebackup does"
        case .noSenders(let count):
            "the server lets \(count) programs follow it ('max_wal_senders'), and pg_basebackup needs two"
        case .noSummaries(let version):
            version < 17
                ? "PostgreSQL \(version) takes no incremental base backups"
                : "the server does not note which blocks change ('summarize_wal' is off)"
        case .nothingToChange: "there is no full base backup of this cluster that an incremental one could build on"
        case .noSuchType(let type): "pg_basebackup takes no \(type.rawValue) backups"
        case .tablespaces(let paths):
            "incremental base backups of a cluster with tablespaces are not supported yet: "
                + paths.prefix(3).map(\.printable).joined(separator: ", ")
        case .labelTaken(let label): "there is a backup '\(label.printable)' already"
        case .cannotMake(let path, let reason): "'\(path.printable)' cannot be made: \(reason.printable)"
        case .needed(let label, let other):
            "backup '\(label.printable)' is needed by '\(other.printable)'"
        case .noArchive(let what): "\(what) needs the log that came after a backup, and base backups keep none"
        }
    }

    package var hint: String? {
        switch self {
        case .manifest, .cannotMake, .needed: nil
        case .noReplication(let role): "As a superuser: alter role \(role.displayedIdentifier) replication"
        case .noSenders: "Raise 'max_wal_senders', and restart the server."
        case .noSummaries(let version):
            version < 17
                ? "Take a full one: mainstay backup run --type full"
                : "As a superuser: alter system set summarize_wal = on; select pg_reload_conf()"
        case .tablespaces: "Take a full one: mainstay backup run --type full"
        case .nothingToChange: "Take a full one: mainstay backup run --type full"
        case .noSuchType: "Take a full one, or from PostgreSQL 17 on an incremental one."
        case .labelTaken: "Try again."
        case .noArchive: "Archive the log with pgBackRest: 'engine: pgbackrest' under 'backups.physical'."
        }
    }

    package var exitStatus: ExitStatus {
        switch self {
        case .noReplication, .noSenders, .noSummaries, .noArchive: .configuration
        case .noSuchType: .usage
        default: .failure
        }
    }
}
