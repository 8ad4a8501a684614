import Command
import Composition
import DataIntegrity
import Engine
import Maintenance
import MaintenanceTesting
import PostgreSQL
import Settings
import Testing

@Suite(.cluster, .temporaryDirectory)
struct OrphanTests {
    private static let entries = Capability.dataIntegrity.tasks.map(\.entry)

    private func run(
        _ words: String, on database: TestDatabase = .current, isDryRun: Bool = false
    ) async throws -> RunSummary {
        try await TaskHarness(Self.entries, database: database).run(words, isDryRun: isDryRun)
    }

    private func value(_ sql: SQL, in database: TestDatabase = .current) async throws -> String {
        try await database.connect { try await $0.query(sql).only[0, as: String.self] }
    }

    @Test(
        "orphans are archived and removed, the rest stays, and the plan's own words bring them back",
        arguments: TestServer.allCases)
    func moves(version: TestServer) async throws {
        try await TestDatabase.with(version) { database in
            try await database.run(
                """
                create table parent (id int primary key); insert into parent select generate_series(1, 10);
                create table "Ch ild" (id int generated always as identity primary key, "par ent" int, gone int,
                    note text, twice text generated always as (note || note) stored);
                alter table "Ch ild" drop gone;
                insert into "Ch ild" overriding system value select g, case when g <= 90 then 1 + g % 10 else 1000 + g end, 'n' || g
                    from generate_series(1, 100) g;
                insert into "Ch ild" overriding system value values (101, null, null);
                alter table "Ch ild" add constraint lost foreign key ("par ent") references parent not valid
                """)
            let dry = try await run("data cleanup-orphaned", on: database, isDryRun: true)
            #expect(dry.step.plan?.changes.count == 1)
            #expect(try await value("select count(*)::text from \"Ch ild\"", in: database) == "101")
            let summary = try await run("data cleanup-orphaned --limit=4", on: database)
            let change = try #require(summary.changes.first)
            #expect(change.state == .proved, "\(String(describing: change.error))")
            #expect(change.change.effect == .destroys)
            #expect(
                change.change.reason
                    == "4 rows without a parent, and 6 more are left for the next run: foreign key lost")
            #expect(change.evidence?["rows"] == 4)
            #expect(try await value("select count(*)::text from \"Ch ild\"", in: database) == "97")
            #expect(
                try await value(
                    "select string_agg(id::text, ',' order by id) from mainstay_removed.\"public_Ch ild\"", in: database
                )
                    == "91,92,93,94")
            let rest = try await run("data cleanup-orphaned", on: database)
            #expect(rest.changes.map(\.state) == [.proved])
            #expect(
                try await value("select count(*)::text from mainstay_removed.\"public_Ch ild_2\"", in: database) == "6")
            #expect(try await run("data cleanup-orphaned", on: database).changes.isEmpty)
            let back = change.change.reversal
            try await database.connect { connection in
                try await connection.executeScript(trusted: back)
            }
            #expect(try await value("select count(*)::text from \"Ch ild\"", in: database) == "95")
            #expect(
                try await value(
                    "select string_agg(id || twice, ',' order by id) from \"Ch ild\" where id between 91 and 94",
                    in: database) == "91n91n91,92n92n92,93n93n93,94n94n94")
        }
    }

    @Test("rows that would take others with them, or start a trigger, are left alone and told")
    func obstacles() async throws {
        try await TestDatabase.current.run(
            """
            create table parent (id int primary key); insert into parent values (1);
            create table a (id int primary key, p int); insert into a values (1, 1), (2, 2);
            alter table a add constraint a_p foreign key (p) references parent not valid;
            create table grandchild (a int references a on delete cascade);
            create table b (id int primary key, p int); insert into b values (1, 2);
            alter table b add constraint b_p foreign key (p) references parent not valid;
            create function log() returns trigger language plpgsql as 'begin return old; end';
            create trigger audited before delete on b for each row execute function log();
            create table d (id int primary key, p int); insert into d values (1, 2), (2, 1);
            alter table d add constraint d_p foreign key (p) references parent not valid;
            create table names_d (d int references d); insert into names_d values (1)
            """)
        let summary = try await run("data cleanup-orphaned")
        #expect(summary.changes.isEmpty)
        let said = summary.findings("DI014").map { "\($0.object ?? ""): \($0.summary)" }.sorted()
        #expect(
            said == [
                "public.a.a_p: its rows without a parent are left alone: rows of public.grandchild would go or change with them",
                "public.b.b_p: its rows without a parent are left alone: its trigger 'audited' would run",
                "public.d.d_p: its rows without a parent are left alone: rows of public.names_d name some of them",
            ])
    }

    @Test("where a publication would send the archive, nothing is removed; names that are long or alike stay apart")
    func archives() async throws {
        let database = TestDatabase.current
        try await database.run(
            """
            create table parent (id int primary key);
            create table "äääääääääääääääääääääääääääääää" (id int primary key, p int, q int);
            insert into "äääääääääääääääääääääääääääääää" values (1, 1, null), (2, null, 2);
            alter table "äääääääääääääääääääääääääääääää" add constraint p foreign key (p) references parent not valid;
            alter table "äääääääääääääääääääääääääääääää" add constraint q foreign key (q) references parent not valid;
            create publication everything for all tables
            """)
        let refused = try await run("data cleanup-orphaned")
        #expect(refused.changes.isEmpty)
        #expect(
            refused.findings("DI014").allSatisfy { $0.summary.contains("'everything' would send the archive") })
        #expect(refused.findings("DI014").count == 2)
        try await database.run("drop publication everything")
        let summary = try await run("data cleanup-orphaned")
        #expect(summary.changes.map(\.state) == [.proved, .proved], "\(summary.changes.map(\.error))")
        #expect(
            try await value(
                "select count(*)::text from pg_class where relnamespace = 'mainstay_removed'::regnamespace and relkind = 'r'"
            ) == "2")
    }

    @Test("a relation that nobody declared is told, and its orphans go only where it is named")
    func inferred() async throws {
        let database = TestDatabase.current
        try await database.run(
            """
            create table customers (id int primary key); insert into customers select generate_series(1, 100);
            create table categories (id int primary key); insert into categories select generate_series(1, 20);
            create table addresses (id int primary key); insert into addresses select generate_series(1, 20);
            create table orders (id int primary key, customer_id int, category_id int, address_id int, parent_id int);
            insert into orders select g, case when g <= 98 then g else 1000 + g end, 1 + g % 20, 1 + g % 20, 500 + g
                from generate_series(1, 100) g;
            -- Called so, and something else.
            create table order_numbers (customer_id int primary key);
            insert into order_numbers select 10000 + g from generate_series(1, 100) g
            """)
        let looked = try await run("data integrity-check")
        #expect(looked.step.state == .succeeded, "\(looked.gaps)")
        #expect(looked.findings("DI007").map(\.object) == ["public.orders.customer_id"])
        #expect(
            looked.listing("Relations without a foreign key")?.rows.map { $0.map(\.description) } == [
                ["public.orders.address_id → public.addresses", "0"],
                ["public.orders.category_id → public.categories", "0"],
                ["public.orders.customer_id → public.customers", "2"],
            ])
        #expect(try await run("data cleanup-orphaned").changes.isEmpty)
        let named = try await run("data cleanup-orphaned --relation=public.orders.customer_id=public.customers")
        #expect(named.changes.map(\.state) == [.proved])
        #expect(try await value("select count(*)::text from orders") == "98")
        let unknown = try await run("data cleanup-orphaned --relation=public.orders.id=public.customers")
        #expect(unknown.step.state == .unproven)
    }

    @Test("in a protected environment it waits for people")
    func protected() async throws {
        try await TestDatabase.current.run(
            """
            create table parent (id int primary key); create table child (p int); insert into child values (1);
            alter table child add constraint lost foreign key (p) references parent not valid
            """)
        var inventory = Inventory()
        inventory.environments = [
            Environment("production", isProtected: true, [try TestDatabase.current.resource("main")])
        ]
        let summary = try await TaskHarness(Self.entries, inventory: inventory).run("data cleanup-orphaned")
        #expect(summary.step.state == .waiting || summary.step.state == .refused)
        #expect(try await value("select count(*)::text from child") == "1")
    }
}
