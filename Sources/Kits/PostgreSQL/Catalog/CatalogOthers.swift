extension CatalogTopic {
    static var others: [CatalogTopic] {
        [
            CatalogTopic(survey: database), CatalogTopic(survey: databaseSettings), CatalogTopic(survey: extensions),
            CatalogTopic(survey: eventTriggers), CatalogTopic(survey: comments), CatalogTopic(survey: labels),
        ]
    }

    /// Without its name and owner, which a copy has of its own. The locale's column was renamed in 17.
    private static var database: SurveySQL {
        """
        select 'database' as kind, 'encoding and locale' as name,
            pg_catalog.concat_ws('; ', pg_catalog.pg_encoding_to_char(d.encoding), 'collate ' || d.datcollate,
                'ctype ' || d.datctype, 'provider ' || d.datlocprovider::text,
                'locale ' || coalesce(
                    pg_catalog.to_jsonb(d) ->> 'datlocale', pg_catalog.to_jsonb(d) ->> 'daticulocale')) as fact
        from pg_catalog.pg_database d where d.datname = pg_catalog.current_database()
        """
    }

    /// ALTER DATABASE … SET and ALTER ROLE … IN DATABASE … SET. Settings of applications (with a dot) may be secrets.
    private static var databaseSettings: SurveySQL {
        """
        select 'database setting' as kind,
            pg_catalog.concat_ws(' ', pg_catalog.split_part(c, '=', 1),
                'for ' || pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(nullif(s.setrole, 0)))) as name,
            case when pg_catalog.split_part(c, '=', 1) like '%.%' then '(hash ' || \(hash("c", digits: 8)) || ')'
                else pg_catalog.substr(c, pg_catalog.strpos(c, '=') + 1) end as fact
        from pg_catalog.pg_db_role_setting s
            join pg_catalog.pg_database d on d.oid = s.setdatabase
            cross join lateral pg_catalog.unnest(s.setconfig) c
        where d.datname = pg_catalog.current_database()
        """
    }

    private static var extensions: SurveySQL {
        """
        select 'extension' as kind, pg_catalog.quote_ident(e.extname) as name,
            pg_catalog.format('version %s in %I', e.extversion, n.nspname) as fact
        from pg_catalog.pg_extension e join pg_catalog.pg_namespace n on n.oid = e.extnamespace
        """
    }

    private static var eventTriggers: SurveySQL {
        """
        select 'event trigger' as kind, pg_catalog.quote_ident(e.evtname) as name,
            pg_catalog.concat_ws('; ', \(owner("e.evtowner")), 'on ' || e.evtevent, 'calls ' || e.evtfoid::regprocedure,
                'tags ' || \(sorted("e.evttags")),
                case e.evtenabled when 'D' then 'disabled' when 'R' then 'on replicas' when 'A' then 'always' end) as fact
        from pg_catalog.pg_event_trigger e
        where \(isOwn("pg_event_trigger", "e.oid"))
        """
    }

    private static var comments: SurveySQL {
        """
        select 'comment' as kind, pg_catalog.concat_ws(' ', o.type, o.identity) as name, d.description as fact
        from pg_catalog.pg_description d
            cross join lateral pg_catalog.pg_identify_object(d.classoid, d.objoid, d.objsubid) o
        where \(isNew("d.objoid")) and o.schema is distinct from 'pg_toast'
            and d.classoid <> 'pg_catalog.pg_extension'::regclass
            and not exists (
                select from pg_catalog.pg_depend x
                where x.classid = d.classoid and x.objid = d.objoid and x.deptype = 'e')
        """
    }

    private static var labels: SurveySQL {
        """
        select 'security label' as kind, pg_catalog.concat_ws(' ', o.type, o.identity, 'by', l.provider) as name,
            l.label as fact
        from pg_catalog.pg_seclabel l
            cross join lateral pg_catalog.pg_identify_object(l.classoid, l.objoid, l.objsubid) o
        where \(isNew("l.objoid"))
        """
    }
}
