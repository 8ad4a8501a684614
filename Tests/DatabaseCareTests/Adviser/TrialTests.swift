import Backup
import Engine
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Settings
import Testing

@testable import DatabaseCare

/// Each with a server of its own, whose backup is restored into another.
@Suite(.cluster, .temporaryDirectory, .timeLimit(.minutes(3)))
struct TrialTests {
    /// Of 1,500 pages: arrays, texts, documents, spans, and a time that only grows.
    private static let documents: StaticString = """
        create extension pg_trgm;
        create table docs (id int primary key, tags int[], body text, doc jsonb, at timestamptz, during tstzrange);
        insert into docs select g, array[g % 1000, (g * 7) % 1003, g % 17], md5(g::text),
            jsonb_build_object('k', g % 5000, 'n', 'v' || g), now() - (60000 - g) * interval '1 min',
            tstzrange(now() + g * interval '1 min', now() + (g + 5) * interval '1 min')
            from generate_series(1, 60000) g
        """
    private static let words = "db advise-indexes --on-copy --slower-than=0s"

    private func fill(_ cluster: PrivateCluster) async throws {
        try await OwnServer.script(
            cluster, Self.documents, "vacuum analyze", "select pg_stat_force_next_flush()", "select pg_stat_reset()")
    }

    private func ask(_ cluster: PrivateCluster, _ statements: [SQL], times: Int = 25) async throws {
        try await Connection.with(cluster.address(), .unlimited()) { connection in
            for _ in 0..<times { for statement in statements { _ = try await connection.query(statement) } }
            _ = try await connection.query("select pg_stat_force_next_flush()")
        }
    }

    /// - Returns: with where private servers may lie, as the tests' own do.
    private func harness(_ cluster: PrivateCluster) throws -> TaskHarness {
        var harness = try OwnServer.harness(cluster)
        harness.inventory.backups.work = TestClusters.directory
        return harness
    }

    private func back(_ cluster: PrivateCluster, _ harness: TaskHarness) async throws -> BackupID {
        let state = harness.stateDirectory
        return try await BackupWriter(
            BackupFolder(root: "\(state)/backups", target: Target(environment: "test", resource: "main")),
            key: try BackupKey.readOrMake("\(state)/backup.key", former: []), address: cluster.address(),
            settings: ConnectionSettings(), runID: "run", programs: harness.programs
        ).take().id
    }

    @Test(
        "what HypoPG cannot suppose is built on a copy and told, the live database has nothing of it, and is then built"
    )
    func tries() async throws {
        try await OwnServer.withWorkload { cluster in
            try await fill(cluster)
            try await ask(
                cluster,
                [
                    "select id from docs where tags @> '{7}'::int[]", "select id from docs where body like '%abcde%'",
                    "select id from docs where doc @> '{\"k\": 7}'",
                    "select id from docs where during && tstzrange('2040-01-01', '2040-01-02')",
                    "select id from docs where id = 5",
                ])
            let harness = try harness(cluster)
            let backup = try await back(cluster, harness)
            let before = try await OwnServer.value(cluster, "select count(*)::text from pg_class")
            let summary = try await harness.run(Self.words)
            #expect(summary.step.state == .succeeded, "\(summary.gaps)")
            let mends = summary.findings("DB016").compactMap(\.mend)
            #expect(mends.contains { $0.contains(#"using gin ("tags")"#) }, "\(mends)")
            #expect(mends.contains { $0.contains(#"using gin ("body" "public"."gin_trgm_ops")"#) }, "\(mends)")
            #expect(mends.contains { $0.contains(#"using gin ("doc""#) }, "\(mends)")
            #expect(mends.contains { $0.contains(#"using gist ("during")"#) }, "\(mends)")
            #expect(!mends.contains { $0.contains(#"("id")"#) }, "\(mends)")
            let told = try #require(summary.findings("DB016").first)
            #expect(told.summary.contains("tried on a copy of backup \(backup)"), "\(told.summary)")
            #expect(told.evidence["tried on a copy of backup"] == .text("\(backup)"))
            #expect(told.evidence["seconds to build there"] != nil)
            #expect(try await OwnServer.value(cluster, "select count(*)::text from pg_class") == before)
            #expect(summary.changes.isEmpty)

            let built = try await harness.run("\(Self.words) --create --gain=60")
            #expect(built.step.state == .succeeded, "\(built.gaps)")
            let tags = try #require(built.changes.first { $0.change.object == "public.docs_tags_idx" })
            #expect(tags.state == .proved, "\(String(describing: tags.error))")
            let saved = tags.evidence?["cost saved, achieved percent"].flatMap { Double($0.description) }
            #expect((saved ?? 0) > 10, "\(tags.evidence ?? [:])")
        }
    }

    @Test("without HypoPG B-trees are tried on the copy too, and what is told by trial is no gap")
    func withoutHypoPG() async throws {
        try await OwnServer.with(["shared_preload_libraries": "pg_stat_statements"]) { cluster in
            try await OwnServer.script(cluster, "create extension pg_stat_statements")
            try await fill(cluster)
            try await ask(cluster, ["select tags from docs where at = '2040-01-01'"])
            let harness = try harness(cluster)
            _ = try await back(cluster, harness)
            #expect(try await harness.run("db advise-indexes").gaps.map(\.reason.code) == ["db.no-hypopg"])
            let summary = try await harness.run(Self.words)
            #expect(summary.step.state == .succeeded, "\(summary.gaps)")
            let mends = summary.findings("DB016").compactMap(\.mend)
            #expect(mends.count == 1 && mends[0].contains(#"using btree ("at")"#), "\(mends)")
        }
    }

    @Test("without a backup, and with one that was cut, nothing is tried, and the step says so")
    func nothingToTryOn() async throws {
        try await OwnServer.withWorkload { cluster in
            try await fill(cluster)
            try await ask(cluster, ["select id from docs where tags @> '{7}'::int[]"])
            let harness = try harness(cluster)
            let none = try await harness.run(Self.words)
            #expect(none.step.state == .unproven)
            #expect(none.gaps.map(\.reason.code) == ["db.no-backup"])
            let backup = try await back(cluster, harness)
            // Its files are read against their checksums before anything is restored.
            let roles = "\(harness.stateDirectory)/backups/test/main/\(backup)/roles.sql"
            try FileManager.default.removeItem(atPath: roles)
            #expect(FileManager.default.createFile(atPath: roles, contents: Data("select 1;".utf8)))
            let damaged = try await harness.run(Self.words)
            #expect(damaged.step.state == .unproven)
            #expect(damaged.gaps.map(\.reason.code) == ["backup.no-copy"], "\(damaged.gaps)")
            #expect(damaged.findings("DB016").isEmpty)
        }
    }

    @Test("a statement that the copy cannot plan is told, and what was told of its indexes before stays open")
    func olderCopy() async throws {
        try await OwnServer.withWorkload { cluster in
            try await fill(cluster)
            let harness = try harness(cluster)
            _ = try await back(cluster, harness)
            try await OwnServer.script(cluster, "create table later as select id, tags from docs", "vacuum analyze")
            try await ask(cluster, ["select id from later where tags @> '{7}'::int[]"])
            let summary = try await harness.run(Self.words)
            let rows = summary.listing("Statements planned here and not on the copy")?.rows ?? []
            #expect(rows.contains { $0[0].description.contains("from later") }, "\(rows)")
            #expect(summary.step.observation?.examined.contains("DB016") == false)
        }
    }

    @Test("a table that is written all the time gets summaries of its pages where its rows lie in order, and no B-tree")
    func summaries() async throws {
        try await OwnServer.withWorkload { cluster in
            // Its 60,000 rows count as an hour's writing here.
            try await OwnServer.script(cluster, Self.documents, "vacuum analyze")
            try await ask(
                cluster, ["select count(*) from docs where at between '2040-01-01' and '2040-01-02'"], times: 100)
            let summary = try await OwnServer.harness(cluster).run("db advise-indexes --slower-than=0s --gain=20")
            #expect(summary.step.state == .succeeded, "\(summary.gaps)")
            let mends = summary.findings("DB006").compactMap(\.mend)
            #expect(mends.count == 1 && mends[0].contains(#"using brin ("at")"#), "\(mends)")
        }
    }
}
