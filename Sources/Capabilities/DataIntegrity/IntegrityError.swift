import Maintenance

/// What keeps somebody from looking at data, or from mending them.
enum IntegrityError: MaintenanceError, Equatable {
    case noAmcheck
    case noRight(String)
    case objectIsGone(String)
    /// What was archived is not what was to be removed.
    case archiveDiffers(String, archived: Int64, wanted: Int64)

    var code: String {
        switch self {
        case .noAmcheck: "data.no-amcheck"
        case .noRight: "data.no-right"
        case .objectIsGone: "data.object-gone"
        case .archiveDiffers: "data.archive-differs"
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
        }
    }

    var hint: String? {
        switch self {
        case .noAmcheck: "Install it (it comes with postgresql-contrib), then: create extension amcheck;"
        case .noRight: "Use a superuser, or grant execute on the functions of amcheck and pg_visibility to the role."
        case .objectIsGone, .archiveDiffers: "Look again with '--dry-run'."
        }
    }

    var exitStatus: ExitStatus {
        switch self {
        case .noAmcheck, .noRight: .configuration
        case .objectIsGone, .archiveDiffers: .failure
        }
    }
}
