import Maintenance
import PostgreSQL

extension Lint {
    /// Indexes that cost writes and space for nothing.
    static let uselessIndexes: [Lint] = [unusedIndex, duplicateIndex, prefixIndex, impliedUniqueness, manyIndexes]

    static let unusedIndex = Lint(
        "DB100", "indexes.unused", priority: 150, .info, title: "Index that nothing has used",
        explanation: """
            No statement has used the index since the counters began, and they have counted for at least a business \
            cycle (35 days), so that the end of a month is among them. Every INSERT and most UPDATEs pay for it. Indexes \
            that do something without being read are never listed: unique ones, those of a constraint or a replica \
            identity, the one CLUSTER goes by, and those that a foreign key needs when rows of the other table are \
            deleted. Because an index keeps no date, Mainstay first counts its own looks: it is listed once it was seen \
            unused for the whole cycle. Standbys count by themselves; look there before it is dropped.
            """,
        source: "https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-ALL-INDEXES-VIEW",
        mending: .dropIndex, advice: "look whether a standby uses it before it is dropped", isOfPrimary: true, .indexes,
        find: { limits in
            """
            select schema, name, bytes, oid::text as note, extract(epoch from now() - epoch.since)::float8 as bound,
                case when not exists (select from pg_stat_replication) then dropping end as mend
            from ix, epoch
            where is_valid and kind = 'i' and not is_attached and not is_unique and not is_exclusion and not is_identity
                and not is_clustered and not is_constraint and not is_referenced
                and bytes >= \(limits.leastBytes)::bigint and pg_stat_get_numscans(oid) = 0
                and epoch.since <= now() - \(limits.businessCycle)::interval
                and not exists (
                    select from pg_constraint f where f.contype = 'f' and f.conrelid = ix.table_oid
                        and (ix.keys)[1:cardinality(f.conkey)] @> f.conkey)
            """
        },
        say: { hit in
            "nothing has used it in \(Duration.seconds(hit.bound ?? 0).short); it takes \(hit.size) and is written by "
                + "every change of its table"
        })

    static let duplicateIndex = Lint(
        "DB101", "indexes.duplicate", priority: 110, .warning, title: "Index that exists twice",
        explanation: """
            Another index of the table has the same columns in the same order, the same operator classes, collations, \
            expressions and condition. The planner uses one; both are written. Listed is the one that can go: not the \
            one that backs a constraint, and of two plain ones the newer.
            """,
        source: "https://wiki.postgresql.org/wiki/Index_Maintenance#Duplicate_Indexes",
        mending: .dropIndex, .indexes,
        find: { _ in
            """
            select distinct on (a.oid) a.schema, a.name, a.bytes, b.name as note, a.dropping as mend
            from ix a join ix b on b.table_oid = a.table_oid and b.oid <> a.oid and b.method = a.method
                and b.keys = a.keys and b.classes = a.classes and b.collations = a.collations and b.orders = a.orders
                and coalesce(b.included, '{}') = coalesce(a.included, '{}')
                and coalesce(b.expressions, '') = coalesce(a.expressions, '')
                and coalesce(b.predicate, '') = coalesce(a.predicate, '')
                and b.is_valid and b.kind = a.kind
                and (not a.is_unique or b.is_unique and b.is_immediate >= a.is_immediate and b.nulls_equal >= a.nulls_equal)
                and b.class_options = a.class_options
                and (a.method in ('btree', 'hash') or b.options is not distinct from a.options)
                and ((b.is_constraint or b.is_referenced)::int, (b.is_identity or b.is_clustered)::int,
                    b.is_unique::int, -b.oid::bigint)
                    > ((a.is_constraint or a.is_referenced)::int, (a.is_identity or a.is_clustered)::int,
                    a.is_unique::int, -a.oid::bigint)
            where a.is_valid and a.kind = 'i' and not a.is_attached and not a.is_constraint and not a.is_referenced
                and not a.is_identity and not a.is_clustered and not a.is_exclusion
            order by a.oid, b.oid
            """
        },
        say: { "it does the same as \($0.said), and takes \($0.size)" })

    static let prefixIndex = Lint(
        "DB102", "indexes.prefix", priority: 160, .info, title: "Index that another one contains",
        explanation: """
            A B-tree index on (a, b) serves whatever one on (a) does, in the same order. The shorter one is smaller and \
            a little faster to read; every write pays for both. Unique indexes and those with another condition, \
            operator class, collation or order are not listed. Whether the longer one is so much larger that the \
            shorter one is worth keeping is for you to judge: both sizes are there. Drop one, then look again: the longer \
            one may be on another list because the shorter one is used in its place.
            """,
        source: "https://www.postgresql.org/docs/current/indexes-multicolumn.html",
        mending: .dropIndex, .indexes,
        find: { _ in
            """
            select distinct on (a.oid) a.schema, a.name, a.bytes, b.bytes::float8 as value, b.name as note,
                a.dropping as mend
            from ix a join ix b on b.table_oid = a.table_oid and b.oid <> a.oid and b.method = 'btree'
                and b.key_count > a.key_count and (b.keys)[1:a.key_count] = a.keys
                and (b.classes)[1:a.key_count] = a.classes and (b.collations)[1:a.key_count] = a.collations
                and (b.orders)[1:a.key_count] = a.orders
                and b.predicate is not distinct from a.predicate and b.is_valid and b.kind = a.kind
            where a.is_valid and a.kind = 'i' and a.method = 'btree' and not a.is_attached and not a.is_unique
                and not a.is_identity and not a.is_clustered and not a.is_constraint and a.included is null
                and 0 <> all (a.keys)
            order by a.oid, b.bytes, b.name
            """
        },
        say: {
            "\($0.said) (\(ByteCount(Int64($0.value ?? 0)))) begins with the same columns; it takes \($0.size)"
        })

    static let impliedUniqueness = Lint(
        "DB103", "indexes.implied-uniqueness", priority: 165, .info, title: "Unique index that a smaller one implies",
        explanation: """
            Where (a) is unique, (a, b) is unique by itself, so this index enforces nothing, and nothing has read it since \
            the counters began. An INSERT … ON CONFLICT (a, b) still needs it: look through the application before it is \
            dropped.
            """,
        source: "https://www.postgresql.org/docs/current/indexes-unique.html",
        mending: .person, advice: "look for ON CONFLICT over its columns in the application, then drop it concurrently",
        isOfPrimary: true, .indexes,
        find: { _ in
            """
            select distinct on (a.oid) a.schema, a.name, a.bytes, b.name as note
            from ix a join ix b on b.table_oid = a.table_oid and b.oid <> a.oid and b.is_unique and b.is_valid
                and b.is_immediate and b.predicate is null and b.key_count < a.key_count
                and (a.keys)[1:b.key_count] = b.keys and (a.classes)[1:b.key_count] = b.classes
                and (a.collations)[1:b.key_count] = b.collations and (b.nulls_equal or not a.nulls_equal)
                and 0 <> all (b.keys) and pg_stat_get_numscans(a.oid) = 0
            where a.is_valid and a.kind = 'i' and a.is_unique and not a.is_attached and not a.is_constraint
                and not a.is_referenced and not a.is_identity and not a.is_clustered and a.included is null
            order by a.oid, b.key_count, b.name
            """
        },
        say: { "\($0.said) already makes its columns unique; it takes \($0.size)" })

    static let manyIndexes = Lint(
        "DB104", "indexes.many", priority: 170, .info, title: "Table with very many indexes",
        explanation: """
            The table has fifteen indexes or more. An INSERT writes every one of them, an UPDATE that is not HOT too, \
            and planning looks at each. Look through them together: unused, duplicate and contained ones are listed by \
            their own codes.
            """,
        source: "https://www.postgresql.org/docs/current/indexes-intro.html",
        mending: .person, advice: "mainstay db doctor --family=indexes", .indexes,
        find: { _ in
            """
            select schema, table_name as name, count(*)::float8 as value, sum(bytes)::bigint as bytes
            from ix where not is_attached group by schema, table_name, table_oid having count(*) >= 15
            """
        },
        say: { "\(Int($0.value ?? 0)) indexes of \($0.size) together are written by every change" })
}

extension LintHit {
    /// `1.2 MB`.
    var size: String { ByteCount(bytes ?? 0).description }
    var said: String { (note ?? "").printable }
    var count: String { Int64(value ?? 0).grouped }
}
