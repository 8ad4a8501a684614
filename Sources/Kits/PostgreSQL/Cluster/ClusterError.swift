import Maintenance

/// A private cluster that could not be made or run.
package enum ClusterError: MaintenanceError, Hashable {
    case directory(String, reason: String)
    /// Unix sockets have paths of at most 107 bytes (unix(7)).
    case socketPathTooLong(String)
    case startFailed(directory: String, log: [String])
    case stopFailed(directory: String, reason: String)

    package var code: String {
        switch self {
        case .directory: "cluster.directory"
        case .socketPathTooLong: "cluster.socket-path"
        case .startFailed: "cluster.start-failed"
        case .stopFailed: "cluster.stop-failed"
        }
    }

    package var problem: String {
        switch self {
        case .directory(let path, let reason): "a private cluster cannot use '\(path.printable)': \(reason)"
        case .socketPathTooLong(let path):
            "the socket path '\(path.printable)' has \(path.utf8.count) bytes, and at most 107 are possible"
        case .startFailed(let directory, let log):
            "the private cluster in '\(directory.printable)' did not start: "
                + (log.isEmpty ? "its log is empty" : log.joined(separator: " / "))
        case .stopFailed(let directory, let reason):
            "the private cluster in '\(directory.printable)' did not stop: \(reason)"
        }
    }

    package var hint: String? {
        switch self {
        case .directory:
            "Choose a directory that the user who runs PostgreSQL can write and every parent of which it may enter."
        case .socketPathTooLong: "Choose a shorter directory for sockets, such as /tmp."
        case .startFailed, .stopFailed: nil
        }
    }

    package var exitStatus: ExitStatus {
        switch self {
        case .directory, .socketPathTooLong: .configuration
        case .startFailed, .stopFailed: .failure
        }
    }
}
