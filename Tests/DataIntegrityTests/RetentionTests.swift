import Command
import Composition
import DataIntegrity
import Engine
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Settings
import Testing

/// Old rows go where a policy lets them go, and nothing else does.
@Suite(.cluster, .temporaryDirectory)
struct RetentionTests {
    private static let entries = Capability.dataIntegrity.tasks.map(\.entry)

    /// The database of the test, with policies.
    private func harness(
        _ database: TestDatabase = .current, isProtected: Bool = false, _ rules: RetentionRule...
    ) throws -> TaskHarness {
        var resource = try database.resource("main")
        guard case .postgresql(var access) = resource.access else { preconditionFailure("a database is a database") }
        access.retention = rules
        resource.access = .postgresql(access)
        return try TaskHarness(
            Self.entries, inventory: Inventory(Environment("test", isProtected: isProtected, [resource])))
    }

    private func rule(
        _ table: String, _ column: String = "at", keep: Int = 30, archive: Bool = true, with following: [String] = [],
        in schema: String = "public"
    ) -> RetentionRule {
        var rule = RetentionRule(
            schema: schema, table: table, column: column, keep: Period(duration: .seconds(keep * 86_400)),
            location: .test)
        rule.isArchived = archive
        rule.following = following
        return rule
    }

    private func value(_ sql: SQL, in database: TestDatabase = .current) async throws -> String {
        try await database.connect { try await $0.query(sql).only[0, as: String.self] }
    }

    /// 100 rows, one a day, the newest of this moment.
    private static let events: StaticString = """
        create table events (id int primary key, gone int, at timestamptz, note text,
            twice text generated always as (note || note) stored);
        alter table events drop gone;
        insert into events select g, now() - (g - 1) * interval '1 day', 'n' || g from generate_series(1, 100) g;
        insert into events values (101, null, 'no time'), (102, 'infinity', 'never');
        """

    @Test(
        "old rows are archived in batches and removed, younger ones stay, and the archive takes the next run's too",
        arguments: TestServer.allCases)
    func moves(version: TestServer) async throws {
        try await TestDatabase.with(version) { database in
            try await database.run(Self.events)
            let harness = try harness(database, rule("events"))
            let dry = try await harness.run("data retain --batch=30", isDryRun: true)
            let plan = try #require(dry.step.plan)
            // Of 30 whole days before the begin of a day: 69 rows, or 70 in the first moments of a day.
            let old = try await value(
                """
                select count(*)::text from events
                where at < date_trunc('day', now() at time zone 'UTC') at time zone 'UTC' - interval '30 days'
                """, in: database)
            #expect(plan.changes.count == 3)
            #expect(plan.changes.allSatisfy { $0.authority == "test.yaml:1:1" && $0.effect == .destroys })
            #expect(dry.listing("Retention")?.rows.first?[4].description == old)
            #expect(try await value("select count(*)::text from events", in: database) == "102")
            let summary = try await harness.run("data retain --batch=30")
            #expect(
                summary.changes.map(\.state) == [.proved, .proved, .proved],
                "\(summary.changes.compactMap(\.error)) \(summary.gaps)")
            #expect(summary.step.state == .succeeded)
            #expect(summary.changes.map { $0.evidence?["left"] } == [0, 0, 0])
            #expect(
                try await value(
                    "select count(*)::text from mainstay_removed.public_events_old", in: database) == old)
            #expect(
                try await value(
                    "select count(*)::text from events where at < now() - interval '31 days'", in: database) == "0")
            #expect(
                try await value("select count(*)::text from events where id in (1, 29, 101, 102)", in: database)
                    == "4")
            // Another run finds nothing, and later rows go to the others.
            #expect(try await harness.run("data retain").changes.isEmpty)
            try await database.run("insert into events values (200, now() - interval '50 days', 'late')")
            let later = try await harness.run("data retain")
            #expect(later.changes.map(\.state) == [.proved], "\(later.changes.compactMap(\.error))")
            #expect(
                try await value(
                    """
                    select string_agg(relname, ',') from pg_class
                    where relnamespace = 'mainstay_removed'::regnamespace and relkind = 'r'
                    """, in: database) == "public_events_old")
            // What the plan says brings back exactly its own rows.
            let back = try #require(later.changes.first).change.reversal
            try await database.connect { try await $0.executeScript(trusted: back) }
            #expect(
                try await value("select string_agg(id || twice, ',') from events where id > 102", in: database)
                    == "200latelate")
        }
    }

    @Test("a table that has changed gets another archive, and rows go without one where the policy says so")
    func archives() async throws {
        let database = TestDatabase.current
        try await database.run(Self.events)
        try await database.run(
            "create table marks (day date, c int, gone text); insert into marks select current_date - g, 1, 'x' from generate_series(1, 60) g"
        )
        let harness = try harness(database, rule("events"), rule("marks", "day", archive: false))
        let summary = try await harness.run("data retain")
        #expect(summary.changes.map(\.state) == [.proved, .proved], "\(summary.changes.compactMap(\.error))")
        // A day is over when the next one has begun; and a column may have a name that our statements use.
        #expect(try await value("select count(*)::text from marks") == "30")
        #expect(summary.changes.last?.change.reversal == "none: the rows are gone for good")
        try await database.run(
            """
            alter table events add more int;
            insert into events values (300, now() - interval '50 days', 'other', default, 7)
            """)
        let other = try await harness.run("data retain")
        #expect(other.changes.map(\.state) == [.proved], "\(other.changes.compactMap(\.error)) \(other.gaps)")
        #expect(try await value("select more::text from mainstay_removed.public_events_old_2") == "7")
        // A table whose name is alike has its own, although the columns are the same.
        try await database.run(
            """
            create schema a_b; create table a_b.c (at timestamptz); insert into a_b.c values ('2020-01-01');
            create schema a; create table a.b_c (at timestamptz); insert into a.b_c values ('2020-01-01')
            """)
        let alike = try await self.harness(database, rule("c", in: "a_b"), rule("b_c", in: "a")).run("data retain")
        #expect(alike.changes.map(\.state) == [.proved, .proved], "\(alike.changes.compactMap(\.error))")
    }

    @Test("what is not in a policy, or kept by it still, is refused, and '--limit' leaves the rest for later")
    func bounds() async throws {
        let database = TestDatabase.current
        try await database.run(Self.events)
        let harness = try harness(database, rule("events"))
        let unknown = try await harness.run("data retain --table=customers")
        #expect(unknown.step.state == .failed && unknown.step.error?.code == "data.no-policy")
        // Another database of the inventory may have it: then there is nothing to do here.
        var two = harness
        var second = try database.resource("second")
        if case .postgresql(var access) = second.access {
            access.retention = [rule("customers")]
            second.access = .postgresql(access)
        }
        two.inventory.environments.append(Environment("other", [second]))
        let elsewhere = try await two.run("data retain --table=customers", in: ["test"])
        #expect(elsewhere.step.state == .succeeded && elsewhere.changes.isEmpty)
        let young = (WallClock.system.now() - .seconds(10 * 86_400)).iso8601
        let kept = try await harness.run("data retain --table=events --before=\(young)")
        #expect(kept.step.state == .unproven && kept.gaps.first?.reason.code == "data.kept-still")
        let old = (WallClock.system.now() - .seconds(90 * 86_400)).iso8601
        let some = try await harness.run("data retain --table=public.events --before=\(old) --batch=4 --limit=4")
        #expect(some.changes.map(\.state) == [.proved], "\(some.changes.compactMap(\.error))")
        #expect(some.step.observation?.evidence["left of public.events"] == 6)
        #expect(some.changes.first?.change.reason.contains("6 more are left for the next run") == true)
        #expect(try await value("select count(*)::text from events") == "98")
        let gone = try self.harness(database, rule("nowhere"), rule("events", "note"), rule("events", "missing"))
        let codes = try await gone.run("data retain").gaps.map(\.reason.code)
        #expect(codes == ["data.object-gone", "data.no-time", "data.object-gone"])
        #expect(try await value("select count(*)::text from events") == "98")
    }

    @Test("rows that would take others with them go only where the policy names those tables")
    func cascades() async throws {
        let database = TestDatabase.current
        try await database.run(Self.events)
        try await database.run(
            """
            create table notes (id int primary key, event int references events on delete cascade);
            insert into notes select g, g from generate_series(91, 100) g;
            create table lines (note int references notes on delete cascade);
            insert into lines select g from generate_series(91, 95) g;
            create table mentions (event int references events on delete set null);
            insert into mentions values (95), (1)
            """)
        let refused = try await harness(database, rule("events", archive: false)).run("data retain")
        #expect(refused.changes.isEmpty && refused.step.state == .unproven)
        let gap = try #require(refused.gaps.first)
        #expect(gap.reason.code == "data.left-alone")
        #expect(
            gap.reason.problem.contains(
                "1 row of public.mentions forget them (ON DELETE SET NULL), 10 rows of public.notes go with them (ON DELETE CASCADE), 5 rows of public.lines go with them (ON DELETE CASCADE)"
            ), "\(gap.reason.problem)")
        #expect(gap.reason.hint?.contains("with: [public.mentions, public.notes, public.lines]") == true)
        let named = try await harness(
            database,
            rule("events", archive: false, with: ["public.notes", "public.lines", "public.mentions"])
        ).run("data retain")
        #expect(named.changes.map(\.state) == [.proved], "\(named.changes.compactMap(\.error)) \(named.gaps)")
        #expect(named.changes.first?.change.reason.contains("5 rows of public.lines go with them") == true)
        #expect(try await value("select count(*)::text from notes") == "0")
        #expect(try await value("select count(*)::text from mentions where event is null") == "1")
    }

    @Test("rows that others name, triggers and circles keep a table as it is, and it is said why")
    func obstacles() async throws {
        let database = TestDatabase.current
        try await database.run(Self.events)
        try await database.run(
            """
            create table names (event int references events); insert into names values (95);
            create table audited (at timestamp); insert into audited values ('2020-01-01');
            create function log() returns trigger language plpgsql as 'begin return old; end';
            create trigger told before delete on audited for each row execute function log();
            create table tree (id int primary key, parent int references tree on delete cascade, at timestamptz);
            insert into tree values (1, null, '2020-01-01'), (2, 1, now());
            create table parted (at timestamptz) partition by range (at);
            create table ever partition of parted default; insert into parted values ('2020-01-01')
            """)
        let summary = try await harness(
            database, rule("events"), rule("audited"), rule("tree"), rule("parted")
        ).run("data retain")
        #expect(summary.changes.isEmpty && summary.step.state == .unproven)
        let problems = summary.gaps.map(\.reason.problem)
        #expect(problems.count == 4)
        for (problem, words) in zip(
            problems, ["public.names name some of them", "trigger 'told'", "lead back to public.tree", "partitioned"])
        {
            #expect(problem.contains(words), "\(problem)")
        }
        #expect(try await value("select count(*)::text from tree") == "2")
    }

    @Test("rows that name the whole of a partitioned table follow those of its partition too")
    func partitions() async throws {
        let database = TestDatabase.current
        try await database.run(
            """
            create table whole (id int, at timestamptz, primary key (id, at)) partition by range (at);
            create table part partition of whole default; insert into whole values (1, '2020-01-01');
            create table marks (id int, at timestamptz, foreign key (id, at) references whole on delete cascade)
                partition by list (id);
            create table mark partition of marks default; insert into marks values (1, '2020-01-01');
            create table solid (id int, at timestamptz, primary key (id, at)) partition by range (at);
            create table piece partition of solid default; insert into solid values (1, '2020-01-01');
            create table names (id int, at timestamptz, foreign key (id, at) references solid);
            insert into names values (1, '2020-01-01')
            """)
        let summary = try await harness(database, rule("part"), rule("piece")).run("data retain")
        #expect(summary.changes.isEmpty && summary.step.state == .unproven)
        #expect(summary.gaps.count == 2)
        for (gap, words) in zip(
            summary.gaps, ["1 row of public.marks go with them", "public.names name some of them"])
        {
            #expect(gap.reason.problem.contains(words), "\(gap.reason.problem)")
        }
        #expect(try await value("select count(*)::text from marks") == "1")
    }

    @Test("nothing goes into an archive that somebody else's trigger watches, or that is somebody else's")
    func strangeArchives() async throws {
        let database = TestDatabase.current
        try await database.run("create table events (at timestamptz); insert into events values ('2020-01-01')")
        let harness = try harness(database, rule("events"))
        #expect(try await harness.run("data retain").changes.map(\.state) == [.proved])
        try await database.run(
            """
            create function spy() returns trigger language plpgsql as 'begin raise exception ''spied''; end';
            create trigger spying before insert on mainstay_removed.public_events_old
                for each row execute function spy();
            insert into events values ('2020-01-02')
            """)
        let second = try await harness.run("data retain")
        #expect(second.changes.map(\.state) == [.proved], "\(second.changes.compactMap(\.error)) \(second.gaps)")
        #expect(try await value("select count(*)::text from mainstay_removed.public_events_old_2") == "1")
        try await database.run(
            """
            alter table mainstay_removed.public_events_old_2 owner to pg_database_owner;
            insert into events values ('2020-01-03')
            """)
        let third = try await harness.run("data retain")
        #expect(third.changes.map(\.state) == [.proved], "\(third.changes.compactMap(\.error)) \(third.gaps)")
        #expect(try await value("select count(*)::text from mainstay_removed.public_events_old_3") == "1")
    }

    @Test("what has been so for ever has no age, and stays")
    func keepsEndless() async throws {
        let database = TestDatabase.current
        try await database.run(
            """
            create table events (at timestamptz); insert into events values ('-infinity'), ('2020-01-01');
            create table days (at date); insert into days values ('-infinity'), ('infinity')
            """)
        let summary = try await harness(database, rule("events"), rule("days")).run("data retain")
        #expect(summary.changes.map(\.state) == [.proved], "\(summary.changes.compactMap(\.error)) \(summary.gaps)")
        #expect(try await value("select string_agg(at::text, ',') from events") == "-infinity")
        #expect(try await value("select count(*)::text from days") == "2")
    }

    @Test("in a protected environment the policy is the approval, and whoever runs it by hand confirms it")
    func protected() async throws {
        try await TestDatabase.current.run(Self.events)
        let harness = try harness(isProtected: true, rule("events"))
        let unasked = try await harness.run("data retain")
        #expect(unasked.step.state != .succeeded)
        #expect(try await value("select count(*)::text from events") == "102")
        let routine = try await harness.run("data retain", isRoutine: true)
        #expect(routine.step.state == .succeeded, "\(String(describing: routine.step.error))")
        #expect(try await value("select count(*)::text from mainstay_removed.public_events_old") != "0")
    }

    @Test("what is there for longer than its policy says is counted, and told after two days")
    func status() async throws {
        let database = TestDatabase.current
        try await database.run(Self.events)
        let harness = try harness(database, rule("events"), rule("nowhere"))
        let looked = try await harness.run("data retention-status")
        #expect(looked.step.state == .unproven && looked.gaps.map(\.subject) == ["public.nowhere"])
        let row = try #require(looked.listing("Retention")?.rows.first)
        #expect(row.prefix(4) == ["public.events", "at", "30d", true])
        // Row 31 is a moment older than 30 days; row 33 than two more.
        #expect(row[4] == 70 && row[5] == 68)
        #expect(looked.findings("DI030").map(\.object) == ["public.events"])
        let alone = try self.harness(database, rule("events"))
        let moved = try await alone.run("data retain")
        #expect(moved.step.state == .succeeded)
        let after = try await alone.run("data retention-status")
        #expect(after.step.state == .succeeded && after.findings("DI030").isEmpty)
        #expect(after.listing("Retention")?.rows.first?[5] == 0)
    }
}
