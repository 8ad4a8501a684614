import Alert
import Command
import Engine
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Testing
import Web

@testable import Dashboard

/// What programs may ask, and what they get.
@Suite("the API", .temporaryDirectory)
struct APITests {
    /// Each address with something in the place of its variables, and a body that would do.
    private static func target(_ route: APIRoute, _ estate: Estate) -> String {
        var path = route.path
        for (name, value) in [
            "environment": "production", "task": "health.check", "plan": estate.plan, "run": estate.run,
            "approval": estate.approval, "alert": estate.alert, "silence": "s1", "checklist": "environments-daily",
            "item": "security-alerts", "resource": "web", "backup": "none", "report": "none.html",
        ] {
            path = path.replacingOccurrences(of: "{\(name)}", with: value)
        }
        return path
    }

    @Test("without a token, with one that is none, and with one that is over, nothing is answered but the description")
    func needsToken() async throws {
        let test = try await TestSite()
        let estate = try await Estate(test)
        let over = try await test.program("ann", Grants(everywhere: .admin))
        for token in try await test.log.tokens() { try await test.log.revoke(token: token.id) }
        let before = try await test.log.auditHead()
        for route in API.routes where route.role != nil {
            let target = Self.target(route, estate)
            for program in [
                over, TestProgram(site: test.site, key: Keys.make()), TestProgram(site: test.site, key: ""),
            ] {
                // Nobody waits because of the attempts before.
                test.clock.advance(by: .seconds(60))
                let answer = route.method == .get ? await program.get(target) : await program.post(target, "{}")
                #expect(answer.status == 401, "\(route.method) \(target): \(answer.status)")
                #expect(answer[header: "content-type"] == "application/problem+json")
                #expect(answer[header: "www-authenticate"] != nil)
                #expect(!answer.text.contains("production secret"))
            }
        }
        #expect(try await test.log.auditHead() == before)
    }

    @Test("a role does what it may and no more, whatever it is a token of", arguments: Role.allCases)
    func holdsRoles(role: Role) async throws {
        let test = try await TestSite()
        let estate = try await Estate(test)
        let program = try await test.program("bob", Grants(everywhere: role))
        for route in API.routes {
            if case .stream = route.answers { continue }
            let target = Self.target(route, estate)
            let answer = route.method == .get ? await program.get(target) : await program.post(target, "{}")
            if let needed = route.role, role < needed {
                #expect(answer.status == 403, "\(target): \(answer.status)")
            } else {
                #expect(
                    answer.status != 401 && answer.status != 403 && answer.status < 500, "\(target): \(answer.text)")
            }
            test.clock.advance(by: .seconds(1))
        }
    }

    /// What each address that does something needs, written down once more: nothing changes it in passing.
    private static let scopes: [String: TokenScope] = [
        "/api/v1/tasks/{task}/runs": .look, "/api/v1/runs/{run}/cancel": .look, "/api/v1/runs/{run}/resume": .run,
        "/api/v1/approvals/{approval}/approve": .answer, "/api/v1/approvals/{approval}/reject": .answer,
        "/api/v1/alerts/{alert}/acknowledge": .answer, "/api/v1/alerts/{alert}/silence": .answer,
        "/api/v1/alerts/{alert}/end": .answer, "/api/v1/silences/{silence}/end": .answer,
        "/api/v1/checklists/{checklist}/{environment}/{item}": .answer,
    ]

    @Test("each address needs the scope that is written here")
    func namesScopes() {
        for route in API.routes {
            #expect(route.scope == (route.method == .get ? .read : Self.scopes[route.path]), "\(route.path)")
        }
        #expect(Set(API.routes.filter { $0.method != .get }.map(\.path)) == Set(Self.scopes.keys))
    }

    @Test("a token does nothing that it was not made for, whatever its roles are", arguments: TokenScope.allCases)
    func holdsScopes(scope: TokenScope) async throws {
        let test = try await TestSite()
        let estate = try await Estate(test)
        let program = try await test.program("bob", Grants(everywhere: .admin), scopes: [scope])
        for route in API.routes where route.role != nil {
            if case .stream = route.answers { continue }
            let target = Self.target(route, estate)
            let answer = route.method == .get ? await program.get(target) : await program.post(target, "{}")
            #expect((answer.status == 403) == (route.scope != scope), "\(target): \(answer.status) \(answer.text)")
            test.clock.advance(by: .seconds(1))
        }
        let alerts = await program.post("/api/v2/alerts", "[]")
        #expect(alerts.status == (scope == .alerts ? 200 : 403))
        // A token that is not for changing starts nothing that changes.
        if scope == .look {
            let body = #"{"dryRun": false, "environments": ["production"]}"#
            #expect(await program.post("/api/v1/tasks/backup.run/runs", body).status == 403)
        }
    }

    @Test("of an environment that a token has no role in it sees nothing, and cannot do anything there")
    func holdsEnvironments() async throws {
        let test = try await TestSite()
        let estate = try await Estate(test)
        let eve = try await test.program("eve", Grants(environments: ["staging": .approver]))
        for route in API.routes {
            if case .stream = route.answers { continue }
            let target = Self.target(route, estate)
            let answer = route.method == .get ? await eve.get(target) : await eve.post(target, "{}")
            #expect(!answer.text.contains("production secret"), "\(target) shows it")
            #expect(!answer.text.contains("\"production\""), "\(target) names it: \(answer.text)")
            test.clock.advance(by: .seconds(1))
        }
        for target in [
            "/api/v1/environments/production", "/api/v1/runs/\(estate.run)", "/api/v1/approvals/\(estate.approval)",
            "/api/v1/plans/\(estate.plan)", "/api/v1/findings?environment=production",
        ] {
            #expect(await eve.get(target).status == 404, "\(target)")
        }
        for target in [
            "/api/v1/approvals/\(estate.approval)/approve", "/api/v1/alerts/\(estate.alert)/acknowledge",
            "/api/v1/silences/s1/end", "/api/v1/runs/\(estate.run)/resume",
        ] {
            #expect(await eve.post(target, #"{"plan": "\#(estate.plan)"}"#).status == 404, "\(target)")
        }
        let body = #"{"dryRun": true, "environments": ["production"]}"#
        #expect(await eve.post("/api/v1/tasks/health.check/runs", body).status == 422)
        #expect(try await test.log.audit(AuditFilter(kinds: [.approved, .unsilenced])).isEmpty)
    }

    @Test("what somebody signed in to the pages may do, their browser cannot be made to do here")
    func refusesForms() async throws {
        let test = try await TestSite()
        let estate = try await Estate(test)
        let admin = try await test.visitor("ann", Grants(everywhere: .admin))
        #expect(await admin.get("/api/v1/runs").status == 200)
        for route in API.routes where route.method == .post {
            #expect(
                await admin.post(Self.target(route, estate), headers: [(name: "origin", value: "https://evil.example")])
                    .status == 403)
            let plain = await test.site.answer(
                test.request(
                    .post, Self.target(route, estate), headers: [(name: "cookie", value: "mainstay=\(admin.cookie)")]))
            #expect(plain.status == 403)
        }
    }

    @Test("lists come in pages whose places stay where they are, and say where the next one is")
    func pages() async throws {
        let test = try await TestSite(
            """
            environments:
              production:
                resources:
            \((1...7).map { "      r\($0): {kind: http, url: \"https://shop.example/\($0)\"}" }.joined(separator: "\n"))
            server: {listen: "127.0.0.1:0"}

            """)
        let program = try await test.program("ann", Grants(everywhere: .viewer))
        var target = "/api/v1/resources?limit=3"
        var names: [String] = []
        var pages = 0
        while pages < 9 {
            let answer = await program.get(target)
            #expect(answer.status == 200)
            names += (answer.json["items"]?.array ?? []).compactMap { $0["name"]?.text }
            pages += 1
            guard let next = answer.json["next"]?.text else { break }
            #expect(answer[header: "link"] == "</api/v1/resources?cursor=\(next)&limit=3>; rel=\"next\"")
            target = "/api/v1/resources?limit=3&cursor=\(next)"
        }
        #expect(pages == 3)
        #expect(names == (1...7).map { "r\($0)" })
        for wrong in ["limit=0", "limit=201", "limit=x", "cursor=%%%", "cursor=!"] {
            #expect(await program.get("/api/v1/resources?\(wrong)").status == 422, "\(wrong)")
        }
    }

    @Test("runs and the audit trail are paged without showing anything twice, and without what others did between")
    func pagesRuns() async throws {
        let test = try await TestSite()
        _ = try await Estate(test)
        let program = try await test.program("ann", Grants(everywhere: .viewer))
        for list in ["runs", "audit"] {
            var seen: [String] = []
            var target = "/api/v1/\(list)?limit=1"
            for _ in 1...50 {
                let answer = await program.get(target)
                let items = answer.json["items"]?.array ?? []
                seen += items.compactMap { item in
                    if case .integer(let number)? = item["number"] { return String(number) }
                    return item["id"]?.text
                }
                guard let next = answer.json["next"]?.text else { break }
                target = "/api/v1/\(list)?limit=1&cursor=\(next)"
            }
            #expect(seen.count >= 3 && Set(seen).count == seen.count, "\(list): \(seen)")
        }
        let page = try await test.log.auditPage(before: nil, environments: ["production"], most: 2)
        #expect(page.entries.count == 2 && page.entries.allSatisfy { $0.target.environment == "production" })
        #expect(page.next == page.entries.last?.number)
    }

    @Test("whoever has an answer already gets no other, until something is new")
    func tags() async throws {
        let test = try await TestSite()
        let program = try await test.program("ann", Grants(everywhere: .viewer))
        let first = await program.get("/api/v1/findings")
        let tag = try #require(first[header: "etag"])
        let again = await program.get("/api/v1/findings", headers: [(name: "if-none-match", value: tag)])
        #expect(again.status == 304 && again.bytes.isEmpty)
        _ = try await Estate(test)
        #expect(await program.get("/api/v1/findings", headers: [(name: "if-none-match", value: tag)]).status == 200)
    }

    @Test("a token asks only so often, and is told when it may again")
    func limitsRate() async throws {
        let test = try await TestSite(
            TestSite.configuration.replacingOccurrences(
                of: "server: {listen: \"127.0.0.1:0\"}",
                with: "server: {listen: \"127.0.0.1:0\", requests-per-minute: 60}"))
        let program = try await test.program("ann", Grants(everywhere: .viewer))
        let other = try await test.program("bob", Grants(everywhere: .viewer))
        var statuses: [Int] = []
        for _ in 1...20 { statuses.append(await program.get("/api/v1/tasks").status) }
        #expect(statuses.count { $0 == 200 } == 15)
        let held = await program.get("/api/v1/tasks")
        #expect(held.status == 429 && held[header: "retry-after"] == "1")
        #expect(held[header: "content-type"] == "application/problem+json")
        #expect(await other.get("/api/v1/tasks").status == 200)
        test.clock.advance(by: .seconds(2))
        #expect(await program.get("/api/v1/tasks").status == 200)
    }

    @Test("whoever tries tokens by the dozen has to wait, and the others do not")
    func limitsGuessing() async throws {
        let test = try await TestSite()
        let program = try await test.program("ann", Grants(everywhere: .viewer))
        var statuses: [Int] = []
        for _ in 1...30 {
            statuses.append(await TestProgram(site: test.site, key: Keys.make()).get("/api/v1/runs").status)
        }
        #expect(statuses.contains(401) && statuses.last == 429)
        // All of them have the same address, and only those wait that proved nothing.
        #expect(await program.get("/api/v1/runs").status == 200)
        let ann = try await test.visitor("ann", Grants(everywhere: .viewer))
        #expect(await ann.get("/runs").status == 200)
        for place in ["/healthz", "/readyz", "/sign-in", "/api/v1/openapi.json"] {
            #expect(await test.site.answer(test.request(.get, place)).status == 200, "\(place)")
        }
        #expect(await TestProgram(site: test.site, key: Keys.make()).get("/api/v1/runs").status == 429)
        #expect(await TestProgram(site: test.site, key: "").get("/api/v1/runs").status == 401)
        test.clock.advance(by: .seconds(120))
        #expect(await TestProgram(site: test.site, key: Keys.make()).get("/api/v1/runs").status == 401)
    }

    @Test(
        "guesses are counted by the network that somebody has",
        arguments: [
            ("2001:db8:1:2::3", "2001:db8:1:2:ffff::9", true), ("2001:db8:1:2::3", "2001:db8:1:3::3", false),
            ("::ffff:192.0.2.7", "192.0.2.7", true), ("192.0.2.7", "192.0.2.8", false),
            ("fe80::1%eth0", "fe80::2%eth1", true), ("unix", "unix", true),
        ])
    func countsNetworks(first: String, second: String, isOne: Bool) {
        #expect((RequestRates.place(first) == RequestRates.place(second)) == isOne)
    }

    @Test("a token that a browser sends by itself is taken only from pages of ours")
    func holdsBasic() async throws {
        let test = try await TestSite()
        let estate = try await Estate(test)
        let program = try await test.program("olga", Grants(everywhere: .operator))
        let basic = Data("x:\(program.key)".utf8).base64EncodedString()
        for (more, status) in [
            ([(name: "origin", value: "https://evil.example")], 403),
            ([(name: "sec-fetch-site", value: "cross-site")], 403), ([], 200),
        ] {
            var request = test.request(
                .post, "/api/v1/alerts/\(estate.alert)/acknowledge",
                headers: [
                    (name: "authorization", value: "Basic \(basic)"), (name: "content-type", value: "application/json"),
                ] + more)
            request.body = Array("{}".utf8)
            #expect(await test.site.answer(request).status == status)
        }
    }

    @Test("the same request with the same key is done once, and another one with it is refused")
    func repeats() async throws {
        let test = try await TestSite()
        let estate = try await Estate(test)
        let program = try await test.program("olga", Grants(everywhere: .operator))
        let target = "/api/v1/alerts/\(estate.alert)/silence"
        let key = [(name: "idempotency-key", value: "one")]
        let body = #"{"for": "1h", "comment": "known"}"#
        let first = await program.post(target, body, headers: key)
        #expect(first.status == 200)
        let again = await program.post(target, body, headers: key)
        #expect(again.status == 200 && again.bytes == first.bytes)
        #expect(again[header: "idempotency-replayed"] == "true")
        #expect(await program.post(target, #"{"for": "2h", "comment": "known"}"#, headers: key).status == 422)
        #expect(try await test.log.alertState().silences.values.count { $0.author == "olga" } == 1)
        // Another account's key of that name is another key.
        let other = try await test.program("otto", Grants(everywhere: .operator))
        #expect(await other.post(target, body, headers: key).status == 200)
        // What was refused may be asked again when it is right.
        let second = [(name: "idempotency-key", value: "two")]
        #expect(await program.post(target, #"{"for": "1h"}"#, headers: second).status == 422)
        #expect(await program.post(target, body, headers: second).status == 200)
        #expect(await program.post(target, body, headers: [(name: "idempotency-key", value: "a b")]).status == 400)
        test.clock.advance(by: RunLog.requestsCountFor + .seconds(1))
        let later = try await test.program("olga", Grants(everywhere: .operator))
        let third = await later.post(target, body, headers: key)
        #expect(third[header: "idempotency-replayed"] == nil)
    }

    @Test(
        "what is wrong with a body is said with the member's name",
        arguments: [
            (#"{"dryRun": true, "options": {"changd": 5}}"#, 422, "/options/changd"),
            (#"{"dryRun": true, "options": {"changed": "much"}}"#, 422, "/options/changed"),
            (#"{"dryRun": true, "options": {"changed": 500}}"#, 422, "/options/changed"),
            (#"{"dryRun": true, "options": {"older-than": "soon"}}"#, 422, "/options/older-than"),
            (#"{"dryRun": true, "options": {"everything": "yes"}}"#, 422, "/options/everything"),
            (#"{"dryRun": true, "options": []}"#, 422, "/options"), (#"{"options": {}}"#, 422, "/dryRun"),
            (#"{"dryRun": true, "plan": "xyz"}"#, 422, "/plan"),
            (#"{"dryRun": true, "timeLimit": "x"}"#, 422, "/timeLimit"),
            (#"{"dryRun": true, "environments": ["none"]}"#, 422, "/environments"),
            (#"{"dryRun": true, "force": true}"#, 422, "/force"), (#"{"dryRun": true"#, 400, nil), ("[]", 400, nil),
            ("nonsense", 400, nil),
        ] as [(String, Int, String?)])
    func namesMembers(body: String, status: Int, pointer: String?) async throws {
        let test = try await TestSite(
            """
            environments:
              test: {resources: {main: {kind: postgresql, url: "postgresql://127.0.0.1:1/none"}}}
            server: {listen: "127.0.0.1:0"}

            """)
        let program = try await test.program("olga", Grants(everywhere: .operator))
        let answer = await program.post("/api/v1/tasks/db.update-stats/runs", body)
        #expect(answer.status == status, "\(answer.text)")
        #expect(answer[header: "content-type"] == "application/problem+json")
        #expect(answer.json["errors"]?.array?.first?["pointer"]?.text == pointer, "\(answer.text)")
        #expect(answer.json["title"]?.text?.isEmpty == false)
        #expect(!answer.text.contains("--"), "\(answer.text)")
    }
}
