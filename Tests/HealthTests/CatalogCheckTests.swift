import Engine
import Maintenance
import MaintenanceTesting
import PostgreSQL
import Testing

@Suite(.cluster, .temporaryDirectory)
struct CatalogCheckTests {
    @Test("an index that a failed concurrent build left behind is found with the statement that drops it")
    func indexFailedConcurrentBuild()
        async throws
    {
        let database = TestDatabase.current
        try await database.run("create table doubled as select 1 as id from generate_series(1, 2)")
        try await database.connect { connection in
            let name = QualifiedName(schema: "public", name: hostileName)
            await #expect(throws: PostgreSQLError.self) {
                try await connection.execute(
                    "create unique index concurrently \(identifier: name.name) on doubled (id)")
            }
            let summary = try await check("indexes.invalid")
            #expect(summary.check("indexes.invalid")?.state == .warning)
            let evidence = try #require(summary.findings("HC012").first).evidence
            #expect(evidence["to mend 1"] == .text("drop index concurrently \(name.quoted);"))
            // What the finding says mends it.
            try await connection.executeScript(trusted: "drop index concurrently \(name.quoted);")
        }
        #expect(try await check("indexes.invalid").check("indexes.invalid")?.state == .passed)
    }

    @Test("valid indexes and the index of a partitioned table that lacks a partition are no trouble")
    func validIndexesIndexPartitioned() async throws {
        try await TestDatabase.current.run(
            """
            create table plain (id int primary key);
            create table parted (id int) partition by range (id);
            create table parted_1 partition of parted for values from (0) to (10);
            create index on only parted (id)
            """)
        let summary = try await check("indexes.invalid")
        #expect(summary.check("indexes.invalid")?.state == .passed)
        #expect(summary.check("indexes.invalid")?.summary == "no invalid index")
    }

    @Test("a sequence near its end is found, one that cycles and one with room are not")
    func sequenceNearEndFound() async throws {
        try await TestDatabase.current.run(
            """
            create sequence near maxvalue 1000; select setval('near', 801);
            create sequence far; select setval('far', 1000);
            create sequence round maxvalue 10 cycle; select setval('round', 10);
            create sequence unused maxvalue 2
            """)
        let summary = try await check("sequences.used")
        #expect(summary.check("sequences.used")?.state == .warning)
        #expect(summary.check("sequences.used")?.summary.contains("public.near has used 80.1 %") == true)
        try await TestDatabase.current.run("drop sequence near")
        #expect(try await check("sequences.used").check("sequences.used")?.state == .passed)
    }

    @Test("a descending sequence is measured downwards")
    func descendingSequenceMeasuredDownwards() async throws {
        try await TestDatabase.current.run(
            "create sequence down increment -1 minvalue -100 maxvalue -1; select setval('down', -96)")
        let summary = try await check("sequences.used")
        #expect(summary.check("sequences.used")?.state == .critical)
    }

    @Test("sequences that may not be read are a gap")
    func sequencesMayBeRead() async throws {
        try await TestDatabase.current.run("create sequence near maxvalue 10; select setval('near', 10)")
        try await TestDatabase.current.withLimitedRole { role in
            let summary = try await check("sequences.used", user: role)
            #expect(summary.check("sequences.used")?.state == .unknown)
            #expect(summary.gaps.first?.reason.problem == "this role may not read public.near")
        }
    }

    @Test("the age of the oldest transaction id is judged, and names the oldest tables where it is too high")
    func ageOldestTransactionId()
        async throws
    {
        try await TestDatabase.current.run(
            "create table aged (id int); insert into aged values (1); select pg_current_xact_id()")
        let young = try await check("transactions.wraparound")
        #expect(young.check("transactions.wraparound")?.state == .passed)
        let old = try await check("transactions.wraparound", warning: 0.000_000_01)
        #expect(old.check("transactions.wraparound")?.state == .warning)
        #expect(old.findings("HC010").first?.evidence["table 1"] != nil)
    }

    @Test("the cache hit ratio is judged from enough reads on, and says when there are too few")
    func cacheHitRatioJudged() async throws {
        let few = try await check("cache.hit-ratio")
        #expect(few.check("cache.hit-ratio")?.state == .passed)
        #expect(few.check("cache.hit-ratio")?.summary.contains("too few to judge") == true)
        let enough = try await check("cache.hit-ratio", warning: 100, options: ["minimum-reads": 1])
        #expect(enough.check("cache.hit-ratio")?.value != nil)
        let low = try await check("cache.hit-ratio", warning: 0, options: ["minimum-reads": 1])
        #expect(low.check("cache.hit-ratio")?.state == .passed)
    }
}
