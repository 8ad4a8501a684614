import Maintenance
import PostgreSQL

/// CONCURRENTLY waits until every transaction that was there before it has ended. One that has been open for a minute is
/// likely to stay, so the work is not even begun.
enum OldTransaction {
    static let limit: Duration = .seconds(60)

    /// - Throws: `IntegrityError.oldTransaction`.
    static func refuse(_ session: SurveySession) async throws {
        let rows = try await session.query(
            """
            select pid, coalesce(usename, '') as usename,
                extract(epoch from pg_catalog.clock_timestamp() - xact_start)::float8 as age
            from pg_catalog.pg_stat_activity
            where datname = pg_catalog.current_database() and xact_start is not null and pid <> pg_catalog.pg_backend_pid()
                and (backend_xmin is not null or backend_xid is not null)
                and xact_start < pg_catalog.clock_timestamp() - \(limit)::interval
                and backend_type = 'client backend'
            order by xact_start limit 1
            """)
        guard let row = rows.first else { return }
        throw IntegrityError.oldTransaction(
            process: try row["pid"], user: try row["usename"],
            age: .microseconds(Int64(try row["age", as: Double.self] * 1_000_000)))
    }
}
