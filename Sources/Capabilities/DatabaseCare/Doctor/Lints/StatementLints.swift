import Maintenance
import PostgreSQL

extension Lint {
    /// What statements do, by the extension pg_stat_statements; and what the server counts of all of them.
    static let statements: [Lint] = [slowStatement, hungryStatement, spillingStatement, forgottenStatements]

    private static let view = "https://www.postgresql.org/docs/current/pgstatstatements.html"

    /// Statements of this database without constants, as the extension keeps them; ours are left out.
    private static let kept: SQL = """
        from stm s
        where s.dbid = (select oid from pg_database where datname = current_database()) and s.toplevel
            and s.query !~* '^ *(begin|commit|rollback|set|show|deallocate|discard)'
        """

    static let slowStatement = Lint(
        "DB280", "queries.slow", priority: 106, .warning, title: "Slow statement",
        explanation: """
            The statement takes a second or more on average and was run fifty times or more since the extension began to \
            count. Constants are cut out of the text. Explain it with real values: EXPLAIN (ANALYZE, BUFFERS).
            """,
        source: view, mending: .person, advice: "explain it with real values: explain (analyze, buffers) …",
        sight: .monitor, .statements,
        find: { limits in
            """
            select 'statement ' || s.queryid as name, s.mean_exec_time as value, s.calls::float8 as bound,
                left(s.query, 160) as note
            \(kept) and s.mean_exec_time >= \(limits.slowMilliseconds)::float8 and s.calls >= \(limits.slowCalls)::float8
            order by s.total_exec_time desc limit 20
            """
        },
        say: { hit in
            "\(Duration.milliseconds(Int64(hit.value ?? 0)).short) on average in \(Int64(hit.bound ?? 0).grouped) "
                + "calls: \(hit.said)"
        })

    static let hungryStatement = Lint(
        "DB281", "queries.dominant", priority: 116, .info, title: "Statement that takes most of the time",
        explanation: """
            A quarter or more of all the time the server spends on statements of this database goes into this one. \
            Whatever it gains, everything gains; a cache in the application may be the best of all.
            """,
        source: view, mending: .person, advice: "explain it with real values, or ask it less often", sight: .monitor,
        .statements,
        find: { limits in
            """
            select name, value, calls as bound, query as note from (
                select 'statement ' || s.queryid as name, left(s.query, 160) as query, s.calls::float8 as calls,
                    100 * s.total_exec_time / nullif(sum(s.total_exec_time) over (), 0) as value,
                    sum(s.calls) over () as all_calls
                \(kept)) t
            where value >= 25 and calls >= \(limits.slowCalls)::float8 and all_calls >= 20 * \(limits.slowCalls)::float8
            """
        },
        say: { hit in
            "\(Percentage((hit.value ?? 0).rounded())) of the time of all statements, \(Int64(hit.bound ?? 0).grouped) "
                + "calls: \(hit.said)"
        })

    static let spillingStatement = Lint(
        "DB282", "queries.spilling", priority: 128, .info, title: "Statement that sorts on disk",
        explanation: """
            The statement writes temporary files each time: a sort or hash does not fit into work_mem. Set work_mem higher \
            for its role or transaction alone, or give it an index that has the order already.
            """,
        source: "https://www.postgresql.org/docs/current/runtime-config-resource.html#GUC-WORK-MEM",
        mending: .person, advice: "set work_mem for its role, or index the order it asks for", sight: .monitor,
        .statements,
        find: { limits in
            """
            select 'statement ' || s.queryid as name,
                s.temp_blks_written * current_setting('block_size')::bigint / s.calls as bytes, s.calls::float8 as value,
                left(s.query, 160) as note
            \(kept) and s.calls >= \(limits.slowCalls)::float8
                and s.temp_blks_written * current_setting('block_size')::bigint / s.calls >= 10 * \(limits.leastBytes)::bigint
            """
        },
        say: { "\($0.size) of temporary files in each of \($0.count) calls: \($0.said)" })

    static let forgottenStatements = Lint(
        "DB283", "queries.forgotten", priority: 192, .info, title: "Statements that are forgotten",
        explanation: """
            There are more different statements than pg_stat_statements keeps, so that it forgets the rarest all the time: \
            what it shows is not all there is. Usually an application writes lists of constants (IN (1, 2, …)) or names \
            of tables into its statements; or pg_stat_statements.max is too small.
            """,
        source: view, mending: .restart, advice: "raise pg_stat_statements.max, or bind arrays instead of lists",
        .statements,
        find: { limits in
            """
            select 'pg_stat_statements' as name, i.dealloc::float8 as value from stm_info i
            where i.dealloc >= 10 * \(limits.slowCalls)::float8
            """
        },
        say: { "it has thrown out statements \($0.count) times" })
}
