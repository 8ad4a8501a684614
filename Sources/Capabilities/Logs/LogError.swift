import Maintenance
import Outside

/// Why a log or a temporary file was left as it is.
enum LogError: MaintenanceError, Equatable {
    case noLongerRotated(log: String)
    case notRotated(log: String)
    case stillWritten(path: String, writer: OpenFiles.Writer)
    case writersUnknown(path: String)
    case someNotRemoved(count: Int, of: Int, first: String)

    var code: String {
        switch self {
        case .noLongerRotated: "logs.no-longer-rotated"
        case .notRotated: "logs.not-rotated"
        case .stillWritten: "logs.still-written"
        case .writersUnknown: "logs.writers-unknown"
        case .someNotRemoved: "data.some-not-removed"
        }
    }

    var problem: String {
        switch self {
        case .noLongerRotated(let log): "the configuration no longer rotates '\(log.printable)'"
        case .notRotated(let log): "'\(log.printable)' was not rotated, so there is nothing new to compress"
        case .stillWritten(let path, let writer): "\(writer.shown) still writes to '\(path.printable)'"
        case .writersUnknown(let path): "this user cannot see who writes to '\(path.printable)'"
        case .someNotRemoved(let count, let all, let first):
            "\(count) of \(all) files could not be removed; the first: \(first)"
        }
    }

    var hint: String? {
        switch self {
        case .noLongerRotated, .notRotated: "Look again with '--dry-run'."
        case .stillWritten: "Tell the program to open its log again, and say how under 'rotate.after'."
        case .writersUnknown: "Run Mainstay as root, or run this again in a minute."
        case .someNotRemoved: nil
        }
    }
}
