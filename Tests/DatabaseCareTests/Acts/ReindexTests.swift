import Engine
import Maintenance
import MaintenanceTesting
import PostgreSQL
import Testing

@testable import DatabaseCare

@Suite(.cluster, .temporaryDirectory)
struct ReindexTests {
    private func run(
        _ words: String, on database: TestDatabase = .current, user: String? = nil, isDryRun: Bool = false
    ) async throws -> RunSummary {
        try await TaskHarness(careEntries, database: database, user: user).run(words, isDryRun: isDryRun)
    }

    /// Of the first only every tenth row is left, of the second all.
    private static let bloated: [StaticString] = [
        """
        create table bloated (a int primary key) with (autovacuum_enabled = off);
        insert into bloated select generate_series(1, 200000);
        create table fine (a int primary key) with (autovacuum_enabled = off);
        insert into fine select generate_series(1, 200000)
        """, "delete from bloated where a % 10 <> 0", "vacuum (analyze) bloated", "vacuum (analyze) fine",
    ]

    private func make(_ scripts: [StaticString], in database: TestDatabase = .current) async throws {
        for script in scripts { try await database.counted(script) }
    }

    @Test(
        "what is bloated is rebuilt and proved, what it gained stands beside what was predicted",
        arguments: TestServer.allCases)
    func rebuilds(version: TestServer) async throws {
        try await TestDatabase.with(version) { database in
            try await make(Self.bloated, in: database)
            let before = try await database.value("select 'bloated_pkey'::regclass::oid::text")
            let summary = try await run("db reindex --minimum-size=1M", on: database)
            #expect(summary.step.state == .succeeded)
            let change = try #require(summary.changes.first)
            #expect(summary.changes.count == 1)
            #expect(change.change.action == .sql([#"reindex index concurrently "public"."bloated_pkey""#]))
            #expect(change.state == .proved)
            guard case .integer(let gained)? = change.evidence?["bytes gained"],
                case .integer(let predicted)? = change.evidence?["bytes predicted to be gained"],
                case .integer(let size)? = change.evidence?["bytes before"]
            else {
                Issue.record("no gain is recorded: \(change.evidence ?? [:])")
                return
            }
            #expect(Double(gained) > 0.8 * Double(size))
            #expect(abs(Double(gained - predicted)) < 0.05 * Double(size))
            #expect(try await database.value("select 'bloated_pkey'::regclass::oid::text") != before)
            #expect(try await run("db reindex --minimum-size=1M", on: database).changes.isEmpty)
        }
    }

    @Test("leftovers are dropped, other invalid indexes are built again, and sound ones are left alone")
    func broken() async throws {
        let database = TestDatabase.current
        try await database.run(
            """
            create table t (a int, b int, c int); create index t_a on t (a); create index t_a_ccnew on t (a);
            create index t_b on t (b); create index t_c_ccold1 on t (c);
            update pg_index set indisvalid = false
                where indexrelid in ('t_a_ccnew'::regclass, 't_b'::regclass, 't_c_ccold1'::regclass)
            """)
        let summary = try await run("db reindex")
        #expect(summary.step.state == .succeeded)
        #expect(
            summary.changes.map(\.change.id) == [
                "drop-index public.t_a_ccnew", "drop-index public.t_c_ccold1", "reindex public.t_b",
            ])
        let left = try await database.value(
            "select string_agg(relname || ' ' || indisvalid, ', ' order by relname) from pg_index join pg_class c on c.oid = indexrelid where indrelid = 't'::regclass"
        )
        #expect(left == "t_a true, t_b true")
    }

    @Test("an index that exists twice is dropped where asked, and its definition makes it again")
    func duplicates() async throws {
        let database = TestDatabase.current
        try await database.run(
            #"create table t (a int, "b c" int); create index one on t ("b c" desc); create index "t""wo" on t ("b c" desc)"#
        )
        #expect(try await run("db reindex").changes.isEmpty)
        let summary = try await run("db reindex --drop-duplicates")
        #expect(summary.step.state == .succeeded)
        let change = try #require(summary.changes.first)
        #expect(change.change.action == .sql([#"drop index concurrently "public"."t""wo""#]))
        #expect(change.change.reason == "it does the same as one")
        #expect(change.change.reversal == #"create index concurrently "t""wo" ON public.t USING btree ("b c" DESC)"#)
        #expect(
            change.evidence?["definition"]
                == .text(change.change.reversal.replacing("create index concurrently", with: "CREATE INDEX")))
        try await database.connect { try await $0.executeScript(trusted: change.change.reversal) }
        #expect(try await database.hits("DB101").map(\.name) == [#"t"wo"#])
    }

    @Test("a build that is cancelled in its last phase is done, and the next run drops what it left")
    func cancelled() async throws {
        let database = TestDatabase.current
        try await database.run(
            """
            create table t (a int); insert into t select generate_series(1, 100000); create index t_a on t (a)
            """)
        // Its lock keeps nobody from building; dropping the old one, which comes last, waits for it until the limit is over.
        try await database.connect(.unlimited()) { reader in
            try await reader.executeScript(trusted: "begin; select count(*) from t")
            let summary = try await run("db reindex --table=t --everything --minimum-size=1 --limit=1s")
            try await reader.executeScript(trusted: "commit")
            let change = try #require(summary.changes.first)
            #expect(change.state == .proved, "\(String(describing: change.error))")
            #expect(change.evidence?["left beside it"] == "public.t_a_ccold")
        }
        let again = try await run("db reindex --table=public.t --everything --minimum-size=1")
        #expect(again.step.state == .succeeded)
        let left = try await database.value(
            "select string_agg(relname || ' ' || indisvalid, ', ') from pg_index join pg_class c on c.oid = indexrelid where indrelid = 't'::regclass"
        )
        #expect(left == "t_a true")
    }

    @Test("an exclusion constraint's index is rebuilt only where blocking is allowed")
    func exclusion() async throws {
        let database = TestDatabase.current
        try await database.run(
            """
            create table t (a int4range, exclude using btree (a with =));
            insert into t select int4range(g, g + 1) from generate_series(1, 30000) g
            """)
        try await database.run("analyze t")
        let words = "db reindex --everything --minimum-size=1"
        #expect(try await run(words).changes.isEmpty)
        let summary = try await run("\(words) --allow-blocking")
        #expect(summary.step.state == .succeeded)
        #expect(summary.changes.first?.change.lock == .accessExclusive)
        #expect(summary.changes.first?.change.action.lines == [#"reindex index "public"."t_a_excl""#])
    }

    @Test("a role that may not rebuild it is told so")
    func notOurs() async throws {
        let database = TestDatabase.current
        try await make(Self.bloated)
        try await database.withLimitedRole { role in
            try await database.connect { try await $0.execute("grant pg_read_all_data to \(identifier: role)") }
            let summary = try await run("db reindex --minimum-size=1M", user: role)
            #expect(summary.changes.isEmpty)
            #expect(summary.findings("DB002").map(\.object) == ["public.bloated_pkey"])
        }
    }
}
