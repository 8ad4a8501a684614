import Maintenance
import PostgreSQL

extension Lint {
    /// Numbers that run out, and keys that do not fit together.
    static let keys: [Lint] = [
        integerKeyRunsOut, integerValuesRunOut, foreignKeyType, sequenceBehind, keySequenceCycles,
        sequenceOutgrowsColumn,
    ]

    static let integerKeyRunsOut = Lint(
        "DB170", "keys.run-out", priority: 10, .warning, critical: 80, title: "Integer column that runs out of numbers",
        explanation: """
            The sequence of a smallint or integer column has given out half of the numbers the column can hold. At the \
            last one every INSERT fails. That the sequence itself may go on as bigint does not help: the column is what \
            is full. Changing its type writes the whole table under a lock that shuts everybody out; on a large one add \
            a bigint column, fill it in parts, and swap them.
            """,
        source: "https://www.postgresql.org/docs/current/datatype-numeric.html#DATATYPE-INT",
        mending: .rewrite, sight: .samples, .keys,
        find: { _ in
            """
            select c.schema, c.name, c.attname as part, c.bytes, 100 * s.last::float8 / m.most as value,
                s.last::float8 as bound, format_type(c.atttypid, -1) as note,
                format('alter table %I.%I alter column %I type bigint;', c.schema, c.name, c.attname) as mend
            from seq s join col c on c.attrelid = s.attrelid and c.attnum = s.attnum
            join (values ('int2'::regtype, 32767.0), ('int4'::regtype, 2147483647.0)) m (type, most) on m.type = c.atttypid
            where s.seqincrement > 0 and not s.seqcycle and s.last::float8 / m.most >= 0.5
            """
        },
        say: { hit in
            "its sequence has come to \(Int64(hit.bound ?? 0).grouped): \(Percentage((hit.value ?? 0).rounded())) of "
                + "what \(hit.said) holds"
        })

    static let integerValuesRunOut = Lint(
        "DB171", "keys.values-run-out", priority: 12, .warning, critical: 80,
        title: "Integer key whose values run out",
        explanation: """
            The largest value the statistics know of a smallint or integer key that no sequence of its own feeds is past \
            half of what the column can hold: the application or a shared sequence gives the numbers. At the last one \
            every INSERT fails.
            """,
        source: "https://www.postgresql.org/docs/current/datatype-numeric.html#DATATYPE-INT",
        mending: .rewrite, sight: .samples, .keys,
        find: { limits in
            """
            select c.schema, c.name, c.attname as part, c.bytes, 100 * v.highest / m.most as value, v.highest as bound,
                format_type(c.atttypid, -1) as note,
                format('alter table %I.%I alter column %I type bigint;', c.schema, c.name, c.attname) as mend
            from pg_index i
            join col c on c.attrelid = i.indrelid and c.attnum = i.indkey[0]
            join (values ('int2'::regtype, 32767.0), ('int4'::regtype, 2147483647.0)) m (type, most) on m.type = c.atttypid
            join pg_stats s on s.schemaname = c.schema and s.tablename = c.name and s.attname = c.attname
                and s.inherited = (c.kind = 'p')
            cross join lateral (
                select (s.histogram_bounds::text::bigint[])[array_upper(s.histogram_bounds, 1)]::float8 as highest) v
            where i.indisprimary and i.indnkeyatts = 1 and c.tuples >= \(limits.leastRows)::float8
                and v.highest / m.most >= 0.5
                and not exists (select from seq where seq.attrelid = c.attrelid and seq.attnum = c.attnum)
                and not exists (select from pg_constraint f
                    where f.conrelid = c.attrelid and f.contype = 'f' and c.attnum = any (f.conkey))
            """
        },
        say: { hit in
            "its values have come to \(Int64(hit.bound ?? 0).grouped): \(Percentage((hit.value ?? 0).rounded())) of "
                + "what \(hit.said) holds"
        })

    static let foreignKeyType = Lint(
        "DB172", "keys.foreign-type", priority: 62, .warning, title: "Foreign key that cannot hold what it refers to",
        explanation: """
            The column has a smaller integer type than the one it refers to: as soon as the other table's numbers are \
            larger than it can hold, rows that refer to them cannot be written.
            """,
        source: "https://www.postgresql.org/docs/current/datatype-numeric.html#DATATYPE-INT",
        mending: .rewrite, .keys,
        find: { _ in
            """
            select c.schema, c.name, c.attname as part, c.bytes,
                format('%s refers to %s of %I.%I', format_type(c.atttypid, -1), format_type(t.atttypid, -1), t.schema,
                    t.name) as note,
                format('alter table %I.%I alter column %I type %s;', c.schema, c.name, c.attname,
                    format_type(t.atttypid, -1)) as mend
            from pg_constraint f
            cross join lateral unnest(f.conkey, f.confkey) k (here, there)
            join col c on c.attrelid = f.conrelid and c.attnum = k.here
            join col t on t.attrelid = f.confrelid and t.attnum = k.there
            join (values ('int2'::regtype, 2), ('int4'::regtype, 4), ('int8'::regtype, 8)) a (type, width)
                on a.type = c.atttypid
            join (values ('int2'::regtype, 2), ('int4'::regtype, 4), ('int8'::regtype, 8)) b (type, width)
                on b.type = t.atttypid
            where f.contype = 'f' and f.conparentid = 0 and a.width < b.width
            """
        },
        say: { $0.said })

    static let sequenceBehind = Lint(
        "DB173", "keys.sequence-behind", priority: 30, .critical, title: "Sequence behind its column",
        explanation: """
            The statistics know of values in the column that its sequence has yet to give out: rows were loaded with \
            their numbers, and nobody told the sequence. When it comes to them, INSERTs fail on the key, one after the \
            other; without a key they make duplicates. A sequence that has given out nothing yet is left out: the catalogue does not say where it \
            will begin.
            """,
        source: "https://www.postgresql.org/docs/current/functions-sequence.html",
        mending: .catalogue(.rowExclusive), sight: .samples, .keys,
        find: { _ in
            """
            select c.schema, c.name, c.attname as part, v.highest as value, s.last::float8 as bound,
                format('select setval(%L, greatest((select max(%I) from %I.%I), (select last_value from %I.%I)));',
                    format('%I.%I', s.seq_schema, s.seq_name), c.attname, c.schema, c.name, s.seq_schema, s.seq_name)
                    as mend
            from seq s join col c on c.attrelid = s.attrelid and c.attnum = s.attnum
            join pg_stats p on p.schemaname = c.schema and p.tablename = c.name and p.attname = c.attname
                and p.inherited = (c.kind = 'p')
            cross join lateral (
                select (p.histogram_bounds::text::bigint[])[array_upper(p.histogram_bounds, 1)]::float8 as highest) v
            where s.seqincrement > 0 and not s.seqcycle
                and c.atttypid in ('int2'::regtype, 'int4'::regtype, 'int8'::regtype)
                and v.highest > s.last
                and exists (select from pg_index i where i.indrelid = c.attrelid and i.indisunique
                    and i.indnkeyatts = 1 and i.indkey[0] = c.attnum)
            """
        },
        say: { hit in
            "its values have come to \(hit.count) and its sequence to \(Int64(hit.bound ?? 0).grouped): INSERTs will "
                + "fail on the key"
        })

    static let keySequenceCycles = Lint(
        "DB174", "keys.cycle", priority: 48, .warning, title: "Key whose sequence begins again",
        explanation: """
            The sequence of the column starts over when it comes to its end. The numbers after that are taken: the INSERTs \
            fail on the key as long as the old rows are there.
            """,
        source: "https://www.postgresql.org/docs/current/sql-createsequence.html",
        mending: .catalogue(.shareRowExclusive), .keys,
        find: { _ in
            """
            select c.schema, c.name, c.attname as part,
                format('alter sequence %I.%I no cycle;', s.seq_schema, s.seq_name) as mend
            from seq s join col c on c.attrelid = s.attrelid and c.attnum = s.attnum
            where s.seqcycle and exists (
                select from pg_index i where i.indrelid = c.attrelid and i.indisunique and i.indnkeyatts = 1
                    and i.indkey[0] = c.attnum)
            """
        },
        say: { _ in "its sequence begins again at the end, where the numbers are taken" })

    static let sequenceOutgrowsColumn = Lint(
        "DB175", "keys.sequence-wider", priority: 195, .info, title: "Sequence that is wider than its column",
        explanation: """
            The sequence counts beyond what its column can hold, so that what watches sequences sees it nearly empty \
            while the column is nearly full. Give it the column's type.
            """,
        source: "https://www.postgresql.org/docs/current/sql-createsequence.html",
        mending: .catalogue(.shareRowExclusive), .keys,
        find: { _ in
            """
            select c.schema, c.name, c.attname as part, format_type(c.atttypid, -1) as note,
                format('alter sequence %I.%I as %s maxvalue %s;', s.seq_schema, s.seq_name, format_type(c.atttypid, -1), m.most)
                    as mend
            from seq s join col c on c.attrelid = s.attrelid and c.attnum = s.attnum
            join (values ('int2'::regtype, 32767), ('int4'::regtype, 2147483647)) m (type, most) on m.type = c.atttypid
            where s.seqmax > m.most
            """
        },
        say: { "its sequence counts beyond what \($0.said) holds" })
}
