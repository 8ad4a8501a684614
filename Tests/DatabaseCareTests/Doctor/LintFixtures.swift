extension LintFixture {
    static let indexes: [LintFixture] = [
        LintFixture(
            "DB100",
            """
            create table o (id int primary key);
            create table t (id int primary key, a int, b int, o int references o, d int);
            create index t_a on t (a); create unique index t_b on t (b); create index t_o on t (o);
            create index t_d on t (d); insert into t select g, g, g, null, g from generate_series(1, 1000) g
            """, "analyze t", "set enable_seqscan = off; select count(*) from t where d = 5",
            finds: ["public.t_a"]),
        LintFixture(
            "DB101",
            """
            create table t (id int primary key, a int, b int, c text);
            create index one on t (a); create index two on t (a); create index other_order on t (a desc);
            create unique index four on t (id); create index partial on t (a) where b > 0;
            create index covers on t (a) include (b); create index words on t (c);
            create index patterns on t (c text_pattern_ops); create index lowers on t (lower(c));
            create index uppers on t (upper(c)); create index hashed on t using hash (a)
            """, finds: ["public.two", "public.four"]),
        LintFixture(
            "DB102",
            """
            create table t (id int primary key, a int, b int, c int);
            create index short on t (a); create index long on t (a, b);
            create unique index alone on t (b); create index later on t (b, c) where c > 0;
            create index downwards on t (c desc); create index c_and_a on t (c, a)
            """, finds: ["public.short"]),
        LintFixture(
            "DB103",
            """
            create table t (id int primary key, a int unique, b int, c int);
            create unique index implied on t (a, b); create unique index needed on t (b, c);
            create table d (a int, b int); create unique index deferred on d (a, b)
            """, finds: ["public.implied"]),
        LintFixture(
            "DB104",
            """
            create table many (a int); create table few (a int);
            do $$ begin
                for n in 1..15 loop execute format('create index many_%s on many ((a + %s))', n, n); end loop;
                for n in 1..14 loop execute format('create index few_%s on few ((a + %s))', n, n); end loop;
            end $$
            """, finds: ["public.many"]),
        LintFixture(
            "DB105",
            """
            create table t (a int, b int, c int);
            create index t_a_ccnew on t (a); create index t_b on t (b); create index t_c on t (c);
            update pg_index set indisvalid = false where indexrelid in ('t_a_ccnew'::regclass, 't_b'::regclass)
            """, finds: ["public.t_a_ccnew", "public.t_b"]),
        LintFixture(
            "DB106",
            """
            create table p (id int primary key); insert into p values (1);
            create table bare (p int references p); insert into bare select 1 from generate_series(1, 500);
            create table led (p int references p, n int); insert into led select 1, g from generate_series(1, 500) g;
            create index on led (p, n);
            create table second (p int references p, n int); insert into second select 1, g from generate_series(1, 500) g;
            create index on second (n, p);
            create table partly (p int references p); insert into partly select 1 from generate_series(1, 500);
            create index on partly (p) where p is not null;
            create table small (p int references p); insert into small values (1);
            create table other (p int references p, gone int); insert into other select 1, 1 from generate_series(1, 500);
            create index on other (p) where gone is not null
            """, finds: ["public.bare (bare_p_fkey)", "public.second (second_p_fkey)", "public.other (other_p_fkey)"]),
        LintFixture(
            "DB107",
            """
            create table t (id int primary key, d jsonb, w tsvector, a int[], n text);
            create index t_d on t (d); create index t_w on t (w); create index t_a on t (a); create index t_n on t (n);
            create index g_d on t using gin (d); create index k_d on t ((d ->> 'k')); create unique index u_a on t (a)
            """, finds: ["public.t_d", "public.t_w", "public.t_a"]),
        LintFixture(
            "DB108",
            """
            create table t (id int primary key, even boolean, rare boolean, n int);
            insert into t select g, g % 2 = 0, g <= 10, g from generate_series(1, 1000) g;
            create index t_even on t (even); create index t_rare on t (rare); create index t_n on t (n)
            """, "analyze t", finds: ["public.t_even"]),
        LintFixture(
            "DB109",
            """
            create table t (id int primary key, seldom int, often int);
            insert into t select g, case when g <= 50 then g end, case when g % 2 = 0 then g end
                from generate_series(1, 1000) g;
            create index t_seldom on t (seldom); create index t_often on t (often);
            create index t_fine on t (seldom) where seldom is not null
            """, "analyze t", finds: ["public.t_seldom"]),
        LintFixture(
            "DB110",
            """
            create table t (a int, b int) partition by list (a); create table t_1 partition of t for values in (1);
            create index waits on only t (a); create index whole on t (b)
            """, finds: ["public.waits"]),
        LintFixture(
            "DB111",
            """
            create table t (a int, b text); create index t_a on t using hash (a); create index t_b on t using hash (b);
            create index t_c on t (a)
            """, finds: ["public.t_a"]),
        LintFixture(
            "DB112",
            """
            create table t (a int, b int); create index loose on t (a) with (fillfactor = 50);
            create index usual on t (b) with (fillfactor = 90)
            """, finds: ["public.loose"]),
    ]

    static let tables: [LintFixture] = [
        LintFixture(
            "DB130",
            """
            create table bare (a int); create table keyed (a int primary key); create table known (a int not null unique);
            create table nullable (a int unique); create table parted (a int) partition by list (a);
            create table parted_1 partition of parted for values in (1); create table heir () inherits (keyed)
            """, finds: ["public.bare", "public.nullable", "public.parted"]),
        LintFixture(
            "DB131",
            """
            create table t (a int not null, b int); create unique index t_a on t (a);
            create table keyed (id int primary key, a int not null); create unique index keyed_a on keyed (a);
            create table nullable (a int); create unique index nullable_a on nullable (a);
            create table partly (a int not null); create unique index partly_a on partly (a) where a > 0
            """, finds: ["public.t"]),
        LintFixture(
            "DB132",
            """
            create table bare (a int); create table keyed (a int primary key);
            create table whole (a int); alter table whole replica identity full;
            create table nothing (a int primary key); alter table nothing replica identity nothing;
            create table inserted (a int);
            create publication p for table bare, keyed, whole, nothing;
            create publication q for table inserted with (publish = 'insert')
            """, finds: ["public.bare", "public.nothing"]),
        LintFixture(
            "DB133",
            """
            create unlogged table lost as select generate_series(1, 500) as a;
            create unlogged table scratch (a int); create table kept as select generate_series(1, 500) as a
            """, finds: ["public.lost"]),
        LintFixture(
            "DB134",
            """
            create table p (id int primary key); create table off (p int references p); create table on_ (p int references p);
            alter table off disable trigger all; alter table on_ disable trigger user
            """, finds: ["public.off (off_p_fkey)"]),
        LintFixture(
            "DB135",
            """
            create table narrow (a int); create table wide (a int);
            do $$ begin
                for n in 1..1000 loop execute format('alter table wide add column c%s int', n); end loop;
            end $$
            """, finds: ["public.wide"]),
        LintFixture(
            "DB136",
            """
            create table full_ (a int, b text); create index on full_ (a);
            insert into full_ select g, repeat('x', 100) from generate_series(1, 500) g;
            create table seldom (a int); create index on seldom (a); insert into seldom select generate_series(1, 500);
            create table roomy (a int) with (fillfactor = 80); create index on roomy (a);
            insert into roomy select generate_series(1, 500)
            """, "update full_ set a = a + 1; update seldom set a = 2 where a <= 20; update roomy set a = a + 1",
            finds: ["public.full_"]),
        LintFixture(
            "DB137",
            """
            create table read (a int); insert into read select generate_series(1, 2000);
            create table looked (a int primary key); insert into looked select generate_series(1, 2000)
            """, "analyze",
            """
            do $$ begin
                for n in 1..60 loop perform count(*) from read where a = n; perform 1 from looked where a = n; end loop;
            end $$
            """, finds: ["public.read"]),
        LintFixture(
            "DB138",
            """
            create materialized view never as select 1 as a with no data; create materialized view filled as select 1 as a
            """, finds: ["public.never"]),
        LintFixture(
            "DB139",
            """
            create materialized view blocks as select generate_series(1, 500) as a;
            create materialized view keyed as select generate_series(1, 500) as a; create unique index on keyed (a);
            create materialized view tiny as select 1 as a
            """, "analyze", finds: ["public.blocks"]),
        LintFixture(
            "DB140",
            """
            create table ruled (a int); create rule no_delete as on delete to ruled do instead nothing;
            create table plain (a int); create view seen as select a from plain
            """, finds: ["public.ruled (no_delete)"]),
        LintFixture(
            "DB141",
            """
            create table lonely (a int); create table written (a int); create table read (a int);
            create table looked (a int primary key)
            """,
            """
            insert into written values (1); select count(*) from read; set enable_seqscan = off;
            select a from looked where a = 1
            """, finds: ["public.lonely"]),
        LintFixture(
            "DB142",
            """
            do $$
            declare d date := current_date;
            begin
                execute 'create table soon (at date) partition by range (at)';
                execute format('create table soon_1 partition of soon for values from (%L) to (%L)', d - 30, d);
                execute format('create table soon_2 partition of soon for values from (%L) to (%L)', d, d + 3);
                execute 'create table later (at timestamptz) partition by range (at)';
                execute format('create table later_1 partition of later for values from (%L) to (%L)', d - 30, d);
                execute format('create table later_2 partition of later for values from (%L) to (%L)', d, d + 60);
                execute 'create table past (at timestamp) partition by range (at)';
                execute format('create table past_1 partition of past for values from (%L) to (%L)', d - 30, d - 20);
                execute format('create table past_2 partition of past for values from (%L) to (%L)', d - 20, d - 2);
                execute 'create table archive (at date) partition by range (at)';
                execute format('create table archive_1 partition of archive for values from (%L) to (%L)', d - 900, d - 800);
                execute format('create table archive_2 partition of archive for values from (%L) to (%L)', d - 800, d - 700);
                execute 'create table caught (at date) partition by range (at)';
                execute format('create table caught_1 partition of caught for values from (%L) to (%L)', d - 30, d);
                execute format('create table caught_2 partition of caught for values from (%L) to (%L)', d, d + 3);
                execute 'create table caught_rest partition of caught default';
                execute 'create table numbers (at int) partition by range (at)';
                execute 'create table numbers_1 partition of numbers for values from (1) to (2)';
            end $$
            """, finds: ["public.soon", "public.past"]),
        LintFixture(
            "DB143",
            """
            create table gappy (at date) partition by range (at);
            create table gappy_1 partition of gappy for values from (minvalue) to ('2026-02-01');
            create table gappy_3 partition of gappy for values from ('2026-03-01') to ('2026-04-01');
            create table whole (at date) partition by range (at);
            create table whole_1 partition of whole for values from ('2026-01-01') to ('2026-02-01');
            create table whole_2 partition of whole for values from ('2026-02-01') to ('2026-03-01');
            create table caught (at date) partition by range (at);
            create table caught_1 partition of caught for values from ('2026-01-01') to ('2026-02-01');
            create table caught_3 partition of caught for values from ('2026-03-01') to ('2026-04-01');
            create table caught_rest partition of caught default
            """, finds: ["public.gappy (2026-03-01)"]),
        LintFixture(
            "DB144",
            """
            create table a (n int) partition by list (n); create table a_rest partition of a default;
            insert into a values (1); create table b (n int) partition by list (n); create table b_rest partition of b default
            """, finds: ["public.a_rest"]),
        LintFixture(
            "DB145",
            """
            create table empty (n int) partition by list (n); create table filled (n int) partition by list (n);
            create table filled_1 partition of filled for values in (1)
            """, finds: ["public.empty"]),
        LintFixture(
            "DB146",
            """
            create table t (n int) partition by list (n); create table t_1 partition of t for values in (1);
            create table t_2 partition of t for values in (2);
            update pg_inherits set inhdetachpending = true where inhrelid = 't_1'::regclass
            """, finds: ["public.t_1"]),
    ]
}
