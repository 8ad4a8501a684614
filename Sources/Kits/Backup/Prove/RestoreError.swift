import Maintenance

/// What keeps a backup's content from reaching the server it is restored into.
package enum RestoreError: MaintenanceError, Hashable {
    case damaged(path: String, reason: String)
    case otherLength(path: String, found: ByteCount, expected: ByteCount)
    case badLargeObjectList(path: String, line: String)
    case mirror(path: String, reason: String)
    /// pg_restore ended before it made the database.
    case nothingRestored(reasons: [String])

    package var code: String {
        switch self {
        case .damaged: "restore.damaged"
        case .otherLength: "restore.length"
        case .badLargeObjectList: "restore.large-objects"
        case .mirror: "restore.mirror"
        case .nothingRestored: "restore.nothing"
        }
    }

    package var problem: String {
        switch self {
        case .damaged(let path, let reason): "'\(path.printable)' cannot be expanded: \(reason.printable)"
        case .otherLength(let path, let found, let expected):
            "'\(path.printable)' expands to \(found.bytes.grouped) bytes, and the manifest says \(expected.bytes.grouped)"
        case .badLargeObjectList(let path, let line):
            "'\(path.printable)' has a line that names no large object: '\(line.printable)'"
        case .mirror(let path, let reason): "'\(path.printable)' cannot be made: \(reason)"
        case .nothingRestored(let reasons):
            "pg_restore did not begin: " + (reasons.isEmpty ? "it gave no reason" : reasons.joined(separator: " / "))
        }
    }

    package var hint: String? {
        switch self {
        case .damaged, .otherLength, .badLargeObjectList:
            "Do not rely on this backup. Take a new one: mainstay backup run"
        case .mirror, .nothingRestored: nil
        }
    }
}
