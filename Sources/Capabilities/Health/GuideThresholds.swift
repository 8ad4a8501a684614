import Maintenance
import Settings

/// The thresholds that are in force until a configuration says otherwise, and what each guide says of them.
enum GuideThresholds {
    private static let agentic = "agentic-ecosystem"
    private static let environments = "environment-management"
    private static let events = "event-manager"
    private static let portal = "next-portal"

    /// Of a database's and an endpoint's answer.
    static let responseTime = CheckSchema.Thresholds(
        .seconds, warning: 0.5, critical: 1,
        origin: ThresholdOrigin(
            [
                (agentic, "| Response Time | <500ms | 500-1000ms | >1000ms |"), (agentic, "response_time > 1000ms"),
                (portal, "API response times < 500ms"), (portal, "Response times < 2s for pages"),
                (events, "response_time: 200ms"), (environments, "\"response_time\": 5000"),
                (environments, "\"warning\": 3000"), (environments, "\"critical\": 10000"),
            ],
            "Two of four begin at 500 ms; the one that says what is critical says 1 s of the same requests. "
                + "Environment-management contradicts itself (5 s in one file, 3 and 10 s in the other), and its file "
                + "brings its own."))

    /// Of a new connection with its first answer.
    static let connecting = CheckSchema.Thresholds(
        .seconds, warning: 1, critical: 5,
        origin: ThresholdOrigin(
            [(environments, "\"response_time\": 5000")],
            "The longest answer that a guide still calls good is critical for a connection; a warning comes at a fifth."
        ))

    static let connections = CheckSchema.Thresholds(
        .percent, warning: 80, critical: 90,
        origin: ThresholdOrigin(
            [
                (agentic, "| Database Connections | <80% | 80-90% | >90% |"), (agentic, "database_connections > 75%"),
                (portal, "Database connections < 80% of limit"),
            ],
            "Agentic-ecosystem contradicts itself (80 % in its table, 75 % in its alerts); two places of three say 80 %."
        ))

    static let processor = CheckSchema.Thresholds(
        .percent, warning: 80, critical: 95,
        origin: ThresholdOrigin(
            [
                (agentic, "| CPU Usage | <60% | 60-80% | >80% |"), (portal, "CPU usage < 80%"),
                (events, "threshold: 80"), (environments, "\"cpu_usage\": 80"), (environments, "\"warning\": 80"),
                (environments, "\"critical\": 95"),
            ],
            "Three of four begin at 80 %. What agentic-ecosystem calls critical begins where the others begin to warn, so "
                + "critical is 95 %."))

    static let memory = CheckSchema.Thresholds(
        .percent, warning: 85, critical: 95,
        origin: ThresholdOrigin(
            [
                (agentic, "| Memory Usage | <70% | 70-85% | >85% |"), (portal, "Memory usage < 85%"),
                (events, "threshold: 85"), (environments, "\"memory_usage\": 85"), (environments, "\"warning\": 80"),
                (environments, "\"critical\": 95"),
            ],
            "Three of four begin at 85 %. What agentic-ecosystem calls critical begins there too, so critical is 95 %.")
    )

    static let disk = CheckSchema.Thresholds(
        .percent, warning: 80, critical: 90,
        origin: ThresholdOrigin(
            [
                (portal, "Disk usage < 90%"), (agentic, "Storage usage >80%: Plan for storage expansion"),
                (environments, "\"warning\": 80"), (environments, "\"critical\": 95"),
            ],
            "Two of three begin at 80 %; from 90 % on none calls it good, and a full disk stops a database at once."))

    /// Runnable processes for each core, over five minutes.
    static let load = CheckSchema.Thresholds(
        .count, warning: 2, critical: nil,
        origin: ThresholdOrigin(
            "node_exporter's own alert (NodeSystemSaturation) begins at two for each core and knows nothing critical."))

    static let longTransaction = CheckSchema.Thresholds(
        .seconds, warning: 300, critical: 3_600,
        origin: ThresholdOrigin(
            [(agentic, "(now() - pg_stat_activity.query_start) > interval")],
            "Agentic-ecosystem lists every day what has taken more than 5 minutes, so that is a warning; after an hour "
                + "VACUUM has been kept from its work for long."))

    static let idleInTransaction = CheckSchema.Thresholds(
        .seconds, warning: 300, critical: 1_800,
        origin: ThresholdOrigin("A client that holds its locks and does nothing is wrong sooner than one that works."))

    static let lockWait = CheckSchema.Thresholds(
        .seconds, warning: 30, critical: 300,
        origin: ThresholdOrigin("Waiting for a lock is normal for moments."))

    /// Seconds that a standby is behind.
    static let replicationLag = CheckSchema.Thresholds(
        .seconds, warning: 30, critical: 300,
        origin: ThresholdOrigin("A standby that answers is seconds behind; after minutes what it answers is old."))

    /// WAL that a slot nobody reads keeps on the disk.
    static let retainedWAL = CheckSchema.Thresholds(
        .bytes, warning: 1_073_741_824, critical: 10_737_418_240,
        origin: ThresholdOrigin("As much as 'max_wal_size' usually is, and ten times of it."))

    static let preparedTransaction = CheckSchema.Thresholds(
        .seconds, warning: 300, critical: 3_600,
        origin: ThresholdOrigin("A transaction manager settles its prepared transactions within moments."))

    /// In percent of the 2³¹ transactions there are.
    static let wraparound = CheckSchema.Thresholds(
        .percent, warning: 50, critical: 75,
        origin: ThresholdOrigin(
            "75 % is where the server's own failsafe begins ('vacuum_failsafe_age', 1.6 thousand million)."))

    static let cacheHits = CheckSchema.Thresholds(
        .percent, worse: .lower, warning: 90, critical: nil,
        origin: ThresholdOrigin(
            [(agentic, "Cache hit ratio: >90%")],
            "A target that is missed is a warning; a low share alone is no emergency."))

    /// How much of its range a sequence has used.
    static let sequence = CheckSchema.Thresholds(
        .percent, warning: 75, critical: 90,
        origin: ThresholdOrigin("There is time to widen a column from three quarters on, and little from nine tenths."))

    /// Every one that guides say something of or could have.
    static let all: [CheckSchema.Thresholds] = [
        responseTime, connecting, connections, processor, memory, disk, load, longTransaction, idleInTransaction,
        lockWait, replicationLag, retainedWAL, preparedTransaction, wraparound, cacheHits, sequence,
    ]
}
