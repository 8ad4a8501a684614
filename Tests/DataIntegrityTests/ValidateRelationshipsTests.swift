import Command
import Composition
import DataIntegrity
import Engine
import Maintenance
import MaintenanceTesting
import PostgreSQL
import Testing

@Suite(.cluster, .temporaryDirectory)
struct ValidateRelationshipsTests {
    private static let entries = Capability.dataIntegrity.tasks.map(\.entry)

    private func run(
        _ words: String = "data validate-relationships", on database: TestDatabase = .current, user: String? = nil
    ) async throws -> (summary: RunSummary, told: [String]) {
        let harness = try TaskHarness(Self.entries, database: database, user: user)
        return (try await harness.run(words), harness.events.told)
    }

    /// Runs a statement of a finding as a person would.
    private func execute(_ fact: String, of finding: Finding, on database: TestDatabase) async throws {
        let statement = try #require(finding.evidence[fact], "there is no '\(fact)'").description
        try await database.connect(.unlimited()) { try await $0.executeScript(trusted: statement) }
    }

    @Test("orphans behind a NOT VALID foreign key are counted and named, and its statements mend them")
    func orphans() async throws {
        let database = TestDatabase.current
        try await database.run(
            """
            create table parent (id int primary key); insert into parent values (1), (2);
            create table child (id int primary key, parent int);
            insert into child select n, case when n <= 97 then 1 + n % 2 else n end from generate_series(1, 100) n;
            alter table child add constraint child_parent foreign key (parent) references parent not valid
            """)
        let (summary, told) = try await run("data validate-relationships --keys=2")
        #expect(summary.step.state == .succeeded)
        let finding = try #require(summary.findings("DI001").first)
        #expect(summary.findings.count == 1)
        #expect(finding.severity == .warning)
        #expect(finding.object == "public.child.child_parent")
        #expect(finding.summary == "foreign key child_parent of public.child: 3 rows break it (NOT VALID)")
        #expect(finding.evidence["rows"] == 3)
        #expect(finding.evidence["sample 01"]?.description.hasPrefix("(parent, id) = (") == true)
        #expect(finding.evidence["sample 03"] == nil)
        #expect(told.contains("foreign key 1 of 1: public.child"))

        try await execute("to see", of: finding, on: database)
        try await execute("to detach", of: finding, on: database)
        let mended = try await run().summary
        #expect(mended.findings("DI001").isEmpty)
        let valid = try #require(mended.findings("DI005").first)
        #expect(valid.severity == .info)
        #expect(valid.mend == #"alter table "public"."child" validate constraint "child_parent";"#)
        try await execute("then", of: valid, on: database)
        #expect(try await run().summary.findings.isEmpty)
        let kept = try await database.connect { try await $0.query("select count(*) from child").only[0, as: Int.self] }
        #expect(kept == 100)
    }

    @Test(
        "constraints the server believes in and that are broken are critical, each with what mends it",
        arguments: TestServer.allCases)
    func believed(version: TestServer) async throws {
        try await TestDatabase.with(version) { database in
            try await database.run(
                """
                create table parent (a int, b int, primary key (a, b)); insert into parent values (1, 1);
                create table child (id int primary key, a int not null, b int, constraint lost foreign key (a, b) references parent match full);
                create table parted (id int, ref int, constraint parted_lost foreign key (ref, id) references parent) partition by list (id);
                create table parted_1 partition of parted for values in (1);
                create table checked (id int primary key, v int constraint positive check (v > 0));
                insert into checked values (1, 1);
                create table filled (id int primary key, v int); insert into filled values (1, 1), (2, null);
                create table doubled (id int, v int); create index doubled_v on doubled (v) where v > 5;
                insert into doubled values (1, 7), (2, 7), (3, 1), (4, 1);
                set session_replication_role = replica;
                insert into child values (1, 1, 1), (2, 1, null), (3, 9, 9);
                insert into parted values (1, 5), (1, 1)
                """)
            // The server is made to believe what is not so.
            try await database.run(
                """
                alter table checked add constraint late check (id < 1) not valid;
                update pg_constraint set convalidated = true where conname = 'late';
                update pg_attribute set attnotnull = true where attrelid = 'filled'::regclass and attname = 'v';
                update pg_index set indisunique = true where indexrelid = 'doubled_v'::regclass
                """)
            let summary = try await run(on: database).summary
            #expect(summary.step.state == .succeeded)
            let found = Dictionary(
                summary.findings.map { ($0.object ?? "", $0) }, uniquingKeysWith: { first, _ in first })
            #expect(
                Set(found.keys) == [
                    "public.child.lost", "public.parted.parted_lost", "public.checked.late", "public.filled.v",
                    "public.doubled.doubled_v",
                ])
            #expect(found.values.allSatisfy { $0.severity == .critical })
            #expect(found["public.child.lost"]?.code == "DI001")
            #expect(found["public.child.lost"]?.evidence["rows"] == 2)
            // A column of it is NOT NULL.
            #expect(found["public.child.lost"]?.evidence["to detach"] == nil)
            #expect(found["public.filled.v"]?.code == "DI002")
            #expect(found["public.doubled.doubled_v"]?.code == "DI003")
            #expect(found["public.checked.late"]?.code == "DI004")
            for finding in found.values { try await execute("to see", of: finding, on: database) }
            for name in ["public.child.lost", "public.parted.parted_lost", "public.checked.late", "public.filled.v"] {
                try await execute("to remove", of: try #require(found[name]), on: database)
            }
            #expect(try await run(on: database).summary.findings.map(\.object) == ["public.doubled.doubled_v"])
        }
    }

    @Test("a finding is over when its constraint holds, and stays open while a table cannot be looked at")
    func lifeOfFindings() async throws {
        let database = TestDatabase.current
        try await database.run(
            """
            create table parent (id int primary key); create table child (parent int); insert into child values (1);
            alter table child add constraint child_parent foreign key (parent) references parent not valid
            """)
        let harness = try TaskHarness(Self.entries, database: database)
        _ = try await harness.run("data validate-relationships")
        #expect(try await harness.log.openFindings().map(\.finding.code) == ["DI001"])
        try await database.run("insert into parent values (1)")
        _ = try await harness.run("data validate-relationships")
        #expect(try await harness.log.openFindings().map(\.finding.code) == ["DI005"])
    }

    @Test("tables without rights and those row security filters are named, and the step is unproven")
    func withoutRights() async throws {
        let database = TestDatabase.current
        try await database.run(
            """
            create table open (id int primary key); create table closed (id int primary key);
            create table filtered (id int primary key); alter table filtered enable row level security;
            create policy all_rows on filtered using (true)
            """)
        let summary = try await database.withLimitedRole { role in
            try await database.connect { try await $0.execute("grant select on open, filtered to \(identifier: role)") }
            return try await run(user: role).summary
        }
        #expect(summary.step.state == .unproven)
        #expect(summary.exitStatus(failOn: nil) == .configuration)
        #expect(summary.gaps.map(\.subject) == ["public.closed at test/main", "public.filtered at test/main"])
        #expect(summary.gaps.first?.reason.problem.hasPrefix("no right to read 'public.closed'") == true)
        #expect(summary.gaps.first?.reason.hint?.contains("pg_read_all_data") == true)
        #expect(summary.step.observation?.examined.isEmpty == true)
        #expect(summary.findings.isEmpty)
    }

    @Test("hostile names come out as statements that run")
    func hostileNames() async throws {
        let database = TestDatabase.current
        let name = "o'\"; drop table x; --<b>\u{1B}\n☃"
        let table = QualifiedName(schema: name, name: name)
        try await database.connect(.unlimited()) { connection in
            try await connection.execute("create schema \(identifier: name)")
            try await connection.execute("create table parent (\(identifier: name) int primary key)")
            try await connection.execute("create table \(relation: table) (\(identifier: name) int)")
            try await connection.execute("insert into \(relation: table) values (5)")
            try await connection.execute(
                """
                alter table \(relation: table) add constraint \(identifier: name)
                foreign key (\(identifier: name)) references parent not valid
                """)
        }
        let finding = try #require(try await run().summary.findings("DI001").first)
        #expect(finding.object?.unicodeScalars.contains { $0.value < 32 } == false)
        #expect(finding.summary.unicodeScalars.contains { $0.value < 32 } == false)
        try await execute("to remove", of: finding, on: database)
        #expect(try await run().summary.findings("DI001").isEmpty)
    }

    @Test("statements for a foreign key over periods show and remove just the rows that nothing covers")
    func periods() async throws {
        try await TestDatabase.with(.v18) { database in
            try await database.run(
                """
                create table rooms (id int4range, open int4range, primary key (id, open without overlaps));
                insert into rooms values ('[1,1]', '[0,10)'), ('[1,1]', '[10,20)');
                create table bookings (n int, room int4range, during int4range);
                insert into bookings values (1, '[1,1]', '[5,15)'), (2, '[1,1]', '[15,26)'), (3, '[3,3]', '[1,2)');
                alter table bookings add constraint in_room
                    foreign key (room, period during) references rooms not valid
                """)
            let summary = try await run(on: database).summary
            let finding = try #require(summary.findings("DI001").first)
            #expect(finding.evidence["rows"] == 2)
            #expect(summary.findings("DI006").map(\.object) == ["public.rooms.rooms_pkey"])
            try await execute("to see", of: finding, on: database)
            try await execute("to remove", of: finding, on: database)
            let valid = try #require(try await run(on: database).summary.findings("DI005").first)
            try await execute("then", of: valid, on: database)
            let kept = try await database.connect { try await $0.query("select n from bookings").only[0, as: Int.self] }
            #expect(kept == 1)
        }
    }

    @Test("a constraint that cannot be compared in time leaves the step unproven, which is exit status 1, not 4")
    func tooSlow() async throws {
        let database = TestDatabase.current
        try await database.run(
            """
            create function slow(int) returns boolean immutable language plpgsql as
                'begin perform pg_sleep(3); return true; end';
            create table slow (id int); insert into slow values (1);
            alter table slow add constraint slow_check check (slow(id)) not valid
            """)
        let summary = try await run("data validate-relationships --constraint-timeout=1s").summary
        #expect(summary.step.state == .unproven)
        #expect(summary.exitStatus(failOn: nil) == .failure)
    }

    @Test("an exclusion constraint is named as not compared, and that is no reason to distrust the rest")
    func exclusion() async throws {
        try await TestDatabase.current.run(
            "create table booked (during int4range, constraint once exclude using gist (during with &&))")
        let summary = try await run().summary
        #expect(summary.step.state == .succeeded)
        let finding = try #require(summary.findings("DI006").first)
        #expect(finding.severity == .info)
        #expect(
            finding.summary
                == "exclusion once of public.booked could not be verified: nothing but its own index could compare it")
    }

    @Test("an empty database has nothing to verify")
    func emptyDatabase() async throws {
        let summary = try await run().summary
        #expect(summary.step.state == .succeeded)
        #expect(summary.findings.isEmpty)
        #expect(summary.step.observation?.evidence["constraints"] == 0)
    }
}
