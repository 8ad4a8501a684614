import Maintenance
import MaintenanceTesting
import PostgreSQL
import Testing

@Suite("planning anybody's statements", .cluster)
struct StatementPlannerTests {
    @Test(
        "a statement that could come to run somebody's code is not planned, and others are",
        arguments: [
            ("select * from sound where a = $1", true), ("insert into sound (a) values ($1)", true),
            ("select * from pointing where a = 1", true), ("select spy(1)", false), ("select public.\"spy\"(1)", false),
            ("select * from indexed where a = 1", false), ("select * from seen_twice", false),
            ("select $1::guarded", false), ("select * from watched where b = $1", false),
            ("select * from parted where a = 3", false),
        ] as [(String, Bool)])
    func refuses(statement: String, isPlanned: Bool) async throws {
        let database = TestDatabase.current
        try await database.withLimitedRole { role in
            try await database.connect { connection in
                try await connection.execute("grant create on schema public to \(identifier: role)")
                try await connection.execute("set role \(identifier: role)")
                try await connection.executeScript(
                    trusted: """
                        create function spy(int) returns int language plpgsql immutable as $$begin raise 'it ran'; end$$;
                        create function stamp() returns trigger language plpgsql as 'begin return new; end';
                        create table sound (a int primary key);
                        create trigger stamped before insert on sound for each row execute function stamp();
                        create table indexed (a int primary key, b int); create index on indexed (spy(b));
                        create table pointing (a int references indexed);
                        create view seen as select spy(1) as one; create view seen_twice as select * from seen;
                        create domain guarded as int check (spy(value) > 0);
                        create table watched (b int); create policy own on watched using (spy(b) = 1);
                        create table parted (a int) partition by range (a);
                        create table part partition of parted (check (spy(a) = 1)) for values from (1) to (9)
                        """)
                try await connection.executeScript(trusted: "reset role")
            }
            try await SurveySession.with(database.address) { session in
                let planner = try await StatementPlanner(session)
                if isPlanned {
                    let plan = try await planner.plan(statement)
                    #expect(plan.json.contains("Plan"))
                } else {
                    let error = await #expect(throws: SurveyRefusal.self) { try await planner.plan(statement) }
                    #expect(error?.code == "postgresql.survey.untrusted", "\(String(describing: error))")
                }
            }
            // Who has written it loses nothing by planning it.
            if statement.hasPrefix("select * from indexed") {
                try await SurveySession.with(database.address.with(user: role)) { session in
                    let plan = try await StatementPlanner(session).plan(statement)
                    #expect(plan.json.contains("Plan"))
                }
            }
        }
    }

    @Test("an operator of somebody's for the server's own types can be meant by every statement")
    func operators() async throws {
        let database = TestDatabase.current
        try await database.withLimitedRole { role in
            try await database.connect { connection in
                try await connection.execute("grant create on schema public to \(identifier: role)")
                try await connection.execute("set role \(identifier: role)")
                try await connection.executeScript(
                    trusted: """
                        create table words (a varchar(9));
                        create function same(varchar, varchar) returns bool language sql immutable as 'select true';
                        create operator public.= (leftarg = varchar, rightarg = varchar, function = same)
                        """)
                try await connection.executeScript(trusted: "reset role")
            }
            try await SurveySession.with(database.address) { session in
                let planner = try await StatementPlanner(session)
                await #expect(throws: SurveyRefusal.self) { try await planner.plan("select from words where a = 'b'") }
            }
        }
    }
}
