import Maintenance

/// What keeps an act of database care from its end.
enum CareError: MaintenanceError, Equatable {
    case objectIsGone(String)
    case leftover(index: String, leftover: String)
    /// pg_repack has built, and could not exchange.
    case notExchanged(index: String, said: String)
    /// By somebody else, at this moment.
    case isRepacked(String)
    /// Nobody can say what a statement would cost with an index that does not exist.
    case noSupposing
    case noWorkload
    /// There is nothing to restore a copy from.
    case noBackup
    /// The time for looking was over first.
    case cutShort(after: Duration)

    var code: String {
        switch self {
        case .objectIsGone: "db.object-gone"
        case .leftover: "db.leftover"
        case .notExchanged: "db.not-exchanged"
        case .isRepacked: "db.is-repacked"
        case .noSupposing: "db.no-hypopg"
        case .noWorkload: "db.no-statements"
        case .noBackup: "db.no-backup"
        case .cutShort: "db.cut-short"
        }
    }

    var problem: String {
        switch self {
        case .objectIsGone(let name): "\(name.printable) is gone"
        case .leftover(let index, let leftover):
            "the rebuild of \(index.printable) did not come to its end and left \(leftover.printable)"
        case .notExchanged(let index, let said):
            "pg_repack could not exchange the files of \(index.printable)"
                + (said.isEmpty ? "" : ": \(said.printable)")
        case .isRepacked(let table): "somebody repacks \(table.printable) at this moment"
        case .noSupposing: "without the extension HypoPG nobody can say what an index would be worth before it is built"
        case .noWorkload:
            "without the extension pg_stat_statements (1.9 or later) nobody knows what statements there are"
        case .noBackup: "there is no backup of this database here that a copy could be restored from"
        case .cutShort(let limit): "not everything was weighed within \(limit.short)"
        }
    }

    var isRetryable: Bool {
        switch self {
        case .notExchanged, .isRepacked: true
        default: false
        }
    }

    var hint: String? {
        switch self {
        case .objectIsGone: "Look again with '--dry-run'."
        case .leftover: "'mainstay db reindex' drops it as soon as it can have the lock."
        case .notExchanged:
            "Somebody held the table all the while ('mainstay db connections' shows who); run it again later."
        case .isRepacked: "Run it again later."
        case .noSupposing:
            "Install it (Debian: postgresql-15-hypopg), then: create extension hypopg; or try on a copy with '--on-copy'."
        case .noWorkload:
            "Add it to shared_preload_libraries, restart, then: create extension pg_stat_statements;"
        case .noBackup: "Take one: mainstay backup run"
        case .cutShort: "Give it longer with '--within', or look at fewer with '--statements' or '--table'."
        }
    }
}
