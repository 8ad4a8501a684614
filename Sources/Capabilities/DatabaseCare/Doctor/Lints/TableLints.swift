import Maintenance
import PostgreSQL

extension Lint {
    static let tables: [Lint] = [
        noPrimaryKey, uniqueButNoPrimaryKey, noReplicaIdentity, unloggedTable, triggersDisabled, manyColumns,
        rowsNotHot, readWhole, neverPopulated, notRefreshable, rulesOnTable, emptyForLong,
    ]

    static let noPrimaryKey = Lint(
        "DB130", "tables.no-primary-key", priority: 95, .warning, title: "Table without a primary key",
        explanation: """
            Nothing tells two rows of the table apart: duplicates cannot be removed one by one, logical replication \
            cannot repeat an UPDATE or DELETE, and tools that copy or compare tables have to read all of it. Partitions \
            are judged with the table they belong to.
            """,
        source: "https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-PRIMARY-KEYS",
        mending: .person, advice: "add a primary key, over columns that are unique or a new identity column", .tables,
        find: { _ in
            """
            select schema, name, bytes, tuples as value from rel
            where kind in ('r', 'p') and not is_partition and relnatts > 0 and not exists (
                select from pg_index i where i.indrelid = rel.oid and i.indisprimary)
                and not exists (
                    select from pg_index i where i.indrelid = rel.oid and i.indisunique and i.indisvalid
                        and i.indpred is null and 0 <> all (i.indkey::int2[]) and not exists (
                            select from pg_attribute a where a.attrelid = rel.oid and a.attnum = any (i.indkey::int2[])
                                and not a.attnotnull))
                and not exists (select from pg_inherits h where h.inhrelid = rel.oid)
            """
        },
        say: { "it has no primary key, and \($0.count) rows" })

    static let uniqueButNoPrimaryKey = Lint(
        "DB131", "tables.undeclared-primary-key", priority: 180, .info, title: "Primary key that nobody declared",
        explanation: """
            A unique index over columns that are never NULL is there, so rows can be told apart; but what asks the \
            catalogue for the primary key (replication, object mappers, this program's own digests) finds none. \
            Declaring it needs no new index.
            """,
        source:
            "https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-ADD-TABLE-CONSTRAINT-USING-INDEX",
        mending: .catalogue(.accessExclusive), .tables,
        find: { _ in
            """
            select r.schema, r.name, u.name as note,
                format('alter table %I.%I add primary key using index %I;', r.schema, r.name, u.name) as mend
            from rel r
            join lateral (
                select c.relname::text as name from pg_index i join pg_class c on c.oid = i.indexrelid
                where i.indrelid = r.oid and i.indisunique and i.indisvalid and i.indpred is null and i.indimmediate
                    and 0 <> all (i.indkey::int2[]) and c.relkind = 'i' and 0 = all (i.indoption::int2[])
                    and not exists (
                        select from unnest(i.indclass::oid[]) k (class) join pg_opclass o on o.oid = k.class
                        where not o.opcdefault)
                    and not exists (
                        select from unnest(i.indkey::int2[], i.indcollation::oid[]) k (attnum, sorting)
                        join pg_attribute a on a.attrelid = r.oid and a.attnum = k.attnum
                        where k.sorting <> a.attcollation)
                    and not exists (select from pg_constraint k where k.conindid = i.indexrelid)
                    and not exists (
                        select from pg_attribute a where a.attrelid = r.oid and a.attnum = any (i.indkey::int2[])
                            and not a.attnotnull)
                order by i.indnkeyatts, c.relname limit 1) u on true
            where r.kind = 'r' and not r.is_partition
                and not exists (select from pg_index i where i.indrelid = r.oid and i.indisprimary)
            """
        },
        say: { "\($0.said) is unique over columns that are never NULL, and is not its primary key" })

    static let noReplicaIdentity = Lint(
        "DB132", "tables.replica-identity", priority: 35, .critical, title: "Published table whose changes fail",
        explanation: """
            The table is published for logical replication with its UPDATEs or DELETEs and has nothing to tell its rows \
            apart by: no primary key, or a replica identity of nothing. The server refuses every UPDATE and DELETE of it \
            for as long as that is so.
            """,
        source: "https://www.postgresql.org/docs/current/logical-replication-publication.html",
        mending: .catalogue(.accessExclusive), .tables,
        find: { _ in
            """
            select distinct r.schema, r.name, p.pubname::text as note,
                format('alter table %I.%I replica identity full;', r.schema, r.name) as mend
            from rel r
            join pg_publication_tables t on t.schemaname = r.schema and t.tablename = r.name
            join pg_publication p on p.pubname = t.pubname
            where (p.pubupdate or p.pubdelete) and r.kind = 'r' and (r.identity = 'n' or r.identity = 'd' and not exists (
                select from pg_index i where i.indrelid = r.oid and i.indisprimary))
            """
        },
        say: { "publication \($0.said) sends its changes, and nothing tells its rows apart: UPDATE and DELETE fail" })

    static let unloggedTable = Lint(
        "DB133", "tables.unlogged", priority: 45, .warning, title: "Table that a crash empties",
        explanation: """
            An unlogged table writes no WAL: after a crash it is empty, a standby never has its rows, and no physical \
            backup holds them. That is right for scratch data alone. Making it logged writes the whole table.
            """,
        source: "https://www.postgresql.org/docs/current/sql-createtable.html#SQL-CREATETABLE-UNLOGGED",
        mending: .rewrite, .tables,
        find: { limits in
            """
            select schema, name, bytes, tuples as value,
                format('alter table %I.%I set logged;', schema, name) as mend
            from rel where persistence = 'u' and kind = 'r' and tuples >= \(limits.leastRows)::float8
            """
        },
        say: { "it is unlogged, and a crash would lose its \($0.count) rows" })

    static let triggersDisabled = Lint(
        "DB134", "tables.triggers-disabled", priority: 22, .critical, title: "Foreign key that is not enforced",
        explanation: """
            The triggers that enforce foreign keys are switched off for this table, as data loads do (ALTER TABLE … \
            DISABLE TRIGGER ALL) and forget to undo. Rows that refer to nothing are accepted meanwhile, and switching \
            the triggers on again checks none of them: look with 'data validate-relationships'.
            """,
        source:
            "https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-DISABLE-ENABLE-TRIGGER",
        mending: .catalogue(.shareRowExclusive), .tables,
        find: { _ in
            """
            select r.schema, r.name, k.conname::text as part,
                string_agg(format('alter table %I.%I enable trigger %I;', r.schema, r.name, t.tgname), ' ' order by t.tgname)
                    as mend
            from rel r join pg_trigger t on t.tgrelid = r.oid join pg_constraint k on k.oid = t.tgconstraint
            where t.tgisinternal and t.tgenabled in ('D', 'R') and k.contype = 'f'
            group by r.schema, r.name, k.conname
            """
        },
        say: { _ in "its triggers are disabled: rows that refer to nothing are accepted" })

    static let manyColumns = Lint(
        "DB135", "tables.columns-used-up", priority: 65, .warning, critical: 1_500, title: "Columns nearly used up",
        explanation: """
            A table has 1,600 columns in its life: a dropped one is never given back. When they are used up no column \
            can be added any more, and only a new table helps.
            """,
        source: "https://www.postgresql.org/docs/current/limits.html",
        mending: .rewrite, advice: "copy the table into a new one", .tables,
        find: { _ in
            """
            select schema, name, bytes, relnatts::float8 as value,
                (select count(*) from pg_attribute a where a.attrelid = rel.oid and a.attnum > 0 and a.attisdropped)::float8
                    as bound
            from rel where relnatts >= 1000
            """
        },
        say: { "\($0.count) of 1,600 columns are used up, \(Int64($0.bound ?? 0).grouped) of them dropped ones" })

    static let rowsNotHot = Lint(
        "DB136", "tables.fill-factor", priority: 140, .info, title: "Updates that find no room on their page",
        explanation: """
            An UPDATE that changes no indexed column and finds room on the row's own page touches no index (HOT). Less \
            than half of this table's updates did. Where the pages are full, a fill factor of 90 leaves room for them; it \
            counts for pages that are written from then on. Where they change indexed columns it helps nothing.
            """,
        source: "https://www.postgresql.org/docs/current/storage-hot.html",
        mending: .catalogue(.shareUpdateExclusive), isOfPrimary: true, .tables,
        find: { limits in
            """
            select schema, name, bytes, 100.0 * hot / updated as value, updated as bound,
                format('alter table %I.%I set (fillfactor = 90);', schema, name) as mend
            from (
                select schema, name, bytes, options, pg_stat_get_tuples_updated(oid)::float8 as updated,
                    pg_stat_get_tuples_hot_updated(oid)::float8 as hot
                from rel where kind = 'r') t
            where updated >= \(limits.manyWrites)::float8 and hot < updated / 2
                and not exists (select from pg_options_to_table(options) o where o.option_name = 'fillfactor')
            """
        },
        say: { hit in
            "\(Percentage((hit.value ?? 0).rounded())) of \(Int64(hit.bound ?? 0).grouped) updates found room on their "
                + "page"
        })

    static let readWhole = Lint(
        "DB137", "tables.read-whole", priority: 115, .info, title: "Large table that is read from end to end",
        explanation: """
            Statements have read the whole of this table again and again since the counters began. An index for what \
            they look for is missing, or they really need every row: 'queries.slow' shows which statements take the \
            time.
            """,
        source: "https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-ALL-TABLES-VIEW",
        mending: .person, advice: "find the statements (mainstay db doctor --family=queries) and explain them", .tables,
        find: { limits in
            """
            select schema, name, bytes, scans as value, returned / scans as bound
            from (
                select schema, name, bytes, tuples, pg_stat_get_numscans(oid)::float8 as scans,
                    pg_stat_get_tuples_returned(oid)::float8 as returned
                from rel where kind in ('r', 'm')) t
            where tuples >= \(limits.manyRows)::float8 and scans >= 50 and returned / scans >= tuples / 2
            """
        },
        say: { "it was read from end to end \($0.count) times, \(Int64($0.bound ?? 0).grouped) rows each" })

    static let neverPopulated = Lint(
        "DB138", "tables.not-populated", priority: 75, .warning, title: "Materialised view that was never filled",
        explanation: """
            The view was created WITH NO DATA, or restored without, and never refreshed: every query of it fails.
            """,
        source: "https://www.postgresql.org/docs/current/sql-refreshmaterializedview.html",
        mending: .rewrite, .tables,
        find: { _ in
            """
            select schema, name, bytes, format('refresh materialized view %I.%I;', schema, name) as mend
            from rel where kind = 'm' and not relispopulated
            """
        },
        say: { _ in "it was never filled, so that every query of it fails" })

    static let notRefreshable = Lint(
        "DB139", "tables.refresh-blocks", priority: 168, .info,
        title: "Materialised view whose refresh shuts readers out",
        explanation: """
            Without a unique index over plain columns the view cannot be refreshed CONCURRENTLY, and each refresh shuts \
            out everybody who reads it for as long as it takes.
            """,
        source: "https://www.postgresql.org/docs/current/sql-refreshmaterializedview.html",
        mending: .person, advice: "create a unique index over the columns that tell its rows apart", .tables,
        find: { limits in
            """
            select schema, name, bytes, tuples as value from rel
            where kind = 'm' and relispopulated and tuples >= \(limits.leastRows)::float8 and not exists (
                select from pg_index i where i.indrelid = rel.oid and i.indisunique and i.indisvalid
                    and i.indpred is null and 0 <> all (i.indkey::int2[]))
            """
        },
        say: { "no unique index, so that a refresh of its \($0.count) rows shuts out its readers" })

    static let rulesOnTable = Lint(
        "DB140", "tables.rules", priority: 210, .info, title: "Table with rewrite rules",
        explanation: """
            A rule rewrites statements before they are planned: it may run an expression twice, counts rows otherwise \
            than people expect, and does not see COPY. A trigger does the same without surprises.
            """,
        source: "https://wiki.postgresql.org/wiki/Don%27t_Do_This#Don.27t_use_rules",
        mending: .person, advice: "replace the rule by a trigger", .tables,
        find: { _ in
            """
            select r.schema, r.name, w.rulename::text as part from rel r join pg_rewrite w on w.ev_class = r.oid
            where r.kind in ('r', 'p') and w.rulename <> '_RETURN'
            """
        },
        say: { _ in "a rule rewrites its statements" })

    static let emptyForLong = Lint(
        "DB141", "tables.untouched", priority: 190, .info, title: "Table that nobody has touched",
        explanation: """
            For at least a business cycle nobody has read or written the table. It may be a forgotten copy; or it is \
            read once a year. It still takes space in every backup. Partitions are left out.
            """,
        source: "https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-ALL-TABLES-VIEW",
        mending: .person, advice: "ask its owner, and archive it before it is dropped", isOfPrimary: true, .tables,
        find: { limits in
            """
            select schema, name, bytes, extract(epoch from now() - epoch.since)::float8 as value
            from rel, epoch
            where kind = 'r' and not is_partition and bytes >= \(limits.leastBytes)::bigint
                and epoch.since <= now() - \(limits.businessCycle)::interval
                and pg_stat_get_numscans(oid) = 0 and pg_stat_get_tuples_inserted(oid) = 0
                and pg_stat_get_tuples_updated(oid) = 0 and pg_stat_get_tuples_deleted(oid) = 0
                and not exists (
                    select from pg_index i where i.indrelid = rel.oid and pg_stat_get_numscans(i.indexrelid) > 0)
            """
        },
        say: { "nobody has read or written it in \(Duration.seconds($0.value ?? 0).short); it takes \($0.size)" })
}
