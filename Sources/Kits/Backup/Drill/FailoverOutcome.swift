/// What a failover cost, measured with numbered commits: each number was acknowledged by the old primary or it was not, and
/// is on the new one or it is not.
package struct FailoverOutcome: Codable, Hashable, Sendable {
    package var primary: String
    package var secondary: String
    /// PostgreSQL's version of both servers.
    package var server: String
    /// Whether a commit waited for the standby.
    package var isSynchronous: Bool
    /// Commits the old primary had acknowledged when it was ended.
    package var acknowledged: Int
    /// Those of them that the new primary does not have.
    package var lost: Int
    /// The first of those.
    package var firstLost: [Int64]
    /// The work that went with them: from the last commit that was kept to the last that was acknowledged.
    package var lostSeconds: Double
    /// From the last acknowledged commit on the old primary to the first on the new one, everything between them done
    /// at once by a program.
    package var downtimeSeconds: Double
    /// Of that, the promotion alone.
    package var promotionSeconds: Double
    /// pg_rewind's own; nil where it was not come to.
    package var rewindSeconds: Double?
    /// From the start of the old primary as a standby until it had replayed everything.
    package var catchUpSeconds: Double?
    package var oldTimeline: Int64
    package var newTimeline: Int64
    /// What differs between the two in the end; empty where nothing does. Hostile text.
    package var differences: [String]
    /// What would hinder a failover of the live pair, each in one clause; nil where there is no live pair.
    package var hindrances: [String]?
}
