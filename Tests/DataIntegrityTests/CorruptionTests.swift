import Command
import Composition
import DataIntegrity
import Engine
import Maintenance
import MaintenanceTesting
import PostgreSQL
import Testing

@Suite(.cluster, .temporaryDirectory)
struct CorruptionTests {
    private static let entries = Capability.dataIntegrity.tasks.map(\.entry)

    private func run(_ words: String, on database: TestDatabase = .current) async throws -> RunSummary {
        try await TaskHarness(Self.entries, database: database).run(words)
    }

    /// Rows that the index never heard of.
    private static let damaged: StaticString = """
        create extension amcheck; create extension pg_visibility;
        create table t (id int primary key, v int); insert into t select g, g from generate_series(1, 5000) g;
        create index t_v on t (v); create index sound on t (v, id); create index hashed on t using hash (v);
        update pg_index set indisready = false where indexrelid = 't_v'::regclass
        """

    private func damage(_ database: TestDatabase = .current) async throws {
        try await database.run(Self.damaged)
        try await database.run("insert into t select g, g from generate_series(5001, 5100) g")
        try await database.run("update pg_index set indisready = true where indexrelid = 't_v'::regclass")
        try await database.run("vacuum t")
    }

    @Test("an index that lacks rows is found, sound ones are not, and it is rebuilt where asked")
    func repairs() async throws {
        try await damage()
        let told = try await run("data corruption-check --table=t")
        #expect(told.step.state == .succeeded, "\(told.gaps)")
        #expect(told.changes.isEmpty)
        let finding = try #require(told.findings.first)
        #expect(told.findings.map(\.object) == ["public.t_v"])
        #expect(finding.code == "DI010" && finding.severity == .critical)
        #expect(finding.summary.contains("lacks matching index tuple"), "\(finding.summary)")
        #expect(finding.mend == "mainstay data corruption-check --auto-repair")
        let mended = try await run("data corruption-check --auto-repair --table=public.t")
        #expect(mended.changes.map(\.change.id) == ["repair-index public.t_v"])
        #expect(mended.changes.first?.state == .proved)
        #expect(mended.changes.first?.change.action.lines == [#"reindex index concurrently "public"."t_v""#])
        let after = try await run("data corruption-check --auto-repair")
        #expect(after.step.state == .succeeded, "\(after.gaps)")
        #expect(after.findings.isEmpty && after.changes.isEmpty)
        #expect(after.step.observation?.evidence["visibility map compared"] == true)
        guard case .integer(let unchecked)? = after.step.observation?.evidence["indexes nothing can check"] else {
            Issue.record("nobody counted what cannot be checked")
            return
        }
        #expect(unchecked >= 1)
    }

    @Test("a damaged table is told, and its indexes are not rebuilt from it")
    func table() async throws {
        let database = TestDatabase.current
        try await damage()
        // Every row is from before the oldest transaction that the table may hold.
        try await database.run(
            "update pg_class set relfrozenxid = pg_current_xact_id()::xid where oid = 't'::regclass")
        let summary = try await run("data corruption-check --auto-repair --table=t")
        #expect(summary.changes.isEmpty)
        #expect(summary.findings("DI011").map(\.object) == ["public.t"])
        #expect(summary.findings("DI011").first?.mend?.contains("restore the table") == true)
        #expect(summary.findings("DI010").first?.mend?.hasPrefix("look at its table first") == true)
    }

    @Test("a unique index that let a key in twice cannot be rebuilt: that fails, and leaves nothing behind")
    func twice() async throws {
        let database = TestDatabase.current
        try await database.run(
            """
            create extension amcheck; create table t (v int); create unique index t_v on t (v);
            insert into t select g from generate_series(1, 100) g;
            update pg_index set indisready = false where indexrelid = 't_v'::regclass
            """)
        try await database.run("insert into t values (7)")
        try await database.run("update pg_index set indisready = true where indexrelid = 't_v'::regclass")
        let summary = try await run("data corruption-check --auto-repair --table=t")
        #expect(summary.changes.map(\.state) == [.failed])
        let left = try await database.connect {
            try await $0.query("select count(*) from pg_index where indrelid = 't'::regclass").only[0, as: Int.self]
        }
        #expect(left == 1)
    }

    @Test("without amcheck nothing is green", arguments: TestServer.allCases)
    func without(version: TestServer) async throws {
        try await TestDatabase.with(version) { database in
            let summary = try await run("data corruption-check", on: database)
            #expect(summary.step.state == .unproven)
            #expect(summary.gaps.map(\.reason.code) == ["data.no-amcheck"])
        }
    }

    @Test("'--comprehensive' reads structures too")
    func comprehensive() async throws {
        try await damage()
        #expect(try await run("data integrity-check").findings("DI010").isEmpty)
        #expect(try await run("data integrity-check --comprehensive").findings("DI010").map(\.object) == ["public.t_v"])
    }
}
