import Maintenance
import PostgreSQL

extension Lint {
    static let partitions: [Lint] = [
        partitionsRunOut, partitionGap, rowsInDefault, noPartitions, detachPending,
    ]

    static let partitionsRunOut = Lint(
        "DB142", "partitions.run-out", priority: 15, .critical, title: "Partitions that end soon",
        explanation: """
            The table is partitioned by time and its last partition ends within a week, or has ended, and there is no \
            default partition: rows beyond it are refused. A table whose last partition ended more than a year ago is \
            taken for an archive. Create the next ones; pg_partman does it by itself.
            """,
        source: "https://www.postgresql.org/docs/current/ddl-partitioning.html",
        mending: .catalogue(.shareUpdateExclusive),
        advice: "create the next partition as a table of its own, then attach it", .tables,
        find: { limits in
            """
            select r.schema, r.name, to_char(max(b.high::timestamptz), 'YYYY-MM-DD HH24:MI') as note,
                extract(epoch from max(b.high::timestamptz) - now())::float8 as value
            from rel r join bounds b on b.parent = r.oid
            where r.kind = 'p'
                and not exists (select from pg_partitioned_table p where p.partrelid = r.oid and p.partdefid <> 0)
                and (select count(*) from pg_inherits h where h.inhparent = r.oid)
                    = (select count(*) from bounds o where o.parent = r.oid)
            group by r.oid, r.schema, r.name
            having max(b.high::timestamptz) < now() + \(limits.partitionsAhead)::interval
                and max(b.high::timestamptz) > now() - interval '365 days' and count(*) > 1
            """
        },
        say: { hit in
            (hit.value ?? 0) < 0
                ? "its last partition ended at \(hit.said) UTC: newer rows are refused"
                : "its last partition ends at \(hit.said) UTC: newer rows will be refused"
        })

    static let partitionGap = Lint(
        "DB143", "partitions.gap", priority: 55, .warning, title: "Gap between partitions",
        explanation: """
            Between two partitions by time there is a span that belongs to none, and there is no default partition: \
            rows in it are refused.
            """,
        source: "https://www.postgresql.org/docs/current/ddl-partitioning.html",
        mending: .catalogue(.shareUpdateExclusive), advice: "create a partition for the span", .tables,
        find: { _ in
            """
            select r.schema, r.name, o.before || ' to ' || o.low as note, o.low as part
            from rel r
            join (
                select parent, low, low::timestamptz as begins,
                    lag(high) over (partition by parent order by high::timestamptz) as before
                from bounds) o on o.parent = r.oid
            where o.low is not null and o.before::timestamptz < o.begins
                and not exists (select from pg_partitioned_table p where p.partrelid = r.oid and p.partdefid <> 0)
            """
        },
        say: { "no partition takes rows of \($0.said)" })

    static let rowsInDefault = Lint(
        "DB144", "partitions.default-rows", priority: 90, .warning, title: "Rows in the default partition",
        explanation: """
            The default partition takes what fits nowhere else. Once it holds rows, a new partition for them cannot be \
            attached until they are moved, and every new partition is checked against all of it under a lock.
            """,
        source: "https://www.postgresql.org/docs/current/sql-createtable.html#SQL-CREATETABLE-PARTITION",
        mending: .person, advice: "create the partitions its rows belong to, and move them there", .tables,
        find: { _ in
            """
            select d.schema, d.name, d.bytes, d.tuples as value, r.name as note
            from pg_partitioned_table p join rel r on r.oid = p.partrelid join rel d on d.oid = p.partdefid
            where d.tuples > 0
            """
        },
        say: { "\($0.count) rows of \($0.said) lie in its default partition" })

    static let noPartitions = Lint(
        "DB145", "partitions.none", priority: 80, .warning, title: "Partitioned table without partitions",
        explanation: "A partitioned table holds no rows itself. Without a partition every INSERT is refused.",
        source: "https://www.postgresql.org/docs/current/ddl-partitioning.html",
        mending: .catalogue(.accessExclusive), advice: "create its partitions, or drop it", .tables,
        find: { _ in
            """
            select schema, name from rel
            where kind = 'p' and not exists (select from pg_inherits h where h.inhparent = rel.oid)
            """
        },
        say: { _ in "it has no partition, so that every INSERT is refused" })

    static let detachPending = Lint(
        "DB146", "partitions.detach-pending", priority: 78, .warning, title: "Partition whose detaching never ended",
        explanation: """
            ALTER TABLE … DETACH PARTITION CONCURRENTLY was cancelled between its two transactions. The partition belongs \
            to the table no more and is not free either; no other one can be detached until it is finalised.
            """,
        source: "https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DETACH-PARTITION",
        mending: .catalogue(.shareUpdateExclusive), .tables,
        find: { _ in
            """
            select c.schema, c.name, p.name as note,
                format('alter table %I.%I detach partition %I.%I finalize;', p.schema, p.name, c.schema, c.name) as mend
            from pg_inherits h join rel c on c.oid = h.inhrelid join rel p on p.oid = h.inhparent
            where h.inhdetachpending
            """
        },
        say: { "it is half detached from \($0.said)" })
}
