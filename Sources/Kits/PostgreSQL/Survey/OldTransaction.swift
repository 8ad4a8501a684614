import Maintenance

/// A transaction that has been open for long. What works without locks (CREATE INDEX, REINDEX, DROP INDEX CONCURRENTLY)
/// waits until every transaction that was there before it has ended (PostgreSQL manual, "CREATE INDEX": "Building Indexes
/// Concurrently"), and one that has been open for a minute is likely to stay: so the work is not even begun.
package struct OldTransaction: MaintenanceError, Hashable {
    package var process: Int32
    package var user: String
    /// Since it began.
    package var age: Duration

    /// From when on a transaction counts as old.
    package static let limit: Duration = .seconds(60)

    package init(process: Int32, user: String, age: Duration) {
        self.process = process
        self.user = user
        self.age = age
    }

    /// - Throws: `OldTransaction`, the oldest of this database's clients; `PostgreSQLError`.
    package static func refuse(_ session: SurveySession, olderThan limit: Duration = limit) async throws {
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
        throw OldTransaction(
            process: try row["pid"], user: try row["usename"],
            age: .microseconds(Int64(try row["age", as: Double.self] * 1_000_000)))
    }

    package var code: String { "postgresql.old-transaction" }
    package var problem: String {
        "process \(process) ('\(user.printable)') has had a transaction open for \(age.short), and work without locks "
            + "would wait for its end"
    }
    package var hint: String? { "End the transaction ('mainstay db connections' shows it), or run it again later." }
    package var isRetryable: Bool { true }
}
