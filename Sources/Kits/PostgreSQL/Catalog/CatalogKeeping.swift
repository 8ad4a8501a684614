extension CatalogTopic {
    /// What only a backup has to keep.
    static var keeping: [CatalogTopic] {
        [
            CatalogTopic(survey: databaseProperties), CatalogTopic(survey: databaseComment),
            CatalogTopic(survey: lowComments), CatalogTopic(survey: toastOptions), CatalogTopic(survey: largeObjects),
        ]
    }

    /// Without its name, which the backup has of its own.
    private static var databaseProperties: SurveySQL {
        """
        select 'database' as kind, 'properties' as name,
            pg_catalog.concat_ws('; ', \(owner("d.datdba")),
                'connection limit ' || nullif(d.datconnlimit, -1), case when d.datistemplate then 'template' end,
                'tablespace ' || pg_catalog.quote_ident(nullif(t.spcname, 'pg_default'))) as fact
        from pg_catalog.pg_database d join pg_catalog.pg_tablespace t on t.oid = d.dattablespace
        where d.datname = pg_catalog.current_database()
        """
    }

    private static var databaseComment: SurveySQL {
        """
        select 'comment' as kind, 'database' as name, s.description as fact
        from pg_catalog.pg_shdescription s join pg_catalog.pg_database d on d.oid = s.objoid
        where s.classoid = 'pg_catalog.pg_database'::regclass and d.datname = pg_catalog.current_database()
        """
    }

    /// Of users' objects whose number is below those of all others: the schema `public`, and large objects made under a
    /// number that somebody chose.
    private static var lowComments: SurveySQL {
        """
        select 'comment' as kind, pg_catalog.concat_ws(' ', o.type, o.identity) as name, d.description as fact
        from pg_catalog.pg_description d
            cross join lateral pg_catalog.pg_identify_object(d.classoid, d.objoid, d.objsubid) o
        where not (\(isNew("d.objoid")))
            and (d.classoid = 'pg_catalog.pg_largeobject'::regclass
                or d.classoid = 'pg_catalog.pg_namespace'::regclass and o.identity = pg_catalog.quote_ident('public'))
        """
    }

    /// `toast.autovacuum_enabled` and its like.
    private static var toastOptions: SurveySQL {
        """
        select 'toast options' as kind, pg_catalog.format('%I.%I', n.nspname, c.relname) as name,
            \(sorted("t.reloptions")) as fact
        from pg_catalog.pg_class c
            join pg_catalog.pg_class t on t.oid = c.reltoastrelid
            join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where t.reloptions is not null and c.relkind in ('r', 'm') and c.relpersistence <> 't' and \(isUsers("n"))
            and \(isOwn("pg_class", "c.oid"))
        """
    }

    /// An entry for all that have the same owner and the same privileges, which the server adds up: many millions of them
    /// are a few entries. Which ones they are is a sum of hashes that are the same on every version (partitioning by hash
    /// relies on that, too).
    private static var largeObjects: SurveySQL {
        """
        select 'large objects' as kind, pg_catalog.concat_ws('; ', g.owner, 'privileges ' || g.privileges) as name,
            case when sum(g.objects) = 1 then 'number ' || min(g.first)
                else pg_catalog.format('%s objects, numbers %s to %s, hash %s', sum(g.objects), min(g.first), max(g.last),
                    sum(g.hash)) end as fact
        from (
            select \(owner("m.lomowner")) as owner, m.objects, m.first, m.last, m.hash, (
                    select pg_catalog.string_agg(
                        case when a.grantee = 0 then 'public'
                            else pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) end
                        || ' ' || a.privilege_type || case when a.is_grantable then ' with grant option' else '' end, ', '
                        order by a.grantee = 0, pg_catalog.pg_get_userbyid(a.grantee) collate "C",
                            a.privilege_type collate "C")
                    from pg_catalog.aclexplode(
                        coalesce(m.acl::aclitem[], pg_catalog.acldefault('L', m.lomowner))) a
                ) as privileges
            from (
                select lomowner, lomacl::text as acl, count(*) as objects, min(oid) as first, max(oid) as last,
                    sum(pg_catalog.hashoidextended(oid, 0)::numeric) as hash
                from pg_catalog.pg_largeobject_metadata group by lomowner, lomacl::text) m
        ) g
        group by g.owner, g.privileges
        """
    }
}
