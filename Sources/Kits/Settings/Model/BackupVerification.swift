/// How much of what was taken is proved.
package enum BackupVerification: Sendable, Hashable {
    /// Only where somebody says so.
    case asked
    /// Every backup as soon as it is taken, all of it.
    case whole
    /// One of so many parts of the rows each time, by turns.
    case rotating(parts: Int)

    /// Whether 'backup run' proves what it took.
    package var provesAtOnce: Bool { self != .asked }

    /// Nil where all rows are restored at once.
    package var parts: Int? { if case .rotating(let parts) = self { parts } else { nil } }
}
