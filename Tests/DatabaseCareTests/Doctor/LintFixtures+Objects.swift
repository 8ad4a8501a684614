extension LintFixture {
    static let rowSecurity: [LintFixture] = [
        LintFixture(
            "DB200",
            """
            create table off (a int); create policy p on off using (a > 0);
            create table on_ (a int); alter table on_ enable row level security; create policy p on on_ using (a > 0);
            create table plain (a int)
            """, finds: ["public.off"]),
        LintFixture(
            "DB201",
            """
            create table shut (a int); alter table shut enable row level security;
            create table open (a int); alter table open enable row level security; create policy p on open using (a > 0)
            """, finds: ["public.shut"]),
        LintFixture(
            "DB202",
            """
            create table t (owner text); alter table t enable row level security;
            create policy each on t for select using (owner = current_setting('app.user'));
            create policy once on t for delete using (owner = (select current_setting('app.user')));
            create policy own on t for update using (owner = current_user)
            """, finds: ["public.t (each)"]),
        LintFixture(
            "DB203",
            """
            create table t (a int); alter table t enable row level security;
            create policy one on t for select using (a > 0); create policy two on t for select using (a < 0);
            create policy three on t for insert with check (a > 0);
            create policy four on t as restrictive for insert with check (a > 1)
            """, finds: ["public.t (public, select)"]),
        LintFixture(
            "DB204",
            """
            create table t (a int); alter table t enable row level security;
            create policy everything on t using (true); create policy reading on t for select using (true);
            create policy adding on t for insert with check (true); create policy own on t for update using (a > 0);
            create policy mixed on t for update using (a > 0) with check (true);
            create policy admin on t for delete to pg_monitor using (true)
            """, finds: ["public.t (everything)", "public.t (adding)"]),
        LintFixture(
            "DB205",
            """
            create table t (a int); alter table t enable row level security; create policy p on t using (a > 0);
            create view past as select a from t; grant select on past to public;
            create view mine as select a from t;
            create view asks with (security_invoker = true) as select a from t; grant select on asks to public;
            create table open (a int); create view fine as select a from open; grant select on fine to public
            """, finds: ["public.past"]),
    ]

    static let objects: [LintFixture] = [
        LintFixture(
            "DB206",
            """
            create function loose(a int) returns int language sql security definer as 'select 1';
            create function tight() returns int language sql security definer set search_path = '' as 'select 1';
            create function own() returns int language sql as 'select 1'
            """, finds: ["public.loose (a integer)"]),
        LintFixture(
            "DB207", "create extension hstore version '1.4'; create extension pg_trgm", finds: ["hstore"]),
        LintFixture(
            "DB208", "create schema x; create extension hstore schema public; create extension pg_trgm schema x",
            finds: ["hstore"]),
        LintFixture(
            "DB209",
            """
            create schema open; grant create on schema open to public; create schema shut;
            grant usage on schema shut to public
            """, finds: ["open"]),
        LintFixture(
            "DB210",
            """
            create function f(text) returns text language sql immutable as 'select lower($1)';
            create function g(text) returns text language sql immutable set search_path = pg_catalog as 'select lower($1)';
            create function h(a text) returns text language sql immutable return lower(a);
            create table t (a text); create index on t (f(a)); create index on t (g(a)); create index on t (h(a));
            create index on t (upper(a))
            """, finds: ["public.f (text)"]),
        LintFixture(
            "DB211",
            """
            create function f() returns event_trigger language plpgsql as 'begin end';
            create event trigger off on ddl_command_end execute function f();
            create event trigger on_ on ddl_command_end execute function f();
            alter event trigger off disable
            """, finds: ["off"]),
        LintFixture(
            "DB213", #"create table "Orders" (a int); create table orders (a int)"#, finds: [#"public."Orders""#]),
        LintFixture("DB214", "select lo_create(0); create table t (a int)", finds: ["DATABASE"]),
        LintFixture("DB214", "select lo_create(0); create table t (a oid)", finds: []),
        LintFixture(
            "DB215", "create table t (a timestamp, b timestamptz, c date)", finds: ["public.t (a)"]),
        LintFixture("DB216", "create table t (a money, b numeric)", finds: ["public.t (a)"]),
        LintFixture("DB217", "create table t (a char(3), b varchar(3), c text, d \"char\")", finds: ["public.t (a)"]),
        LintFixture("DB218", "create table t (a timetz, b time)", finds: ["public.t (a)"]),
        LintFixture("DB219", "create table t (a json, b jsonb)", finds: ["public.t (a)"]),
    ]

    static let cluster: [LintFixture] = [
        LintFixture(
            "DB262",
            """
            create table t (a text collate "en-x-icu", b text collate "de-x-icu");
            create index on t (a);
            update pg_collation set collversion = '1.0' where collname in ('en-x-icu', 'fr-x-icu')
            """, finds: [#"pg_catalog."en-x-icu""#]),
        LintFixture(
            "DB267",
            """
            create subscription off connection 'dbname=nowhere' publication p with (connect = false, slot_name = none)
            """, finds: ["off"], teardown: "drop subscription off"),
        LintFixture(
            "DB269",
            """
            create subscription s connection 'dbname=nowhere' publication p with (connect = false, slot_name = none);
            create table waits (a int); create table ready (a int);
            insert into pg_subscription_rel select s.oid, 'waits'::regclass, 'd', null from pg_subscription s
                where s.subdbid = (select oid from pg_database where datname = current_database());
            insert into pg_subscription_rel select s.oid, 'ready'::regclass, 'r', '0/1' from pg_subscription s
                where s.subdbid = (select oid from pg_database where datname = current_database())
            """, finds: ["public.waits"], teardown: "drop subscription s"),
    ]
}
