import Engine
import Maintenance
import PostgreSQL
import Settings

extension Check {
    static let cacheHitRatio = Check(
        CheckSchema(
            name: "cache.hit-ratio",
            summary: "how many of the pages that were read came from shared_buffers",
            thresholds: GuideThresholds.cacheHits,
            options: [
                .init(
                    "minimum-reads", .count(1...1_000_000_000_000), standard: 100_000,
                    summary: "pages that must have been read before the ratio means anything")
            ]),
        code: "HC011",
        title: "Cache hit ratio",
        kind: .postgresql,
        explanation: """
            The share of this database's page reads since its statistics were last reset that shared_buffers answered \
            without the operating system. A low share means that what is used does not fit, or that large tables are read \
            whole because an index is missing. The operating system's own cache is not seen here, so a low share alone is \
            no emergency. Below a minimum of reads the ratio says nothing, and the check says so.
            """,
        source:
            "https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-DATABASE-VIEW"
    ) { context in
        let row = try await context.look.database(context.resource).query(
            """
            select blks_hit as hits, blks_read as misses, stats_reset as since
            from pg_catalog.pg_stat_database where datname = pg_catalog.current_database()
            """
        ).only
        let hits = try row["hits", as: Int64.self]
        let reads = hits + (try row["misses", as: Int64.self])
        let since = try row["since", as: Timestamp?.self].map { "since \($0)" } ?? "ever"
        guard reads >= Int64(context.limits.count("minimum-reads")) else {
            return Reading(
                summary: "only \(reads.grouped) pages were read \(since): too few to judge", state: .passed)
        }
        var reading = Reading(value: Percentage(Double(hits), of: Double(reads)).value)
        reading.summary =
            "\(Percentage(reading.value ?? 0)) of \(reads.grouped) page reads \(since) were answered by shared_buffers "
            + "(\(context.limits.text))"
        reading.evidence = ["hits": .integer(hits), "reads": .integer(reads)]
        return reading
    }
}
