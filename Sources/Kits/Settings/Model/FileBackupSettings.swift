import Maintenance

/// Files that are backed up together, as `backups.files` names them.
package struct FileBackupSettings: Sendable, Equatable {
    package var name: String
    package var environment: String
    /// Absolute.
    package var directory: String
    /// Patterns of names right in the directory; empty for all.
    package var include: [String] = []
    /// Patterns of names at every level.
    package var exclude: [String] = []
    package var location: SourceLocation
}
