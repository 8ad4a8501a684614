import Engine
import Maintenance
import MaintenanceTesting
import PostgreSQL
import Testing

@testable import DatabaseCare

/// On the versions whose package carries pgvector.
@Suite(.cluster, .temporaryDirectory)
struct VectorTests {
    private static let points: StaticString = """
        create schema "Ext ra"; create extension vector schema "Ext ra"; set search_path = public, "Ext ra";
        select setseed(0.5);
        create table points (id int primary key, v vector(8));
        insert into points select g, (select array_agg(random() + (g + i) * 0)::vector(8) from generate_series(1, 8) i)
            from generate_series(1, 3000) g;
        create index coarse on points using ivfflat (v vector_l2_ops) with (lists = 60);
        create table graphed (id int primary key, v vector(8)); insert into graphed select * from points;
        create index fine on graphed using hnsw (v vector_cosine_ops);
        create table few (id int primary key, v vector(8)); insert into few select * from points limit 20;
        create index small on few using hnsw (v vector_l2_ops);
        create index tail on graphed using hnsw (v vector_l2_ops) where id > 100
        """

    @Test("what an index misses is measured, and looking farther mends it", arguments: [TestServer.v16, .v18])
    func recall(version: TestServer) async throws {
        try await TestDatabase.with(version) { database in
            try await database.run(Self.points)
            try await database.run("vacuum analyze")
            let harness = try TaskHarness(careEntries, database: database)
            let told = try await harness.run("db vectors")
            #expect(told.step.state == .succeeded, "\(told.gaps)")
            #expect(told.changes.isEmpty)
            #expect(told.findings("DB014").map(\.object) == ["public.coarse"], "\(told.findings)")
            let rows = try #require(told.listing("Vector indexes")).rows.map { $0.map(\.description) }
            #expect(rows.map { $0[0] } == ["public.coarse", "public.fine", "public.small", "public.tail"])
            #expect(rows[1][5].hasPrefix("hnsw.ef_search "), "\(rows[1])")
            #expect(rows[2][5] == "not measured: the table has too few rows")
            #expect(rows[3][5] == "not measured: it is over a part of the rows")
            let set = try await harness.run("db vectors --apply")
            #expect(set.changes.map(\.change.id) == ["search-setting ivfflat.probes"])
            #expect(set.changes.first?.state == .proved)
            let after = try await harness.run("db vectors --apply")
            // Other rows are asked each time: a little farther may still be needed.
            let recall = try #require(after.listing("Vector indexes")?.rows.first?[2])
            let found = try #require(Double(recall.description), "recall is \(recall)")
            #expect(found >= 88)
        }
    }

    @Test("a database without vectors is fine")
    func none() async throws {
        let summary = try await TaskHarness(careEntries, database: .current).run("db vectors")
        #expect(summary.step.state == .succeeded)
        #expect(summary.findings.isEmpty)
    }
}
