extension CatalogTopic {
    static var types: [CatalogTopic] { [CatalogTopic(survey: typeDefinitions), CatalogTopic(survey: collations)] }

    /// Enums in their order, domains, ranges and base types. Composite types are relations; array and multirange types
    /// come with theirs.
    private static var typeDefinitions: SurveySQL {
        """
        select case t.typtype when 'e' then 'enum' when 'd' then 'domain' when 'r' then 'range' else 'type' end as kind,
            pg_catalog.format('%I.%I', n.nspname, t.typname) as name,
            pg_catalog.concat_ws('; ', \(owner("t.typowner")),
                case when t.typtype = 'e' then
                    (select pg_catalog.string_agg(pg_catalog.quote_literal(e.enumlabel), ', ' order by e.enumsortorder)
                    from pg_catalog.pg_enum e where e.enumtypid = t.oid) end,
                case when t.typtype = 'd' then pg_catalog.format_type(t.typbasetype, t.typtypmod) end,
                case when t.typtype = 'd' then \(collation("t.typcollation", unless: "b.typcollation")) end,
                case when t.typnotnull then 'not null' end, 'default ' || t.typdefault,
                'subtype ' || pg_catalog.format_type(r.rngsubtype, null),
                \(collation("r.rngcollation", unless: "rs.typcollation")),
                (select pg_catalog.format('operator class %I.%I', o.nspname, oc.opcname) from pg_catalog.pg_opclass oc
                    join pg_catalog.pg_namespace o on o.oid = oc.opcnamespace where oc.oid = r.rngsubopc),
                'canonical ' || nullif(r.rngcanonical, 0)::regprocedure,
                'difference ' || nullif(r.rngsubdiff, 0)::regprocedure,
                'multirange ' || pg_catalog.format_type(r.rngmultitypid, null),
                case when t.typtype = 'b' then pg_catalog.format('input %s, output %s, length %s, alignment %s, storage %s',
                    t.typinput::regprocedure, t.typoutput::regprocedure, t.typlen, t.typalign, t.typstorage) end) as fact
        from pg_catalog.pg_type t
            join pg_catalog.pg_namespace n on n.oid = t.typnamespace
            left join pg_catalog.pg_type b on b.oid = t.typbasetype
            left join pg_catalog.pg_range r on r.rngtypid = t.oid
            left join pg_catalog.pg_type rs on rs.oid = r.rngsubtype
        where t.typtype in ('e', 'd', 'r', 'b') and t.typisdefined and \(isUsers("n")) and \(isOwn("pg_type", "t.oid"))
            and not exists (select from pg_catalog.pg_type e where e.typarray = t.oid)
        """
    }

    /// The columns for the locale were renamed in 17.
    private static var collations: SurveySQL {
        """
        select 'collation' as kind, pg_catalog.format('%I.%I', n.nspname, c.collname) as name,
            pg_catalog.concat_ws('; ', \(owner("c.collowner")), 'provider ' || c.collprovider::text,
                'locale ' || coalesce(
                    pg_catalog.to_jsonb(c) ->> 'colllocale', pg_catalog.to_jsonb(c) ->> 'colliculocale', c.collcollate),
                'ctype ' || c.collctype, 'rules ' || (pg_catalog.to_jsonb(c) ->> 'collicurules'),
                case when not c.collisdeterministic then 'nondeterministic' end) as fact
        from pg_catalog.pg_collation c join pg_catalog.pg_namespace n on n.oid = c.collnamespace
        where \(isUsers("n")) and \(isOwn("pg_collation", "c.oid"))
        """
    }
}
