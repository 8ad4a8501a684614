import Maintenance
import PostgreSQL

extension Lint {
    static let constraints: [Lint] = [
        notValidated, domainNotValidated, duplicateForeignKey, partlyNullForeignKey, duplicateCheck, cascadeToLarge,
        notEnforced,
    ]

    static let notValidated = Lint(
        "DB185", "constraints.not-validated", priority: 72, .warning, title: "Constraint that was never verified",
        explanation: """
            The constraint was added NOT VALID: new rows keep it, the ones that were there were never looked at, and the \
            planner does not count on it. Verifying reads the table and lets reads and writes go on.
            """,
        source: "https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-VALIDATE-CONSTRAINT",
        mending: .reading(.shareUpdateExclusive), .constraints,
        find: { _ in
            """
            select r.schema, r.name, k.conname::text as part, r.bytes,
                case k.contype when 'f' then 'foreign key' when 'c' then 'check' else 'not-null constraint' end as note,
                format('alter table %I.%I validate constraint %I;', r.schema, r.name, k.conname) as mend
            from pg_constraint k join rel r on r.oid = k.conrelid
            where not k.convalidated and k.conparentid = 0 and coalesce(to_jsonb(k) ->> 'conenforced', 'true') = 'true'
            """
        },
        say: { "the rows that were there when the \($0.said) was added were never looked at" })

    static let domainNotValidated = Lint(
        "DB186", "constraints.domain-not-validated", priority: 74, .warning,
        title: "Condition of a domain that was never verified",
        explanation: """
            The condition was added to the domain NOT VALID: values that were there before were never looked at.
            """,
        source: "https://www.postgresql.org/docs/current/sql-alterdomain.html",
        mending: .reading(.share), .constraints,
        find: { _ in
            """
            select n.nspname::text as schema, t.typname::text as name, k.conname::text as part,
                format('alter domain %I.%I validate constraint %I;', n.nspname, t.typname, k.conname) as mend
            from pg_constraint k join pg_type t on t.oid = k.contypid join pg_namespace n on n.oid = t.typnamespace
            where not k.convalidated and not exists (
                select from ext e where e.classid = 'pg_type'::regclass and e.objid = t.oid)
            """
        },
        say: { _ in "the values that were there when it was added were never looked at" })

    static let duplicateForeignKey = Lint(
        "DB187", "constraints.duplicate-foreign-key", priority: 145, .warning, title: "Foreign key that exists twice",
        explanation: """
            Another foreign key of the table ties the same columns to the same ones with the same rules. Each row that is \
            written is looked up twice. Listed is the newer one.
            """,
        source: "https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK",
        mending: .catalogue(.accessExclusive), .constraints,
        find: { _ in
            """
            select a.schema, a.name, a.conname as part, min(b.conname) as note,
                format('alter table %I.%I drop constraint %I;', a.schema, a.name, a.conname) as mend
            from fk a join fk b on b.conrelid = a.conrelid and b.confrelid = a.confrelid and b.conkey = a.conkey
                and b.confkey = a.confkey and b.oid < a.oid
            join pg_constraint x on x.oid = a.oid join pg_constraint y on y.oid = b.oid
            where x.convalidated = y.convalidated and x.condeferrable = y.condeferrable and x.condeferred = y.condeferred
                and to_jsonb(x) ->> 'conenforced' is not distinct from to_jsonb(y) ->> 'conenforced'
                and to_jsonb(x) ->> 'confdelsetcols' is not distinct from to_jsonb(y) ->> 'confdelsetcols'
                and x.confdeltype = y.confdeltype and x.confupdtype = y.confupdtype and x.confmatchtype = y.confmatchtype
            group by a.schema, a.name, a.conname
            """
        },
        say: { "it says the same as \($0.said)" })

    static let partlyNullForeignKey = Lint(
        "DB188", "constraints.partly-null", priority: 168, .info, title: "Foreign key that one NULL switches off",
        explanation: """
            The foreign key spans several columns, some of which may be NULL and some not. By default (MATCH SIMPLE) a \
            single NULL among them makes the row refer to nothing at all, whatever stands in the others. With a tenant in \
            every key and a parent that may be missing that is as meant; elsewhere NOT NULL refuses such rows.
            """,
        source: "https://www.postgresql.org/docs/current/sql-createtable.html#SQL-CREATETABLE-PARMS-REFERENCES",
        mending: .person, advice: "where no row may be without, declare the columns NOT NULL", .constraints,
        find: { _ in
            """
            select fk.schema, fk.name, fk.conname as part, fk.columns as note
            from fk
            where cardinality(fk.conkey) > 1 and fk.matching = 's'
                and exists (select from pg_attribute a
                    where a.attrelid = fk.conrelid and a.attnum = any (fk.conkey) and not a.attnotnull)
                and exists (select from pg_attribute a
                    where a.attrelid = fk.conrelid and a.attnum = any (fk.conkey) and a.attnotnull)
            """
        },
        say: { "one NULL among (\($0.said)) makes a row refer to nothing, and some of them may be NULL" })

    static let duplicateCheck = Lint(
        "DB189", "constraints.duplicate-check", priority: 198, .info, title: "Condition that exists twice",
        explanation: "Another check of the table has the very same expression. Each row is checked twice.",
        source: "https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-CHECK-CONSTRAINTS",
        mending: .catalogue(.accessExclusive), .constraints,
        find: { _ in
            """
            select r.schema, r.name, k.conname::text as part, k.first as note,
                format('alter table %I.%I drop constraint %I;', r.schema, r.name, k.conname) as mend
            from (
                select conrelid, conname, conislocal,
                    first_value(conname::text) over same as first, row_number() over same as number
                from pg_constraint
                where contype = 'c' and conrelid <> 0 and conparentid = 0 and coninhcount = 0
                window same as (partition by conrelid, pg_get_expr(conbin, conrelid), connoinherit,
                    convalidated, to_jsonb(pg_constraint) ->> 'conenforced' order by oid)) k
            join rel r on r.oid = k.conrelid
            where k.number > 1
            """
        },
        say: { "it says the same as \($0.said)" })

    static let cascadeToLarge = Lint(
        "DB190", "constraints.cascade", priority: 118, .info, title: "Deleting one row may delete very many",
        explanation: """
            The foreign key deletes the rows of a large table with the row they refer to, and no index finds them: one \
            DELETE reads the whole table and may remove a large part of it in one transaction.
            """,
        source: "https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK",
        mending: .buildIndex, .constraints,
        find: { limits in
            """
            select fk.schema, fk.name, fk.conname as part, fk.bytes, fk.tuples as value,
                case when fk.kind <> 'p' then
                    format('create index concurrently on %I.%I (%s);', fk.schema, fk.name, fk.columns) end as mend
            from fk join pg_constraint k on k.oid = fk.oid
            where k.confdeltype = 'c' and fk.tuples >= \(limits.manyRows)::float8 and not exists (
                select from pg_index i where i.indrelid = fk.conrelid and i.indisvalid
                    and ((i.indkey::int2[])[0:cardinality(fk.conkey) - 1]) @> fk.conkey)
            """
        },
        say: { "ON DELETE CASCADE, no index, and \($0.count) rows" })

    static let notEnforced = Lint(
        "DB191", "constraints.unenforced", priority: 58, .warning, title: "Constraint that is not enforced",
        explanation: """
            The constraint is declared NOT ENFORCED (PostgreSQL 18): it documents a wish, and any row passes. Enforce it, \
            or drop it before somebody relies on it.
            """,
        source: "https://www.postgresql.org/docs/18/sql-createtable.html#SQL-CREATETABLE-PARMS-ENFORCED",
        mending: .reading(.accessExclusive), .constraints,
        find: { _ in
            """
            select r.schema, r.name, k.conname::text as part, r.bytes,
                case when k.contype = 'f' then format('alter table %I.%I alter constraint %I enforced;', r.schema, r.name,
                    k.conname) end as mend
            from pg_constraint k join rel r on r.oid = k.conrelid
            where to_jsonb(k) ->> 'conenforced' = 'false' and k.conparentid = 0
            """
        },
        say: { _ in "it is not enforced: any row passes" })
}
