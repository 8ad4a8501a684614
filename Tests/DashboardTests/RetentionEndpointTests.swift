import Command
import Engine
import Foundation
import Maintenance
import MaintenanceTesting
import PostgreSQL
import Settings
import Testing
import Web

@testable import Dashboard

/// `DELETE /rest/v1/TABLE?…`, as scripts written for PostgREST send it, and what is answered about policies.
@Suite("rows that scripts delete", .temporaryDirectory, .timeLimit(.minutes(2)))
struct RetentionEndpointTests {
    /// Two databases with the same table, which nobody can reach.
    private static let doubles = """
              replica: {kind: postgresql, service: none, retention: {doubles: {column: at, keep: 30d}}}
              other: {kind: postgresql, service: none, retention: {doubles: {column: at, keep: 30d}}}
        """

    private static func configuration(
        _ database: String, _ more: String = "", others: String = "", isProtected: Bool = true
    ) -> String {
        """
        environments:
          production:
            protected: \(isProtected)
            resources:
              shop:
                kind: postgresql
                connection: "\(database)"
                retention:
                  events: {column: at, keep: 30d}
                  audit.events: {column: at, keep: 7y}
        \(others)
          staging: {}
        server: {listen: "127.0.0.1:0", requests-per-minute: 100000, functions: {environment: production}}
        \(more)

        """
    }

    private func delete(
        _ test: TestSite, _ program: TestProgram?, _ target: String,
        headers: [(name: String, value: String)] = [], body: String = "", repeated: Set<String> = []
    ) async -> WebResponse {
        let key = program.map { [(name: "apikey", value: $0.key)] } ?? []
        var request = test.request(.delete, target, headers: key + headers)
        request.body = Array(body.utf8)
        request.repeated = repeated
        return await test.site.answer(request)
    }

    /// What is answered at once; a request that is taken on is waited for as long as somebody would, by the test's clock.
    private func refusal(
        _ test: TestSite, _ program: TestProgram?, _ target: String,
        headers: [(name: String, value: String)] = [], body: String = "", repeated: Set<String> = []
    ) async -> WebResponse {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await test.clock.sleepers(atLeast: 1)
                if !Task.isCancelled { test.clock.advance(by: RetentionRequests.patience) }
            }
            let answer = await delete(
                test, program, target, headers: headers, body: body, repeated: repeated)
            group.cancelAll()
            return answer
        }
    }

    private func count(_ table: String) async throws -> String {
        try await TestDatabase.current.connect { connection in
            try await connection.query("select count(*)::text from \(identifier: table)").only[0, as: String.self]
        }
    }

    @Test("rows go at once, with their run and their archive, and asking again finds nothing more", .cluster)
    func deletes() async throws {
        try await TestDatabase.current.run(
            """
            create table events (id int primary key, at timestamptz);
            insert into events values (0, '-infinity'), (1, '2026-10-01'), (2, '2026-10-22 01:59:59Z'),
                (3, '2026-10-22 02:00:00Z'), (4, '2026-11-20')
            """)
        let test = try await TestSite(
            Self.configuration(TestDatabase.current.connectionString, isProtected: false))
        let program = try await test.program("ann", Grants(environments: ["production": .operator]), scopes: [.run])
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await test.site.desk.run(test.site.session) }
            let target = "/rest/v1/events?at=lt.2026-10-22T02:00:00Z"
            let answer = await delete(test, program, target)
            #expect(answer.status == 204 && answer.bytes.isEmpty, "\(answer.text)")
            #expect(try await count("events") == "3")
            let run = try #require(try await test.log.recentRuns(most: 5).first)
            #expect(run.name == "data.retain" && run.requester.user == "ann")
            let change = try #require(try await test.log.changes(of: run.id).first)
            #expect(change.state == .proved && change.change.authority?.contains("mainstay.yaml") == true)
            #expect(change.change.identity["archive"] == "public_events_old")
            #expect(await delete(test, program, target).status == 204)
            // 'lte' takes the row of that very moment along, which the policy lets go only a moment later; a client's
            // clock may be ahead a little, and removes nothing that is kept.
            let last = "/rest/v1/events?at=lte.2026-10-22T02:00:00Z"
            #expect(await delete(test, program, last).status == 204)
            #expect(try await count("events") == "3")
            #expect(await delete(test, program, "/rest/v1/events?at=lt.2026-10-22T02:05:01Z").status == 422)
            test.clock.advance(by: .seconds(60))
            #expect(
                await delete(test, program, last, headers: [(name: "prefer", value: "return=minimal")]).status == 204)
            #expect(try await count("events") == "2")
            group.cancelAll()
        }
    }

    @Test("in a protected environment the verb confirms nothing: it is refused until people have a say", .cluster)
    func confirmsNothing() async throws {
        try await TestDatabase.current.run(
            "create table events (at timestamptz); insert into events values ('2020-01-01')")
        let test = try await TestSite(Self.configuration(TestDatabase.current.connectionString))
        let program = try await test.program("ann", Grants(environments: ["production": .operator]))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await test.site.desk.run(test.site.session) }
            for _ in 1...2 {
                let answer = await delete(test, program, "/rest/v1/events?at=lt.2026-01-01")
                #expect(answer.status == 409, "\(answer.text)")
                #expect(answer.json["type"] == "urn:mainstay:policy.needs-confirmation")
                #expect(answer.json["hint"]?.text?.contains("approvals") == true)
                #expect(answer[header: "location"]?.hasPrefix("/api/v1/runs/") == true)
                let left = try await count("events")
                #expect(left == "1")
            }
            group.cancelAll()
        }
        let runs = try await test.log.recentRuns(most: 5)
        #expect(runs.count == 2 && runs.allSatisfy { $0.state != .succeeded })
    }

    @Test("where people have to approve it, the answer is where to look, and nothing is removed", .cluster)
    func waits() async throws {
        try await TestDatabase.current.run(
            "create table events (at timestamptz); insert into events values ('2020-01-01')")
        let test = try await TestSite(
            Self.configuration(
                TestDatabase.current.connectionString, "approvals: {rules: [{tasks: [data retain]}]}"))
        let program = try await test.program("ann", Grants(environments: ["production": .operator]))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await test.site.desk.run(test.site.session) }
            let answer = await delete(test, program, "/rest/v1/events?at=lt.2026-01-01")
            #expect(answer.status == 202, "\(answer.text)")
            let location = try #require(answer[header: "location"])
            #expect(location.hasPrefix("/api/v1/runs/"))
            #expect(await program.get(location).json["run"]?["state"] == "waiting")
            #expect(try await count("events") == "1")
            group.cancelAll()
        }
    }

    @Test("what stands in the way of the whole table is said, with the run", .cluster)
    func refusesWhole() async throws {
        try await TestDatabase.current.run(
            """
            create table events (id int primary key, at timestamptz); insert into events values (1, '2020-01-01');
            create table notes (event int references events on delete cascade); insert into notes values (1)
            """)
        let test = try await TestSite(Self.configuration(TestDatabase.current.connectionString))
        let program = try await test.program("ann", Grants(environments: ["production": .operator]))
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await test.site.desk.run(test.site.session) }
            let answer = await delete(test, program, "/rest/v1/events?at=lt.2026-01-01")
            #expect(answer.status == 409 && answer[header: "location"]?.hasPrefix("/api/v1/runs/") == true)
            #expect(answer.text.contains("1 row of public.notes go with them"), "\(answer.text)")
            group.cancelAll()
        }
        #expect(try await count("events") == "1")
    }

    @Test(
        "what is broken, or more than the policy, starts nothing and says why",
        arguments: [
            ("events?at=gt.2026-01-01", 400, "younger"), ("events?at=eq.2026-01-01", 400, "'eq'"),
            ("events?at=not.lt.2026-01-01", 400, "younger"), ("events?at=2026-01-01T00:00:00Z", 400, "comparison"),
            ("events", 400, "every row"), ("events?at=lt.yesterday", 400, "no time"),
            ("events?at=lt.2026-01-01T00:00:00 00:00", 400, "%2B"), ("events?at=lte.2026-01-01", 400, "no time"),
            ("events?at=lt.2026-01-01&level=eq.low", 400, "'level'"), ("events?level=lt.2026-01-01", 422, "'at'"),
            ("events?at=lt.2026-11-01", 422, "keeps rows"), ("customers?at=lt.2026-01-01", 404, "retention"),
            ("EVENTS?at=lt.2026-01-01", 404, "retention"), ("doubles?at=lt.2026-01-01", 422, "replica, other"),
        ])
    func refuses(target: String, status: Int, words: String) async throws {
        let test = try await TestSite(Self.configuration("host=/nonexistent dbname=x", others: Self.doubles))
        let program = try await test.program("ann", Grants(environments: ["production": .operator]))
        let answer = await refusal(test, program, "/rest/v1/\(target)")
        #expect(answer.status == status && answer.text.contains(words), "\(answer.status) \(answer.text)")
        #expect(answer.json["hint"]?.text?.isEmpty == false)
        #expect(try await test.log.recentRuns(most: 5).isEmpty)
    }

    @Test("nothing that a client wants besides is passed over")
    func wishes() async throws {
        let test = try await TestSite(Self.configuration("host=/nonexistent dbname=x"))
        let program = try await test.program("ann", Grants(environments: ["production": .operator]))
        let target = "/rest/v1/events?at=lt.2026-01-01"
        for wish in ["return=representation", "tx=rollback", "return=minimal, count=exact"] {
            #expect(await refusal(test, program, target, headers: [(name: "prefer", value: wish)]).status == 400)
        }
        #expect(await refusal(test, program, target, body: "{}").status == 400)
        #expect(await refusal(test, program, target, repeated: ["at"]).status == 400)
        let schema = await refusal(test, program, target, headers: [(name: "content-profile", value: "audit")])
        #expect(schema.status == 422 && schema.text.contains("84mo"), "\(schema.text)")
        #expect(try await test.log.recentRuns(most: 5).isEmpty)
    }

    @Test("only a token that may start runs, there, gets as far")
    func access() async throws {
        let test = try await TestSite(Self.configuration("host=/nonexistent dbname=x"))
        let target = "/rest/v1/events?at=lt.2026-01-01"
        #expect(await refusal(test, nil, target).status == 401)
        let viewer = try await test.program("vera", Grants(everywhere: .viewer))
        #expect(await refusal(test, viewer, target).status == 403)
        let looking = try await test.program("lena", Grants(everywhere: .operator), scopes: [.read, .look, .answer])
        #expect(await refusal(test, looking, target).status == 403)
        let elsewhere = try await test.program("eve", Grants(environments: ["staging": .operator]))
        #expect(await refusal(test, elsewhere, target).status == 404)
        let none = try await TestSite(directory: "\(TemporaryDirectory.current)/none")
        let admin = try await none.program("ann", Grants(everywhere: .admin))
        let answer = await refusal(none, admin, target)
        #expect(answer.status == 404 && answer.text.contains("server.functions.environment"))
    }

    @Test("what policies there are, and what is overdue, is answered with the run that counted", .cluster)
    func status() async throws {
        try await TestDatabase.current.run(
            "create table events (at timestamptz); insert into events values ('2020-01-01'), ('2026-10-21 12:00Z'), ('2026-11-20')"
        )
        let test = try await TestSite(Self.configuration(TestDatabase.current.connectionString))
        let program = try await test.program("ann", Grants(environments: ["production": .operator]))
        let ask = { await program.post("/functions/v1/gdpr-compliance", #"{"action": "retention_status"}"#) }
        let none = await ask()
        #expect(none.status == 404 && none.text.contains("mainstay data retention-status"), "\(none.text)")
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await test.site.desk.run(test.site.session) }
            let started = await program.post(
                "/api/v1/tasks/data.retention-status/runs", #"{"dryRun": false, "environments": ["production"]}"#)
            let location = try #require(started[header: "location"])
            try await eventually("the run ends") {
                ["failed", "succeeded"].contains(await program.get(location).json["run"]?["state"]?.text)
            }
            group.cancelAll()
        }
        let answer = await ask()
        let result = try #require(answer.json["result"], "\(answer.text)")
        #expect(result["status"] == "unknown")
        let policies = result["policies"]?.array ?? []
        #expect(policies.count == 1)
        #expect(policies.first?["table"] == "public.events" && policies.first?["may_go"] == 2)
        #expect(policies.first?["overdue"] == 1 && policies.first?["run"]?.text?.isEmpty == false)
        // Of a table that is not there nobody can say anything, and it counts as not kept.
        let unknown = result["unknown"]?.array ?? []
        #expect(unknown.compactMap { $0["table"]?.text } == ["audit.events"])
        #expect(unknown.allSatisfy { $0["reason"]?.text?.isEmpty == false })
        #expect(result["overall_health_percent"] == 0 || result["overall_health_percent"] == .number(0))
        let rest = await program.post(
            "/functions/v1/gdpr-compliance", #"{"action": "compliance_report", "report_type": "monthly"}"#)
        #expect(rest.status == 422 && rest.text.contains("retention_status"), "\(rest.text)")
    }
}
