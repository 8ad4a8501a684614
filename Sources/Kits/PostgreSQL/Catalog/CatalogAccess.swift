extension CatalogTopic {
    /// Who may do what.
    static var access: [CatalogTopic] {
        let tables: SQL = """
            select pg_catalog.format('%s %I.%I', case when c.relkind = 'S' then 'sequence' else 'table' end, n.nspname,
                    c.relname) as object,
                c.relacl as acl, case when c.relkind = 'S' then 's' else 'r' end::"char" as kind, c.relowner as owner
            from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and c.relpersistence <> 't' and \(isUsers("n"))
                and \(isOwn("pg_class", "c.oid"))
            """
        let columns: SQL = """
            select pg_catalog.format('column %I.%I.%I', n.nspname, c.relname, a.attname) as object, a.attacl as acl,
                'c'::"char" as kind, c.relowner as owner
            from pg_catalog.pg_attribute a
                join pg_catalog.pg_class c on c.oid = a.attrelid
                join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            where a.attacl is not null and not a.attisdropped and c.relpersistence <> 't' and \(isUsers("n"))
                and \(isOwn("pg_class", "c.oid"))
            """
        let schemas: SQL = """
            select pg_catalog.format('schema %I', n.nspname) as object, n.nspacl as acl, 'n'::"char" as kind,
                n.nspowner as owner
            from pg_catalog.pg_namespace n
            where \(isUsers("n")) and \(isOwn("pg_namespace", "n.oid"))
            """
        let routines: SQL = """
            select pg_catalog.format('routine %I.%I(%s)', n.nspname, p.proname,
                    pg_catalog.oidvectortypes(p.proargtypes)) as object,
                p.proacl as acl, 'f'::"char" as kind, p.proowner as owner
            from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
            where \(isUsers("n")) and \(isOwn("pg_proc", "p.oid"))
            """
        let types: SQL = """
            select pg_catalog.format('type %I.%I', n.nspname, t.typname) as object, t.typacl as acl, 'T'::"char" as kind,
                t.typowner as owner
            from pg_catalog.pg_type t join pg_catalog.pg_namespace n on n.oid = t.typnamespace
            where t.typacl is not null and \(isUsers("n")) and \(isOwn("pg_type", "t.oid"))
            """
        let others: SQL = """
            select pg_catalog.format('language %I', l.lanname) as object, l.lanacl as acl, 'l'::"char" as kind,
                l.lanowner as owner
            from pg_catalog.pg_language l where l.lanacl is not null
            union all
            select pg_catalog.format('foreign data wrapper %I', f.fdwname), f.fdwacl, 'F'::"char", f.fdwowner
            from pg_catalog.pg_foreign_data_wrapper f
            union all
            select pg_catalog.format('foreign server %I', s.srvname), s.srvacl, 'S'::"char", s.srvowner
            from pg_catalog.pg_foreign_server s
            union all
            select 'database', d.datacl, 'd'::"char", d.datdba
            from pg_catalog.pg_database d where d.datname = pg_catalog.current_database()
            """
        return [tables, columns, schemas, routines, types, others].flatMap {
            [CatalogTopic(survey: grants($0)), CatalogTopic(survey: revocations($0))]
        } + [CatalogTopic(survey: defaultPrivileges)]
    }

    private static let grantee: SQL =
        "case when a.grantee = 0 then 'public' else pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) end"

    private static let privileges: SQL = """
        pg_catalog.string_agg(distinct a.privilege_type || case when a.is_grantable then ' with grant option' else '' end,
            ', ')
        """

    /// What others than the owner may do; no access list at all means the kind's default one.
    private static func grants(_ objects: SQL) -> SurveySQL {
        """
        select 'grant' as kind, o.object || ' to ' || \(grantee) as name, \(privileges) as fact
        from (\(objects)) o
            cross join lateral pg_catalog.aclexplode(coalesce(o.acl, pg_catalog.acldefault(o.kind, o.owner))) a
        where a.grantee <> o.owner
        group by o.object, a.grantee
        """
    }

    /// What an owner has taken from itself. MAINTAIN came with 17 and is in every owner's list since.
    private static func revocations(_ objects: SQL) -> SurveySQL {
        """
        select 'grant' as kind, o.object || ' to its owner' as name,
            'without ' || pg_catalog.string_agg(d.privilege_type, ', ' order by d.privilege_type collate "C") as fact
        from (\(objects)) o cross join lateral pg_catalog.aclexplode(pg_catalog.acldefault(o.kind, o.owner)) d
        where o.acl is not null and d.grantee = o.owner and d.privilege_type <> 'MAINTAIN'
            and not exists (
                select from pg_catalog.aclexplode(o.acl) a
                where a.grantee = o.owner and a.privilege_type = d.privilege_type)
        group by o.object
        """
    }

    private static var defaultPrivileges: SurveySQL {
        """
        select 'default privileges' as kind,
            pg_catalog.concat_ws(' ', 'of', pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(d.defaclrole)),
                'in ' || pg_catalog.quote_ident(n.nspname), 'on', d.defaclobjtype::text, 'to', \(grantee)) as name,
            \(privileges) as fact
        from pg_catalog.pg_default_acl d
            left join pg_catalog.pg_namespace n on n.oid = d.defaclnamespace
            cross join lateral pg_catalog.aclexplode(d.defaclacl) a
        where a.grantee <> d.defaclrole or a.privilege_type <> 'MAINTAIN'
        group by d.defaclrole, n.nspname, d.defaclobjtype, a.grantee
        """
    }
}
