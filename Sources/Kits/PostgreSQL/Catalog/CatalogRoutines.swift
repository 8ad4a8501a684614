extension CatalogTopic {
    static var routines: [CatalogTopic] {
        [
            CatalogTopic(survey: routineDefinitions), CatalogTopic(survey: routineBodies, isDeparsed: true),
            CatalogTopic(survey: aggregates), CatalogTopic(survey: casts), CatalogTopic(survey: languages),
        ]
    }

    private static let name: SQL =
        "pg_catalog.format('%I.%I(%s)', n.nspname, p.proname, pg_catalog.oidvectortypes(p.proargtypes))"

    /// A body given as a string by its hash.
    private static var routineDefinitions: SurveySQL {
        """
        select case p.prokind when 'p' then 'procedure' when 'a' then 'aggregate' when 'w' then 'window function'
                else 'function' end as kind,
            \(name) as name,
            pg_catalog.concat_ws('; ', \(owner("p.proowner")),
                '(' || pg_catalog.pg_get_function_arguments(p.oid) || ')',
                'returns ' || pg_catalog.pg_get_function_result(p.oid), 'language ' || pg_catalog.quote_ident(l.lanname),
                case p.provolatile when 'i' then 'immutable' when 's' then 'stable' else 'volatile' end,
                case p.proparallel when 's' then 'parallel safe' when 'r' then 'parallel restricted' end,
                case when p.proisstrict then 'strict' end, case when p.prosecdef then 'security definer' end,
                case when p.proleakproof then 'leakproof' end,
                'cost ' || p.procost, case when p.prorows <> 0 then 'rows ' || p.prorows end,
                'support ' || nullif(p.prosupport, 0)::regprocedure, 'set ' || \(sorted("p.proconfig")),
                'library ' || p.probin,
                case when p.prosqlbody is null and p.prokind <> 'a' then 'body ' || \(hash("p.prosrc")) end) as fact
        from pg_catalog.pg_proc p
            join pg_catalog.pg_namespace n on n.oid = p.pronamespace
            join pg_catalog.pg_language l on l.oid = p.prolang
        where \(isUsers("n")) and \(isOwn("pg_proc", "p.oid"))
        """
    }

    /// Bodies that are SQL themselves (BEGIN ATOMIC, RETURN).
    private static var routineBodies: SurveySQL {
        """
        select 'routine body' as kind, \(name) as name, pg_catalog.pg_get_function_sqlbody(p.oid) as fact
        from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
        where p.prosqlbody is not null and \(isUsers("n")) and \(isOwn("pg_proc", "p.oid"))
        """
    }

    private static var aggregates: SurveySQL {
        """
        select 'aggregate definition' as kind, \(name) as name,
            pg_catalog.concat_ws('; ', 'kind ' || a.aggkind::text, 'direct arguments ' || a.aggnumdirectargs,
                'transition ' || a.aggtransfn::regprocedure, 'state ' || pg_catalog.format_type(a.aggtranstype, null),
                'final ' || nullif(a.aggfinalfn, 0)::regprocedure, 'combine ' || nullif(a.aggcombinefn, 0)::regprocedure,
                'serial ' || nullif(a.aggserialfn, 0)::regprocedure,
                'moving ' || nullif(a.aggmtransfn, 0)::regprocedure,
                'sorted by ' || nullif(a.aggsortop, 0)::regoperator, 'initial ' || a.agginitval) as fact
        from pg_catalog.pg_aggregate a
            join pg_catalog.pg_proc p on p.oid = a.aggfnoid
            join pg_catalog.pg_namespace n on n.oid = p.pronamespace
        where \(isUsers("n")) and \(isOwn("pg_proc", "p.oid"))
        """
    }

    private static var casts: SurveySQL {
        """
        select 'cast' as kind, pg_catalog.format('%s as %s', pg_catalog.format_type(c.castsource, null),
                pg_catalog.format_type(c.casttarget, null)) as name,
            pg_catalog.concat_ws('; ', 'context ' || c.castcontext::text, 'method ' || c.castmethod::text,
                nullif(c.castfunc, 0)::regprocedure::text) as fact
        from pg_catalog.pg_cast c
        where \(isNew("c.oid")) and \(isOwn("pg_cast", "c.oid"))
        """
    }

    private static var languages: SurveySQL {
        """
        select 'language' as kind, pg_catalog.quote_ident(l.lanname) as name,
            pg_catalog.concat_ws('; ', \(owner("l.lanowner")), case when l.lanpltrusted then 'trusted' end,
                'handler ' || nullif(l.lanplcallfoid, 0)::regprocedure) as fact
        from pg_catalog.pg_language l
        where \(isNew("l.oid")) and \(isOwn("pg_language", "l.oid"))
        """
    }
}
