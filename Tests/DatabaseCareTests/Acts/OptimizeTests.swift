import Engine
import Maintenance
import MaintenanceTesting
import PostgreSQL
import Testing

@testable import DatabaseCare

@Suite(.cluster, .temporaryDirectory)
struct OptimizeTests {
    @Test("one plan drops what was left, vacuums, analyses what was not vacuumed, and rebuilds; then nothing is left")
    func everything() async throws {
        let database = TestDatabase.current
        try await database.counted(
            """
            create table dead (a int primary key) with (autovacuum_enabled = off);
            insert into dead select generate_series(1, 100000);
            create table stale (a int) with (autovacuum_enabled = off); insert into stale select generate_series(1, 1000);
            create table left_ (a int); create index left_ccnew on left_ (a);
            update pg_index set indisvalid = false where indexrelid = 'left_ccnew'::regclass
            """, "delete from dead where a % 10 <> 0")
        // Dead entries lie in the index until VACUUM has been there; the statistics it is weighed by are its, too.
        try await database.counted("vacuum (analyze) dead", "update dead set a = a where a % 2 = 0")
        let harness = try TaskHarness(careEntries, database: database)
        let summary = try await harness.run("db optimize --minimum-size=1M")
        #expect(summary.step.state == .succeeded)
        #expect(summary.changes.allSatisfy { $0.state == .proved })
        #expect(
            summary.changes.map(\.change.id) == [
                "drop-index public.left_ccnew", "vacuum public.dead", "analyze public.stale",
                "reindex public.dead_pkey",
            ])
        #expect(try await harness.run("db optimize --minimum-size=1M").changes.isEmpty)
    }
}
