import Maintenance

/// A physical backup that cannot be taken, read or restored.
package enum PhysicalError: MaintenanceError, Hashable {
    case configuration(path: String, reason: String)
    /// The configuration has no such stanza.
    case noStanza(String, path: String, known: [String])
    /// What pgBackRest says in JSON is not what this version of Mainstay knows.
    case unreadable(command: String, reason: String)
    /// pgBackRest's own status of the stanza or of a repository.
    case stanza(String, code: Int, message: String)
    case noBackup(stanza: String)
    case noSuchBackup(String, stanza: String)
    /// pgBackRest ended well and there is no new backup.
    case nothingNew(stanza: String)
    case notRestored(reason: String)
    /// The oldest backup was whole only after the moment.
    case noBackupBefore(Timestamp, oldest: Timestamp)
    /// The archived log does not reach the moment.
    case endsBefore(Timestamp, last: String?)
    /// The stanza is of another cluster than the database that was asked.
    case otherCluster(stanza: String, repository: String, database: String)
    case notArchiving(reason: String)
    /// A logical replica would be sent the canary, and stop at it.
    case canaryPublished
    case noSpace(path: String, needed: ByteCount, free: ByteCount)
    /// What pgBackRest lets go is not what was planned any more, or a proof it would be behind is gone.
    case retentionChanged(stanza: String)
    /// A segment did not come to the archive in time.
    case notArchived(String, after: Duration, reason: String?)

    /// Whether pgBackRest's words are about reaching a repository, or about room, and not about what is in it: 049 is a host
    /// that does not answer, 066 and 082 are time-outs, 101 a service (pgBackRest, error.yaml).
    static func isOfTheWay(_ words: String) -> Bool {
        let marks = [
            "[049]", "[066]", "HostConnectError", "ProtocolTimeoutError", "ServiceError", "unable to connect to",
            "No space left on device", "timeout after", "unable to get address for", "connection reset",
            "unexpected eof while reading", "HTTP request failed with 5",
        ]
        return marks.contains { words.containsBytes($0) }
    }

    /// As above, of what it says of a repository.
    var isOfTheWay: Bool {
        if case .stanza(_, _, let message) = self { return Self.isOfTheWay(message) }
        return false
    }

    package var code: String {
        switch self {
        case .configuration: "physical.configuration"
        case .noStanza: "physical.no-stanza"
        case .unreadable: "physical.unreadable"
        case .stanza: "physical.stanza"
        case .noBackup: "physical.no-backup"
        case .noSuchBackup: "physical.no-such-backup"
        case .nothingNew: "physical.nothing-new"
        case .notRestored: "physical.not-restored"
        case .noBackupBefore: "physical.no-backup-before"
        case .endsBefore: "physical.log-ends-before"
        case .otherCluster: "physical.other-cluster"
        case .notArchiving: "physical.not-archiving"
        case .notArchived: "physical.not-archived"
        case .canaryPublished: "physical.canary-published"
        case .noSpace: "physical.no-space"
        case .retentionChanged: "physical.retention-changed"
        }
    }

    package var problem: String {
        switch self {
        case .configuration(let path, let reason):
            "'\(path.printable)' is no configuration of pgBackRest: \(reason.printable)"
        case .noStanza(let name, let path, let known):
            "'\(path.printable)' has no stanza '\(name.printable)'"
                + (known.isEmpty ? "" : " (it has \(known.map { "'\($0.printable)'" }.joined(separator: ", ")))")
        case .unreadable(let command, let reason):
            "the answer of 'pgbackrest \(command.printable)' cannot be read: \(reason.printable)"
        case .stanza(let name, let code, let message):
            name == BaseBackups.name
                ? message.printable
                : "pgBackRest says of the stanza '\(name.printable)': \(message.printable) (status \(code))"
        case .noBackup(let stanza): "\(Self.shelf(stanza)) no backup"
        case .noSuchBackup(let label, let stanza):
            "\(Self.shelf(stanza)) no backup '\(label.printable)'"
        case .nothingNew(let stanza):
            "pgBackRest ended without an error, and the stanza '\(stanza.printable)' has no new backup"
        case .noBackupBefore(let moment, let oldest):
            "no backup leads to \(moment): the first that could was whole at \(oldest)"
        case .endsBefore(let moment, let last):
            "the archived log ends before \(moment)" + (last.map { ": its last commit is of \($0.printable)" } ?? "")
        case .notRestored(let reason): "the copy cannot be used: \(reason.printable)"
        case .otherCluster(let stanza, let repository, let database):
            (stanza == BaseBackups.name ? "the base backups are" : "the stanza '\(stanza.printable)' is")
                + " of the cluster \(repository.printable), and this database is in \(database.printable)"
        case .canaryPublished: "a publication sends all tables, the canary too, to logical replicas"
        case .noSpace(let path, let needed, let free):
            "'\(path.printable)' has \(free) free, and about \(needed) are needed"
        case .retentionChanged(let stanza):
            "what pgBackRest's retention lets go of the stanza '\(stanza.printable)' is not what was planned any more"
        case .notArchiving(let reason): "the server archives no WAL: \(reason.printable)"
        case .notArchived(let segment, let limit, let reason):
            "WAL segment \(segment.printable) was not archived within \(limit.short)"
                + (reason.map { ": \($0.printable)" } ?? "")
        }
    }

    /// What a stanza, or the base backups of a database, has.
    private static func shelf(_ stanza: String) -> String {
        stanza == BaseBackups.name ? "the base backups of this database hold" : "the stanza '\(stanza.printable)' has"
    }

    package var hint: String? {
        switch self {
        case .configuration, .noStanza: "Correct 'configuration' or 'stanza' under 'backups.physical'."
        case .unreadable: "Use a version of pgBackRest from 2.40 on."
        case .stanza(BaseBackups.name, _, _): "Look with 'mainstay backup list'."
        case .otherCluster(BaseBackups.name, _, _):
            "Move them away, or give this database a name of its own: no backup of another cluster brings this one back."
        case .stanza(let name, _, _): "Look further: pgbackrest --stanza=\(name.shellQuoted) check"
        case .noBackup: "Take one: mainstay backup run --type full"
        case .noSuchBackup: "List them with 'mainstay backup list'."
        case .nothingNew: "Look for what wraps or replaces pgbackrest."
        case .notRestored: nil
        case .noBackupBefore: "Name a later moment."
        case .endsBefore:
            "Name an earlier moment. Where it is only just over: pg_switch_wal() at the source sends its segment away."
        case .canaryPublished:
            "Publish tables by name: 'for all tables' takes in whatever is made later."
        case .retentionChanged: "Plan it anew: mainstay backup prune --dry-run"
        case .noSpace: "Free some space, or name another directory in 'backups.work'."
        case .otherCluster:
            "Correct 'stanza' under 'backups.physical'; no backup of another cluster brings this one back."
        case .notArchiving: "Set archive_mode and archive_command as pgBackRest's manual says, and restart the server."
        case .notArchived: "Look into the server's log for what its archive_command says."
        }
    }

    package var exitStatus: ExitStatus {
        switch self {
        case .configuration, .noStanza, .otherCluster, .notArchiving: .configuration
        case .noSuchBackup, .noBackupBefore: .usage
        default: .failure
        }
    }
}
