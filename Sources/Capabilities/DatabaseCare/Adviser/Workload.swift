import Maintenance
import PostgreSQL

/// What the statements of a database are and how often they run, by pg_stat_statements.
struct Workload: Sendable {
    /// Those that took the most time first.
    var statements: [Statement]
    /// For how long the extension has counted.
    var hours: Double

    struct Statement: Sendable, Hashable {
        /// `queryid`.
        var id: Int64
        /// `$1` in the place of each constant.
        var text: String
        var calls: Double
        var totalMilliseconds: Double

        var mean: Double { totalMilliseconds / max(1, calls) }
    }

    /// Nil where the database does not have the extension, or one older than 1.9.
    static func read(_ session: SurveySession, most: Int) async throws -> Workload? {
        let place = try await LintPlace.read(session)
        guard let schema = place.statements else { return nil }
        if let blindness = place.blind[.monitor] { throw blindness }
        let hours = try await session.query(
            """
            select greatest(extract(epoch from now() - coalesce(i.stats_reset, pg_postmaster_start_time())), 3600)
                ::float8 / 3600 as hours
            from \(identifier: schema).pg_stat_statements_info i
            """
        ).only["hours", as: Double.self]
        let rows = try await session.query(
            """
            select s.queryid as id, min(s.query) as query, sum(s.calls)::float8 as calls,
                sum(s.total_exec_time)::float8 as total
            from \(identifier: schema).pg_stat_statements s
            where s.dbid = (select oid from pg_database where datname = current_database()) and s.queryid is not null
                and s.query ~* '^[ (]*(select|with|insert|update|delete|merge)\\M'
            group by s.queryid
            order by sum(s.total_exec_time) desc, s.queryid limit \(most)::bigint
            """)
        return Workload(
            statements: try rows.map { row in
                Statement(
                    id: try row["id"], text: try row["query"], calls: try row["calls"],
                    totalMilliseconds: try row["total"])
            }, hours: hours)
    }
}
