import Engine
import Maintenance
import Outside
import PostgreSQL

extension ServerWork {
    /// - Parameter look: what earlier looks at the sessions have recorded.
    static func read(_ session: SurveySession, _ look: Look) async throws -> ServerWork {
        // Counted elsewhere since version 17 (release notes of 17, "pg_stat_checkpointer").
        let checkpoints: SQL =
            await session.serverVersion >= 170_000
            ? "select num_timed::float8 as timed, num_requested::float8 as requested, stats_reset as reset from pg_catalog.pg_stat_checkpointer"
            : "select checkpoints_timed::float8 as timed, checkpoints_req::float8 as requested, stats_reset as reset from pg_catalog.pg_stat_bgwriter"
        let row = try await session.query(
            SurveySQL(
                """
                select c.timed, c.requested, pg_catalog.current_setting('max_wal_size') as size,
                    coalesce(extract(epoch from c.reset)::bigint::text, 'the beginning') as reset,
                    (w.wal_bytes / greatest(extract(epoch from now() - coalesce(w.stats_reset,
                        pg_catalog.pg_postmaster_start_time())), 60))::float8 as wal_rate,
                    d.temporary, d.hits
                from (\(checkpoints)) c, pg_catalog.pg_stat_wal w, (
                    select sum(temp_bytes / greatest(extract(epoch from now() - coalesce(stats_reset,
                            pg_catalog.pg_postmaster_start_time())) / 86400, 1))::float8 as temporary,
                        (sum(blks_hit) / nullif(sum(blks_hit + blks_read), 0))::float8 as hits
                    from pg_catalog.pg_stat_database) d
                """)
        ).only
        let since = look.clock.now() - .seconds(30 * 86_400)
        let history = try await PoolHistory.read(look, since: since)
        // The counters go back to before the setting was changed; only what was counted between two looks that both saw it
        // as it is says something about it.
        let object =
            "max_wal_size \(try row["size", as: String.self]), counted since \(try row["reset", as: String.self])"
        var counted: [String: Double] = [:]
        var looks: [Measurement] = []
        for name in ["timed", "requested"] {
            let series = "checkpoints.\(name)"
            let value: Double = try row[name]
            looks.append(Measurement(series, look.target, object: object, unit: .count, value: value))
            let first = try await look.log.samples(series, look.target, object: object, since: since).first
            counted[name] = value - (first?.value ?? value)
        }
        return ServerWork(
            walRate: try row["wal_rate"], timedCheckpoints: counted["timed"] ?? 0,
            requestedCheckpoints: counted["requested"] ?? 0, temporaryBytesADay: try row["temporary"] ?? 0,
            cacheHits: try row["hits"], looks: looks, busy: history.looks > 0 ? history.peakBusy : nil)
    }
}
