import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Testing

@testable import Backup

/// One change to a database after its backup, and what the comparison has to say about it.
struct Alteration: Sendable, CustomTestStringConvertible {
    var script: StaticString
    var kind: String
    var name: String
    var problem = ""

    var testDescription: String { script.description }

    init(_ script: StaticString, _ kind: String, _ name: String, _ problem: String = "") {
        self.script = script
        self.kind = kind
        self.name = name
        self.problem = problem
    }

    static let all = [
        Alteration("update t set v = 'two!' where id = 2", "rows", "public.t", "content differs"),
        Alteration("delete from t where id = 3", "rows", "public.t", "999 rows were restored, and 1,000"),
        Alteration("insert into doubles select * from doubles limit 1", "rows", "public.doubles", "3 rows"),
        Alteration(
            "update pair_a set v = 'b1'; update pair_b set v = 'a1'", "rows", "public.pair_a", "content differs"),
        Alteration("update every_value set f = 'NaN' where id = 1", "rows", "public.every_value"),
        Alteration("update every_value set f = '-0' where id = 2", "rows", "public.every_value"),
        Alteration("update every_value set n = 1.50 where id = 3", "rows", "public.every_value"),
        Alteration(
            "update every_value set at = at + interval '1 microsecond' where id = 4", "rows", "public.every_value"),
        Alteration("update parted set id = id where false; delete from parted where id = 7", "rows", "public.parted_a"),
        Alteration("drop table t", "table", "public.t", "was not restored"),
        Alteration("create table another (a int)", "table", "public.another", "is in no backup"),
        Alteration("alter table t rename v to w", "table", "public.t", "has no column 'v'"),
        Alteration("select setval('counted', 6)", "sequence", "public.counted", "it is at 6, and was at 7"),
        Alteration("select setval('counted', 7, false)", "sequence", "public.counted", "not given out yet"),
        Alteration("revoke select on t from altered_reader", "schema", "grant table public.t to altered_reader"),
        Alteration("drop policy p on guarded", "schema", "policy public.guarded p", "was not restored"),
        Alteration("alter table guarded disable row level security", "schema", "table public.guarded"),
        Alteration("alter table t disable trigger tr", "schema", "trigger public.t tr"),
        Alteration("alter table t alter v set default 'y'", "schema", "column public.t.v"),
        Alteration("comment on table t is null", "schema", "comment table public.t"),
        Alteration("alter table t owner to altered_reader", "schema", "table public.t"),
        Alteration("drop index t_v", "schema", "index public.t_v"),
        Alteration("alter table t drop constraint positive", "schema", "constraint public.t positive"),
        Alteration(
            "create or replace function f() returns int language sql as 'select 2'", "schema", "function public.f()"),
        Alteration(
            """
            alter table moody alter m type text; drop type mood; create type mood as enum ('ok', 'sad');
            alter table moody alter m type mood using m::mood
            """, "schema", "enum public.mood"),
        Alteration(
            "do $$ begin execute format('alter database %I set work_mem = ''7MB''', current_database()); end $$",
            "schema", "database setting work_mem"),
        Alteration("alter table t set (toast.autovacuum_enabled = on)", "schema", "toast options public.t"),
        Alteration("alter table t reset (toast.autovacuum_enabled)", "schema", "toast options public.t"),
        Alteration("comment on schema public is 'ours'", "schema", "comment schema public"),
        Alteration(
            "do $$ begin execute format('alter database %I owner to altered_reader', current_database()); end $$",
            "schema", "database properties", "owner altered_reader"),
        Alteration(
            "do $$ begin execute format('alter database %I connection limit 9', current_database()); end $$",
            "schema", "database properties", "connection limit 9"),
        Alteration(
            "do $$ begin execute format('comment on database %I is null', current_database()); end $$",
            "schema", "comment database", "was not restored"),
        Alteration(
            "do $$ begin execute format('grant create on database %I to altered_reader', current_database()); end $$",
            "schema", "grant database to altered_reader"),
        Alteration(
            "alter large object 4711 owner to altered_reader", "schema",
            "large objects owner altered_reader; privileges altered_reader SELECT, altered_reader UPDATE",
            "number 4711"),
        Alteration(
            "grant select on large object 4711 to public", "schema",
            "large objects owner postgres; privileges postgres SELECT, postgres UPDATE, public SELECT", "number 4711"),
        Alteration("comment on large object 4711 is 'changed'", "schema", "comment large object 4711"),
        Alteration("comment on large object 47110 is null", "schema", "comment large object 47110"),
        Alteration("select lo_put(4711, 5, '!')", "large objects", "", "content"),
        Alteration("select lo_unlink(oid) from pg_largeobject_metadata", "large objects", "", "0 were restored"),
    ]
}

@Suite("altered content", .temporaryDirectory, .cluster, .timeLimit(.minutes(3)))
struct AlteredContentTests {
    static let script: StaticString = """
        do $$ begin
            if not exists (select from pg_roles where rolname = 'altered_reader') then create role altered_reader; end if;
        exception when duplicate_object or unique_violation then null; end $$;
        create table t (id int primary key, v text default 'x', constraint positive check (id > 0));
        insert into t select n, 'v' || n from generate_series(1, 1000) n; create index t_v on t (v);
        grant select on t to altered_reader; comment on table t is 'a table';
        create function f() returns int language sql as 'select 1';
        create function tf() returns trigger language plpgsql as 'begin return new; end';
        create trigger tr before insert on t for each row execute function tf();
        alter table t set (toast.autovacuum_enabled = off);
        do $$ begin execute format('comment on database %I is %L', current_database(), 'a database'); end $$;
        create table doubles (a int); insert into doubles values (1), (1);
        create table pair_a (v text); create table pair_b (v text);
        insert into pair_a values ('a1'); insert into pair_b values ('b1');
        create table every_value (id int, f float8, n numeric, at timestamptz);
        insert into every_value select n, 0, 1.5, now() from generate_series(1, 4) n;
        create table parted (id int) partition by range (id);
        create table parted_a partition of parted for values from (0) to (10);
        create table parted_b partition of parted for values from (10) to (20);
        insert into parted select generate_series(0, 19);
        create sequence counted; select setval('counted', 7);
        create table guarded (id int); alter table guarded enable row level security;
        create policy p on guarded using (id > 1);
        create type mood as enum ('sad', 'ok'); create table moody (m mood); insert into moody values ('ok');
        select lo_from_bytea(4711, 'a large object'), lo_from_bytea(47110, 'another'), lo_create(0);
        comment on large object 4711 is 'low'; comment on large object 47110 is 'high';
        """

    @Test("every change after the backup is found and named", arguments: Alteration.all)
    func isFound(alteration: Alteration) async throws {
        let database = TestDatabase.current
        try await database.run(Self.script)
        let shelf = Shelf()
        let manifest = try await shelf.take()
        let catalog = StoredCatalog(path: "\(shelf.path(manifest))/\(manifest.catalog.file)")
        let restored = RestoredDatabase(manifest, at: database.address, connections: 2, clock: .system)
        let before = try await restored.comparison { try catalog.entries() }
        // The roles are the whole cluster's, where other tests make and drop theirs.
        #expect(before.differences.filter { $0.kind != "role" }.map(\.description) == [])
        #expect(before.gaps == [])
        #expect(before.parts.map(\.kind) == ["rows", "tables", "schema", "sequences", "large objects", "roles"])

        try await database.run(alteration.script)
        let after = try await restored.comparison { try catalog.entries() }
        #expect(
            after.differences.contains {
                $0.kind == alteration.kind && ($0.name ?? "") == alteration.name
                    && (alteration.problem.isEmpty || $0.problem.contains(alteration.problem))
            }, "\(after.differences.map(\.description))")
    }

    @Test("a sequence that was used or set back during the dump is judged by its direction")
    func sequences() {
        typealias State = BackupManifest.Sequence.State
        func verdict(
            _ before: Int64, _ after: Int64, _ found: Int64, increment: Int64 = 1, cycles: Bool = false
        ) -> BackupManifest.Sequence.Verdict {
            BackupManifest.Sequence(
                name: QualifiedName(schema: "public", name: "s"), oid: 1, increment: increment, isCycling: cycles,
                before: State(value: before, isCalled: true), after: State(value: after, isCalled: true)
            ).verdict(on: State(value: found, isCalled: true))
        }
        #expect(verdict(5, 9, 7) == .fits)
        #expect(verdict(5, 9, 9) == .fits)
        #expect(verdict(5, 9, 10) == .differs("it is at 10, and was at 5 to 9 when it was dumped"))
        #expect(verdict(5, 9, 4) == .differs("it is at 4, and was at 5 to 9 when it was dumped"))
        #expect(verdict(-5, -9, -7, increment: -2) == .fits)
        #expect(verdict(-5, -9, -10, increment: -2) == .differs("it is at -10, and was at -5 to -9 when it was dumped"))
        #expect(verdict(9, 5, 7) == .moved)
        #expect(verdict(1, 3, 2, cycles: true) == .moved)
        #expect(verdict(3, 3, 2, cycles: true) == .differs("it is at 2, and was at 3 when it was dumped"))
    }
}
