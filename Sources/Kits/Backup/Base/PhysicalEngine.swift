import Maintenance
import Outside

/// What takes and keeps the physical backups of a cluster.
package enum PhysicalEngine: Sendable {
    case pgBackRest(PgBackRest)
    /// pg_basebackup, and a directory of ours.
    case base(BaseBackups, Programs)

    var programs: Programs {
        switch self {
        case .pgBackRest(let repository): repository.programs
        case .base(_, let programs): programs
        }
    }

    /// What brings the files back, as messages name it.
    var program: String {
        switch self {
        case .pgBackRest: "pgBackRest"
        case .base: "a copy of its files"
        }
    }

    /// What there is.
    ///
    /// - Throws: `PhysicalError`, `ProgramError`, `FileError`.
    package func info() async throws -> RepositoryInfo {
        switch self {
        case .pgBackRest(let repository): try await repository.info()
        case .base(let backups, _): try await Blocking().run { _ in try backups.info() }
        }
    }
}
