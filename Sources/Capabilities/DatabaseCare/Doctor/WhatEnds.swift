import Maintenance
import PostgreSQL

/// What a database has only so much of, and how much of it is used: what a report reckons the day from on which it ends.
enum WhatEnds {
    static let prefix = "ends."

    /// In percent of what there is: transactions until the server stops, multixacts, connections, and the numbers of keys.
    static func measure(_ session: SurveySession, at target: Target) async throws -> [Measurement] {
        let rows = try await session.with(settings: ["search_path": "", "jit": "off"]).query(
            """
            (select 'transactions' as what, null::text as object,
                -- The server stops three million before the end (manual, 25.1.5).
                100 * age(datfrozenxid)::float8 / 2144483647 as used
            from pg_database where datname = current_database())
            union all
            (select 'multixacts', null, 100 * mxid_age(datminmxid)::float8 / 2144483647
            from pg_database where datname = current_database())
            union all
            (select 'connections', null, 100 * count(*)::float8 / current_setting('max_connections')::float8
            from pg_stat_activity where backend_type = 'client backend')
            union all
            (select 'numbers', object, used from (
                select format('%I.%I.%I', n.nspname, t.relname, a.attname) as object,
                    100 * pg_sequence_last_value(s.seqrelid)::float8 / least(s.seqmax, case a.atttypid
                        when 'int2'::regtype then 32767 when 'int4'::regtype then 2147483647
                        else 9223372036854775807 end)::float8 as used
                from pg_sequence s
                join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = s.seqrelid and d.objsubid = 0
                    and d.refclassid = 'pg_class'::regclass and d.refobjsubid > 0 and d.deptype in ('a', 'i')
                join pg_class t on t.oid = d.refobjid and t.relpersistence = 'p'
                join pg_namespace n on n.oid = t.relnamespace
                join pg_attribute a on a.attrelid = t.oid and a.attnum = d.refobjsubid
                where s.seqincrement > 0 and not s.seqcycle and has_sequence_privilege(s.seqrelid, 'USAGE, SELECT')) k
            where used >= 1 order by used desc limit 20)
            """)
        return try rows.map { row in
            Measurement(
                prefix + (try row["what", as: String.self]), target, object: try row["object"], unit: .percent,
                value: try row["used"])
        }
    }

    /// As people read a series: `numbers of public.orders.id`.
    static func words(_ series: Measurement.Series) -> String {
        let what = String(series.name.dropFirst(prefix.count))
        return series.object.map { "\(what) of \($0)" } ?? what
    }
}
