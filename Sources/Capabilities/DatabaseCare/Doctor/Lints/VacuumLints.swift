import Maintenance
import PostgreSQL

extension Lint {
    static let vacuum: [Lint] = [
        freezeOverdue, multixactOverdue, horizonHeld, autovacuumOff, toastAutovacuumOff, deadRows, scaleOfLarge,
        neverVacuumed, statisticsNeverTaken, freezeAgeRaised,
    ]

    static let freezeOverdue = Lint(
        "DB150", "vacuum.freeze-overdue", priority: 20, .warning, critical: 1_200_000_000,
        title: "Table whose freezing is overdue",
        explanation: """
            The oldest transaction in the table is a quarter older than the age at which autovacuum freezes it by force. \
            Something keeps that from happening: an old transaction or slot ('vacuum.horizon'), locks that cancel it, or \
            too little of it. At two thousand million the server takes no more changes.
            """,
        source: "https://www.postgresql.org/docs/current/routine-vacuuming.html#VACUUM-FOR-WRAPAROUND",
        mending: .reading(.shareUpdateExclusive), .tables,
        find: { limits in
            """
            select schema, name, bytes, age as value, most as bound,
                format('vacuum (freeze) %I.%I;', schema, name) as mend
            from (
                select schema, name, bytes, greatest(age(relfrozenxid),
                        (select age(t.relfrozenxid) from pg_class t where t.oid = reltoastrelid))::float8 as age,
                    least(current_setting('autovacuum_freeze_max_age')::float8, (
                        select o.option_value::float8 from pg_options_to_table(options) o
                        where o.option_name = 'autovacuum_freeze_max_age')) as most
                from rel where relfrozenxid <> '0') t
            where age > greatest(most * \(limits.freezeShare)::float8, \(limits.freezeAge)::float8)
            """
        },
        say: { hit in
            "its oldest transaction is \(hit.count) old; autovacuum should have frozen it at "
                + "\(Int64(hit.bound ?? 0).grouped)"
        })

    static let multixactOverdue = Lint(
        "DB151", "vacuum.multixact-overdue", priority: 21, .warning, critical: 1_200_000_000,
        title: "Table whose multixacts are overdue",
        explanation: """
            Rows that several transactions lock at once carry a multixact id, of which there are as few as of \
            transaction ids. The oldest in this table is a quarter older than the age at which autovacuum removes it by \
            force.
            """,
        source: "https://www.postgresql.org/docs/current/routine-vacuuming.html#VACUUM-FOR-MULTIXACT-WRAPAROUND",
        mending: .reading(.shareUpdateExclusive), .tables,
        find: { limits in
            """
            select schema, name, bytes, age as value, most as bound,
                format('vacuum (freeze) %I.%I;', schema, name) as mend
            from (
                select schema, name, bytes, mxid_age(relminmxid)::float8 as age,
                    current_setting('autovacuum_multixact_freeze_max_age')::float8 as most
                from rel where relminmxid <> '0') t
            where age > greatest(most * \(limits.freezeShare)::float8, \(limits.freezeAge)::float8)
            """
        },
        say: { hit in
            "its oldest multixact is \(hit.count) old; autovacuum should have removed it at "
                + "\(Int64(hit.bound ?? 0).grouped)"
        })

    static let horizonHeld = Lint(
        "DB152", "vacuum.horizon", priority: 25, .critical, title: "Something keeps VACUUM from cleaning up",
        explanation: """
            VACUUM may only remove what nobody can see any more. A transaction, a prepared transaction, a replication \
            slot or a standby's feedback still holds on to a state that is millions of transactions old: dead rows of \
            every table pile up, and nothing is frozen. The finding names who it is. End the session, finish the \
            prepared transaction, or drop the slot if its reader never comes back.
            """,
        source: "https://www.postgresql.org/docs/current/routine-vacuuming.html#VACUUM-FOR-SPACE-RECOVERY",
        mending: .person, advice: "end it: mainstay db connections shows the session", sight: .monitor, .cluster,
        find: { limits in
            """
            select name, value, note, mend from (
                select 'process ' || pid as name, greatest(age(backend_xmin), age(backend_xid))::float8 as value,
                    concat_ws(', ', usename, state, nullif(application_name, '')) as note,
                    format('select pg_terminate_backend(%s);', pid) as mend
                from pg_stat_activity where (backend_xmin is not null or backend_xid is not null)
                    and pid not in (select pid from pg_stat_progress_vacuum) and backend_type <> 'autovacuum worker'
                    and backend_type <> 'walsender'
                union all
                select 'standby ' || coalesce(nullif(application_name, ''), pid::text), age(backend_xmin)::float8,
                    'its feedback', null
                from pg_stat_replication where backend_xmin is not null
                union all
                select 'replication slot ' || slot_name, greatest(age(xmin), age(catalog_xmin))::float8,
                    case when active then 'in use' else 'not in use' end,
                    case when not active then format('select pg_drop_replication_slot(%L);', slot_name) end
                from pg_replication_slots where xmin is not null or catalog_xmin is not null
                union all
                select 'prepared transaction ' || gid, age(transaction)::float8, 'of ' || owner,
                    format('rollback prepared %L;', gid)
                from pg_prepared_xacts) held
            where value >= \(limits.horizonAge)::float8
            """
        },
        say: { "it (\($0.said)) keeps what \($0.count) transactions have left behind from being removed" })

    static let autovacuumOff = Lint(
        "DB153", "vacuum.switched-off", priority: 50, .warning, title: "Table that autovacuum leaves alone",
        explanation: """
            Autovacuum is switched off for the table. Dead rows stay, statistics grow stale, and only the freezing that \
            prevents wraparound comes, all at once. It is right for a table that a job of its own vacuums.
            """,
        source: "https://www.postgresql.org/docs/current/sql-createtable.html#SQL-CREATETABLE-STORAGE-PARAMETERS",
        mending: .catalogue(.shareUpdateExclusive), .tables,
        find: { limits in
            """
            select schema, name, bytes, tuples as value,
                format('alter table %I.%I reset (autovacuum_enabled);', schema, name) as mend
            from rel cross join lateral pg_options_to_table(options) o
            where o.option_name = 'autovacuum_enabled' and not o.option_value::boolean
                and tuples >= \(limits.leastRows)::float8
            """
        },
        say: { "autovacuum is switched off for it, and it has \($0.count) rows" })

    static let toastAutovacuumOff = Lint(
        "DB154", "vacuum.switched-off-toast", priority: 52, .warning,
        title: "Large values that autovacuum leaves alone",
        explanation: """
            Autovacuum is switched off for the table's TOAST table, where its large values lie: what UPDATEs and DELETEs \
            leave behind there is never removed.
            """,
        source: "https://www.postgresql.org/docs/current/storage-toast.html",
        mending: .catalogue(.shareUpdateExclusive), .tables,
        find: { _ in
            """
            select r.schema, r.name, t.relpages::bigint * current_setting('block_size')::bigint as bytes,
                format('alter table %I.%I reset (toast.autovacuum_enabled);', r.schema, r.name) as mend
            from rel r join pg_class t on t.oid = r.reltoastrelid
            cross join lateral pg_options_to_table(t.reloptions) o
            where o.option_name = 'autovacuum_enabled' and not o.option_value::boolean
                and not exists (
                    select from pg_options_to_table(r.options) p
                    where p.option_name = 'autovacuum_enabled' and not p.option_value::boolean)
            """
        },
        say: { "autovacuum is switched off for its large values (\($0.size))" })

    static let deadRows = Lint(
        "DB155", "vacuum.dead-rows", priority: 100, .warning, title: "Table that autovacuum cannot keep up with",
        explanation: """
            The table has more than twice the dead rows at which autovacuum begins, by its own thresholds or the \
            server's. Queries read over them. Autovacuum is too slow, is cancelled by locks again and again, or is held \
            up ('vacuum.horizon').
            """,
        source: "https://www.postgresql.org/docs/current/routine-vacuuming.html#AUTOVACUUM",
        mending: .reading(.shareUpdateExclusive), isOfPrimary: true, .tables,
        find: { limits in
            """
            select schema, name, bytes, dead as value, begins as bound,
                format('vacuum (analyze) %I.%I;', schema, name) as mend
            from (
                select schema, name, bytes, pg_stat_get_dead_tuples(oid)::float8 as dead,
                    coalesce((select o.option_value from pg_options_to_table(options) o
                        where o.option_name = 'autovacuum_vacuum_threshold'),
                        current_setting('autovacuum_vacuum_threshold'))::float8
                    + coalesce((select o.option_value from pg_options_to_table(options) o
                        where o.option_name = 'autovacuum_vacuum_scale_factor'),
                        current_setting('autovacuum_vacuum_scale_factor'))::float8 * tuples as begins
                from rel where kind in ('r', 'm')) t
            where dead > 2 * begins and dead >= \(limits.leastRows)::float8
            """
        },
        say: { "\($0.count) dead rows; autovacuum begins at \(Int64($0.bound ?? 0).grouped)" })

    static let scaleOfLarge = Lint(
        "DB156", "vacuum.scale-factor", priority: 125, .info, title: "Large table with the scale factor of a small one",
        explanation: """
            Autovacuum begins when a fifth of a table is dead. In a table of many millions of rows that is hours of work \
            at once, and until then every query reads over the rest. A smaller factor makes it come often and briefly. \
            The one proposed lets about a million dead rows gather.
            """,
        source:
            "https://www.postgresql.org/docs/current/runtime-config-autovacuum.html#GUC-AUTOVACUUM-VACUUM-SCALE-FACTOR",
        mending: .catalogue(.shareUpdateExclusive), isOfPrimary: true, .tables,
        find: { limits in
            """
            select schema, name, bytes, tuples as value, 100 * factor as bound,
                format('alter table %I.%I set (autovacuum_vacuum_scale_factor = %s);', schema, name,
                    greatest(round((1000000 / tuples)::numeric, 3), 0.001)) as mend
            from (
                select schema, name, bytes, tuples, pg_stat_get_tuples_updated(oid) + pg_stat_get_tuples_deleted(oid) as churn,
                    coalesce((select o.option_value from pg_options_to_table(options) o
                        where o.option_name = 'autovacuum_vacuum_scale_factor'),
                        current_setting('autovacuum_vacuum_scale_factor'))::float8 as factor
                from rel where kind = 'r') t
            where tuples >= 10 * \(limits.manyRows)::float8 and factor * tuples > 2000000
                and churn >= \(limits.manyWrites)::float8
            """
        },
        say: { hit in
            "autovacuum waits for \(Percentage(hit.bound ?? 0)) of its \(hit.count) rows to be dead"
        })

    static let neverVacuumed = Lint(
        "DB157", "vacuum.never", priority: 120, .info, title: "Large table that was never vacuumed",
        explanation: """
            Nobody has vacuumed the table since the counters began, and hardly any of its pages are marked as visible to \
            all. Queries that could be answered from an index alone read the table as well, and one day all of it is \
            frozen at once.
            """,
        source: "https://www.postgresql.org/docs/current/routine-vacuuming.html#VACUUM-FOR-VISIBILITY-MAP",
        mending: .reading(.shareUpdateExclusive), isOfPrimary: true, .tables,
        find: { limits in
            """
            select schema, name, bytes, tuples as value, 100.0 * relallvisible / relpages as bound,
                format('vacuum (analyze) %I.%I;', schema, name) as mend
            from rel
            where kind in ('r', 'm') and tuples >= \(limits.manyRows)::float8 and relpages > 0
                and relallvisible * 10.0 < relpages and pg_stat_get_last_vacuum_time(oid) is null
                and pg_stat_get_last_autovacuum_time(oid) is null
            """
        },
        say: { "it has \($0.count) rows, and nobody has vacuumed it since the counters began" })

    static let statisticsNeverTaken = Lint(
        "DB158", "vacuum.no-statistics", priority: 102, .warning, title: "Table the planner knows nothing of",
        explanation: """
            The table has rows, and no statistics of any of its columns: the planner guesses. It was restored or loaded \
            and not analysed since, or autovacuum does not come to it.
            """,
        source: "https://www.postgresql.org/docs/current/routine-vacuuming.html#VACUUM-FOR-STATISTICS",
        mending: .reading(.shareUpdateExclusive), isOfPrimary: true, .tables,
        find: { limits in
            """
            select schema, name, bytes, tuples as value, format('analyze %I.%I;', schema, name) as mend
            from rel
            where kind in ('r', 'm') and tuples >= \(limits.leastRows)::float8 and relnatts > 0
                and pg_stat_get_last_analyze_time(oid) is null and pg_stat_get_last_autoanalyze_time(oid) is null
                and pg_stat_get_mod_since_analyze(oid) >= tuples
            """
        },
        say: { "the planner has no statistics of its \($0.count) rows" })

    static let freezeAgeRaised = Lint(
        "DB159", "vacuum.freeze-postponed", priority: 196, .info, title: "Limit of freezing that does nothing",
        explanation: """
            The table has a limit of its own for the age of its transactions that is larger than the server's. Autovacuum \
            ignores a larger one: somebody believes in a setting that does nothing.
            """,
        source: "https://www.postgresql.org/docs/current/runtime-config-autovacuum.html#GUC-AUTOVACUUM-FREEZE-MAX-AGE",
        mending: .catalogue(.shareUpdateExclusive), .tables,
        find: { _ in
            """
            select schema, name, bytes, o.option_value::float8 as value,
                format('alter table %I.%I reset (autovacuum_freeze_max_age);', schema, name) as mend
            from rel cross join lateral pg_options_to_table(options) o
            where o.option_name = 'autovacuum_freeze_max_age' and o.option_value::float8 > current_setting('autovacuum_freeze_max_age')::float8
            """
        },
        say: { "its own limit of \($0.count) transactions is larger than the server's, and ignored" })
}
