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
        #expect(statuses.contains(429))
        test.clock.advance(by: .seconds(120))
        #expect(await program.get("/api/v1/runs").status == 200)
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

    @Test("a dry run is accepted with its id at once, followed to its end, and its plan is found by its digest")
    func runs() async throws {
        let directory = TemporaryDirectory.current
        try FileManager.default.createDirectory(atPath: "\(directory)/old", withIntermediateDirectories: true)
        try "old".write(toFile: "\(directory)/old/file.tmp", atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 1_000_000_000)], ofItemAtPath: "\(directory)/old/file.tmp")
        let test = try await TestSite(
            """
            environments:
              staging: {resources: {tmp: {kind: files, path: \(directory)/old, older-than: 1d}}}
            server: {listen: "127.0.0.1:0"}

            """)
        try await withThrowingTaskGroup(of: Void.self) { group in
            let program = try await test.program("olga", Grants(environments: ["staging": .operator]))
            let body = #"{"dryRun": true, "environments": ["staging"]}"#
            let answer = await program.post("/api/v1/tasks/data.cleanup-temp/runs", body)
            #expect(answer.status == 202, "\(answer.text)")
            let location = try #require(answer[header: "location"])
            // Nobody carries anything out yet, and it is said so.
            let waits = await program.get(location)
            #expect(waits.status == 202 && waits.json["state"] == "accepted")
            group.addTask { await test.site.desk.run(test.site.session) }
            try await eventually("the run ends") {
                test.site.live.tell()
                return await program.get(location).json["run"]?["state"] == "succeeded"
            }
            let run = await program.get(location)
            #expect(run.json["run"]?["isDryRun"] == true && run.json["run"]?["requester"]?["user"] == "olga")
            let digest = try #require(run.json["planDigest"]?.text)
            let plan = await program.get("/api/v1/plans/\(digest)")
            #expect(plan.status == 200 && plan.text.contains("file.tmp"))
            #expect(FileManager.default.fileExists(atPath: "\(directory)/old/file.tmp"))
            // Exactly this plan, for good; a token for looking does not.
            let real = #"{"dryRun": false, "environments": ["staging"], "plan": "\#(digest)"}"#
            let looking = try await test.program("lena", Grants(everywhere: .operator), scopes: [.read, .look])
            #expect(await looking.post("/api/v1/tasks/data.cleanup-temp/runs", real).status == 403)
            let done = await program.post("/api/v1/tasks/data.cleanup-temp/runs", real)
            let place = try #require(done[header: "location"])
            try await eventually("the change is made") {
                await program.get(place).json["run"]?["state"] == "succeeded"
            }
            #expect(!FileManager.default.fileExists(atPath: "\(directory)/old/file.tmp"))
            #expect(try await test.log.audit(AuditFilter(kinds: [.asked])).first?.actor.user == "olga")
            // The same plan again is not what would be done now.
            let third = await program.post("/api/v1/tasks/data.cleanup-temp/runs", real)
            let refused = try #require(third[header: "location"])
            try await eventually("it is refused") { await program.get(refused).json["state"] == "refused" }
            #expect(await program.get(refused).json["error"]?["code"] == "plan.changed")
            #expect(await program.post("\(place)/resume", "{}").status == 409)
            group.cancelAll()
        }
    }

    @Test("what waits for its turn is bounded, and one that waits is cancelled before it begins")
    func bounds() async throws {
        let test = try await TestSite()
        let program = try await test.program("olga", Grants(everywhere: .operator))
        let body = #"{"dryRun": true, "environments": ["production"]}"#
        var places: [String] = []
        for _ in 1...RunDesk.waiting {
            let answer = await program.post("/api/v1/tasks/health.check/runs", body)
            places.append(try #require(answer[header: "location"]))
        }
        let more = await program.post("/api/v1/tasks/health.check/runs", body)
        #expect(more.status == 429 && more[header: "retry-after"] != nil)
        // A form says so too, and does not hang.
        let olga = try await test.visitor("olga", Grants(everywhere: .operator))
        #expect(await olga.post("/environments/production/dry-run", ["task": "health.check"]).status == 429)
        let page = try await olga.get("/runs/\(#require(places.last?.split(separator: "/").last))")
        #expect(page.status == 200 && page.text.contains("7 before it"))
        #expect(await program.post("\(places[0])/cancel", "{}").status == 202)
        let eve = try await test.program("eve", Grants(environments: ["staging": .operator]))
        #expect(await eve.get(places[1]).status == 404)
        #expect(await eve.post("\(places[1])/cancel", "{}").status == 404)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await test.site.desk.run(test.site.session) }
            try await eventually("the first is over") { await program.get(places[0]).json["state"] == "refused" }
            #expect(await program.get(places[0]).json["error"]?["code"] == "cancelled")
            #expect(
                try await !test.log.recentRuns(most: 50).map(\.id).contains(
                    String(places[0].split(separator: "/").last ?? "")))
            group.cancelAll()
        }
    }

    @Test("an approval by a program is its account's, for exactly the plan that was looked at")
    func approves() async throws {
        let test = try await TestSite()
        let estate = try await Estate(test)
        let bob = try await test.program("bob", Grants(environments: ["production": .approver]))
        let target = "/api/v1/approvals/\(estate.approval)"
        #expect(await bob.get(target).json["planDigest"]?.text == estate.plan)
        #expect(await bob.post("\(target)/approve", #"{"plan": "other"}"#).status == 422)
        #expect(await bob.post("\(target)/approve", "{}").status == 422)
        let answer = await bob.post("\(target)/approve", #"{"plan": "\#(estate.plan)", "reason": "seen"}"#)
        #expect(answer.status == 200 && answer.json["state"] == "approved", "\(answer.text)")
        let entry = try #require(try await test.log.audit(AuditFilter(kinds: [.approved])).first)
        #expect(entry.actor.user == "bob" && entry.detail["reason"] == "seen")
        #expect(await bob.post("\(target)/approve", #"{"plan": "\#(estate.plan)"}"#).status == 409)
        #expect(await bob.post("\(target)/reject", "{}").status == 422)
    }

    @Test("alerts are taken on and silenced by name, silences end, and each is in the audit trail")
    func answersAlerts() async throws {
        let test = try await TestSite()
        let estate = try await Estate(test)
        let olga = try await test.program("olga", Grants(environments: ["production": .operator]))
        let before = try await test.log.auditHead()?.number ?? 0
        let taken = await olga.post("/api/v1/alerts/\(estate.alert)/acknowledge", #"{"comment": "mine"}"#)
        #expect(taken.status == 200 && taken.json["acknowledgement"]?["by"] == "olga")
        let silence = await olga.post("/api/v1/alerts/\(estate.alert)/silence", #"{"for": "4h", "comment": "known"}"#)
        let id = try #require(silence.json["id"]?.text)
        #expect(
            await olga.get("/api/v1/alerts").json["items"]?.array?.first?["silencedBy"]?.array?.contains(.text(id))
                == true)
        #expect(await olga.post("/api/v1/silences/\(id)/end").status == 204)
        #expect(await olga.post("/api/v1/silences/\(id)/end").status == 404)
        let entries = try await test.log.audit(after: before, most: 50)
        #expect(entries.map(\.kind) == [.acknowledged, .silenced, .unsilenced])
        #expect(entries.allSatisfy { $0.actor.user == "olga" && $0.target.environment == "production" })
        for wrong in [#"{"for": "91d", "comment": "x"}"#, #"{"for": "x", "comment": "x"}"#, #"{"for": "1h"}"#] {
            #expect(await olga.post("/api/v1/alerts/\(estate.alert)/silence", wrong).status == 422, "\(wrong)")
        }
    }

    @Test("signing out is in the audit trail, once")
    func notesSigningOut() async throws {
        let test = try await TestSite()
        let ann = try await test.visitor("ann", Grants(everywhere: .viewer))
        _ = await ann.post("/sign-out")
        _ = await ann.post("/sign-out")
        #expect(try await test.log.audit(AuditFilter(kinds: [.signedOut])).map(\.subject) == ["account ann"])
    }

    @Test(
        "a report is given as it was written, and nothing that is none",
        arguments: ["..", ".hidden.html", "link.html", "x.sh"])
    func holdsReports(name: String) async throws {
        let test = try await TestSite()
        let program = try await test.program("ann", Grants(everywhere: .viewer))
        let some = try await test.program("bob", Grants(environments: ["production": .viewer]))
        #expect(await program.get("/api/v1/reports").json["items"] == .array([]))
        let directory = "\(test.log.directory)/reports"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        for file in ["daily.html", ".hidden.html", "x.sh"] {
            try "<p>x</p>".write(toFile: "\(directory)/\(file)", atomically: true, encoding: .utf8)
        }
        try FileManager.default.createSymbolicLink(atPath: "\(directory)/link.html", withDestinationPath: "/etc/passwd")
        #expect(
            await program.get("/api/v1/reports").json["items"]?.array?.compactMap { $0["name"]?.text } == ["daily.html"]
        )
        let report = await program.get("/api/v1/reports/daily.html")
        #expect(report.status == 200 && report.text == "<p>x</p>")
        #expect(report[header: "content-security-policy"]?.contains("default-src 'none'") == true)
        #expect(await program.get("/api/v1/reports/\(name)").status == 404)
        #expect(await some.get("/api/v1/reports").status == 404)
        #expect(await some.get("/api/v1/reports/daily.html").status == 404)
    }

    @Test("events of the trail come with numbers, and whoever comes back gets what they missed and no more")
    func resumesEvents() async throws {
        let test = try await TestSite()
        _ = try await Estate(test)
        let all = try await test.log.audit(after: 0, most: 500).map(\.number)
        let program = try await test.program("ann", Grants(everywhere: .viewer))
        let text = try await Self.listen(program, "/api/v1/events", after: "\(all[1])", until: "id: \(all.last ?? 0)\n")
        let ids = text.split(separator: "\n").filter { $0.hasPrefix("id: ") }.compactMap { Int64($0.dropFirst(4)) }
        #expect(Array(ids.prefix(all.count - 2)) == Array(all.dropFirst(2)))
        let eve = try await test.program("eve", Grants(environments: ["staging": .viewer]))
        let nothing = try await Self.listen(eve, "/api/v1/events", after: "0", until: "event: change")
        #expect(!nothing.contains("production"))
        #expect(await program.get("/api/v1/events", headers: [(name: "last-event-id", value: "x")]).status == 400)
    }

    @Test("a run is followed to its end, and what was seen of it is not sent again")
    func followsRun() async throws {
        let test = try await TestSite()
        let estate = try await Estate(test)
        let program = try await test.program("ann", Grants(everywhere: .viewer))
        let text = try await Self.listen(program, "/api/v1/runs/\(estate.run)/events", after: nil, until: nil)
        #expect(text.contains("event: run\n") && text.contains("\"succeeded\""))
        let id = try #require(text.split(separator: "\n").first { $0.hasPrefix("id: ") }?.dropFirst(4))
        let again = try await Self.listen(program, "/api/v1/runs/\(estate.run)/events", after: String(id), until: nil)
        #expect(!again.contains("event:"))
        #expect(await program.get("/api/v1/runs/none/events").status == 404)
    }

    /// What a stream says until it ends, or until a text has come.
    private static func listen(
        _ program: TestProgram, _ target: String, after id: String?, until text: String?
    ) async throws -> String {
        let answer = await program.get(target, headers: id.map { [(name: "last-event-id", value: $0)] } ?? [])
        guard case .stream(let body) = answer.body else { return answer.text }
        let heard = Heard()
        do {
            try await body(
                WebStream { bytes in
                    if await heard.add(bytes, until: text) { throw CancellationError() }
                })
        } catch is CancellationError {}
        return await heard.text
    }
}

private actor Heard {
    private(set) var text = ""

    func add(_ bytes: [UInt8], until wanted: String?) -> Bool {
        text += String(decoding: bytes, as: UTF8.self)
        return wanted.map { text.contains($0) } ?? false
    }
}
