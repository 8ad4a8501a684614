import Engine
import Maintenance
import MaintenanceTesting
import PostgreSQL
import Testing

@testable import DatabaseCare

@Suite(.cluster, .temporaryDirectory, .timeLimit(.minutes(2)))
struct RepackTests {
    private static let excluding: StaticString = """
        create extension pg_repack;
        create table t (a int4range, exclude using btree (a with =));
        insert into t select int4range(g, g + 1) from generate_series(1, 30000) g
        """
    private static let words = "db reindex --everything --minimum-size=1"

    private func run(_ words: String = words) async throws -> RunSummary {
        try await TaskHarness(careEntries, database: .current).run(words)
    }

    /// Names of the indexes of `t`, and whether each is valid.
    private static let indexes: SQL =
        "select string_agg(relname || ' ' || indisvalid, ', ' order by relname) from pg_index join pg_class c on c.oid = indexrelid where indrelid = 't'::regclass"

    @Test("what CONCURRENTLY refuses pg_repack rebuilds where it is installed, and it is proved by the index's files")
    func rebuilds() async throws {
        let database = TestDatabase.current
        try await database.run(Self.excluding)
        try await database.run("analyze t")
        let before = try await database.value(
            "select 't_a_excl'::regclass::oid || ' ' || relfilenode from pg_class where relname = 't_a_excl'")
        let summary = try await run()
        #expect(summary.step.state == .succeeded, "\(summary.changes.map(\.error))")
        let change = try #require(summary.changes.first)
        #expect(summary.changes.map(\.change.id) == ["repack public.t_a_excl"])
        #expect(change.state == .proved)
        #expect(change.change.action.lines.first?.contains("--no-kill-backend") == true)
        let after = try await database.value(
            "select 't_a_excl'::regclass::oid || ' ' || relfilenode from pg_class where relname = 't_a_excl'")
        #expect(after.split(separator: " ").first == before.split(separator: " ").first)
        #expect(after != before)
        #expect(try await database.value(Self.indexes) == "t_a_excl true")
    }

    @Test("one that cannot have its lock is ended at the limit, and what it left goes with the next run")
    func cutShort() async throws {
        let database = TestDatabase.current
        try await database.run(Self.excluding)
        try await database.run("analyze t")
        try await database.connect(.unlimited()) { reader in
            // A lock and no snapshot: the build does not wait for it, and the exchange does.
            try await reader.executeScript(trusted: "begin; lock table t in access share mode")
            let summary = try await run("\(Self.words) --limit=1s")
            #expect(summary.step.state != .succeeded)
            #expect(summary.changes.map(\.change.id) == ["repack public.t_a_excl"])
            #expect(summary.changes.first?.state != .proved)
            let working = try await database.value(
                "select count(*)::text from pg_stat_activity where datname = current_database() and query ~* 'index_[0-9]' and pid <> pg_backend_pid() and state = 'active'"
            )
            #expect(working == "0")
            try await reader.executeScript(trusted: "commit")
        }
        let again = try await run()
        #expect(again.step.state == .succeeded, "\(again.changes.map(\.error))")
        #expect(again.changes.last?.change.id == "repack public.t_a_excl")
        #expect(again.changes.last?.state == .proved)
        #expect(try await database.value(Self.indexes) == "t_a_excl true")
    }

    @Test("without pg_repack such an index is listed with the reason, and nothing is done")
    func absent() async throws {
        let database = TestDatabase.current
        try await database.run(
            """
            create table t (a int4range, exclude using btree (a with =));
            insert into t select int4range(g, g + 1) from generate_series(1, 30000) g
            """)
        try await database.run("analyze t")
        let summary = try await run()
        #expect(summary.changes.isEmpty)
        let alone = summary.listing("Indexes left alone")?.rows.map { $0.map(\.description) } ?? []
        #expect(alone.first?.first == "public.t_a_excl")
        #expect(alone.first?.last?.contains("the extension pg_repack is not in this database") == true, "\(alone)")
    }

    /// Trigger, log and key type as pg_repack itself makes them for a table.
    private static let left: StaticString = """
        create extension pg_repack; create table w (id int primary key, b text);
        insert into w select g, 'x' from generate_series(1, 100) g;
        do $$ declare r record; begin
            select * into r from repack.tables where relid = 'w'::regclass;
            execute r.create_pktype; execute r.create_log; execute r.create_trigger; execute r.enable_trigger;
            execute 'create table repack.table_' || r.relid || ' as select * from w';
        end $$
        """

    @Test("trigger, log and half copy of a repacking that did not end are dropped, and left alone while one is at work")
    func leftovers() async throws {
        let database = TestDatabase.current
        try await database.run(Self.left)
        try await database.connect(.unlimited()) { worker in
            _ = try await worker.query(
                "select pg_advisory_lock(16185446, (-2147483648 + 'w'::regclass::oid::bigint)::int)")
            #expect(try await run("db reindex").changes.isEmpty)
            _ = try await worker.query("select pg_advisory_unlock_all()")
        }
        let summary = try await run("db reindex")
        #expect(summary.step.state == .succeeded, "\(summary.changes.map(\.error))")
        let change = try #require(summary.changes.first)
        #expect(summary.changes.map(\.change.id) == ["drop-repack public.w"])
        #expect(change.state == .proved)
        #expect(change.change.priority == .warning)
        let rest = try await database.value(
            """
            select (select count(*) from pg_trigger where tgname = 'repack_trigger') || ' '
                || (select count(*) from pg_class where relnamespace = 'repack'::regnamespace and relkind = 'r') || ' '
                || (select count(*) from pg_type where typname ~ '^pk_') || ' ' || (select count(*) from w)
            """)
        #expect(rest == "0 0 0 100")
        #expect(try await run("db reindex").changes.isEmpty)
    }

    @Test("an index that a pg_repack has left goes; one that is only called so stays")
    func twins() async throws {
        let database = TestDatabase.current
        try await database.run(
            """
            create table t (a int, b int); create index t_a on t (a); create index t_b on t (b);
            create index t_c on t (b, a);
            do $$ begin
                execute format('create index index_%s on t (a)', 't_a'::regclass::oid);
                execute format('create index index_%s on t (a, b)', 't_b'::regclass::oid);
                -- It keeps rows apart, which no copy of t_c would.
                execute format('create unique index index_%s on t (b, a)', 't_c'::regclass::oid);
            end $$
            """)
        let oid = try await database.value("select 't_a'::regclass::oid::text")
        let summary = try await run("db reindex")
        #expect(summary.changes.map(\.change.id) == ["drop-index public.index_\(oid)"])
        #expect(summary.changes.first?.state == .proved)
    }
}
