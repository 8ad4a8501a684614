import Command
import Composition

/// Files that programs leave behind: logs, rotated and compressed, and temporary files that nobody came back for.
extension Capability {
    package static let logs = Capability("logs", tasks: [.init(RotateLogs.self), .init(CleanUpTemporaryFiles.self)])
}
