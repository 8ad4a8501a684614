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
            ? "select num_timed::float8 as timed, num_requested::float8 as requested from pg_catalog.pg_stat_checkpointer"
            : "select checkpoints_timed::float8 as timed, checkpoints_req::float8 as requested from pg_catalog.pg_stat_bgwriter"
        let row = try await session.query(
            SurveySQL(
                """
                select c.timed, c.requested,
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
        return ServerWork(
            walRate: try row["wal_rate"], timedCheckpoints: try row["timed"],
            requestedCheckpoints: try row["requested"], temporaryBytesADay: try row["temporary"] ?? 0,
            cacheHits: try row["hits"], busy: history.looks > 0 ? history.peakBusy : nil)
    }
}
