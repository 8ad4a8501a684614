import Maintenance

/// What mending takes: the lock, and what the server has to work through.
package enum Mending: Hashable, Sendable {
    /// Only a person can: it needs thought, or a change of the application.
    case person
    /// A change of the catalogue alone, under this lock.
    case catalogue(LockMode)
    /// `DROP INDEX CONCURRENTLY`.
    case dropIndex
    /// `CREATE INDEX CONCURRENTLY`, `REINDEX CONCURRENTLY`: two passes over the table.
    case buildIndex
    /// Reads the table once under this lock: VALIDATE, VACUUM.
    case reading(LockMode)
    /// Writes the table anew under ACCESS EXCLUSIVE.
    case rewrite
    /// A setting that counts from a reload on, or only from a restart on.
    case reload, restart

    package var lock: LockMode? {
        switch self {
        case .person, .reload, .restart: nil
        case .catalogue(let lock), .reading(let lock): lock
        case .dropIndex, .buildIndex: .shareUpdateExclusive
        case .rewrite: .accessExclusive
        }
    }

    /// Bytes a second that are assumed until changes of this kind have been measured here.
    private var rate: Double? {
        switch self {
        case .person, .catalogue, .dropIndex, .reload, .restart: nil
        case .reading: 200 * 1_048_576
        case .buildIndex: 30 * 1_048_576
        case .rewrite: 50 * 1_048_576
        }
    }

    /// `at once`, `about 40 s (1.2 GB at an assumed 30 MB/s)`.
    package func expected(bytes: Int64?) -> String? {
        switch self {
        case .person: return nil
        case .reload: return "a reload"
        case .restart: return "a restart"
        case .dropIndex: return "at once, after older transactions have ended"
        case .catalogue: return "at once"
        case .buildIndex, .reading, .rewrite:
            guard let bytes, let rate else { return nil }
            let seconds = Duration.seconds(max(1, (Double(bytes) / rate).rounded(.up)))
            return "about \(seconds.short) (\(ByteCount(bytes)) at an assumed \(ByteCount(Int64(rate)))/s)"
        }
    }
}
