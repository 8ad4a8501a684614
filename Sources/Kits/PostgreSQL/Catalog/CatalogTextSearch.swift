extension CatalogTopic {
    static var textSearch: [CatalogTopic] {
        [
            CatalogTopic(survey: configurations), CatalogTopic(survey: dictionaries), CatalogTopic(survey: parsers),
            CatalogTopic(survey: conversions),
        ]
    }

    private static var configurations: SurveySQL {
        """
        select 'text search configuration' as kind, pg_catalog.format('%I.%I', n.nspname, c.cfgname) as name,
            pg_catalog.concat_ws('; ', \(owner("c.cfgowner")), 'parser ' || pg_catalog.quote_ident(p.prsname),
                (select pg_catalog.string_agg(
                        pg_catalog.format('%s %s', m.maptokentype, m.mapdict::regdictionary), ', '
                        order by m.maptokentype, m.mapseqno)
                    from pg_catalog.pg_ts_config_map m where m.mapcfg = c.oid)) as fact
        from pg_catalog.pg_ts_config c
            join pg_catalog.pg_namespace n on n.oid = c.cfgnamespace
            join pg_catalog.pg_ts_parser p on p.oid = c.cfgparser
        where \(isUsers("n")) and \(isOwn("pg_ts_config", "c.oid"))
        """
    }

    private static var dictionaries: SurveySQL {
        """
        select 'text search dictionary' as kind, pg_catalog.format('%I.%I', n.nspname, d.dictname) as name,
            pg_catalog.concat_ws('; ', \(owner("d.dictowner")), 'template ' || pg_catalog.quote_ident(t.tmplname),
                d.dictinitoption) as fact
        from pg_catalog.pg_ts_dict d
            join pg_catalog.pg_namespace n on n.oid = d.dictnamespace
            join pg_catalog.pg_ts_template t on t.oid = d.dicttemplate
        where \(isUsers("n")) and \(isOwn("pg_ts_dict", "d.oid"))
        """
    }

    private static var parsers: SurveySQL {
        """
        select 'text search parser' as kind, pg_catalog.format('%I.%I', n.nspname, p.prsname) as name,
            pg_catalog.format('start %s, token %s, end %s', p.prsstart::regprocedure, p.prstoken::regprocedure,
                p.prsend::regprocedure) as fact
        from pg_catalog.pg_ts_parser p join pg_catalog.pg_namespace n on n.oid = p.prsnamespace
        where \(isUsers("n")) and \(isOwn("pg_ts_parser", "p.oid"))
        union all
        select 'text search template', pg_catalog.format('%I.%I', n.nspname, t.tmplname),
            pg_catalog.format('lexize %s', t.tmpllexize::regprocedure)
        from pg_catalog.pg_ts_template t join pg_catalog.pg_namespace n on n.oid = t.tmplnamespace
        where \(isUsers("n")) and \(isOwn("pg_ts_template", "t.oid"))
        """
    }

    private static var conversions: SurveySQL {
        """
        select 'conversion' as kind, pg_catalog.format('%I.%I', n.nspname, c.conname) as name,
            pg_catalog.concat_ws('; ', \(owner("c.conowner")), pg_catalog.pg_encoding_to_char(c.conforencoding),
                pg_catalog.pg_encoding_to_char(c.contoencoding), c.conproc::regprocedure::text,
                case when c.condefault then 'default' end) as fact
        from pg_catalog.pg_conversion c join pg_catalog.pg_namespace n on n.oid = c.connamespace
        where \(isUsers("n")) and \(isOwn("pg_conversion", "c.oid"))
        """
    }
}
