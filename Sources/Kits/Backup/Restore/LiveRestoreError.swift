import Maintenance
import PostgreSQL

/// What keeps a backup from being restored into a server that others use.
package enum LiveRestoreError: MaintenanceError, Hashable {
    case damaged(BackupID, problems: [String], count: Int)
    case noDatabaseInDump(BackupID)
    case complaints([String], count: Int)
    case differs(BackupID, differences: [String], count: Int)
    /// Something the server has to have: an extension, a collation.
    case lacking(String, hint: String?)
    case notSuperuser(String)
    case olderServer(String, needed: String)
    case missingRoles([String])
    case missingTablespace(String)
    case noSpace(path: String, needed: ByteCount, free: ByteCount)
    case standby

    package var code: String {
        switch self {
        case .damaged: "restore.damaged"
        case .noDatabaseInDump: "restore.no-database"
        case .complaints: "restore.complaints"
        case .differs: "restore.differs"
        case .lacking: "restore.lacking"
        case .notSuperuser: "restore.not-superuser"
        case .olderServer: "restore.older-server"
        case .missingRoles: "restore.missing-roles"
        case .missingTablespace: "restore.missing-tablespace"
        case .noSpace: "restore.no-space"
        case .standby: "restore.standby"
        }
    }

    package var problem: String {
        switch self {
        case .damaged(let id, let problems, let count):
            "backup \(id) is not as it was written, and nothing was touched: \(Self.list(problems, of: count))"
        case .noDatabaseInDump(let id): "the dump of backup \(id) does not say how to make its database"
        case .complaints(let complaints, let count): "it cannot be restored here: \(Self.list(complaints, of: count))"
        case .differs(let id, let differences, let count):
            "what was restored is not what backup \(id) was taken of: \(Self.list(differences, of: count))"
        case .lacking(let reason, _): reason.printable
        case .notSuperuser(let role):
            "the role '\(role.printable)' is no superuser, and a restore gives objects to their owners"
        case .olderServer(let found, let needed): "the server is PostgreSQL \(found), and the backup needs \(needed)"
        case .missingRoles(let names):
            "the backup has objects or grants of roles that are not here: "
                + names.map(\.displayedIdentifier).joined(separator: ", ")
        case .missingTablespace(let name):
            "the database was in the tablespace \(name.displayedIdentifier), and there is none here"
        case .noSpace(let path, let needed, let free):
            "'\(path.printable)' has \(free) free, and the restored database needs about \(needed)"
        case .standby: "the server is a standby, which nobody can write to"
        }
    }

    package var hint: String? {
        switch self {
        case .damaged, .differs: "Restore another backup: mainstay backup list"
        case .noDatabaseInDump: "Restore it by hand, as its RESTORE.txt says."
        case .complaints: "The half restored database was dropped again."
        case .lacking(_, let hint): hint
        case .notSuperuser: "Name a superuser in the connection of this resource."
        case .olderServer: "Restore it into a newer server."
        case .missingRoles(let names):
            "Make them: " + names.map { "create role \($0.quotedIdentifier.printable);" }.joined(separator: " ")
        case .missingTablespace(let name):
            "Make it: create tablespace \(name.quotedIdentifier.printable) location '/DIRECTORY';"
        case .noSpace: "Free some space on the server."
        case .standby: "Name its primary."
        }
    }

    package var exitStatus: ExitStatus {
        switch self {
        case .notSuperuser, .olderServer, .missingRoles, .missingTablespace, .lacking: .configuration
        default: .failure
        }
    }

    private static func list(_ texts: [String], of count: Int) -> String {
        texts.joined(separator: "; ") + (count > texts.count ? " (and \(count - texts.count) more)" : "")
    }
}
