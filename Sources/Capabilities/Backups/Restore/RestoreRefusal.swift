import Backup
import Maintenance
import PostgreSQL

/// What keeps a backup from being restored where somebody wants it.
enum RestoreRefusal: MaintenanceError, Hashable {
    case unknownSource(Target)
    /// Nobody restores all databases of an environment by saying nothing.
    case severalDatabases(String, [String])
    case unknownDatabase(String, environment: String, [String])
    /// What is protected does not leave its environment as it is.
    case protectedData(from: Target, into: Target)
    case foreignData(from: Target, into: Target)
    case nameTaken(String)
    case notRestored(String)
    case inUse(String, sessions: [String], kept: String)
    case noEntrance([String])
    case moved(String)
    /// Every physical backup there is was refuted by its proof; the newest.
    case refuted(String)

    var code: String {
        switch self {
        case .unknownSource: "restore.unknown-source"
        case .severalDatabases, .unknownDatabase: "restore.which-database"
        case .protectedData: "restore.protected-data"
        case .foreignData: "restore.foreign-data"
        case .nameTaken: "restore.name-taken"
        case .notRestored: "restore.not-restored"
        case .inUse: "restore.in-use"
        case .noEntrance: "restore.no-entrance"
        case .moved: "restore.moved"
        case .refuted: "restore.refuted"
        }
    }

    var problem: String {
        switch self {
        case .unknownSource(let target): "there is no database '\(target)' in the configuration"
        case .severalDatabases(let environment, let names):
            "it was not said which database of '\(environment.printable)' is meant (there are: \(Self.list(names)))"
        case .unknownDatabase(let name, let environment, let names):
            "'\(environment.printable)' has no database '\(name.printable)' (there are: \(Self.list(names)))"
        case .protectedData(let from, let into):
            "the data of \(from) does not go into \(into): \(from.environment) is protected"
        case .foreignData(let from, let into):
            "the data of \(from) does not go into \(into): \(into.environment) is protected, and takes no data of others"
        case .nameTaken(let name): "there is a database \(name.displayedIdentifier) already"
        case .notRestored(let name): "this run restored nothing that could be called \(name.displayedIdentifier)"
        case .inUse(let name, let sessions, _):
            "the database \(name.displayedIdentifier) is in use by \(sessions.prefix(5).joined(separator: ", "))"
                + (sessions.count > 5 ? " and \(sessions.count - 5) more" : "")
        case .noEntrance(let names):
            "a database cannot be renamed from inside, and none of \(names.joined(separator: ", ")) lets us in"
        case .refuted(let label):
            "no physical backup is left that no proof has refuted; the newest is \(label.printable)"
        case .moved(let name):
            "what is called \(name.displayedIdentifier) is not the database any more that was to be replaced"
        }
    }

    var hint: String? {
        switch self {
        case .unknownSource: "See 'mainstay config show'."
        case .severalDatabases, .unknownDatabase: "Name it with '--resource'."
        case .protectedData: "Restore it beside the live one: without '--from', in its own environment."
        case .foreignData: "Restore one of its own backups: without '--from'."
        case .nameTaken: "Name another one with '--as'."
        case .notRestored: nil
        case .inUse(_, _, let kept):
            "Stop the application, or run it again with '--terminate-connections'. What was restored and proved is kept "
                + "as \(kept.displayedIdentifier)."
        case .noEntrance: "Let this role connect to the database 'postgres'."
        case .refuted:
            "Take a new one while the server lives: mainstay backup run --type full. One that is named with '--backup' is "
                + "tried all the same."
        case .moved: "Look who works on this server; nothing was renamed."
        }
    }

    var exitStatus: ExitStatus {
        switch self {
        case .unknownSource, .severalDatabases, .unknownDatabase: .usage
        case .noEntrance: .configuration
        default: .failure
        }
    }

    private static func list(_ names: [String]) -> String { names.map(\.printable).joined(separator: ", ") }
}
