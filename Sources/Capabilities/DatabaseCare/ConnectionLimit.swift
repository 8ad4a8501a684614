import Maintenance
import PostgreSQL

/// How many connections something may have, and how many it has. Everybody may see both.
struct ConnectionLimit: Sendable {
    /// `cluster`, `database shop`, `role app`. Hostile text.
    var subject: String
    var used: Int
    var limit: Int

    var share: Percentage { Percentage(Double(used), of: Double(limit)) }

    /// The cluster's, and those of databases and roles that have one of their own (manual, "max_connections", ALTER
    /// DATABASE, ALTER ROLE: a limit of -1 is none). Sessions that the role may not look at are counted all the same:
    /// everybody sees whose they are and where.
    static func all(_ session: SurveySession) async throws -> [ConnectionLimit] {
        try await session.query(
            """
            with client as (
                select datid, usesysid from pg_catalog.pg_stat_activity
                where usesysid is not null and coalesce(backend_type, 'client backend') = 'client backend')
            select 0 as place, 'cluster' as subject, (select count(*) from client) as used,
                pg_catalog.current_setting('max_connections')::bigint
                    - pg_catalog.current_setting('superuser_reserved_connections')::bigint
                    - coalesce(pg_catalog.current_setting('reserved_connections', true)::bigint, 0) as most
            union all
            select 1, 'database ' || d.datname, (select count(*) from client where datid = d.oid), d.datconnlimit
            from pg_catalog.pg_database d where d.datconnlimit > 0
            union all
            select 2, 'role ' || r.rolname, (select count(*) from client where usesysid = r.oid), r.rolconnlimit
            from pg_catalog.pg_roles r where r.rolconnlimit > 0
            order by place, subject
            """
        ).map { ConnectionLimit(subject: try $0["subject"], used: try $0["used"], limit: try $0["most"]) }
    }

    static func listing(_ limits: [ConnectionLimit]) -> Listing {
        Listing(
            "Limits",
            ["of", Listing.Column("used", .count), Listing.Column("limit", .count), Listing.Column("share", .percent)],
            limits.map { [.text($0.subject), Scalar($0.used), Scalar($0.limit), .number($0.share.value)] })
    }

    /// From 80 % on a warning, from 90 % critical, as for the cluster (check `connections.used`).
    func finding(at target: Target) -> Finding? {
        guard share.value >= 80 else { return nil }
        return Finding(
            code: "DB010", severity: share.value >= 90 ? .critical : .warning, target: target, object: subject,
            summary: "\(used) of \(limit) connections are in use (\(share))",
            evidence: ["used": Scalar(used), "limit": Scalar(limit)],
            mend: "end idle sessions, make the pools smaller or put a pooler in front, or raise the limit")
    }
}
