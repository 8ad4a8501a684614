import Engine
import Maintenance
import MaintenanceTesting
import PostgreSQL
import Testing

@testable import DatabaseCare

@Suite("the doctor")
struct DoctorTests {
    @Test("codes, names and places in the triage say what they should")
    func catalogue() {
        let all = LintCatalogue.all
        #expect(all.count >= 100)
        #expect(Set(all.map(\.code)).count == all.count)
        #expect(Set(all.map(\.name)).count == all.count)
        #expect(all.map(\.priority) == all.map(\.priority).sorted())
        for lint in all {
            #expect(lint.code.wholeMatch(of: /DB\d{3}/) != nil, "\(lint.code)")
            #expect(lint.name.wholeMatch(of: /[a-z]+\.[a-z0-9-]+/) != nil, "\(lint.name)")
            #expect((1...255).contains(lint.priority), "\(lint.code)")
            #expect(lint.source.hasPrefix("https://"), "\(lint.code)")
            #expect(lint.explanation.count > 60 && !lint.explanation.contains("\n"), "\(lint.code)")
            #expect(lint.title.first?.isUppercase == true && !lint.title.hasSuffix("."), "\(lint.code)")
            #expect(lint.priority >= 50 || lint.severity > .info, "\(lint.code) is urgent and worth a word only")
        }
    }

    @Test("every check is asked on every version, and nothing is left unseen", arguments: TestServer.allCases)
    func everyVersion(version: TestServer) async throws {
        try await TestDatabase.with(version) { database in
            try await RichSchema.make(in: database)
            let examination = try await database.connect { connection in
                try await Doctor(lints: LintCatalogue.all).examine(
                    SurveySession(connection), now: Timestamp(microseconds: 1_800_000_000_000_000))
            }
            #expect(examination.gaps.isEmpty)
            #expect(Set(examination.passedOver.map(\.topic)).isSubset(of: [.statements]))
            #expect(examination.answers.count + examination.passedOver.count == LintCatalogue.all.count)
        }
    }

    @Test("one check that fails takes no other with it", .cluster)
    func failing() async throws {
        let broken = Lint(
            "DB999", "tables.broken", priority: 1, .warning, title: "Broken", explanation: "", source: "",
            mending: .person, .tables, find: { _ in "select 1 / 0 as name from rel" }, say: { _ in "" })
        let database = TestDatabase.current
        try await database.run("create table bare (a int)")
        let examination = try await database.connect { connection in
            try await Doctor(lints: [broken, Lint.noPrimaryKey]).examine(
                SurveySession(connection), now: Timestamp(microseconds: 0))
        }
        #expect(examination.gaps.map(\.subject) == ["DB999"])
        #expect(examination.answers.map(\.lint.code) == ["DB130"])
        #expect(examination.answers.first?.hits.map(\.object) == ["public.bare"])
    }

    @Test("nobody's functions stand in for the system's", .cluster)
    func hostileSearchPath() async throws {
        let database = TestDatabase.current
        try await database.run(
            """
            create table bare (a int); create schema trap;
            create function trap.format(text, variadic text[]) returns text language plpgsql as
                'begin raise exception ''trapped''; end';
            create view trap.pg_class as select 1 as nothing
            """)
        try await database.connect { connection in
            try await connection.execute(
                "alter database \(identifier: database.name) set search_path = trap, public, pg_catalog")
        }
        #expect(try await database.hits("DB130").map(\.object) == ["public.bare"])
        #expect(try await database.hits("DB101").isEmpty)
    }

    @Test("objects of extensions are nobody's trouble", .cluster)
    func extensions() async throws {
        let database = TestDatabase.current
        try await database.run(
            "create table theirs (a int); create extension hstore; alter extension hstore add table theirs")
        #expect(try await database.hits("DB130").isEmpty)
    }
}

@Suite(.cluster, .temporaryDirectory)
struct ExamineDatabaseTests {
    private func run(_ words: String, user: String? = nil) async throws -> RunSummary {
        try await TaskHarness(careEntries, database: .current, user: user).run(words)
    }

    @Test("what is found is told in the order of triage, with what mends it")
    func tells() async throws {
        try await TestDatabase.current.counted(
            """
            create table p (id int primary key); create table c (p int references p, primary key (p));
            alter table c disable trigger all; create table bare (a int);
            create index one on bare (a); create index two on bare (a)
            """, "analyze")
        let summary = try await run("db doctor")
        #expect(summary.step.state == .succeeded)
        let triage = try #require(summary.listing("Triage")).rows.compactMap { $0.dropFirst().first?.description }
        let mine = triage.filter { ["DB134", "DB130", "DB101"].contains($0) }
        #expect(mine == ["DB134", "DB130", "DB101"])
        let duplicate = try #require(summary.findings("DB101").first)
        #expect(duplicate.object == "public.two")
        #expect(duplicate.mend == "drop index concurrently public.two;")
        #expect(duplicate.evidence["mending takes"] == "at once, after older transactions have ended")
        #expect(duplicate.severity == .warning)
        #expect(try #require(summary.findings("DB134").first).severity == .critical)
    }

    @Test("a finding is over when it is mended, and not when it is only no longer named")
    func over() async throws {
        let database = TestDatabase.current
        try await database.run("create table a (n int); create table b (n int); create table c (n int)")
        let harness = try TaskHarness(careEntries, database: database)
        func open() async throws -> [String] {
            try await harness.log.openFindings().map(\.finding).filter { $0.code == "DB130" }.compactMap(\.object)
                .sorted()
        }
        _ = try await harness.run("db doctor --only=DB130")
        #expect(try await open() == ["public.a", "public.b", "public.c"])
        let short = try await harness.run("db doctor --only=tables.no-primary-key --most=1")
        #expect(short.findings("DB130").map(\.object) == ["public.a", "and others"])
        #expect(short.findings("DB130").last?.summary == "2 more like them (table without a primary key)")
        #expect(try await open() == ["and others", "public.a", "public.b", "public.c"])
        try await database.run("alter table a add primary key (n); alter table b add primary key (n)")
        _ = try await harness.run("db doctor --only=DB130")
        #expect(try await open() == ["public.c"])
    }

    @Test("an index counts as unused only after our own looks have covered the cycle")
    func unused() async throws {
        let database = TestDatabase.current
        try await database.run(
            """
            create table t (a text); insert into t select repeat(g::text, 10) from generate_series(1, 40000) g;
            create index never on t (a)
            """)
        let harness = try TaskHarness(careEntries, database: database)
        let words = "db doctor --only=indexes.unused --cycle=1ms"
        #expect(try await harness.run(words).findings("DB100").isEmpty)
        let second = try await harness.run(words)
        #expect(second.findings("DB100").map(\.object) == ["public.never"])
        #expect(try await harness.run("db doctor --only=indexes.unused --cycle=35d").findings("DB100").isEmpty)
        try await database.run("drop index never; create index never on t (a)")
        #expect(try await harness.run(words).findings("DB100").isEmpty)
    }

    @Test("a role that cannot see everything is told what was not looked at")
    func limited() async throws {
        let database = TestDatabase.current
        try await database.run("create table t (id serial primary key)")
        try await database.withLimitedRole { role in
            let summary = try await run("db doctor", user: role)
            #expect(summary.step.state == .unproven)
            #expect(summary.gaps.count == 2)
            #expect(summary.gaps.first?.reason.hint == "Let it look: grant pg_read_all_data to \"\(role)\";")
            #expect(summary.step.observation?.examined.contains("DB170") == false)
            #expect(summary.step.observation?.examined.contains("DB130") == true)
            try await database.connect {
                try await $0.execute("grant pg_read_all_data, pg_monitor to \(identifier: role)")
                try await $0.execute("grant usage on all sequences in schema public to \(identifier: role)")
            }
            #expect(try await run("db doctor", user: role).step.state == .succeeded)
        }
    }

    @Test(
        "a word that is no check is an error that names the nearest",
        arguments: [
            ("--only=index.unused", "no check is called 'index.unused'; did you mean 'indexes.unused'?"),
            ("--family=indices", "no family of checks is called 'indices'; did you mean 'indexes'?"),
            ("--only=DB9", "no check is called 'DB9'"),
        ])
    func unknown(argument: String, says: String) async throws {
        let error = await #expect(throws: (any Error).self) { try await run("db doctor \(argument)") }
        #expect("\(error.map { "\($0)" } ?? "")".contains(says))
    }
}
