import PostgreSQL

/// A schema with something of every class, on all versions the same. Roles are the cluster's, so they are made apart.
package enum RichSchema {
    package static let roles = ["rich_owner", "rich_reader"]

    /// Apart, since a new value of an enum cannot be used before it is committed.
    package static let preludes: [StaticString] = [
        """
        create schema app authorization rich_owner; create type app.mood as enum ('sad', 'happy')
        """,
        """
        alter type app.mood add value 'ok' before 'happy'
        """,
    ]

    package static let script: StaticString = #"""
        create schema "Hostile ""; drop table x; -- <b>";
        create domain app.email as text collate "C" default 'a@b' constraint has_at check (value like '%@%') not null;
        create type app.pair as (a int, "B b" text); create type app.span as range (subtype = float8, subtype_diff = float8mi);
        create sequence app.counter as int start 5 increment 2 minvalue 1 maxvalue 1000 cache 3 cycle;
        create table app.venues (
            gone int, id bigint generated always as identity primary key, name text collate "C" not null,
            mail app.email, moods app.mood[], size int not null default 7 check (size > 0),
            doubled int generated always as (size * 2) stored, "order" int unique deferrable initially deferred,
            during tstzrange, exclude using gist (during with &&)) with (fillfactor = 70, autovacuum_enabled = off);
        alter table app.venues drop column gone; alter table app.venues alter column name set storage external;
        alter table app.venues alter column size set statistics 500; alter table app.venues owner to rich_owner;
        create unlogged table app.cache (k text, v jsonb);
        create table app.events (
            id serial, venue bigint references app.venues on delete cascade, at date not null, kind app.mood default 'ok',
            primary key (id, at)) partition by range (at);
        create table app.events_2025 partition of app.events for values from ('2025-01-01') to ('2026-01-01');
        create table app.events_rest partition of app.events default;
        create index on app.events (venue) where venue > 0; create index lower_name on app.venues (lower(name) desc nulls last);
        create table app.parent (a int check (a > 0) no inherit, b int check (b > 0)); create table app.child (c int) inherits (app.parent);
        alter table app.parent add constraint later check (a < 100) not valid;
        create statistics app.stat (ndistinct, dependencies) on name, size from app.venues;
        create view app.big as select id, name, size from app.venues where size > 100;
        create view app.joined with (security_barrier) as
            select v.name, count(*) as n, max(e.at) filter (where e.kind = 'ok') as last
            from app.venues v left join app.events e on e.venue = v.id
            where v.name <> 'a"b.c''d\e' and exists (select 1 from app.cache where k = v.name) group by v.name order by 2 desc;
        create materialized view app.summary as select kind, count(*) from app.events group by kind with no data;
        create unique index on app.summary (kind);
        create function app.add(a int, b int default 3, variadic c int[] default '{}') returns int language sql immutable strict
            parallel safe cost 5 as 'select a + b';
        create function app.atomic(x int) returns bigint language sql begin atomic select count(*) from app.venues where size > x; end;
        create function app.touch() returns trigger language plpgsql security definer set search_path = app
            as $$ begin new.name := trim(new.name); return new; end $$;
        create procedure app.clean(inout n int) language plpgsql as $$ begin delete from app.cache; end $$;
        create aggregate app.total(int) (sfunc = int4pl, stype = int, initcond = '0');
        create function app.same(app.pair, app.pair) returns bool language sql immutable as 'select $1.a = $2.a';
        create operator app.=== (leftarg = app.pair, rightarg = app.pair, function = app.same, commutator = operator(app.===));
        create function app.to_pair(int) returns app.pair language sql immutable as 'select row($1, null)::app.pair';
        create cast (int as app.pair) with function app.to_pair(int) as assignment;
        create trigger touch before insert or update of name on app.venues for each row when (new.name is not null) execute function app.touch();
        alter table app.venues disable trigger touch;
        create rule no_delete as on delete to app.cache do instead nothing;
        create rule log_insert as on insert to app.cache where new.k = 'x' do also update app.venues set size = size + 1 where name = new.k;
        alter table app.venues enable row level security; alter table app.venues force row level security;
        create policy mine on app.venues as restrictive for select to rich_reader using (size < 10);
        create policy all_rows on app.venues to public using (true) with check (size > 1);
        create text search configuration app.german (copy = pg_catalog.german);
        create text search dictionary app.plain (template = simple, stopwords = 'english');
        create collation app.ordering (provider = libc, locale = 'C');
        create publication pub for table app.venues (id, name) where (size > 3), app.parent with (publish = 'insert');
        create foreign data wrapper nowhere; create server remote foreign data wrapper nowhere options (host 'h', password 's3cret');
        create user mapping for rich_reader server remote options (user 'u', password 's3cret');
        create foreign table app.far (a int options (x 'y')) server remote options (t 'u');
        create function app.log_ddl() returns event_trigger language plpgsql as 'begin end';
        create event trigger on_ddl on ddl_command_end when tag in ('CREATE TABLE') execute function app.log_ddl();
        alter event trigger on_ddl disable;
        grant usage on schema app to rich_reader; grant select, insert (name), update (size) on app.venues to rich_reader;
        grant select on all tables in schema app to rich_reader with grant option; revoke truncate on app.cache from current_user;
        revoke execute on function app.touch() from public; grant usage on type app.mood to rich_reader; grant usage on sequence app.counter to rich_reader;
        alter default privileges for role rich_owner in schema app grant select on tables to rich_reader;
        comment on table app.venues is 'where it happens'; comment on column app.venues.size is E'line\nbreak';
        comment on constraint later on app.parent is 'not yet'; comment on function app.add(int, int, int[]) is 'adds';
        create table "Hostile ""; drop table x; -- <b>"."t
        n" ("c 'q' ""d""" int default 3 check ("c 'q' ""d""" > 0)); create index on "Hostile ""; drop table x; -- <b>"."t
        n" ("c 'q' ""d""");
        """#

    /// Makes it in an empty database, its roles where they are missing.
    package static func make(in database: TestDatabase) async throws {
        try await database.connect { connection in
            for role in roles {
                let known = try await connection.query("select from pg_roles where rolname = \(role)")
                do {
                    if known.isEmpty { try await connection.execute("create role \(identifier: role) login") }
                } catch let error as PostgreSQLError where ["42710", "23505"].contains(error.sqlState) {
                    // Another test was faster.
                    continue
                }
            }
        }
        for prelude in preludes { try await database.run(prelude) }
        try await database.run(script)
    }
}
