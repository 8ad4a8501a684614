import Maintenance

/// Why what was accepted came to nothing, without having been begun.
package enum OrderError: MaintenanceError, Hashable {
    /// The server was not there for so long that nobody counts on it any more.
    case tooOld(Duration)
    /// Whoever asked may not do that any more.
    case notAllowed(String)
    /// The same, where the server went on and its turn came.
    case withdrawn(String)
    /// It cannot be done any more; one clause.
    case impossible(String)

    package var code: String {
        switch self {
        case .tooOld: "order.too-old"
        case .notAllowed: "order.not-allowed"
        case .withdrawn: "access.withdrawn"
        case .impossible: "order.impossible"
        }
    }

    package var problem: String {
        switch self {
        case .tooOld(let age):
            "the server was stopped before its turn came, and it was asked for \(age.short) ago"
        case .notAllowed(let account):
            "the server was stopped before its turn came, and '\(account.printable)' may not do that any more"
        case .withdrawn(let account):
            "when its turn came, '\(account.printable)' might not do that any more"
        case .impossible(let reason):
            "the server was stopped before its turn came, and it cannot be done any more: \(reason)"
        }
    }

    package var hint: String? {
        switch self {
        case .notAllowed, .withdrawn: "Ask an admin for the role."
        case .tooOld, .impossible: "Ask for it again."
        }
    }

    package var exitStatus: ExitStatus { .failure }

    /// Whether a server that was stopped is the reason, so that whoever asked was told of nothing.
    package static func isOfRestart(_ report: ErrorReport) -> Bool { report.code.hasPrefix("order.") }
}
