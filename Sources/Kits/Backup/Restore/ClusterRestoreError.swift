import Maintenance

/// A cluster that cannot be brought back where it was wanted.
package enum ClusterRestoreError: MaintenanceError, Hashable {
    case taken(String)
    case noParent(String)
    case lack(PhysicalError)
    case damaged(String, problem: String, count: Int)
    /// What this host lacks to read all of it.
    case unread(String)
    case cannotPlace(String, reason: String)

    package var code: String {
        switch self {
        case .taken: "cluster.taken"
        case .noParent: "cluster.no-parent"
        case .lack(let error): error.code
        case .damaged: "cluster.damaged"
        case .unread: "cluster.unread"
        case .cannotPlace: "cluster.cannot-place"
        }
    }

    package var problem: String {
        switch self {
        case .taken(let path): "'\(path.printable)' is there already, and nothing is written over"
        case .noParent(let path): "there is no directory '\(path.printable)'"
        case .lack(let error): error.problem
        case .damaged(let label, let problem, let count):
            "what \(label.printable) brings back is damaged: \(problem.printable)"
                + (count > 1 ? " (and \(count - 1) more)" : "")
        case .unread(let gap): "what came back cannot be read to its end: \(gap.printable)"
        case .cannotPlace(let path, let reason): "'\(path.printable)' cannot be put in its place: \(reason.printable)"
        }
    }

    package var hint: String? {
        switch self {
        case .taken: "Name another directory with '--into', or move that one away."
        case .noParent: "Make it, or name another one with '--into'."
        case .lack(let error): error.hint
        case .damaged: "Try an older backup: mainstay backup list"
        case .unread, .cannotPlace: nil
        }
    }

    package var exitStatus: ExitStatus {
        switch self {
        case .taken, .noParent: .usage
        default: .failure
        }
    }
}
