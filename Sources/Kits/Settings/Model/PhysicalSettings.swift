/// How the whole cluster a database lives in is backed up by files and write-ahead log.
package struct PhysicalSettings: Sendable, Equatable {
    package var engine = Engine.pgbackrest
    /// pgBackRest's name for the cluster; empty for base backups.
    package var stanza = ""
    /// The team's own pgbackrest.conf, absolute; never written.
    package var configuration = Self.usualConfiguration
    /// Of the cluster: who looks into a restored copy.
    package var superuser = "postgres"
    /// The database of the same environment that follows the cluster, which a restored copy is held against.
    package var standby: Written<String>?

    /// Where Debian's package has it.
    package static let usualConfiguration = "/etc/pgbackrest.conf"

    package enum Engine: String, Sendable, CaseIterable {
        case pgbackrest
        /// PostgreSQL's own pg_basebackup, without an archive of the log.
        case basebackup
    }

    package init() {}
}

/// What a recovery may cost at most.
package struct RecoveryTargets: Sendable, Equatable {
    /// The recovery point: how much work may be lost.
    package var rpo: Duration?
    /// The recovery time: how long it may take.
    package var rto: Duration?
    /// How long a drill counts: after that nobody knows any more whether all this still holds.
    package var drillWithin: Duration?

    /// A quarter, as the guides have it.
    package static let usualDrillWithin: Duration = .seconds(92 * 86_400)

    package init() {}

    /// Nothing lies over it.
    package var isEmpty: Bool { rpo == nil && rto == nil && drillWithin == nil }
}
