import Maintenance
import PostgreSQL

extension Lint {
    /// Indexes that are missing, broken, or of the wrong kind.
    static let indexShapes: [Lint] = [
        invalidLeftover, foreignKeyWithoutIndex, btreeOnDocuments, fewValues, mostlyNull, indexWaitsForPartition,
        hashUnique, deepFillfactor,
    ]

    static let invalidLeftover = Lint(
        "DB105", "indexes.leftover", priority: 60, .warning, title: "Leftover of a cancelled build",
        explanation: """
            CREATE INDEX CONCURRENTLY or REINDEX CONCURRENTLY was cancelled or failed and left an invalid index behind: \
            no query uses it, every write pays for it, and a unique one enforces nothing. What ends in _ccnew or _ccold is \
            a rest of REINDEX and can be dropped; any other is built again, or dropped where it is not wanted. One that \
            is being built at this moment is not listed.
            """,
        source: "https://www.postgresql.org/docs/current/sql-reindex.html#SQL-REINDEX-CONCURRENTLY",
        mending: .dropIndex, sight: .monitor, .indexes,
        find: { _ in
            """
            select schema, name, bytes, table_name as note,
                case when name ~ '_cc(new|old)[0-9]*$' then dropping
                    else format('reindex index concurrently %I.%I;', schema, name) end as mend
            from ix
            where not is_valid and kind = 'i' and not exists (
                select from pg_stat_progress_create_index p
                where p.index_relid = ix.oid or p.relid = ix.table_oid)
            """
        },
        say: { "it is invalid: no query uses it, and every write of \($0.said) pays for it" })

    static let foreignKeyWithoutIndex = Lint(
        "DB106", "indexes.foreign-key", priority: 105, .info, title: "Foreign key without an index",
        explanation: """
            When a row of the other table is deleted or its key changes, the server looks for rows that refer to it. \
            Without an index that begins with the columns of the foreign key it reads this whole table, once for each \
            deleted row, and holds the other row's lock all the while. Small tables are left alone. How many rows of \
            the other table were deleted since the counters began stands beside it.
            """,
        source: "https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK",
        mending: .buildIndex, advice: "create the index on each partition concurrently, then on the partitioned table",
        .indexes,
        find: { limits in
            """
            select fk.schema, fk.name, fk.conname as part, fk.bytes, fk.tuples as value,
                pg_stat_get_tuples_deleted(fk.confrelid)::float8 as bound, fk.columns as note,
                case when fk.kind <> 'p' then
                    format('create index concurrently on %I.%I (%s);', fk.schema, fk.name, fk.columns) end as mend
            from fk
            where fk.tuples >= \(limits.leastRows)::float8 and not exists (
                select from ix
                where ix.table_oid = fk.conrelid and ix.is_valid
                    and (ix.method = 'btree' or ix.method = 'hash' and cardinality(fk.conkey) = 1)
                    and (ix.keys)[1:cardinality(fk.conkey)] @> fk.conkey
                    and (ix.predicate is null or ix.predicate = '(' || fk.columns || ' IS NOT NULL)'))
            """
        },
        say: {
            "no index begins with \($0.said), and the table has \($0.count) rows "
                + "(\(Int64($0.bound ?? 0).grouped) rows it refers to were deleted so far)"
        })

    static let btreeOnDocuments = Lint(
        "DB107", "indexes.wrong-method", priority: 130, .warning, title: "B-tree index on documents or word lists",
        explanation: """
            A B-tree over jsonb, a tsvector or an array finds whole values that are equal, and nothing that is asked of \
            such a column in practice: a key inside, a word, an element. Those operators need GIN. It also refuses \
            values larger than a third of a page. Listed is one that nothing has read: one that orders or compares whole values \
            does its work.
            """,
        source: "https://www.postgresql.org/docs/current/gin.html",
        mending: .buildIndex, .indexes,
        find: { _ in
            """
            select ix.schema, ix.name, ix.table_bytes as bytes, format_type(a.atttypid, a.atttypmod) as note,
                format('create index concurrently on %I.%I using gin (%I);', ix.schema, ix.table_name, a.attname) as mend
            from ix join pg_attribute a on a.attrelid = ix.table_oid and a.attnum = (ix.keys)[1]
            join pg_type t on t.oid = a.atttypid
            where ix.method = 'btree' and ix.key_count = 1 and ix.kind = 'i' and not ix.is_unique and not ix.is_attached
                and not ix.is_clustered and ix.predicate is null and pg_stat_get_numscans(ix.oid) = 0
                and (t.oid in ('jsonb'::regtype, 'tsvector'::regtype) or t.typcategory = 'A')
            """
        },
        say: { "a B-tree over \($0.said) only finds whole values that are equal" })

    static let fewValues = Lint(
        "DB108", "indexes.few-values", priority: 155, .info, title: "Index over hardly any different values",
        explanation: """
            The only column of the index has one or two values in the whole table. Each of them finds so many rows that \
            reading the table is faster, unless one of them is rare; then a partial index over the rare rows does the \
            same at a fraction of the size.
            """,
        source: "https://www.postgresql.org/docs/current/indexes-partial.html",
        mending: .buildIndex, advice: "replace it by a partial index over the rows that are looked for, or drop it",
        sight: .samples, .indexes,
        find: { limits in
            """
            select ix.schema, ix.name, ix.bytes, s.n_distinct::float8 as value, s.attname::text as note
            from ix join pg_attribute a on a.attrelid = ix.table_oid and a.attnum = (ix.keys)[1]
            join pg_stats s on s.schemaname = ix.schema and s.tablename = ix.table_name and s.attname = a.attname
                and not s.inherited
            where ix.key_count = 1 and ix.method = 'btree' and ix.predicate is null and not ix.is_unique
                and ix.kind = 'i' and ix.tuples >= \(limits.leastRows)::float8 and ix.bytes >= \(limits.leastBytes)::bigint
                and s.n_distinct between 1 and 2 and s.null_frac < 0.9
                and coalesce((s.most_common_freqs)[array_upper(s.most_common_freqs, 1)], 1) > 0.05
            """
        },
        say: { "\($0.said) has \($0.count) different values, none of them rare; the index takes \($0.size)" })

    static let mostlyNull = Lint(
        "DB109", "indexes.mostly-null", priority: 158, .info, title: "Index that is mostly NULL",
        explanation: """
            At least nine rows of ten hold NULL in the only column of the index. An index with the condition \
            "where column is not null" answers the same questions, is a tenth of the size, and is not touched when a \
            row without a value is written. Only a search for IS NULL itself would miss the others.
            """,
        source: "https://www.postgresql.org/docs/current/indexes-partial.html",
        mending: .buildIndex,
        advice: "build it again with the same columns and 'where … is not null', then drop this one",
        sight: .samples, .indexes,
        find: { limits in
            """
            select ix.schema, ix.name, ix.bytes, s.null_frac::float8 * 100 as value, a.attname::text as note
            from ix join pg_attribute a on a.attrelid = ix.table_oid and a.attnum = (ix.keys)[1]
            join pg_stats s on s.schemaname = ix.schema and s.tablename = ix.table_name and s.attname = a.attname
                and not s.inherited
            where ix.key_count = 1 and ix.method = 'btree' and ix.predicate is null and not ix.is_unique
                and ix.kind = 'i' and not ix.is_attached and ix.tuples >= \(limits.leastRows)::float8
                and ix.bytes >= \(limits.leastBytes)::bigint and s.null_frac >= 0.9
            """
        },
        say: { "\(Percentage(($0.value ?? 0).rounded())) of \($0.said) is NULL; the index takes \($0.size)" })

    static let indexWaitsForPartition = Lint(
        "DB110", "indexes.incomplete", priority: 70, .warning, title: "Partitioned index without all its partitions",
        explanation: """
            An index of a partitioned table that was created with ON ONLY becomes valid when an index of every partition \
            is attached. Until then the planner does not count on it, a unique one enforces nothing, and new partitions \
            still get one each.
            """,
        source:
            "https://www.postgresql.org/docs/current/ddl-partitioning.html#DDL-PARTITIONING-DECLARATIVE-MAINTENANCE",
        mending: .person,
        advice: "build the index on the partitions that lack it, and attach each with ALTER INDEX … ATTACH PARTITION",
        .indexes,
        find: { _ in "select schema, name, table_name as note from ix where kind = 'I' and not is_valid" },
        say: { "some partitions of \($0.said) have no index that is attached to it" })

    static let hashUnique = Lint(
        "DB111", "indexes.single-hash", priority: 205, .info, title: "Hash index",
        explanation: """
            A hash index answers equality alone: no order, no ranges, no uniqueness, no index-only scans. It is smaller \
            than a B-tree where values are long; elsewhere a B-tree does all of it.
            """,
        source: "https://www.postgresql.org/docs/current/hash-intro.html",
        mending: .buildIndex, advice: "build a B-tree concurrently beside it, then drop it", .indexes,
        find: { _ in
            """
            select ix.schema, ix.name, ix.bytes, format_type(a.atttypid, a.atttypmod) as note
            from ix join pg_attribute a on a.attrelid = ix.table_oid and a.attnum = (ix.keys)[1]
            where ix.method = 'hash' and not ix.is_attached and a.attlen > 0
            """
        },
        say: { "it hashes a \($0.said), which a B-tree holds in the same space and in order" })

    static let deepFillfactor = Lint(
        "DB112", "indexes.fillfactor", priority: 175, .info, title: "Index that is kept half empty",
        explanation: """
            The fill factor of the index is below 70: every page was left with that much room when it was built. Room \
            helps where values are put between others all the time; for keys that grow it is never filled.
            """,
        source: "https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-STORAGE-PARAMETERS",
        mending: .buildIndex, .indexes,
        find: { limits in
            """
            select schema, name, bytes, o.option_value::float8 as value,
                format('alter index %I.%I reset (fillfactor); reindex index concurrently %I.%I;', schema, name, schema,
                    name) as mend
            from ix cross join lateral pg_options_to_table(ix.options) o
            where o.option_name = 'fillfactor' and o.option_value::int < 70 and kind = 'i'
                and bytes >= \(limits.leastBytes)::bigint
            """
        },
        say: { "its pages were filled to \($0.count) % when it was built; it takes \($0.size)" })
}
