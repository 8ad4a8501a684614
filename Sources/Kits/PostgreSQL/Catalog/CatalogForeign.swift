extension CatalogTopic {
    /// What points out of the database.
    static var foreign: [CatalogTopic] {
        [
            CatalogTopic(survey: wrappers), CatalogTopic(survey: servers), CatalogTopic(survey: userMappings),
            CatalogTopic(survey: publications), CatalogTopic(survey: publishedTables),
            CatalogTopic(survey: subscriptions),
        ]
    }

    private static var wrappers: SurveySQL {
        """
        select 'foreign data wrapper' as kind, pg_catalog.quote_ident(f.fdwname) as name,
            pg_catalog.concat_ws('; ', \(owner("f.fdwowner")), 'handler ' || nullif(f.fdwhandler, 0)::regprocedure,
                'validator ' || nullif(f.fdwvalidator, 0)::regprocedure, 'with ' || \(options("f.fdwoptions"))) as fact
        from pg_catalog.pg_foreign_data_wrapper f
        where \(isOwn("pg_foreign_data_wrapper", "f.oid"))
        """
    }

    private static var servers: SurveySQL {
        """
        select 'foreign server' as kind, pg_catalog.quote_ident(s.srvname) as name,
            pg_catalog.concat_ws('; ', \(owner("s.srvowner")), pg_catalog.quote_ident(f.fdwname), 'type ' || s.srvtype,
                'version ' || s.srvversion, 'with ' || \(options("s.srvoptions"))) as fact
        from pg_catalog.pg_foreign_server s join pg_catalog.pg_foreign_data_wrapper f on f.oid = s.srvfdw
        where \(isOwn("pg_foreign_server", "s.oid"))
        """
    }

    /// That there is one. Its options are often a password, and only its user may see them.
    private static var userMappings: SurveySQL {
        """
        select 'user mapping' as kind, pg_catalog.format('%I on %I', m.usename, m.srvname) as name, '' as fact
        from pg_catalog.pg_user_mappings m
        """
    }

    private static var publications: SurveySQL {
        """
        select 'publication' as kind, pg_catalog.quote_ident(p.pubname) as name,
            pg_catalog.concat_ws('; ', \(owner("p.pubowner")), case when p.puballtables then 'all tables' end,
                case when p.pubinsert then 'insert' end, case when p.pubupdate then 'update' end,
                case when p.pubdelete then 'delete' end, case when p.pubtruncate then 'truncate' end,
                case when p.pubviaroot then 'via root' end,
                'generated columns ' || nullif(pg_catalog.to_jsonb(p) ->> 'pubgencols', 'n'),
                (select 'schemas ' || pg_catalog.string_agg(pg_catalog.quote_ident(n.nspname), ', '
                        order by n.nspname collate "C")
                    from pg_catalog.pg_publication_namespace s join pg_catalog.pg_namespace n on n.oid = s.pnnspid
                    where s.pnpubid = p.oid)) as fact
        from pg_catalog.pg_publication p
        where \(isOwn("pg_publication", "p.oid"))
        """
    }

    private static var publishedTables: SurveySQL {
        """
        select 'published table' as kind, pg_catalog.format('%I.%I in %I', n.nspname, c.relname, p.pubname) as name,
            pg_catalog.concat_ws('; ',
                (select 'columns ' || pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' order by a.attnum)
                    from pg_catalog.pg_attribute a
                    where a.attrelid = r.prrelid and a.attnum = any(r.prattrs::pg_catalog.int2[])),
                'where ' || pg_catalog.pg_get_expr(r.prqual, r.prrelid)) as fact
        from pg_catalog.pg_publication_rel r
            join pg_catalog.pg_publication p on p.oid = r.prpubid
            join pg_catalog.pg_class c on c.oid = r.prrelid
            join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        """
    }

    /// Without its connection string, which only superusers may read.
    private static var subscriptions: SurveySQL {
        """
        select 'subscription' as kind, pg_catalog.quote_ident(s.subname) as name,
            pg_catalog.concat_ws('; ', \(owner("s.subowner")), case when s.subenabled then 'enabled' else 'disabled' end,
                'slot ' || pg_catalog.quote_ident(s.subslotname), 'publications ' || \(sorted("s.subpublications"))) as fact
        from pg_catalog.pg_subscription s
        where s.subdbid = (select d.oid from pg_catalog.pg_database d where d.datname = pg_catalog.current_database())
        """
    }
}
