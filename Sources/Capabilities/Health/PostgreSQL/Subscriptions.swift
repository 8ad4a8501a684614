import Engine
import Maintenance
import PostgreSQL
import Settings

extension Check {
    static let subscriptions = Check(
        CheckSchema(
            name: "subscriptions.state", summary: "whether logical subscriptions are followed and their tables in step",
            thresholds: .init(.count, warning: nil, critical: 1)),
        code: "HC071",
        title: "Broken subscriptions",
        kind: .postgresql,
        explanation: """
            Counts the subscriptions of this database that are enabled and have no worker: their publisher cannot be \
            reached, or a row could not be applied (a conflict stops everything until somebody mends it), and the publisher \
            keeps its WAL for them meanwhile. Tables that are still being copied, errors that were counted, and a \
            subscription that somebody disabled are warnings. Databases without subscriptions pass.
            """,
        source: "https://www.postgresql.org/docs/current/logical-replication-monitoring.html"
    ) { context in
        // subconninfo is for superusers; the columns named here are for everybody.
        let rows = try await context.look.database(context.resource).query(
            """
            select s.subname as name, s.subenabled as enabled,
                exists (select from pg_catalog.pg_stat_subscription w
                        where w.subid = s.oid and w.relid is null and w.pid is not null) as followed,
                (select count(*) from pg_catalog.pg_subscription_rel r
                 where r.srsubid = s.oid and r.srsubstate not in ('r', 's'))::bigint as copying,
                coalesce((select apply_error_count + sync_error_count from pg_catalog.pg_stat_subscription_stats e
                          where e.subid = s.oid), 0)::bigint as errors
            from pg_catalog.pg_subscription s
            where s.subdbid = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
            order by s.subname
            """)
        var broken: [String] = []
        var doubtful: [String] = []
        var reading = Reading()
        for row in rows {
            let name = "'\(try row["name", as: String.self].printable)'"
            let errors = try row["errors", as: Int64.self]
            let copying = try row["copying", as: Int64.self]
            if try !row["enabled", as: Bool.self] {
                doubtful.append("\(name) is disabled")
            } else if try !row["followed", as: Bool.self] {
                broken.append("\(name) has no worker\(errors > 0 ? " after \("error".counted(Int(errors)))" : "")")
            } else {
                if copying > 0 { doubtful.append("\(name) still copies \("table".counted(Int(copying)))") }
                if errors > 0 { doubtful.append("\(name) has met \("error".counted(Int(errors)))") }
            }
        }
        reading.value = Double(broken.count)
        reading.state = [context.limits.judge(Double(broken.count)), doubtful.isEmpty ? .passed : .warning].worst
        let clauses = broken + doubtful
        reading.summary =
            rows.isEmpty
            ? "no subscription"
            : clauses.isEmpty
                ? "\("subscription".counted(rows.count)) followed, all tables in step"
                : clauses.prefix(3).joined(separator: "; ")
                    + (clauses.count > 3 ? "; and \(clauses.count - 3) more" : "")
        return reading
    }
}
