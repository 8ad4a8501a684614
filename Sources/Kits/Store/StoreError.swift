import Maintenance

package enum StoreError: MaintenanceError {
    case cannotOpen(path: String, reason: String)
    case notDurable(synchronous: Int)
    case unknownMigration(name: String, path: String)
    case full(path: String)
    case readOnly(path: String)
    case busy(path: String)
    case damaged(path: String, reason: String)
    case unexpectedValue(column: String, type: String)
    case statement(String)

    package var code: String {
        switch self {
        case .cannotOpen: "store.cannot-open"
        case .notDurable: "store.not-durable"
        case .unknownMigration: "store.newer"
        case .full: "store.full"
        case .readOnly: "store.read-only"
        case .busy: "store.busy"
        case .damaged: "store.damaged"
        case .unexpectedValue: "store.unexpected-value"
        case .statement: "store.statement"
        }
    }

    package var problem: String {
        switch self {
        case .cannotOpen(let path, let reason): "cannot open the state in '\(path.printable)': \(reason)"
        case .notDurable(let level): "the state's commits are not durable (synchronous is \(level), needed: 2)"
        case .unknownMigration(let name, let path):
            "the state in '\(path.printable)' was written by a newer version (it has '\(name)')"
        case .full(let path): "no space is left for the state in '\(path.printable)'"
        case .readOnly(let path): "the state in '\(path.printable)' cannot be written"
        case .busy(let path): "another process kept the state in '\(path.printable)' locked for too long"
        case .damaged(let path, let reason): "the state in '\(path.printable)' is damaged: \(reason)"
        case .unexpectedValue(let column, let type): "the state's column '\(column)' does not hold a \(type)"
        case .statement(let message): "the state refused a statement: \(message)"
        }
    }

    package var hint: String? {
        switch self {
        case .cannotOpen, .readOnly:
            "Give a directory this user may write, with '--state DIRECTORY' or MAINSTAY_STATE."
        case .unknownMigration: "Use the version of mainstay that wrote it, or a newer one."
        case .full: "Make room; nothing that was recorded is lost, and 'mainstay resume' goes on from there."
        case .damaged: "Restore the directory from its last copy; 'sqlite3 FILE .recover' shows what can be read."
        default: nil
        }
    }

    package var isRetryable: Bool { if case .busy = self { true } else { false } }

    package var exitStatus: ExitStatus {
        switch self {
        case .cannotOpen, .readOnly, .unknownMigration: .configuration
        default: .failure
        }
    }
}
