extension CatalogTopic {
    static var operators: [CatalogTopic] {
        [
            CatalogTopic(survey: operatorDefinitions), CatalogTopic(survey: operatorClasses),
            CatalogTopic(survey: operatorFamilies), CatalogTopic(survey: accessMethods),
        ]
    }

    private static var operatorDefinitions: SurveySQL {
        """
        select 'operator' as kind,
            pg_catalog.format('%I.%s(%s, %s)', n.nspname, o.oprname,
                coalesce(pg_catalog.format_type(nullif(o.oprleft, 0), null), 'none'),
                coalesce(pg_catalog.format_type(nullif(o.oprright, 0), null), 'none')) as name,
            pg_catalog.concat_ws('; ', \(owner("o.oprowner")), 'function ' || nullif(o.oprcode, 0)::regprocedure,
                'commutator ' || nullif(o.oprcom, 0)::regoperator, 'negator ' || nullif(o.oprnegate, 0)::regoperator,
                'restrict ' || nullif(o.oprrest, 0)::regprocedure, 'join ' || nullif(o.oprjoin, 0)::regprocedure,
                case when o.oprcanhash then 'hashes' end, case when o.oprcanmerge then 'merges' end) as fact
        from pg_catalog.pg_operator o join pg_catalog.pg_namespace n on n.oid = o.oprnamespace
        where \(isUsers("n")) and \(isOwn("pg_operator", "o.oid"))
        """
    }

    private static var operatorClasses: SurveySQL {
        """
        select 'operator class' as kind, pg_catalog.format('%I.%I using %I', n.nspname, o.opcname, a.amname) as name,
            pg_catalog.concat_ws('; ', \(owner("o.opcowner")), 'for ' || pg_catalog.format_type(o.opcintype, null),
                case when o.opcdefault then 'default' end,
                (select pg_catalog.format('family %I.%I', fn.nspname, f.opfname) from pg_catalog.pg_opfamily f
                    join pg_catalog.pg_namespace fn on fn.oid = f.opfnamespace where f.oid = o.opcfamily),
                'stores ' || pg_catalog.format_type(nullif(o.opckeytype, 0), null)) as fact
        from pg_catalog.pg_opclass o
            join pg_catalog.pg_namespace n on n.oid = o.opcnamespace
            join pg_catalog.pg_am a on a.oid = o.opcmethod
        where \(isUsers("n")) and \(isOwn("pg_opclass", "o.oid"))
        """
    }

    private static var operatorFamilies: SurveySQL {
        """
        select 'operator family' as kind, pg_catalog.format('%I.%I using %I', n.nspname, f.opfname, a.amname) as name,
            pg_catalog.concat_ws('; ', \(owner("f.opfowner")),
                (select pg_catalog.string_agg(pg_catalog.format('%s %s', m.amopstrategy, m.amopopr::regoperator), ', '
                        order by m.amopstrategy, m.amopopr::regoperator::text collate "C")
                    from pg_catalog.pg_amop m where m.amopfamily = f.oid),
                (select pg_catalog.string_agg(pg_catalog.format('%s %s', m.amprocnum, m.amproc::regprocedure), ', '
                        order by m.amprocnum, m.amproc::regprocedure::text collate "C")
                    from pg_catalog.pg_amproc m where m.amprocfamily = f.oid)) as fact
        from pg_catalog.pg_opfamily f
            join pg_catalog.pg_namespace n on n.oid = f.opfnamespace
            join pg_catalog.pg_am a on a.oid = f.opfmethod
        where \(isUsers("n")) and \(isOwn("pg_opfamily", "f.oid"))
        """
    }

    private static var accessMethods: SurveySQL {
        """
        select 'access method' as kind, pg_catalog.quote_ident(a.amname) as name,
            pg_catalog.format('type %s; handler %s', a.amtype, a.amhandler::regprocedure) as fact
        from pg_catalog.pg_am a
        where \(isNew("a.oid")) and \(isOwn("pg_am", "a.oid"))
        """
    }
}
