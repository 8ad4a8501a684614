import Maintenance
import MaintenanceTesting
import PostgreSQL
import Testing

@Suite("constraint verification", .cluster)
struct ConstraintTests {
    /// Every kind of constraint, broken where the name says so, with triggers and catalogs out of the way.
    static let script: StaticString = #"""
        create table parent (id int primary key, code text unique, a int, b text, unique (a, b));
        insert into parent values (1, 'x', 1, 'p'), (2, 'y', 2, 'q');
        create table child (
            id int primary key,
            fine bigint constraint fine references parent, orphaned int constraint orphaned references parent deferrable,
            late text, sa int, sb text, fa int, fb text, self int constraint self_broken references child,
            constraint simple_fine foreign key (sa, sb) references parent (a, b),
            constraint full_broken foreign key (fa, fb) references parent (a, b) match full);
        alter table child add constraint late_broken foreign key (late) references parent (code) not valid;
        set session_replication_role = replica;
        insert into child values
            (1, 1, 1, 'x', 1, 'p', 1, 'p', 1), (2, 2, 77, 'nope', null, 'zz', null, 'p', 99), (3, null, 78, null, 5, null, null, null, 2),
            (4, 1, null, 'y', 2, 'q', 3, 'q', null);
        create table parted (id int, part int, ref int, constraint parted_broken foreign key (ref) references parent, primary key (id, part),
            constraint parted_check check (id < 100)) partition by list (part);
        create table parted_1 partition of parted for values in (1); create table parted_2 partition of parted for values in (2);
        insert into parted values (1, 1, 1), (2, 1, 50), (3, 2, 51), (4, 2, 2);
        create table to_parted (id int, part int, constraint to_parted_broken foreign key (id, part) references parted);
        insert into to_parted values (1, 1), (1, 2);
        create table checks (id int primary key, v int, w int, constraint fine_check check (v > 0 or v is null));
        insert into checks values (1, 5, -1), (2, null, -2), (3, 7, 3);
        alter table checks add constraint check_broken check (w > 0) not valid;
        create table nulls (id int primary key, fine int not null, broken int);
        insert into nulls values (1, 1, 1), (2, 2, null), (3, 3, null);
        update pg_attribute set attnotnull = true where attrelid = 'nulls'::regclass and attname = 'broken';
        create table keys (id int primary key, k int, e text, p int, n int);
        create index unique_broken on keys (k); create index expression_broken on keys (lower(e)); create index partial_fine on keys (p) where p > 10;
        insert into keys values (1, 1, 'A', 5, null), (2, 1, 'a', 5, null), (3, 2, 'B', 11, 1), (4, 2, 'c', 12, 2), (5, null, null, null, 3), (6, null, null, null, 4);
        update pg_index set indisunique = true where indrelid = 'keys'::regclass;
        create unique index nulls_fine on keys (n);
        create table ranges (r int4range, constraint excluded exclude using gist (r with &&));
        create table "q"" '; drop table x; --" ("c
        1" int constraint "h"" broken" references parent, "b" int not null); insert into "q"" '; drop table x; --" values (9, 1);
        """#

    static func verify(
        _ extent: VerificationExtent = .exact, in database: TestDatabase, user: String? = nil
    ) async throws -> ConstraintVerification {
        let address = user.map { database.address.with(user: $0) } ?? database.address
        return try await SurveySession.with(address) {
            try await ConstraintVerifier($0, extent: extent, keys: 3).verify()
        }
    }

    @Test(
        "every broken constraint is found with its rows, and every other one holds, on every version",
        arguments: TestServer.allCases, [VerificationExtent.exact, .sample(rows: 1_000)])
    func findsBroken(version: TestServer, extent: VerificationExtent) async throws {
        try await TestDatabase.with(version) { database in
            try await database.run(Self.script)
            let verification = try await Self.verify(extent, in: database)
            var found: [String: String] = [:]
            for verdict in verification.violated {
                guard case .violated(let count, let keys) = verdict.outcome else { continue }
                found[verdict.name] = "\(count) \(keys.sorted().joined(separator: " | "))"
            }
            #expect(
                found == [
                    "orphaned": "2 (orphaned, id) = (77,2) | (orphaned, id) = (78,3)",
                    "late_broken": "1 (late, id) = (nope,2)",
                    "self_broken": "1 (self, id) = (99,2)",
                    "full_broken": "2 (fa, fb, id) = (,p,2) | (fa, fb, id) = (3,q,4)",
                    "parted_broken": "2 (ref, id, part) = (50,2,1) | (ref, id, part) = (51,3,2)",
                    "to_parted_broken": "1 (id, part) = (1,2)",
                    "check_broken": "2 (id) = (1) | (id) = (2)",
                    "broken": "2 (id) = (2) | (id) = (3)",
                    "unique_broken": "2 (k) = (1) | (k) = (2)",
                    "expression_broken": "1 (lower(e)) = (a)",
                    "h\" broken": "1 (\"c\\n1\") = (9)",
                ])
            #expect(verification.unverified.map(\.name) == ["excluded"])
            let held = Set(verification.verdicts.filter { $0.outcome == .holds }.map(\.name))
            #expect(
                held.isSuperset(of: [
                    "fine", "simple_fine", "fine_check", "partial_fine", "nulls_fine", "parted_check", "parent_pkey",
                ]))
            for name in ["late_broken", "check_broken"] {
                #expect(verification.verdicts.first { $0.name == name }?.isValidated == false)
            }
            for verdict in verification.verdicts where verdict.isVerified {
                #expect((verdict.sample == nil) == (extent == .exact))
            }
        }
    }

    @Test(
        "a foreign key over periods is broken where the parents' periods leave a gap, and a key WITHOUT OVERLAPS is named",
        arguments: [VerificationExtent.exact, .sample(rows: 1_000)])
    func periods(extent: VerificationExtent) async throws {
        try await TestDatabase.with(.v18) { database in
            try await database.run(
                """
                create table rooms (id int4range, open int4range, primary key (id, open without overlaps));
                create table closings (id int4range, at int4multirange, unique (id, at without overlaps));
                insert into rooms values ('[1,1]', '[0,10)'), ('[1,1]', '[10,20)'), ('[1,1]', '[25,30)'), ('[2,2]', '[0,99)');
                insert into closings values ('[1,1]', '{[0,5),[10,15)}');
                create table bookings (n int primary key, room int4range, during int4range,
                    constraint in_room foreign key (room, period during) references rooms);
                create table works (n int primary key, room int4range, at int4multirange,
                    constraint in_closing foreign key (room, period at) references closings (id, period at));
                set session_replication_role = replica;
                insert into bookings values
                    (1, '[1,1]', '[5,15)'), (2, '[1,1]', '[15,26)'), (3, '[3,3]', '[1,2)'), (4, null, '[1,2)'), (5, '[2,2]', null),
                    (6, '[1,1]', '[20,25)');
                insert into works values (1, '[1,1]', '{[1,2),[11,12)}'), (2, '[1,1]', '{[1,2),[5,6)}');
                """)
            let verification = try await Self.verify(extent, in: database)
            let found = Dictionary(
                uniqueKeysWithValues: verification.verdicts.filter { $0.kind == .foreignKey }.map {
                    ($0.name, $0.outcome)
                })
            guard case .violated(3, let keys) = found["in_room"] else {
                Issue.record("\(String(describing: found["in_room"]))")
                return
            }
            #expect(
                keys.sorted() == [
                    #"(room, during, n) = ("[1,2)","[15,26)",2)"#, #"(room, during, n) = ("[1,2)","[20,25)",6)"#,
                    #"(room, during, n) = ("[3,4)","[1,2)",3)"#,
                ])
            #expect(
                found["in_closing"]
                    == .violated(count: 1, keys: [#"(room, at, n) = ("[1,2)","{[1,2),[5,6)}",2)"#]))
            #expect(verification.unverified.map(\.kind) == [.exclusion, .exclusion])
            #expect(Set(verification.unverified.map(\.name)) == ["rooms_pkey", "closings_id_at_key"])
        }
    }

    @Test("a sample looks at no more rows than it was told, says so, and misses nothing that is everywhere")
    func samples() async throws {
        let database = TestDatabase.current
        try await database.run(
            """
            create table big_parent (id int primary key);
            create table big (id int primary key, ref int constraint bad references big_parent, v int not null constraint odd check (v > 0));
            set session_replication_role = replica;
            insert into big select n, n, n from generate_series(1, 50000) n;
            analyze big;
            """)
        let verification = try await Self.verify(.sample(rows: 500), in: database)
        let bad = try #require(verification.verdicts.first { $0.name == "bad" })
        let looked = try #require(bad.sample)
        #expect((1...500).contains(looked))
        guard case .violated(let count, let keys) = bad.outcome else {
            Issue.record("the orphans were not found")
            return
        }
        #expect(count == looked)
        #expect(keys.count == 3)
        #expect(bad.description == "foreign key bad of public.big: \(count) rows break it (sample of \(looked) rows)")
        for name in ["odd", "v", "big_pkey"] {
            let verdict = try #require(verification.verdicts.first { $0.name == name })
            #expect(verdict.outcome == .holds)
            #expect((1...500).contains(try #require(verdict.sample)))
        }
    }

    @Test("a table without rights, and one that row security filters, are named and never counted as fine")
    func namesWhatItCannotSee() async throws {
        let database = TestDatabase.current
        let role = "verifier_\(database.name)"
        try await database.run(
            """
            create table hidden (id int primary key); create table filtered (id int primary key);
            create table open (id int primary key, h int references hidden, f int references filtered);
            alter table filtered enable row level security; create policy none on filtered using (false);
            """)
        try await database.connect { connection in
            try await connection.execute("create role \(identifier: role) login")
            try await connection.execute("grant select on open, filtered to \(identifier: role)")
        }
        let verification = try await Self.verify(in: database, user: role)
        try await database.connect { connection in
            try await connection.execute("drop owned by \(identifier: role)")
            try await connection.execute("drop role \(identifier: role)")
        }
        let reasons = Dictionary(
            uniqueKeysWithValues: verification.verdicts.compactMap { verdict in
                if case .unverified(let reason) = verdict.outcome {
                    ("\(verdict.kind.rawValue) \(verdict.table.name).\(verdict.name)", reason)
                } else {
                    nil
                }
            })
        let hidden = "no right to read 'public.hidden'"
        let filtered = "row security hides rows of 'public.filtered' from this role"
        #expect(
            reasons == [
                "foreign key open.open_h_fkey": hidden, "foreign key open.open_f_fkey": filtered,
                "not null hidden.id": hidden, "not null filtered.id": filtered, "unique hidden.hidden_pkey": hidden,
                "unique filtered.filtered_pkey": filtered,
            ])
        #expect(verification.verdicts.filter(\.isVerified).map(\.name).sorted() == ["id", "open_pkey"])
    }

    @Test("verifying changes nothing, and leaves no lock behind")
    func changesNothing() async throws {
        let database = TestDatabase.current
        try await database.run(Self.script)
        let before = try await CatalogListing.read(database.address)
        try await SurveySession.with(database.address) { session in
            _ = try await ConstraintVerifier(session, extent: .exact).verify()
            let locks = try await session.query(
                "select count(*) as n from pg_locks where pid <> pg_backend_pid() and database = (select oid from pg_database where datname = current_database())"
            ).only
            #expect(try locks["n", as: Int.self] == 0)
            let id = try await session.query("select pg_current_xact_id_if_assigned()::text as id").only
            #expect(try id["id", as: String?.self] == nil)
        }
        #expect(try await CatalogListing.read(database.address).digest == before.digest)
    }
}
