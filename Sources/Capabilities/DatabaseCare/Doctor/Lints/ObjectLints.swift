import Maintenance
import PostgreSQL

extension Lint {
    static let objects: [Lint] = [
        definerSearchPath, extensionOutdated, extensionInPublic, publicMayCreate, indexFunctionPath,
        eventTriggerOff, orphanedTemporary, mixedCase, largeObjectsUnowned,
    ]

    static let definerSearchPath = Lint(
        "DB206", "schema.definer-search-path", priority: 42, .warning,
        title: "Function with its owner's rights and the caller's search path",
        explanation: """
            A SECURITY DEFINER function without a search path of its own looks names up where the caller says. Whoever \
            may create an object in a schema of that path runs code with the owner's rights.
            """,
        source: "https://www.postgresql.org/docs/current/sql-createfunction.html#SQL-CREATEFUNCTION-SECURITY",
        mending: .catalogue(.accessShare), .objects,
        find: { _ in
            """
            select n.nspname::text as schema, p.proname::text as name, pg_get_function_identity_arguments(p.oid) as part,
                format('alter %s %I.%I(%s) set search_path = pg_catalog, %I, pg_temp;',
                    case p.prokind when 'p' then 'procedure' else 'function' end, n.nspname, p.proname,
                    pg_get_function_identity_arguments(p.oid), n.nspname) as mend
            from pg_proc p join pg_namespace n on n.oid = p.pronamespace
            where p.prosecdef and n.nspname not in ('pg_catalog', 'information_schema')
                and not exists (select from unnest(p.proconfig) s where s like 'search_path=%')
                and not exists (select from ext e where e.classid = 'pg_proc'::regclass and e.objid = p.oid)
            """
        },
        say: { _ in "it runs with its owner's rights and the caller's search path" })

    static let extensionOutdated = Lint(
        "DB207", "schema.extension-outdated", priority: 135, .info, title: "Extension that was not updated",
        explanation: """
            The server has a newer version of the extension than the one the database uses: the library is the new one, \
            its SQL objects are the old ones. Read its release notes, then update.
            """,
        source: "https://www.postgresql.org/docs/current/sql-alterextension.html",
        mending: .catalogue(.accessExclusive), .cluster,
        find: { _ in
            """
            select x.extname::text as name, x.extversion || ' and not ' || a.default_version as note,
                format('alter extension %I update;', x.extname) as mend
            from pg_extension x join pg_available_extensions() a on a.name = x.extname
            where a.default_version <> x.extversion
                and exists (select from pg_extension_update_paths(x.extname) u
                    where u.source = x.extversion and u.target = a.default_version and u.path is not null)
            """
        },
        say: { "the database uses version \($0.said)" })

    static let extensionInPublic = Lint(
        "DB208", "schema.extension-in-public", priority: 212, .info, title: "Extension in the schema public",
        explanation: """
            The extension's functions stand among the application's own objects, where names can clash, and everybody \
            with rights to the schema reaches them. A schema of its own keeps them apart.
            """,
        source: "https://supabase.com/docs/guides/database/database-advisors?lint=0014_extension_in_public",
        mending: .catalogue(.accessExclusive), .cluster,
        find: { _ in
            """
            select x.extname::text as name from pg_extension x join pg_namespace n on n.oid = x.extnamespace
            where n.nspname = 'public' and x.extrelocatable
            """
        },
        say: { _ in "its objects lie in the schema public" })

    static let publicMayCreate = Lint(
        "DB209", "schema.public-create", priority: 44, .warning, title: "Schema in which everybody may create",
        explanation: """
            Every role may create objects in the schema. Whoever does so under the name of a function or table that \
            others use without a schema gets them to run it. From 15 on new databases do not allow it; older ones keep \
            the right through every upgrade.
            """,
        source: "https://www.postgresql.org/docs/current/ddl-schemas.html#DDL-SCHEMAS-PATTERNS",
        mending: .catalogue(.accessShare), .cluster,
        find: { _ in
            """
            select n.nspname::text as name, format('revoke create on schema %I from public;', n.nspname) as mend
            from pg_namespace n cross join lateral aclexplode(n.nspacl) a
            where a.grantee = 0 and a.privilege_type = 'CREATE' and n.nspname !~ '^pg_'
            """
        },
        say: { _ in "every role may create objects in it" })

    static let indexFunctionPath = Lint(
        "DB210", "schema.index-function-path", priority: 68, .warning,
        title: "Function in an index that depends on the search path",
        explanation: """
            An index is built over a function written in SQL or PL/pgSQL without a search path of its own. VACUUM, \
            REINDEX, and from 17 on every maintenance command run with a safe search path: what the function names \
            without a schema is not found there, and a restore or rebuild of the index fails.
            """,
        source: "https://www.postgresql.org/docs/17/release-17.html#RELEASE-17-MIGRATION",
        mending: .catalogue(.accessShare), .objects,
        find: { _ in
            """
            select distinct n.nspname::text as schema, p.proname::text as name,
                pg_get_function_identity_arguments(p.oid) as part, c.relname::text as note,
                format('alter function %I.%I(%s) set search_path = pg_catalog, %I;', n.nspname, p.proname,
                    pg_get_function_identity_arguments(p.oid), n.nspname) as mend
            from pg_index i join rel r on r.oid = i.indrelid
            join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = i.indexrelid
                and d.refclassid = 'pg_proc'::regclass
            join pg_proc p on p.oid = d.refobjid join pg_language l on l.oid = p.prolang
            join pg_namespace n on n.oid = p.pronamespace
            join pg_class c on c.oid = i.indexrelid
            where l.lanname in ('sql', 'plpgsql') and n.nspname <> 'pg_catalog'
                and not exists (select from unnest(p.proconfig) s where s like 'search_path=%')
                and p.prosqlbody is null
                and not exists (select from ext e where e.classid = 'pg_proc'::regclass and e.objid = p.oid)
            """
        },
        say: { "index \($0.said) is built over it, and it looks names up on the caller's search path" })

    static let eventTriggerOff = Lint(
        "DB211", "schema.event-trigger-off", priority: 185, .info, title: "Event trigger that is switched off",
        explanation: "Somebody switched the event trigger off; what it kept or recorded is not kept or recorded now.",
        source: "https://www.postgresql.org/docs/current/sql-altereventtrigger.html",
        mending: .catalogue(.accessShare), .cluster,
        find: { _ in
            """
            select evtname::text as name, format('alter event trigger %I enable;', evtname) as mend
            from pg_event_trigger where evtenabled = 'D'
            """
        },
        say: { _ in "it is switched off" })

    static let orphanedTemporary = Lint(
        "DB212", "schema.orphaned-temporary", priority: 82, .warning,
        title: "Temporary table that has grown old",
        explanation: """
            Autovacuum cannot vacuum or freeze a temporary table: only the session it belongs to can. A pooled session that \
            keeps one for weeks holds back the oldest transaction of the whole database. What a crash has left behind \
            autovacuum drops by itself.
            """,
        source: "https://www.postgresql.org/docs/current/routine-vacuuming.html#VACUUM-FOR-WRAPAROUND",
        mending: .person, advice: "end the session it belongs to, or let it vacuum the table", .cluster,
        find: { limits in
            """
            select n.nspname::text as schema, c.relname::text as name, age(c.relfrozenxid)::float8 as value,
                c.relpages::bigint * current_setting('block_size')::bigint as bytes
            from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where c.relpersistence = 't' and c.relkind = 'r' and age(c.relfrozenxid) >= \(limits.freezeAge)::float8
            """
        },
        say: { "it is a temporary table whose oldest transaction is \($0.count) old" })

    static let mixedCase = Lint(
        "DB213", "schema.mixed-case", priority: 220, .info, title: "Name that always needs quotes",
        explanation: """
            The name of the table has upper-case letters, so that every statement has to put it in quotes; without them \
            the server looks for the name in lower case.
            """,
        source: "https://wiki.postgresql.org/wiki/Don%27t_Do_This#Don.27t_use_upper_case_table_or_column_names",
        mending: .catalogue(.accessExclusive), .objects,
        find: { _ in "select schema, name from rel where name ~ '[A-Z]' and not is_partition" },
        say: { _ in "every statement has to put its name in quotes" })

    static let largeObjectsUnowned = Lint(
        "DB214", "schema.large-objects", priority: 188, .info, title: "Large objects that no column refers to",
        explanation: """
            The database holds large objects, and no table has a column of type oid or lo that could refer to one. They \
            stay when the rows they belonged to are deleted.
            """,
        source: "https://www.postgresql.org/docs/current/vacuumlo.html",
        mending: .person, advice: "ask what wrote them: a text column may hold their numbers too", .objects,
        find: { _ in
            """
            select current_database()::text as name, count(*)::float8 as value from pg_largeobject_metadata
            where not exists (
                select from pg_attribute a join rel r on r.oid = a.attrelid join pg_type t on t.oid = a.atttypid
                where a.attnum > 0 and not a.attisdropped and (t.oid = 'oid'::regtype or t.typname = 'lo'))
            having count(*) > 0
            """
        },
        say: { "\($0.count) large objects, and no column that could refer to one" })
}
