import Maintenance

/// Functions that planning a statement could call and that somebody else has written.
///
/// The planner evaluates IMMUTABLE and STABLE functions, inlines those in SQL, asks operators about the values that
/// statistics hold, and reads the expressions of indexes, constraints, defaults, policies, views and domains (manual,
/// "Function Volatility Categories", "Planner/Optimizer"). It does so with the rights of the role that asks. A function
/// of a superuser or of that very role can do nothing the role could not; every other one is untrusted, and so is what
/// depends on it, as `pg_depend` has it.
///
/// Names decide and not what they resolve to: that takes in too much, and never too little.
enum UntrustedCode {
    /// What a statement names.
    struct Names: Hashable {
        var words: Set<String> = []

        /// - Throws: `SurveyRefusal.unreadable` for a name that the server would cut to another one.
        init(_ tokens: [SQLToken]) throws(SurveyRefusal) {
            for token in tokens {
                guard let name = token.name else { continue }
                guard name.utf8.count < 64 else { throw .unreadable("has a name of 64 bytes or more") }
                words.insert(name)
            }
        }
    }

    /// - Throws: `SurveyRefusal.untrusted`; `PostgreSQLError`.
    static func refuse(_ names: Names, _ connection: Connection) async throws {
        let rows = try await connection.query(query(names))
        if let row = rows.first { throw SurveyRefusal.untrusted(try row["what"]) }
    }

    /// The seeds are functions, and foreign tables, whose planning is their wrapper's. From there on: whatever depends on
    /// what is untrusted, and what a rule, default, constraint, policy, index, partition, statistic, cast, operator or
    /// operator class is part of. Foreign keys are left out: they call nothing when a statement is planned.
    private static func query(_ names: Names) -> SQL {
        """
        with recursive trusted as materialized (
            select oid from pg_catalog.pg_roles where rolsuper or rolname = current_user),
        untrusted(class, id) as (
            -- As arrays, so that the planner expects a few and makes no hash table for millions.
            select 'pg_catalog.pg_proc'::regclass::oid, unnest(array(select p.oid from pg_catalog.pg_proc p
                where p.proowner not in (select oid from trusted)))
            union
            select 'pg_catalog.pg_class'::regclass::oid, unnest(array(select c.oid from pg_catalog.pg_class c
                where c.relkind = 'f' and c.relowner not in (select oid from trusted)))
            union
            select next.class, next.id from untrusted u, lateral (
                select d.classid as class, d.objid as id from pg_catalog.pg_depend d
                where d.refclassid = u.class and d.refobjid = u.id
                union all
                select 'pg_catalog.pg_class'::regclass::oid, r.ev_class from pg_catalog.pg_rewrite r
                where u.class = 'pg_catalog.pg_rewrite'::regclass and r.oid = u.id
                union all
                select 'pg_catalog.pg_class'::regclass::oid, a.adrelid from pg_catalog.pg_attrdef a
                where u.class = 'pg_catalog.pg_attrdef'::regclass and a.oid = u.id
                union all
                select case when k.conrelid <> 0 then 'pg_catalog.pg_class'::regclass else 'pg_catalog.pg_type'::regclass
                    end::oid, case when k.conrelid <> 0 then k.conrelid else k.contypid end
                from pg_catalog.pg_constraint k
                where u.class = 'pg_catalog.pg_constraint'::regclass and k.oid = u.id and k.contype <> 'f'
                union all
                select 'pg_catalog.pg_class'::regclass::oid, o.polrelid from pg_catalog.pg_policy o
                where u.class = 'pg_catalog.pg_policy'::regclass and o.oid = u.id
                union all
                select 'pg_catalog.pg_class'::regclass::oid, s.stxrelid from pg_catalog.pg_statistic_ext s
                where u.class = 'pg_catalog.pg_statistic_ext'::regclass and s.oid = u.id
                union all
                select 'pg_catalog.pg_class'::regclass::oid, i.indrelid from pg_catalog.pg_index i
                where u.class = 'pg_catalog.pg_class'::regclass and i.indexrelid = u.id
                union all
                select 'pg_catalog.pg_class'::regclass::oid, h.inhparent from pg_catalog.pg_inherits h
                where u.class = 'pg_catalog.pg_class'::regclass and h.inhrelid = u.id
                union all
                select 'pg_catalog.pg_type'::regclass::oid, t.id from pg_catalog.pg_cast c,
                    lateral (values (c.castsource), (c.casttarget)) t(id)
                where u.class = 'pg_catalog.pg_cast'::regclass and c.oid = u.id and t.id >= 16384
                union all
                select 'pg_catalog.pg_type'::regclass::oid, t.id from pg_catalog.pg_operator o,
                    lateral (values (o.oprleft), (o.oprright)) t(id)
                where u.class = 'pg_catalog.pg_operator'::regclass and o.oid = u.id and t.id >= 16384
                union all
                select 'pg_catalog.pg_opfamily'::regclass::oid, f.amprocfamily from pg_catalog.pg_amproc f
                where u.class = 'pg_catalog.pg_amproc'::regclass and f.oid = u.id
                union all
                select 'pg_catalog.pg_opfamily'::regclass::oid, f.amopfamily from pg_catalog.pg_amop f
                where u.class = 'pg_catalog.pg_amop'::regclass and f.oid = u.id
            ) next where not (next.class = 'pg_catalog.pg_constraint'::regclass and u.class = 'pg_catalog.pg_class'::regclass)
        )
        select 'the function ' || p.proname as what from untrusted u join pg_catalog.pg_proc p on p.oid = u.id
        where u.class = 'pg_catalog.pg_proc'::regclass and p.proname::text = any (\(Array(names.words))::text[])
        union all
        select 'the type ' || t.typname from untrusted u join pg_catalog.pg_type t on t.oid = u.id
        where u.class = 'pg_catalog.pg_type'::regclass and t.typname::text = any (\(Array(names.words))::text[])
        union all
        select 'what belongs to the table ' || c.relname from untrusted u join pg_catalog.pg_class c on c.oid = u.id
        where u.class = 'pg_catalog.pg_class'::regclass and c.relname::text = any (\(Array(names.words))::text[])
        union all
        -- One for the server's own types can be what any sign means, and BETWEEN, IN and LIKE, without being named.
        select 'the operator ' || o.oprname from untrusted u join pg_catalog.pg_operator o on o.oid = u.id
        where u.class = 'pg_catalog.pg_operator'::regclass 
            and (o.oprleft between 1 and 16383 or o.oprright between 1 and 16383)
        limit 1
        """
    }
}
