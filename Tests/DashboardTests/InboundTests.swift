import Alert
import Command
import Engine
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Settings
import Testing
import Web

@testable import Dashboard

/// What other programs say to us: heartbeats, alerts, and people's answers by link.
@Suite("what comes in", .temporaryDirectory)
struct InboundTests {
    private static let key = "nightly-import-4f1c8e2a9b"
    private static let configuration = """
        environments:
          production:
            resources:
              import: {kind: heartbeat, key: "\(key)", every: 1d, grace: 2h}
              other: {kind: heartbeat, key: "${OTHER_KEY_THAT_IS_NOT_SET}", every: 1h}
          staging: {}
        alerts: {channels: {chat: {kind: slack, url: "https://chat.example/hook"}}, critical: {channels: [chat]}}
        server: {listen: "127.0.0.1:0", url: "https://mainstay.example", answer-links: 4h}

        """

    private static let target = Target(environment: "production", resource: "import")

    private func ping(
        _ test: TestSite, _ target: String, _ method: WebRequest.Method = .get, body: String = ""
    ) async -> WebResponse {
        var request = test.request(method, target)
        request.body = Array(body.utf8)
        return await test.site.answer(request)
    }

    @Test("a program that knows its key is heard: begun, done, failed, with its exit status and its words")
    func hears() async throws {
        let test = try await TestSite(Self.configuration)
        #expect(try await test.log.heartbeat(of: Self.target) == nil)
        #expect(await ping(test, "/ping/\(Self.key)/start").text == "OK\n")
        test.clock.advance(by: .seconds(90))
        #expect(await ping(test, "/ping/\(Self.key)", .post, body: "12 rows").status == 200)
        var heartbeat = try #require(try await test.log.heartbeat(of: Self.target))
        #expect(heartbeat.took == 90 && !heartbeat.hasFailed && heartbeat.message == "12 rows" && heartbeat.pings == 2)
        for (word, hasFailed) in [("fail", true), ("0", false), ("1", true), ("255", true)] {
            #expect(await ping(test, "/ping/\(Self.key)/\(word)", .head).status == 200)
            #expect(try await test.log.heartbeat(of: Self.target)?.hasFailed == hasFailed, "\(word)")
        }
        _ = await ping(test, "/ping/\(Self.key)/log", .post, body: String(repeating: "x", count: 50_000))
        heartbeat = try #require(try await test.log.heartbeat(of: Self.target))
        #expect(heartbeat.message.utf8.count == RunLog.longestPing && heartbeat.pings == 7)
        // A ping is no right to anything else, and nothing of it is in the audit trail.
        #expect(try await test.log.auditHead() == nil)
    }

    @Test(
        "what is no key, or says nothing that is known, is answered as if there were nothing",
        arguments: [
            "/ping/\(key)x", "/ping/\(key.dropLast())", "/ping/\(key)/256", "/ping/\(key)/-1", "/ping/\(key)/begin",
            "/ping/${OTHER_KEY_THAT_IS_NOT_SET}", "/ping/\(key)/start/now",
        ])
    func refuses(target: String) async throws {
        let test = try await TestSite(Self.configuration)
        #expect(await ping(test, target).status == 404)
        #expect(try await test.log.heartbeat(of: Self.target) == nil)
    }

    @Test("whoever guesses keys has to wait, and a program that speaks without end too")
    func limits() async throws {
        let test = try await TestSite(Self.configuration)
        var statuses: Set<Int> = []
        for number in 1...30 { statuses.insert(await ping(test, "/ping/guess-\(number)-000000000000000").status) }
        #expect(statuses == [404, 429])
        // Whoever has the key, behind the same address, does not wait.
        #expect(await ping(test, "/ping/\(Self.key)").status == 200)
        test.clock.advance(by: .seconds(60))
        statuses = []
        for _ in 1...40 { statuses.insert(await ping(test, "/ping/\(Self.key)").status) }
        #expect(statuses == [200, 429])
    }

    private func send(_ program: TestProgram, _ json: String) async -> Int {
        await program.post("/api/v2/alerts", json).status
    }

    @Test("alerts of a Prometheus go the way of our own until they end or are not said again")
    func takesAlerts() async throws {
        let test = try await TestSite(Self.configuration)
        let program = try await test.program(
            "prometheus", Grants(environments: ["production": .operator]), scopes: [.alerts])
        let now = test.clock.clock.now()
        let alert = #"""
            [{"labels": {"alertname": "HighLatency", "severity": "page", "environment": "production", "job": "shop"},
              "annotations": {"description": "p99 is 3 s <b>now</b>"}, "startsAt": "\#(now.iso8601)",
              "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "http://prometheus.example/graph"}]
            """#
        #expect(await send(program, alert) == 200)
        var troubles = try await test.log.troubles(test.site.inventory, [])
        let trouble = try #require(troubles.troubles.first)
        #expect(trouble.labels["alert"] == "HighLatency" && trouble.labels.severity == .critical)
        #expect(trouble.labels["job"] == "shop" && trouble.annotations["summary"] == "p99 is 3 s <b>now</b>")
        let version = troubles.version
        test.clock.advance(by: AlertmanagerRequests.timeout - .seconds(1))
        #expect(await send(program, alert) == 200)
        test.clock.advance(by: .seconds(60))
        #expect(try await test.log.troubles(test.site.inventory, []).troubles.count == 1)
        test.clock.advance(by: AlertmanagerRequests.timeout)
        troubles = try await test.log.troubles(test.site.inventory, [])
        #expect(troubles.troubles.isEmpty && troubles.version != version)
        // Where nobody would be told, nothing is taken.
        let silent = try await TestSite(directory: "\(TemporaryDirectory.current)/silent")
        let other = try await silent.program("prometheus", Grants(everywhere: .operator), scopes: [.alerts])
        #expect(await send(other, alert) == 409)
        // One that says when it ends ends then.
        let ended = alert.replacingOccurrences(
            of: "0001-01-01T00:00:00Z", with: (test.clock.clock.now() - .seconds(1)).iso8601)
        #expect(await send(program, ended) == 200)
        #expect(try await test.log.troubles(test.site.inventory, []).troubles.isEmpty)
    }

    @Test(
        "what is no alert is refused whole, with the place where it is wrong",
        arguments: [
            ("{}", 400, nil), ("nonsense", 400, nil), ("[1]", 422, "/0/"), (#"[{"labels": {}}]"#, 422, "/0/labels"),
            (#"[{"labels": {"a": "b"}}]"#, 422, "/0/labels"), (#"[{"labels": {"alertname": 1}}]"#, 422, "/0/labels"),
            (#"[{"labels": {"alertname": "x", "environment": "staging"}}]"#, 422, "/0/labels/environment"),
            (#"[{"labels": {"alertname": "x"}}]"#, 422, "/0/labels/environment"),
            (
                #"[{"labels": {"alertname": "x", "environment": "production"}}, {"labels": {"alertname": "x", "environment": "production"}, "endsAt": "soon"}]"#,
                422, "/1/endsAt"
            ),
        ] as [(String, Int, String?)])
    func refusesAlerts(json: String, status: Int, pointer: String?) async throws {
        let test = try await TestSite(Self.configuration)
        let program = try await test.program(
            "prometheus", Grants(environments: ["production": .operator]), scopes: [.alerts])
        let answer = await program.post("/api/v2/alerts", json)
        #expect(answer.status == status, "\(answer.text)")
        #expect(answer.json["errors"]?.array?.first?["pointer"]?.text == pointer)
        #expect(try await test.log.troubles(test.site.inventory, []).troubles.isEmpty)
    }

    private func link(
        _ test: TestSite, _ fingerprint: String, _ purpose: AlertLinks.Purpose, for length: Duration = .seconds(3_600),
        earlier: Duration = .zero
    ) async throws -> String {
        let links = try AlertLinks.readOrMake(state: test.site.session.stateDirectory)
        let since = try #require(try await test.log.alertState().book[fingerprint]?.since)
        return "/"
            + (try links.path(
                of: AlertLinks.Answer(
                    fingerprint: fingerprint, since: since - earlier, purpose: purpose, recipient: "ops@example.org",
                    ends: test.clock.clock.now() + length)))
    }

    private static let linked = TestSite.configuration.replacingOccurrences(
        of: "server: {listen: \"127.0.0.1:0\"}",
        with: "server: {listen: \"127.0.0.1:0\", url: \"https://mainstay.example\", answer-links: 4h}")

    @Test(
        "a link in a notification shows a button and does nothing; the button answers the alert, and it is written down"
    )
    func answersByLink() async throws {
        let test = try await TestSite(Self.linked)
        let estate = try await Estate(test)
        let head = try await test.log.auditHead()?.number ?? 0
        let path = try await link(test, estate.alert, .silence)
        for method in [WebRequest.Method.get, .head, .get] {
            let answer = await test.site.answer(test.request(method, path))
            #expect(answer.status == 200 && answer.text.contains("Silence it for 4 h as ops@example.org"))
        }
        #expect(try await test.log.audit(after: head, most: 10).isEmpty)
        for _ in 1...2 {
            let answer = await test.site.answer(test.request(.post, path, form: ["comment": "known <i>"]))
            #expect(answer.status == 200 && answer.text.contains("Nobody is told"))
        }
        let entries = try await test.log.audit(after: head, most: 10)
        #expect(entries.map(\.kind) == [.silenced])
        #expect(entries.first?.actor.name == "alert link as ops@example.org")
        #expect(entries.first?.detail["comment"] == "known <i>")
        let taken = await test.site.answer(
            test.request(.post, try await link(test, estate.alert, .acknowledge), form: [:]))
        #expect(taken.status == 200)
        #expect(try await test.log.alertState().book[estate.alert]?.acknowledgement?.by == "ops@example.org by a link")
        // Another site cannot press it.
        let foreign = await test.site.answer(
            test.request(.post, path, form: [:], headers: [(name: "sec-fetch-site", value: "cross-site")]))
        #expect(foreign.status == 403)
    }

    @Test("a link that was altered, is over, is of another key, or means another purpose answers nothing")
    func refusesLinks() async throws {
        let test = try await TestSite(Self.linked)
        let estate = try await Estate(test)
        let path = try await link(test, estate.alert, .acknowledge)
        let token = try #require(path.split(separator: "/").last)
        let halves = token.split(separator: ".").map(String.init)
        let other = try #require(
            try await link(test, estate.alert, .silence).split(separator: "/").last?.split(separator: ".").map(
                String.init))
        let forged = try AlertLinks.readOrMake(state: TemporaryDirectory.current)
        let foreign = try forged.path(
            of: .init(
                fingerprint: estate.alert, since: test.clock.clock.now(), purpose: .acknowledge, recipient: "x",
                ends: test.clock.clock.now() + .seconds(60)))
        for bad in [
            "/answer/\(halves[0])", "/answer/\(halves[0]).", "/answer/\(other[0]).\(halves[1])",
            "/answer/\(halves[0]).\(other[1])", "/\(foreign)", "/answer/x.y", "/answer/..",
            "/answer/\(halves[0]).\(halves[1]).\(halves[1])",
        ] {
            test.clock.advance(by: .seconds(2))
            #expect(await test.site.answer(test.request(.get, bad)).status == 404, "\(bad)")
            #expect(await test.site.answer(test.request(.post, bad, form: [:])).status == 404, "\(bad)")
        }
        let short = try await link(test, estate.alert, .acknowledge, for: .seconds(10))
        test.clock.advance(by: .seconds(11))
        #expect(await test.site.answer(test.request(.post, short, form: [:])).status == 404)
        #expect(try await test.log.alertState().book[estate.alert]?.acknowledgement?.by != "ops@example.org by a link")
        // Of the time before, it says that it is over, and answers nothing.
        let before = try await link(test, estate.alert, .acknowledge, earlier: .seconds(60))
        for method in [WebRequest.Method.get, .post] {
            let answer = await test.site.answer(test.request(method, before, form: method == .post ? [:] : nil))
            #expect(answer.status == 200 && answer.text.contains("It is over"))
        }
        #expect(try await test.log.alertState().book[estate.alert]?.acknowledgement?.by != "ops@example.org by a link")
        // The key is for its owner alone.
        let attributes = try FileManager.default.attributesOfItem(atPath: "\(test.log.directory)/alert-links.key")
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
        // Whoever removes the key takes every link back, at once, and looking makes no other.
        let good = try await link(test, estate.alert, .acknowledge)
        #expect(await test.site.answer(test.request(.get, good)).status == 200)
        try FileManager.default.removeItem(atPath: "\(test.log.directory)/alert-links.key")
        #expect(await test.site.answer(test.request(.get, good)).status == 404)
        let fresh = try await link(test, estate.alert, .acknowledge)
        #expect(await test.site.answer(test.request(.get, good)).status == 404)
        #expect(await test.site.answer(test.request(.get, fresh)).status == 200)
        // Without the setting there are none.
        let without = try await TestSite(directory: "\(TemporaryDirectory.current)/without")
        _ = try await Estate(without)
        #expect(
            await without.site.answer(without.request(.get, try await link(without, estate.alert, .acknowledge))).status
                == 404)
    }
}

/// The functions that scripts of others ask for.
@Suite("function endpoints", .temporaryDirectory)
struct FunctionTests {
    private static let configuration = """
        environments:
          production: {resources: {web: {kind: http, url: "https://shop.example/"}}}
          staging: {}
        server: {listen: "127.0.0.1:0", functions: {environment: production}}

        """

    private func ask(_ program: TestProgram, _ name: String, _ json: String) async -> WebResponse {
        await program.post("/functions/v1/\(name)", json)
    }

    @Test("health is answered with the run it came from, and without a run with what to do")
    func answersHealth() async throws {
        let test = try await TestSite(Self.configuration)
        let program = try await test.program("ann", Grants(environments: ["production": .viewer]), scopes: [.read])
        let none = await ask(program, "production-monitoring", #"{"action": "system_status"}"#)
        #expect(none.status == 404)
        #expect(none.json["hint"]?.text?.contains("mainstay health check --environment production") == true)
        let estate = try await Estate(test)
        for action in ["system_status", "health_check"] {
            let answer = await ask(program, "production-monitoring", "{\"action\": \"\(action)\"}")
            #expect(answer.status == 200, "\(answer.text)")
            let result = answer.json["result"]
            #expect(result?["overall_health_percent"] == .integer(0) || result?["overall_health_percent"] == .number(0))
            #expect(result?["run"] == "20261121-015900-bbbbb" && result?["status"] == "critical")
        }
        let report = await ask(
            program, "production-monitoring", #"{"action": "performance_report", "time_window": "7d"}"#)
        #expect(report.json["result"]?["series"]?.array?.first?["samples"] == 1)
        #expect(report.json["result"]?["run"] == "20261121-015900-bbbbb")
        withExtendedLifetime(estate) {}
    }

    @Test(
        "what no task answers is refused with a hint, and what is no JSON is the asker's mistake",
        arguments: [
            // As the guide has it: the braces are escaped, so that it is no JSON.
            ("production-monitoring", #"\{"action": "health_check"\}"#, 400), ("production-monitoring", "[]", 400),
            ("production-monitoring", "", 400), ("production-monitoring", "{}", 422),
            ("production-monitoring", #"{"action": "reboot"}"#, 422),
            ("production-monitoring", #"{"action": "system_status", "force": true}"#, 422),
            ("production-monitoring", #"{"action": "performance_report", "time_window": "much"}"#, 422),
            ("database-scalability", #"{"action": "index_recommendations", "table_filters": {}}"#, 404),
            ("database-scalability", #"{"action": "index_recommendations", "table_filters": {"x": 1}}"#, 422),
            ("database-scalability", #"{"action": "database_metrics", "metrics_type": "colour"}"#, 422),
            ("error-tracking", #"{"action": "get_error_analytics", "time_window": "24h"}"#, 404),
            ("error-tracking", #"{"action": "get_errors", "filters": {"category": "authentication"}}"#, 422),
            ("gdpr-compliance", #"{"action": "compliance_report", "report_type": "monthly"}"#, 422),
            ("trust-scorer", #"{"action": "health_check"}"#, 404),
        ])
    func refuses(name: String, json: String, status: Int) async throws {
        let test = try await TestSite(Self.configuration)
        _ = try await Estate(test)
        let program = try await test.program("ann", Grants(environments: ["production": .viewer]))
        let answer = await ask(program, name, json)
        #expect(answer.status == status, "\(answer.text)")
        let hint = answer.json["hint"]?.text ?? ""
        #expect(!hint.isEmpty || answer.json["errors"] != nil)
    }

    @Test(
        "the token may be in 'apikey' or in the address, and without one, or for another environment, nothing is told")
    func takesKeys() async throws {
        let test = try await TestSite(Self.configuration)
        _ = try await Estate(test)
        let program = try await test.program("ann", Grants(environments: ["production": .viewer]))
        let basic = Data("x:\(program.key)".utf8).base64EncodedString()
        for (headers, status) in [
            ([(name: "apikey", value: program.key)], 200), ([(name: "authorization", value: "Basic \(basic)")], 200),
            ([], 401), ([(name: "apikey", value: "none")], 401),
        ] {
            var request = test.request(.post, "/functions/v1/production-monitoring", headers: headers)
            request.body = Array(#"{"action": "health_check"}"#.utf8)
            #expect(await test.site.answer(request).status == status)
        }
        let eve = try await test.program("eve", Grants(environments: ["staging": .viewer]))
        #expect(await ask(eve, "production-monitoring", #"{"action": "health_check"}"#).status == 404)
        let elsewhere = try await TestSite(directory: "\(TemporaryDirectory.current)/none")
        let other = try await elsewhere.program("ann", Grants(everywhere: .viewer))
        let answer = await ask(other, "production-monitoring", #"{"action": "health_check"}"#)
        #expect(answer.status == 404 && answer.text.contains("server.functions.environment"))
    }

    @Test("a function of the application's own is asked where it is, with its own token and not with the caller's")
    func asksEndpoints() async throws {
        let server = WebServer(WebAddress(host: "127.0.0.1", port: 0), clock: .system)
        let (ports, tell) = AsyncStream.makeStream(of: Int.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await server.run(listening: { tell.yield($0.port) }) { request in
                    if request.path == ["closed"] {
                        return WebResponse(401, Array("{}".utf8), type: "application/json")
                    }
                    guard request.path == ["trust"] else { return WebResponse(text: "no JSON") }
                    let said = ["authorization", "cookie", "apikey"].map { request[header: $0] ?? "none" }
                    let body = String(decoding: request.body, as: UTF8.self)
                    return WebResponse(
                        418, Array(#"{"said": "\#(said.joined(separator: ","))", "asked": \#(body)}"#.utf8),
                        type: "application/json")
                }
            }
            group.addTask {
                for await port in ports {
                    let test = try await TestSite(
                        """
                        environments: {production: {}}
                        server:
                          listen: "127.0.0.1:0"
                          functions:
                            environment: production
                            endpoints:
                              trust-scorer: {url: "http://127.0.0.1:\(port)/trust", token: own-token, private: true}
                              closed: {url: "http://127.0.0.1:\(port)/closed", private: true}
                              broken: {url: "http://127.0.0.1:\(port)/other", private: true}
                              inside: {url: "http://127.0.0.1:\(port)/trust"}

                        """)
                    // The server's own token is lent to nobody who only looks.
                    let viewer = try await test.program("vera", Grants(everywhere: .viewer))
                    #expect(await ask(viewer, "trust-scorer", "{}").status == 403)
                    let looking = try await test.program("lena", Grants(everywhere: .operator), scopes: [.read, .look])
                    #expect(await ask(looking, "trust-scorer", "{}").status == 403)
                    #expect(try await test.log.audit(AuditFilter(kinds: [.called])).isEmpty)
                    let program = try await test.program("ann", Grants(everywhere: .operator))
                    let answer = await ask(program, "trust-scorer", #"{"action": "health_check"}"#)
                    #expect(answer.status == 418 && answer.json["asked"]?["action"] == "health_check", "\(answer.text)")
                    #expect(answer.json["said"] == "Bearer own-token,none,none")
                    let entries = try await test.log.audit(AuditFilter(kinds: [.called]))
                    #expect(entries.map { $0.detail["state"] } == ["answered", "asked"])
                    #expect(entries.allSatisfy { $0.actor.user == "ann" && $0.subject == "function trust-scorer" })
                    #expect(entries.allSatisfy { $0.detail["action"] == "health_check" })
                    #expect(entries.first?.detail["status"] == .integer(418))
                    #expect(await ask(program, "broken", "{}").status == 502)
                    // What it says about the server's token is not about the caller's.
                    #expect(await ask(program, "closed", "{}").status == 502)
                    // An address of this machine is asked only where that is meant.
                    let inside = await ask(program, "inside", "{}")
                    #expect(inside.status == 502 && !inside.text.contains("127.0.0.1"), "\(inside.text)")
                    return
                }
            }
            defer { group.cancelAll() }
            // The first to end: the server where it cannot listen, else the one who asks.
            try await group.next()
        }
    }
}
