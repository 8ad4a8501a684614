import Engine
import Maintenance
import MaintenanceTesting
import PostgreSQL
import Testing

@testable import DatabaseCare

@Suite(.cluster, .temporaryDirectory)
struct VacuumTests {
    private func run(_ words: String, user: String? = nil, isDryRun: Bool = false) async throws -> RunSummary {
        try await TaskHarness(careEntries, database: .current, user: user).run(words, isDryRun: isDryRun)
    }

    @Test("exactly the tables with dead rows are vacuumed, each is proved, and the next run finds nothing to do")
    func deadRows() async throws {
        try await TestDatabase.current.counted(
            """
            create table "dead ""one" (a int) with (autovacuum_enabled = off);
            insert into "dead ""one" select generate_series(1, 10000);
            create table fine (a int) with (autovacuum_enabled = off); insert into fine select generate_series(1, 100000);
            create table small (a int) with (autovacuum_enabled = off); insert into small select generate_series(1, 900)
            """, #"delete from "dead ""one" where a <= 2000; delete from fine where a <= 2000; delete from small"#)
        let first = try await run("db vacuum")
        #expect(first.step.state == .succeeded)
        let change = try #require(first.changes.first)
        #expect(first.changes.count == 1)
        #expect(change.change.action == .sql([#"vacuum (analyze, truncate off) "public"."dead ""one""#]))
        #expect(change.change.reason == "2,000 dead rows (20 %)")
        #expect(change.state == .proved)
        #expect(change.evidence?["dead rows before"] == 2000)
        #expect(change.evidence?["dead rows"] == 0)
        #expect(try await run("db vacuum").changes.isEmpty)
    }

    @Test("what has grown old is frozen first, and the oldest transaction is a new one")
    func freezes() async throws {
        let database = TestDatabase.current
        try await database.run(
            """
            create table old (a int); insert into old values (1);
            create table spent (a int);
            do $$ begin
                for n in 1..3000 loop
                    begin insert into spent values (n); exception when others then null; end;
                end loop;
            end $$
            """)
        let before = try await database.value("select relfrozenxid::text from pg_class where relname = 'old'")
        let summary = try await run("db vacuum --freeze-age=2000")
        #expect(summary.step.state == .succeeded)
        let change = try #require(summary.changes.first { $0.change.object == "public.old" })
        #expect(change.change.action == .sql([#"vacuum (freeze, analyze, truncate off) "public"."old""#]))
        #expect(try await database.value("select relfrozenxid::text from pg_class where relname = 'old'") != before)
    }

    @Test("every table where asked; a dry run changes nothing")
    func everything() async throws {
        let database = TestDatabase.current
        try await database.run("create table a (n int); create materialized view b as select 1 as n")
        let planned = try await run("db vacuum --everything", isDryRun: true)
        #expect(planned.plans.flatMap(\.changes).map(\.object) == ["public.a", "public.b"])
        #expect(
            try await database.value(
                "select sum(vacuum_count)::text from pg_stat_all_tables where schemaname = 'public'") == "0")
        #expect(try await run("db vacuum --everything --delay=0s").step.state == .succeeded)
    }

    @Test("a role that may not is told so, and changes nothing")
    func notOurs() async throws {
        let database = TestDatabase.current
        try await database.counted(
            "create table t (a int) with (autovacuum_enabled = off); insert into t select generate_series(1, 5000)",
            "delete from t where a <= 4000")
        try await database.withLimitedRole { role in
            let summary = try await run("db vacuum", user: role)
            #expect(summary.changes.isEmpty)
            let finding = try #require(summary.findings("DB003").first)
            #expect(finding.summary == "it needs VACUUM (4,000 dead rows (80 %)), and this role may not do it")
        }
    }
}
