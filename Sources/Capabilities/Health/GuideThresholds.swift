import Maintenance
import Settings

/// The thresholds that are in force until a configuration says otherwise, and what each guide says of them.
///
/// The guides contradict each other, and some contradict themselves. What is settled here follows three rules: where
/// most of them begin to complain is the warning; critical is what at least one of them calls so and no other calls
/// still good; and one guide's stricter value is one line in that team's configuration. The values of a guide's own
/// `health-check-config.json` win over these as soon as that file is read.
///
/// agentic-ecosystem also bounds the overall health (95 and 90 %): it is the series `health`, for alerts to judge, since
/// everything that lowers it is a finding of its own already.
enum GuideThresholds {
    /// Of a database's and an endpoint's answer. agentic-ecosystem: target below 500 ms, 500 to 1,000 ms warning, above
    /// critical; next-portal: API below 500 ms, pages below 2 s; event-manager: 200 ms; environment-management: 5,000 ms
    /// in `health-check-config.json`, but 3,000 and 10,000 ms in `alert-config.json`. In force: 500 ms and 1 s, which two
    /// of them agree on; environment-management's file brings its own 5 s.
    static let responseTime = CheckSchema.Thresholds(.seconds, warning: 0.5, critical: 1)

    /// Of a new connection with its first answer. Only environment-management bounds it, by its time-out of 30 s and its
    /// response time of 5 s: that is critical here.
    static let connecting = CheckSchema.Thresholds(.seconds, warning: 1, critical: 5)

    /// agentic-ecosystem: 80 and 90 % in its table, but 75 and 90 % in its alerts; next-portal: below 80 %. In force: 80
    /// and 90 %.
    static let connections = CheckSchema.Thresholds(.percent, warning: 80, critical: 90)

    /// agentic-ecosystem: 60 and 80 %; event-manager: 80 % for 5 minutes; next-portal: below 80 %;
    /// environment-management: 80 %, and 80 and 95 % for any resource in `alert-config.json`. In force: 80 and 95 %,
    /// since three of four call less than 80 % good.
    static let processor = CheckSchema.Thresholds(.percent, warning: 80, critical: 95)

    /// agentic-ecosystem: 70 and 85 %; event-manager, next-portal and environment-management: 85 %, the last also 80 and
    /// 95 % for any resource. In force: 85 and 95 %.
    static let memory = CheckSchema.Thresholds(.percent, warning: 85, critical: 95)

    /// next-portal: below 90 %; agentic-ecosystem: plan an expansion from 80 %; environment-management: 80 and 95 % for
    /// any resource. In force: 80 and 90 %, since a full disk stops a database at once.
    static let disk = CheckSchema.Thresholds(.percent, warning: 80, critical: 90)

    /// Runnable processes for each core, over five minutes. No guide; node_exporter's own alert
    /// (NodeSystemSaturation) begins at two for each core and knows nothing critical.
    static let load = CheckSchema.Thresholds(.count, warning: 2, critical: nil)

    /// agentic-ecosystem: a statement of more than 5 minutes is listed every day. In force: a warning from there, critical
    /// from an hour, when VACUUM has been kept from its work for long.
    static let longTransaction = CheckSchema.Thresholds(.seconds, warning: 300, critical: 3_600)

    /// No guide. A client that holds its locks and does nothing is wrong sooner than one that works.
    static let idleInTransaction = CheckSchema.Thresholds(.seconds, warning: 300, critical: 1_800)

    /// No guide. Waiting for a lock is normal for moments.
    static let lockWait = CheckSchema.Thresholds(.seconds, warning: 30, critical: 300)

    /// No guide. Seconds that a standby is behind.
    static let replicationLag = CheckSchema.Thresholds(.seconds, warning: 30, critical: 300)

    /// No guide. WAL that a slot nobody reads keeps on the disk.
    static let retainedWAL = CheckSchema.Thresholds(.bytes, warning: 1_073_741_824, critical: 10_737_418_240)

    /// No guide. A transaction manager settles its prepared transactions within moments.
    static let preparedTransaction = CheckSchema.Thresholds(.seconds, warning: 300, critical: 3_600)

    /// No guide. In percent of the 2³¹ transactions there are; 75 % is where the server's own failsafe begins
    /// (`vacuum_failsafe_age`, 1.6 thousand million).
    static let wraparound = CheckSchema.Thresholds(.percent, warning: 50, critical: 75)

    /// agentic-ecosystem: above 90 %.
    static let cacheHits = CheckSchema.Thresholds(.percent, worse: .lower, warning: 90, critical: nil)

    /// No guide. How much of its range a sequence has used.
    static let sequence = CheckSchema.Thresholds(.percent, warning: 75, critical: 90)
}
