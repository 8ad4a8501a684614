extension CatalogTopic {
    /// What watches over rows and changes.
    static var constraints: [CatalogTopic] {
        [
            CatalogTopic(survey: tableConstraints), CatalogTopic(survey: triggers),
            CatalogTopic(survey: rules, isDeparsed: true), CatalogTopic(survey: policies),
            CatalogTopic(survey: statistics),
        ]
    }

    /// PostgreSQL 18 keeps NOT NULL as a constraint; the column says it on every version, so only one that is not
    /// validated counts here. Copies that partitions have of their parent's constraints are left out.
    private static var tableConstraints: SurveySQL {
        """
        select 'constraint' as kind,
            case when k.contypid <> 0 then pg_catalog.format('%I.%I %I', yn.nspname, y.typname, k.conname)
                else pg_catalog.format('%I.%I %I', n.nspname, c.relname, k.conname) end as name,
            pg_catalog.concat_ws('; ', pg_catalog.pg_get_constraintdef(k.oid),
                case when k.connoinherit and k.contype = 'c' then 'not inherited' end) as fact
        from pg_catalog.pg_constraint k
            left join pg_catalog.pg_class c on c.oid = k.conrelid
            left join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            left join pg_catalog.pg_type y on y.oid = k.contypid
            left join pg_catalog.pg_namespace yn on yn.oid = y.typnamespace
        where k.conparentid = 0 and (k.contype in ('c', 'f', 'p', 'u', 'x') or k.contype = 'n' and not k.convalidated)
            and c.relpersistence is distinct from 't'
            and (k.conrelid <> 0 and \(isUsers("n")) and \(isOwn("pg_class", "c.oid"))
                or k.contypid <> 0 and \(isUsers("yn")) and \(isOwn("pg_type", "y.oid")))
        """
    }

    private static var triggers: SurveySQL {
        """
        select 'trigger' as kind, pg_catalog.format('%I.%I %I', n.nspname, c.relname, t.tgname) as name,
            pg_catalog.concat_ws('; ', pg_catalog.pg_get_triggerdef(t.oid),
                case t.tgenabled when 'D' then 'disabled' when 'R' then 'on replicas' when 'A' then 'always' end) as fact
        from pg_catalog.pg_trigger t
            join pg_catalog.pg_class c on c.oid = t.tgrelid
            join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where not t.tgisinternal and c.relpersistence <> 't' and \(isUsers("n")) and \(isOwn("pg_class", "c.oid"))
        """
    }

    private static var rules: SurveySQL {
        """
        select 'rule' as kind, pg_catalog.format('%I.%I %I', n.nspname, c.relname, r.rulename) as name,
            pg_catalog.concat_ws(' ', pg_catalog.pg_get_ruledef(r.oid),
                case r.ev_enabled when 'D' then 'disabled' when 'R' then 'on replicas' when 'A' then 'always' end) as fact
        from pg_catalog.pg_rewrite r
            join pg_catalog.pg_class c on c.oid = r.ev_class
            join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where r.rulename <> '_RETURN' and c.relpersistence <> 't' and \(isUsers("n")) and \(isOwn("pg_class", "c.oid"))
        """
    }

    private static var policies: SurveySQL {
        """
        select 'policy' as kind, pg_catalog.format('%I.%I %I', n.nspname, c.relname, p.polname) as name,
            pg_catalog.concat_ws('; ', case when p.polpermissive then 'permissive' else 'restrictive' end,
                case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete'
                    else 'all' end,
                'to ' || (select pg_catalog.string_agg(
                        case when o = 0 then 'public' else pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(o)) end,
                        ', ' order by pg_catalog.pg_get_userbyid(o) collate "C")
                    from pg_catalog.unnest(p.polroles) o),
                'using ' || pg_catalog.pg_get_expr(p.polqual, p.polrelid),
                'with check ' || pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)) as fact
        from pg_catalog.pg_policy p
            join pg_catalog.pg_class c on c.oid = p.polrelid
            join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where \(isUsers("n")) and \(isOwn("pg_class", "c.oid"))
        """
    }

    private static var statistics: SurveySQL {
        """
        select 'statistics' as kind, pg_catalog.format('%I.%I', n.nspname, s.stxname) as name,
            pg_catalog.concat_ws('; ', \(owner("s.stxowner")), pg_catalog.pg_get_statisticsobjdef(s.oid),
                'target ' || nullif(s.stxstattarget, -1)) as fact
        from pg_catalog.pg_statistic_ext s join pg_catalog.pg_namespace n on n.oid = s.stxnamespace
        where \(isUsers("n")) and \(isOwn("pg_statistic_ext", "s.oid"))
        """
    }
}
