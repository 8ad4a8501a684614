import Engine
import Maintenance
import MaintenanceTesting
import PostgreSQL
import Testing

@Suite(.cluster, .temporaryDirectory)
struct UpdateStatisticsTests {
    private func run(
        _ words: String = "db update-stats", on database: TestDatabase = .current, user: String? = nil,
        isDryRun: Bool = false
    ) async throws -> RunSummary {
        try await TaskHarness(careEntries, database: database, user: user).run(words, isDryRun: isDryRun)
    }

    @Test("exactly the stale tables are analysed, each is proved, and the next run finds nothing to do")
    func staleTables() async throws {
        let database = TestDatabase.current
        try await database.counted(
            """
            create table never as select n as id from generate_series(1, 1000) n;
            create table changed as select n as id from generate_series(1, 1000) n;
            create table hardly as select n as id from generate_series(1, 1000) n;
            create table small as select n as id from generate_series(1, 40) n;
            create table empty (id int)
            """, "analyze changed, hardly",
            "delete from changed where id <= 150; delete from hardly where id <= 60")
        let first = try await run()
        #expect(first.step.state == .succeeded)
        #expect(Set(first.changes.map(\.change.object)) == ["public.never", "public.changed"])
        #expect(first.changes.allSatisfy { $0.state == .proved })
        let proof = try #require(first.changes.first { $0.change.object == "public.changed" })
        #expect(proof.witness?["analyze count"] == 1)
        #expect(proof.evidence?["analyze count"] == 2)
        #expect(proof.evidence?["changed rows"] == 0)
        #expect(proof.change.action == .sql([#"analyze "public"."changed""#]))
        let second = try await run()
        #expect(second.changes.isEmpty)
        #expect(second.step.state == .succeeded)
    }

    @Test("the limits are the options': a share, a least number, an age, or everything")
    func options() async throws {
        try await TestDatabase.current.counted(
            "create table hardly as select n as id from generate_series(1, 1000) n; create table same (id int)",
            "analyze hardly", "delete from hardly where id <= 60")
        func proposed(_ options: String) async throws -> [String] {
            try await run("db update-stats \(options)", isDryRun: true).plans.flatMap(\.changes).map(\.object)
        }
        #expect(try await proposed("").isEmpty)
        #expect(try await proposed("--changed=5") == ["public.hardly"])
        #expect(try await proposed("--changed=5 --minimum-rows=61").isEmpty)
        #expect(try await proposed("--older-than=1us") == ["public.hardly"])
        #expect(try await proposed("--older-than=1d").isEmpty)
        #expect(try await proposed("--everything") == ["public.hardly", "public.same"])
    }

    @Test("a dry run proposes and changes nothing")
    func dryRun() async throws {
        let database = TestDatabase.current
        try await database.counted("create table never as select n as id from generate_series(1, 1000) n")
        let summary = try await run(isDryRun: true)
        #expect(summary.plans.flatMap(\.changes).count == 1)
        #expect(try await database.value("select analyze_count from pg_stat_all_tables where relname = 'never'") == "0")
    }

    @Test("a partitioned table, which autovacuum never touches, is analysed and proved", arguments: TestServer.allCases)
    func partitioned(version: TestServer) async throws {
        try await TestDatabase.with(version) { database in
            try await database.counted(
                """
                create table parted (id int, part int) partition by list (part);
                create table parted_1 partition of parted for values in (1);
                create table parted_2 partition of parted for values in (2) partition by range (id);
                create table parted_2_low partition of parted_2 for values from (minvalue) to (maxvalue);
                insert into parted select n, 1 + n % 2 from generate_series(1, 1000) n
                """, "analyze parted_1, parted_2_low")
            let only = version == .v18 ? "only " : ""
            let first = try await run(on: database)
            #expect(first.step.state == .succeeded)
            #expect(first.changes.allSatisfy { $0.state == .proved })
            let statements = first.changes.flatMap(\.change.action.lines)
            #expect(statements.contains(#"analyze \#(only)"public"."parted""#))
            // Before 18 the partitioned table's own ANALYZE goes on to the partitioned partition.
            #expect(statements.contains(#"analyze only "public"."parted_2""#) == (version == .v18))
            let inherited: SQL = "select count(*) from pg_stats where tablename = 'parted' and inherited"
            #expect(try await database.value(inherited) == "2")
            #expect(try await run(on: database).changes.isEmpty)

            // Within the limit nothing happens; beyond it the whole counts, also when the partition itself is fresh.
            try await database.counted(
                "insert into parted select n, 1 from generate_series(1, 60) n", "analyze parted_1")
            #expect(try await run(on: database).changes.isEmpty)
            try await database.counted(

                "insert into parted select n, 1 from generate_series(1, 200) n", "analyze parted_1")
            let grown = try await run(on: database)
            #expect(grown.changes.map(\.change.object) == ["public.parted"])
            #expect(grown.step.state == .succeeded)
        }
    }

    @Test("an inheriting table's rows count for the statistics of its parent")
    func inheritance() async throws {
        let database = TestDatabase.current
        try await database.counted(
            """
            create table parent (id int); create table child () inherits (parent);
            insert into child select generate_series(1, 1000)
            """, "analyze child, parent")
        #expect(try await run().changes.isEmpty)
        try await database.counted("insert into child select generate_series(1, 1000)", "analyze child")
        #expect(try await run().changes.map(\.change.object) == ["public.parent"])
        #expect(try await run().changes.isEmpty)
        try await database.counted("insert into child select generate_series(1, 1000)")
        // The parent last: analysed before its child it would look stale again.
        #expect(try await run().changes.map(\.change.object) == ["public.child", "public.parent"])
        #expect(try await run().changes.isEmpty)
    }

    @Test("materialised views are analysed; foreign and temporary tables and the system's are not")
    func kinds() async throws {
        let database = TestDatabase.current
        try await database.counted(
            """
            create materialized view summed as select n as id from generate_series(1, 1000) n;
            create foreign data wrapper nowhere; create server nowhere foreign data wrapper nowhere;
            create foreign table elsewhere (id int) server nowhere;
            create view seen as select 1 as id; create unlogged table unlogged_one (id int)
            """)
        try await database.connect { connection in
            try await connection.executeScript(
                trusted: "create temp table passing as select generate_series(1, 1000) as id")
            let summary = try await run("db update-stats --everything")
            #expect(Set(summary.changes.map(\.change.object)) == ["public.summed", "public.unlogged_one"])
            #expect(summary.step.state == .succeeded)
        }
    }

    @Test("hostile names are analysed as what they are")
    func hostileNames() async throws {
        let database = TestDatabase.current
        let names = [
            "quoted\"; drop table innocent; --", "new\nline", "\u{1B}[31mred", "<script>alert(1)</script>",
            String(repeating: "n", count: 63), "ünï ☃", "Select", "%I$1",
        ]
        try await database.run("create table innocent (id int)")
        try await database.connect { connection in
            for name in names {
                let table = QualifiedName(schema: name, name: name)
                try await connection.execute("create schema \(identifier: name)")
                try await connection.execute(
                    "create table \(relation: table) as select n as id from generate_series(1, 100) n")
            }
            _ = try await connection.query("select pg_stat_force_next_flush()")
        }
        let summary = try await run()
        #expect(summary.step.state == .succeeded)
        #expect(summary.changes.count == names.count)
        #expect(summary.changes.allSatisfy { $0.state == .proved })
        #expect(
            summary.changes.allSatisfy { change in !change.change.object.unicodeScalars.contains { $0.value < 32 } })
        let analysed = try await database.connect { connection in
            try await connection.query(
                "select relname::text as name from pg_stat_user_tables where analyze_count = 1 and relname = schemaname"
            ).map { try $0["name", as: String.self] }
        }
        #expect(Set(analysed) == Set(names))
    }

    @Test("a role that may not analyse a stale table says so, and does the others", arguments: [TestServer.v15, .v18])
    func withoutRights(version: TestServer) async throws {
        try await TestDatabase.with(version) { database in
            try await database.withLimitedRole { role in
                try await database.connect { connection in
                    try await connection.executeScript(
                        trusted: """
                            create table foreign_one as select n as id from generate_series(1, 100) n;
                            create table own as select n as id from generate_series(1, 100) n;
                            """)
                    try await connection.execute("alter table own owner to \(identifier: role)")
                    _ = try await connection.query("select pg_stat_force_next_flush()")
                }
                let summary = try await run(on: database, user: role)
                #expect(summary.changes.map(\.change.object) == ["public.own"])
                #expect(summary.step.state == .succeeded)
                let finding = try #require(summary.findings("DB001").first)
                #expect(finding.object == "public.foreign_one")
                #expect(finding.mend?.contains(version == .v18 ? "grant maintain" : "role that owns") == true)
                guard version == .v18 else { return }
                try await database.connect {
                    try await $0.execute("grant maintain on foreign_one to \(identifier: role)")
                }
                let granted = try await run(on: database, user: role)
                #expect(granted.changes.map(\.change.object) == ["public.foreign_one"])
            }
        }
    }

    @Test("an empty database needs nothing")
    func emptyDatabase() async throws {
        let summary = try await run()
        #expect(summary.step.state == .succeeded)
        #expect(summary.changes.isEmpty && summary.findings.isEmpty)
    }
}
