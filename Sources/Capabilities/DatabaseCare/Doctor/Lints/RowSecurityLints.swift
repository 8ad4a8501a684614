import Maintenance
import PostgreSQL

extension Lint {
    /// Row security that does not do what it looks like, or costs more than it need.
    static let rowSecurity: [Lint] = [
        policyWithoutSecurity, securityWithoutPolicy, policyPerRow, severalPolicies, policyAlwaysTrue, viewPastPolicies,
    ]

    private static let manual = "https://www.postgresql.org/docs/current/ddl-rowsecurity.html"

    static let policyWithoutSecurity = Lint(
        "DB200", "security.policy-ignored", priority: 32, .critical, title: "Policies that nobody keeps",
        explanation: """
            The table has policies, and row security is not enabled for it: everybody with the plain right to the table \
            sees and changes every row.
            """,
        source: manual, mending: .catalogue(.accessExclusive), .objects,
        find: { _ in
            """
            select r.schema, r.name, count(*)::float8 as value,
                format('alter table %I.%I enable row level security;', r.schema, r.name) as mend
            from rel r join pg_policy p on p.polrelid = r.oid where not r.relrowsecurity
            group by r.schema, r.name
            """
        },
        say: { "policies: \($0.count), and row security is not enabled" })

    static let securityWithoutPolicy = Lint(
        "DB201", "security.no-policy", priority: 132, .info, title: "Row security without a policy",
        explanation: """
            Row security is enabled and no policy allows anything, so that everybody but the owner and those who bypass \
            it sees an empty table. Where that is meant, say so in a policy.
            """,
        source: manual, mending: .person, advice: "create a policy, or disable row security", .objects,
        find: { _ in
            """
            select schema, name from rel
            where relrowsecurity and kind in ('r', 'p') and not is_partition
                and not exists (select from pg_policy p where p.polrelid = rel.oid)
            """
        },
        say: { _ in "row security is enabled, and no policy allows anything" })

    static let policyPerRow = Lint(
        "DB202", "security.policy-per-row", priority: 104, .warning, title: "Policy that asks the same for every row",
        explanation: """
            The policy calls current_setting() or an auth function for every row it looks at, although the answer is the \
            same for the whole statement. Inside a subquery, (select current_setting('…')), the planner asks once; on a \
            large table that is the difference between milliseconds and seconds.
            """,
        source: "https://supabase.com/docs/guides/database/postgres/row-level-security#call-functions-with-select",
        mending: .person, advice: "write the call as (select …) in the policy", .objects,
        find: { _ in
            """
            select r.schema, r.name, p.polname::text as part
            from rel r join pg_policy p on p.polrelid = r.oid
            cross join lateral (
                select concat_ws(' ', pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)) as text) x
            where regexp_replace(lower(x.text), '[(] *select [( ]*(auth[.])?(current_setting|uid|jwt|role|email)[(]', '', 'g')
                ~ '(current_setting|auth[.](uid|jwt|role|email))[(]'
            """
        },
        say: { _ in "it calls a function for every row whose answer is the same for all of them" })

    static let severalPolicies = Lint(
        "DB203", "security.several-policies", priority: 133, .info, title: "Several policies for the same",
        explanation: """
            Two permissive policies or more apply to the same role and command; every row is checked against each until \
            one allows it. One policy with OR says the same and is planned better.
            """,
        source: manual, mending: .person, advice: "merge them into one policy", .objects,
        find: { _ in
            """
            select r.schema, r.name, coalesce(a.rolname::text, 'public') || ', ' || x.command as part,
                count(*)::float8 as value
            from rel r join pg_policy p on p.polrelid = r.oid
            cross join lateral unnest(p.polroles) u (role)
            left join pg_roles a on a.oid = u.role
            cross join lateral (
                select c from unnest(case p.polcmd when 'r' then array['select'] when 'a' then array['insert']
                    when 'w' then array['update'] when 'd' then array['delete']
                    else array['select', 'insert', 'update', 'delete'] end) c) x (command)
            where p.polpermissive
            group by r.schema, r.name, a.rolname, x.command having count(*) > 1
            """
        },
        say: { "\($0.count) permissive policies are checked one after the other" })

    static let policyAlwaysTrue = Lint(
        "DB204", "security.policy-always-true", priority: 38, .warning, title: "Policy that lets everybody write",
        explanation: """
            A policy for INSERT, UPDATE, DELETE or everything allows any row to everybody (true): row security is on and \
            keeps nobody from changing anything.
            """,
        source: manual, mending: .person, advice: "say in the policy whose rows they are", .objects,
        find: { _ in
            """
            select r.schema, r.name, p.polname::text as part
            from rel r join pg_policy p on p.polrelid = r.oid
            where r.relrowsecurity and p.polpermissive and p.polcmd <> 'r' and 0 = any (p.polroles)
                and coalesce(pg_get_expr(p.polwithcheck, p.polrelid), pg_get_expr(p.polqual, p.polrelid)) = 'true'
                and coalesce(pg_get_expr(p.polqual, p.polrelid), 'true') = 'true'
            """
        },
        say: { _ in "it lets everybody write any row" })

    static let viewPastPolicies = Lint(
        "DB205", "security.view-past-policies", priority: 40, .warning, title: "View that looks past row security",
        explanation: """
            A view reads with its owner's rights. This one reads a table with row security that its owner owns or \
            bypasses, and others may read the view: they see every row. With security_invoker (since 15) the policies of \
            the one who asks apply.
            """,
        source: "https://www.postgresql.org/docs/current/sql-createview.html#SQL-CREATEVIEW-SECURITY",
        mending: .catalogue(.accessExclusive), .objects,
        find: { _ in
            """
            select distinct n.nspname::text as schema, v.relname::text as name, r.schema || '.' || r.name as note,
                format('alter view %I.%I set (security_invoker = true);', n.nspname, v.relname) as mend
            from pg_class v join pg_namespace n on n.oid = v.relnamespace join pg_rewrite w on w.ev_class = v.oid
            join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid
                and d.refclassid = 'pg_class'::regclass
            join rel r on r.oid = d.refobjid
            join pg_roles o on o.oid = v.relowner
            join pg_class t on t.oid = r.oid
            where v.relkind = 'v' and r.relrowsecurity
                and (o.rolsuper or o.rolbypassrls or v.relowner = t.relowner and not t.relforcerowsecurity)
                and not exists (
                    select from pg_options_to_table(v.reloptions) x
                    where x.option_name = 'security_invoker' and x.option_value::boolean)
                and exists (
                    select from aclexplode(v.relacl) g where g.grantee <> v.relowner and g.privilege_type = 'SELECT')
                and not exists (select from ext e where e.classid = 'pg_class'::regclass and e.objid = v.oid)
            """
        },
        say: { "who may read it sees every row of \($0.said), whatever its policies say" })
}
