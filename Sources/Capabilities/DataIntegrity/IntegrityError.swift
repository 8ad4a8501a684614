import Maintenance

/// What keeps somebody from looking at data, or from mending them.
enum IntegrityError: MaintenanceError, Equatable {
    case noAmcheck
    case noRight(String)
    case objectIsGone(String)
    /// What was archived is not what was to be removed.
    case archiveDiffers(String, archived: Int64, wanted: Int64)
    /// What was removed without an archive is not what was to be removed.
    case removedOthers(String, found: Int64, wanted: Int64)
    /// No policy of the configuration names the table.
    case noPolicy(String, Target, known: [String])
    /// Asked for are rows that the policy keeps.
    case keptStill(String, Timestamp, keep: Period, Timestamp)
    case noTime(String, type: String)
    /// Old rows that are not removed, and why; names are those of tables that the policy would have to name.
    case leftAlone(String, String, names: [String])
    case goesInCircles(String)
    case noArchive(String)

    var code: String {
        switch self {
        case .noAmcheck: "data.no-amcheck"
        case .noRight: "data.no-right"
        case .objectIsGone: "data.object-gone"
        case .archiveDiffers: "data.archive-differs"
        case .removedOthers: "data.removed-others"
        case .noPolicy: "data.no-policy"
        case .keptStill: "data.kept-still"
        case .noTime: "data.no-time"
        case .leftAlone: "data.left-alone"
        case .goesInCircles: "data.circle"
        case .noArchive: "data.no-archive"
        }
    }

    var problem: String {
        switch self {
        case .noAmcheck: "without the extension amcheck nobody can look whether indexes and tables are sound"
        case .noRight(let what): "this role may not \(what)"
        case .objectIsGone(let name): "\(name.printable) is gone"
        case .archiveDiffers(let name, let archived, let wanted):
            "the archive \(name.printable) holds other rows than were to be removed (\(archived.grouped), and "
                + "\(wanted.grouped) were listed), so nothing was removed"
        case .removedOthers(let name, let found, let wanted):
            "other rows are there than were listed (\(name.printable): \(found.grouped), and \(wanted.grouped) were "
                + "listed), so nothing was removed"
        case .noPolicy(let table, let target, _):
            "no policy under 'retention' of \(target) names the table '\(table.printable)'"
        case .keptStill(let table, let before, let keep, let latest):
            "the policy keeps rows of '\(table.printable)' for \(keep): those from before \(latest.iso8601) may go, and "
                + "asked for are those from before \(before.iso8601)"
        case .noTime(let column, let type):
            "the column '\(column.printable)' is of type \(type.printable), which is no timestamp, timestamptz or date"
        case .leftAlone(let table, let reason, _): "the old rows of \(table.printable) are left alone: \(reason)"
        case .goesInCircles(let table):
            "foreign keys lead back to \(table.printable), so that rows could go that are not old"
        case .noArchive(let table): "no name for an archive of \(table.printable) is free"
        }
    }

    var hint: String? {
        switch self {
        case .noAmcheck: "Install it (it comes with postgresql-contrib), then: create extension amcheck;"
        case .noRight: "Use a superuser, or grant execute on the functions of amcheck and pg_visibility to the role."
        case .objectIsGone, .archiveDiffers: "Look again with '--dry-run'."
        case .removedOthers: "Look again with '--dry-run'."
        case .noPolicy(let table, _, let known):
            nearest(to: table, among: known).map { "Did you mean '\($0)'?" }
                ?? "Write it there, with 'column' and 'keep'."
        case .keptStill: "Ask for older rows, or keep them for less in the configuration."
        case .noTime: "Name a column with the time of a row as 'column' of the table's policy."
        case .leftAlone(_, _, let names):
            names.isEmpty
                ? "Remove them by hand, or take away what stands in the way."
                : "If they may go or change, write 'archive: false' and 'with: [\(names.joined(separator: ", "))]' into the "
                    + "table's policy."
        case .goesInCircles: "Remove them by hand."
        case .noArchive: "Drop archives in the schema mainstay_removed that nobody needs any more."
        }
    }

    var exitStatus: ExitStatus {
        switch self {
        case .noAmcheck, .noRight, .noPolicy, .noTime: .configuration
        case .objectIsGone, .archiveDiffers, .removedOthers, .keptStill, .leftAlone, .goesInCircles,
            .noArchive:
            .failure
        }
    }
}
