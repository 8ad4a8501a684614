import Engine
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Settings
import Testing

@testable import DatabaseCare

/// Each with a server of its own: pg_stat_statements has to be loaded, and counts everybody.
@Suite(.cluster, .temporaryDirectory)
struct AdviseTests {
    /// Orders of five thousand customers, fifty open; customers by their key.
    private static let shop: StaticString = """
        create table customers (id int primary key, name text);
        insert into customers select g, 'n' || g from generate_series(1, 5000) g;
        create table orders (id int primary key, customer_id int, status text, email varchar(80), flag bool,
            created_at timestamptz, gone timestamptz, note text);
        insert into orders select g, g % 5000, 's' || g % 5, 'E' || g, g % 500 = 0, now() - g * interval '1 min',
            case when g % 2000 = 0 then null else now() end, repeat('x', 60) from generate_series(1, 60000) g;
        """

    /// What was loaded before counts as a day's writing otherwise, and no index is worth that to a few statements.
    private static let loaded: StaticString = "select pg_stat_reset()"
    /// A session tells what it wrote up to a second later.
    private static let told: StaticString = "select pg_stat_force_next_flush()"

    private func ask(_ cluster: PrivateCluster, _ statements: [SQL], times: Int = 25) async throws {
        try await Connection.with(cluster.address(), .unlimited()) { connection in
            for _ in 0..<times { for statement in statements { _ = try await connection.query(statement) } }
            _ = try await connection.query("select pg_stat_force_next_flush()")
        }
    }

    private static func mends(_ summary: RunSummary) -> Set<String> {
        Set(summary.findings("DB006").compactMap(\.mend))
    }

    @Test("one, several, part and expression: what the workload wants is told, what is served already is not")
    func finds() async throws {
        try await OwnServer.withWorkload { cluster in
            try await OwnServer.script(cluster, Self.shop, "vacuum analyze", Self.told, Self.loaded)
            try await ask(
                cluster,
                [
                    "select * from orders where customer_id = 7 and status = 's2'",
                    "select * from orders where lower(email) = 'e77'",
                    "select id, note from orders where gone is null and flag",
                    "select * from orders where id = 5", "select * from customers where id = 9",
                    // Tells hardly any rows apart.
                    "select count(*) from orders where status <> 's1'",
                ])
            let summary = try await OwnServer.harness(cluster).run("db advise-indexes --slower-than=0s --gain=50")
            #expect(summary.step.state == .succeeded, "\(summary.gaps)")
            let mends = Self.mends(summary)
            #expect(
                mends.contains { $0.contains(#"on "public"."orders" using btree ("customer_id", "status")"#) }
                    || mends.contains { $0.contains(#"on "public"."orders" using btree ("customer_id")"#) }, "\(mends)")
            #expect(mends.contains { $0.contains(#"using btree ((lower((email)::text)))"#) }, "\(mends)")
            #expect(mends.contains { $0.contains("where ") && $0.contains(#""gone" is null"#) }, "\(mends)")
            #expect(!mends.contains { $0.contains(#"using btree ("id")"#) || $0.contains("customers") }, "\(mends)")
            #expect(summary.changes.isEmpty)
            #expect(summary.listing("Statements")?.rows.isEmpty == false)
        }
    }

    @Test("what is built is proved, saves what was predicted, and is not advised again")
    func builds() async throws {
        try await OwnServer.withWorkload { cluster in
            try await OwnServer.script(cluster, Self.shop, "vacuum analyze", Self.told, Self.loaded)
            let asked: [SQL] = [
                "select o.id, c.name from orders o join customers c on c.id = o.customer_id where o.customer_id = 12"
            ]
            try await ask(cluster, asked)
            let harness = try OwnServer.harness(cluster)
            let words = "db advise-indexes --create --slower-than=0s"
            let summary = try await harness.run(words)
            #expect(summary.step.state == .succeeded, "\(summary.gaps)")
            let made = try #require(
                summary.changes.first, "\(summary.findings) \(summary.step.observation?.listings.map(\.rows) ?? [])")
            #expect(summary.changes.count == 1)
            #expect(made.state == .proved)
            #expect(made.change.action.lines.first?.hasPrefix("create index concurrently ") == true)
            // A whole number comes back from the state as one.
            func percent(_ name: String) throws -> Double {
                try #require(made.evidence?[name].flatMap { Double($0.description) }, "\(made.evidence ?? [:])")
            }
            let predicted = try percent("cost saved, predicted percent")
            let achieved = try percent("cost saved, achieved percent")
            #expect(predicted > 50)
            #expect(abs(predicted - achieved) <= 5)
            try await ask(cluster, asked)
            let again = try await harness.run(words)
            #expect(again.changes.isEmpty, "\(again.changes.map(\.change.id))")
            try await Connection.with(cluster.address()) { try await $0.executeScript(trusted: made.change.reversal) }
        }
    }

    @Test("a table that is written all the time gets no index that hardly anybody reads")
    func writes() async throws {
        try await OwnServer.withWorkload { cluster in
            try await OwnServer.script(
                cluster, Self.shop, "vacuum analyze", "update orders set note = 'y'", "update orders set note = 'z'",
                "update orders set note = 'x'", "update orders set note = 'y'", "vacuum analyze")
            try await ask(cluster, ["select * from orders where customer_id = 7"], times: 20)
            let summary = try await OwnServer.harness(cluster).run("db advise-indexes --slower-than=0s")
            // 300,000 entries written against 20 reads of a table of some 1,500 pages.
            #expect(Self.mends(summary).isEmpty)
        }
    }

    @Test("an unused index goes, what makes it again is kept, and it is proposed back once a statement misses it")
    func drops() async throws {
        try await OwnServer.withWorkload { cluster in
            try await OwnServer.script(
                cluster, Self.shop,
                """
                create index never on orders (note, created_at); comment on index never is 'for ''nobody''';
                create index used on orders (customer_id);
                create unique index enforces on orders (id, email)
                """, "vacuum analyze")
            let wanted: SQL = "select count(*) from orders where customer_id = 7"
            try await ask(cluster, [wanted])
            let harness = try OwnServer.harness(cluster)
            let words = "db advise-indexes --drop --cycle=1ms"
            #expect(try await harness.run(words).changes.isEmpty)
            let summary = try await harness.run(words)
            #expect(summary.changes.map(\.change.id) == ["drop-index public.never"])
            #expect(summary.changes.first?.state == .proved)
            #expect(
                summary.changes.first?.change.reversal
                    == "create index concurrently never ON public.orders USING btree (note, created_at); "
                    + "comment on index public.never is 'for ''nobody'''")
            #expect(try await harness.run(words).changes.isEmpty)

            // Missed: as the record has it, its statement took a tenth of what it takes now.
            let target = Target(environment: "test", resource: "main")
            let stored = try #require(try await harness.log.baseline(DroppedIndexes.subject, target))
            var record = try JSONDecoder().decode(DroppedIndexes.self, from: Data(stored.content.utf8))
            #expect(record.indexes.map(\.name.name) == ["never"])
            try await OwnServer.script(cluster, "drop index used")
            try await ask(cluster, [wanted], times: 60)
            let text = try await OwnServer.value(
                cluster, "select queryid::text from pg_stat_statements where query ~ 'count.*customer_id' and toplevel")
            let id = try #require(Int64(text))
            record.indexes.append(
                .init(
                    name: .init(schema: "public", name: "used"), table: .init(schema: "public", name: "orders"),
                    tableOID: record.indexes[0].tableOID,
                    definition: "CREATE INDEX used ON public.orders USING btree (customer_id)", bytes: 8_192,
                    at: harness.clock.now(),
                    statements: [.init(id: id, calls: 25, totalMilliseconds: 0.25)]))
            var baseline = stored
            baseline.content = String(decoding: try JSONEncoder().encode(record), as: UTF8.self)
            try await harness.log.accept(baseline)
            #expect(try await harness.run("db advise-indexes").findings("DB008").map(\.object) == ["public.used"])
            let back = try await harness.run(words)
            #expect(back.changes.map(\.change.id) == ["recreate-index public.used"])
            #expect(back.changes.first?.state == .proved)
            #expect(
                back.changes.first?.change.action.lines
                    == ["create index concurrently used ON public.orders USING btree (customer_id)"])
        }
    }

    @Test("of an index and the one that contains it one goes at a time, and what serves in its place stays")
    func heirs() async throws {
        try await OwnServer.withWorkload { cluster in
            try await OwnServer.script(
                cluster, Self.shop,
                "create index short on orders (customer_id); create index longer on orders (customer_id, id, note)",
                "vacuum analyze")
            try await ask(cluster, ["select * from orders where id = 5"])
            let harness = try OwnServer.harness(cluster)
            let words = "db advise-indexes --drop --cycle=1ms"
            let first = try await harness.run(words)
            #expect(first.changes.map(\.change.id) == ["drop-index public.short"])
            #expect(first.changes.map(\.state) == [.proved], "\(first.changes.map(\.error))")
            #expect(first.changes.first?.change.identity["twin oid"] != nil)
            // Nothing has used it: the short one was there.
            let second = try await harness.run(words)
            #expect(second.changes.isEmpty)
            #expect(
                second.listing("Indexes that stay")?.rows.map { $0.map(\.description) } == [
                    ["public.longer", "it serves in the place of public.short, which was dropped"]
                ])
            let record = try #require(
                try await harness.log.baseline(
                    DroppedIndexes.subject, Target(environment: "test", resource: "main")))
            let dropped = try JSONDecoder().decode(DroppedIndexes.self, from: Data(record.content.utf8))
            #expect(dropped.indexes.map { $0.twin?.name } == ["longer"])
        }
    }

    @Test("a slot that a standby will come back to counts as one that cannot be asked")
    func slots() async throws {
        try await OwnServer.withWorkload { cluster in
            try await OwnServer.script(
                cluster, Self.shop,
                "create index short on orders (customer_id); create index longer on orders (customer_id, id, note)",
                "vacuum analyze", "select pg_create_physical_replication_slot('away')")
            let summary = try await OwnServer.harness(cluster).run("db advise-indexes --drop --cycle=1ms")
            #expect(summary.changes.isEmpty)
            let stays = summary.listing("Indexes that stay")?.rows.map { $0.map(\.description) } ?? []
            #expect(stays.contains { $0[0] == "public.short" && $0[1].hasPrefix("1 standbys follow") }, "\(stays)")
        }
    }

    @Test("a database of the environment that cannot be reached may be a standby, and nothing is dropped meanwhile")
    func unreachable() async throws {
        try await OwnServer.withWorkload { cluster in
            try await OwnServer.script(
                cluster, Self.shop,
                "create index short on orders (customer_id); create index longer on orders (customer_id, id, note)",
                "vacuum analyze")
            var harness = try OwnServer.harness(cluster)
            harness.inventory.environments[0].resources.append(try cluster.resource("away", database: "gone"))
            let summary = try await harness.run("db advise-indexes --drop --cycle=1ms")
            #expect(summary.changes.isEmpty)
            let stays = summary.listing("Indexes that stay")?.rows.map { $0.map(\.description) } ?? []
            let reason = "'away' could not be asked whether it is a standby of this server: "
            #expect(stays.contains { $0[0] == "public.short" && $0[1].hasPrefix(reason) }, "\(stays)")
        }
    }

    @Test("a statement that could run somebody's code is not planned, and said to be so")
    func untrusted() async throws {
        try await OwnServer.withWorkload { cluster in
            try await OwnServer.script(
                cluster, Self.shop,
                """
                create role app; grant create on schema public to app; set role app;
                create function price(int) returns int language sql immutable as 'select $1'; reset role
                """, "vacuum analyze")
            try await ask(
                cluster, ["select price(id) from orders where customer_id = 7", "select * from orders where id = 9"])
            let summary = try await OwnServer.harness(cluster).run("db advise-indexes --slower-than=0s")
            let rows = summary.listing("Statements not planned")?.rows.map { $0.map(\.description) } ?? []
            #expect(
                rows.contains { $0[0].hasPrefix("select price(id)") && $0[1].contains("the function price") }, "\(rows)"
            )
            #expect(!rows.contains { $0[0].hasPrefix("select * from orders where id") }, "\(rows)")
        }
    }

    @Test("an index that was read since the plan was made is not dropped")
    func moved() async throws {
        try await OwnServer.withWorkload { cluster in
            try await OwnServer.script(
                cluster, Self.shop, "create index plain on orders (customer_id)", "vacuum analyze")
            try await Connection.with(cluster.address(), .unlimited()) { connection in
                let session = SurveySession(connection)
                let name = QualifiedName(schema: "public", name: "plain")
                let index = try #require(try await CareIndex.named(name, session))
                let change = DropIndexAct.change(index, isAdvised: true, reason: "test")
                #expect(try await DropIndexAct.inspect(change, session).identity == change.identity)
                _ = try await connection.query("select count(*) from orders where customer_id = 7")
                _ = try await connection.query("select pg_stat_force_next_flush()")
                try await eventually("the scan is counted") {
                    try await DropIndexAct.inspect(change, session).identity["has been scanned"] == true
                }
            }
        }
    }

    @Test("a statement that takes half as long again since, in enough calls, is a regression, and others are none")
    func regressions() {
        let dropped = DroppedIndexes.Dropped(
            name: .init(schema: "s", name: "i"), table: .init(schema: "s", name: "t"), tableOID: 1, definition: "",
            bytes: 0, at: Timestamp(microseconds: 0),
            statements: [
                .init(id: 1, calls: 100, totalMilliseconds: 200), .init(id: 2, calls: 100, totalMilliseconds: 200),
                .init(id: 3, calls: 100, totalMilliseconds: 200), .init(id: 4, calls: 3, totalMilliseconds: 3),
                .init(id: 5, calls: 100, totalMilliseconds: 200),
            ])
        func now(_ id: Int64, _ calls: Double, _ total: Double) -> Workload.Statement {
            .init(id: id, text: "", calls: calls, totalMilliseconds: total)
        }
        let found = dropped.regressions(
            Workload(
                statements: [
                    now(1, 150, 700), now(2, 150, 350), now(3, 110, 900), now(4, 100, 9_000), now(5, 40, 400),
                    now(6, 1_000, 90_000),
                ], hours: 1))
        #expect(found.map(\.statement.id) == [1, 5])
        #expect(found.map(\.since) == [10, 10])
    }

    @Test("without HypoPG or pg_stat_statements it says so, and is not green")
    func withoutExtensions() async throws {
        let summary = try await TaskHarness(careEntries, database: .current).run("db advise-indexes")
        #expect(summary.step.state == .unproven)
        #expect(summary.gaps.map(\.reason.code) == ["db.no-statements"])
        #expect(summary.changes.isEmpty)
    }
}
