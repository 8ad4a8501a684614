import Engine
import Maintenance
import MaintenanceTesting
import PostgreSQL
import Testing

@testable import DatabaseCare

/// Estimates against pgstattuple, which reads everything.
@Suite(.cluster)
struct BloatTests {
    /// How rows of a generated table look, and what became of them.
    struct Shape: Sendable, CustomTestStringConvertible {
        var name: String
        /// A value list over `g`, from 1 on.
        var row: StaticString
        var columns: StaticString
        var rows: Int
        var change: StaticString

        var testDescription: String { name }
    }

    static let shapes: [Shape] = [
        Shape(
            name: "narrow, half of it gone everywhere", row: "g, g", columns: "id int, a int", rows: 100_000,
            change: "delete from t where id % 2 = 0"),
        Shape(
            name: "narrow, the first half gone", row: "g, g", columns: "id int, a int", rows: 100_000,
            change: "delete from t where id <= 50000"),
        Shape(
            name: "text of all lengths", row: "g, repeat('x', (random() * 200)::int)", columns: "id int, a text",
            rows: 60_000, change: "delete from t where random() < 0.3"),
        Shape(
            name: "one byte and eight", row: "g % 2 = 0, g, 'a'", columns: "a boolean, id bigint, c text",
            rows: 100_000, change: "delete from t where id % 10 = 0"),
        Shape(
            name: "mostly NULL",
            row: "g, null, null, null, null, null, null, case when g % 9 = 0 then g end, null, null",
            columns: "id int, b int, c int, d int, e int, f int, g int, h int, i int, j int", rows: 100_000,
            change: "delete from t where random() < 0.6"),
        Shape(
            name: "updated", row: "g, repeat('y', 50)", columns: "id int, a text", rows: 50_000,
            change: "update t set a = a || 'z' where id % 3 = 0"),
        Shape(name: "untouched", row: "g, md5(g::text)", columns: "id int, a text", rows: 50_000, change: "select 1"),
        Shape(
            name: "values elsewhere",
            row: "g, (select string_agg(md5(g::text || x), '') from generate_series(1, 5 + g % 120) x)",
            columns: "id int, a text", rows: 6_000, change: "delete from t where random() < 0.4"),
        Shape(
            name: "several large values",
            row:
                "g, (select string_agg(md5(g::text || x), '') from generate_series(1, 30) x), (select string_agg(md5(g::text || x), '') from generate_series(31, 70) x), repeat('k', 900)",
            columns: "id int, a text, b text, c text", rows: 4_000, change: "delete from t where random() < 0.5"),
        Shape(
            name: "documents", row: "g, jsonb_build_object('n', g, 'text', repeat('d', g % 300))",
            columns: "id int, a jsonb", rows: 30_000, change: "delete from t where random() < 0.2"),
        Shape(
            name: "columns that were dropped", row: "g, repeat('x', 40)", columns: "id int, a text", rows: 60_000,
            change: "alter table t drop column a; delete from t where id % 4 = 0"),
    ]

    @Test("a table's bloat is within five points of what pgstattuple measures, or unknown", arguments: shapes)
    func tables(shape: Shape) async throws {
        let database = TestDatabase.current
        try await database.connect(.unlimited()) { connection in
            try await connection.executeScript(
                trusted: """
                    create extension pgstattuple; select setseed(0.42);
                    create table t (\(shape.columns)) with (autovacuum_enabled = off);
                    insert into t select \(shape.row) from generate_series(1, \(shape.rows)) g; \(shape.change)
                    """)
            try await connection.executeScript(trusted: "vacuum (analyze) t")
            let session = SurveySession(connection)
            let truth = try await session.query(
                "select 100.0 * (dead_tuple_len + free_space) / table_len as share, table_len / 8192 as pages from pgstattuple('t')"
            ).only
            let share = try truth["share", as: Double.self]
            for pages in [100_000.0, 300.0] {
                switch try await TableBloat(pages: pages).estimate(QualifiedName(schema: "public", name: "t"), session)
                {
                case .estimated(let found, let error, _):
                    #expect(abs(found - share) <= 5, "\(found) ± \(error), measured \(share)")
                case .unknown(let reason):
                    // All pages were read: then there is nothing that cannot be said.
                    #expect(pages < 1_000, "\(reason)")
                    #expect(reason.contains("differ so much"), "\(reason)")
                }
            }
        }
    }

    @Test("tables that cannot be weighed are unknown, with the reason")
    func unknownTables() async throws {
        let database = TestDatabase.current
        try await database.run(
            """
            create table small (a int); create table secret (a int); insert into secret select generate_series(1, 50000);
            create view seen as select 1 as a
            """)
        func reason(_ name: String, _ session: SurveySession) async throws -> String? {
            guard
                case .unknown(let reason) = try await TableBloat().estimate(
                    QualifiedName(schema: "public", name: name), session)
            else { return nil }
            return reason
        }
        try await database.connect { connection in
            let session = SurveySession(connection)
            var reasons: [String?] = []
            for name in ["small", "seen", "gone", "secret"] { reasons.append(try await reason(name, session)) }
            #expect(
                reasons == ["it has fewer than 100 pages", "it is no heap table", "the table is gone", nil])
        }
        try await database.withLimitedRole { role in
            try await SurveySession.with(database.address.with(user: role)) { session in
                let found = try await reason("secret", session)
                #expect(found == "this role may not read the table")
            }
        }
    }

    static let indexShapes: [Shape] = [
        Shape(
            name: "numbers, half of them gone", row: "g, g", columns: "id int, k int unique", rows: 200_000,
            change: "delete from t where id % 2 = 0"),
        Shape(
            name: "numbers in random order", row: "g, (g::bigint * 7919) % 200003", columns: "id int, k bigint unique",
            rows: 200_000, change: "select 1"),
        Shape(
            name: "text, a tenth left", row: "g, md5(g::text)", columns: "id int, k text unique", rows: 100_000,
            change: "delete from t where id % 10 <> 0"),
        Shape(
            name: "text of all lengths", row: "g, g || repeat('x', g % 60)", columns: "id int, k text unique",
            rows: 60_000, change: "delete from t where id % 3 = 0"),
        Shape(
            name: "uuids", row: "g, md5(g::text)::uuid", columns: "id int, k uuid unique", rows: 100_000,
            change: "delete from t where id % 4 = 0"),
        Shape(
            name: "two columns", row: "g, g % 7, g", columns: "id int, j smallint, k bigint, unique (j, k)",
            rows: 100_000, change: "delete from t where id % 2 = 0"),
    ]

    @Test(
        "what an index would take when built anew is within five points of what pgstatindex says",
        arguments: indexShapes)
    func indexes(shape: Shape) async throws {
        let database = TestDatabase.current
        try await database.connect(.unlimited()) { connection in
            try await connection.executeScript(
                trusted: """
                    create table t (\(shape.columns)) with (autovacuum_enabled = off);
                    insert into t select \(shape.row) from generate_series(1, \(shape.rows)) g; \(shape.change)
                    """)
            // What this session has counted comes before what its vacuum counts, and not on top of it.
            _ = try await connection.query("select pg_stat_force_next_flush()")
            // Another test's transaction may keep dead rows for a while.
            try await eventually("no dead row is left") {
                try await connection.executeScript(trusted: "vacuum (analyze) t")
                return try await connection.query(
                    "select n_dead_tup = 0 as c from pg_stat_user_tables where relname = 't'"
                )
                .only["c", as: Bool.self]
            }
            let session = SurveySession(connection)
            let index = try #require(try await CareIndex.all(session, leastBytes: 0).first)
            let guess = try await IndexBloat().estimate(index, session)
            try await connection.executeScript(trusted: "create extension pgstattuple")
            let truth = try await IndexBloat().estimate(index, session)
            let found = try #require(guess.bloat.share, "\(guess.bloat)")
            let measured = try #require(truth.bloat.share, "\(truth.bloat)")
            #expect(truth.gain?.source == "pgstatindex")
            #expect(abs(found - measured) <= 5, "\(found), measured \(measured)")
            try await connection.executeScript(trusted: "reindex index concurrently \(index.name.quoted)")
            let rebuilt = try #require(try await CareIndex.named(index.name, session))
            let gained = 100 * Double(index.bytes - rebuilt.bytes) / Double(index.bytes)
            #expect(abs(found - max(0, gained)) <= 5, "\(found), gained \(gained)")
        }
    }

    @Test("indexes whose keys nobody can weigh are unknown, with the reason")
    func unknownIndexes() async throws {
        let database = TestDatabase.current
        try await database.run(
            """
            create table t (a int, b text, c int, d int[]);
            insert into t select g, g::text, g % 10, array[g] from generate_series(1, 200000) g;
            create index partial on t (a) where a > 0; create index lowered on t (lower(b)); create index gin on t using gin (d);
            create index two on t (c, a); create table small (a int primary key)
            """)
        try await database.run("analyze t")
        try await database.connect { connection in
            let session = SurveySession(connection)
            var reasons: [String: String] = [:]
            for index in try await CareIndex.all(session, leastBytes: 0) {
                if case .unknown(let reason) = try await IndexBloat().estimate(index, session).bloat {
                    reasons[index.name.name] = reason
                }
            }
            #expect(
                reasons == [
                    "partial": "it is partial", "lowered": "it is over an expression",
                    "gin": "nobody can tell of a gin index", "two": "how often its keys occur is not known",
                    "small_pkey": "it has fewer than 100 pages",
                ])
        }
    }

    @Test("the largest are listed with their share, its error, or why it is unknown", .temporaryDirectory)
    func listed() async throws {
        let database = TestDatabase.current
        try await database.run(
            """
            create table half (a int) with (autovacuum_enabled = off); insert into half select generate_series(1, 200000);
            create index lowered on half ((a + 1)); create table small (a int primary key)
            """)
        try await database.run("delete from half where a > 50000")
        try await database.run("analyze")
        let summary = try await TaskHarness(careEntries, database: database).run("db bloat --minimum-size=1M")
        #expect(summary.step.state == .succeeded)
        let rows = try #require(summary.listing("Bloat")).rows.map { $0.map(\.description) }
        #expect(
            rows.map { Array($0.prefix(2)) + Array($0.dropFirst(3)) } == [
                ["table", "public.half", "75", "0", "every page was read"],
                ["index", "public.lowered", "null", "null", "unknown: it is over an expression"],
            ])
        let finding = try #require(summary.findings("DB004").first)
        #expect(finding.object == "public.half")
        #expect(finding.summary.hasPrefix("about 75 % of it ("))
    }
}
