import Engine
import Maintenance
import MaintenanceTesting
import Outside
import Settings
import Testing

@testable import Health

@Suite("Sequences of requests", .temporaryDirectory, .timeLimit(.minutes(2)))
struct SuiteTests {
    /// Lets in whoever sends the right password, by a token that is hard to quote, or a cookie.
    private static let shop = #"""
        import http.server, json, sys, urllib.parse
        token = 'a"b\\c/d é&x=1'
        seen = []
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def answer(self, status, body, extra=()):
                data = json.dumps(body).encode()
                self.send_response(status)
                for name, value in extra: self.send_header(name, value)
                self.send_header("Content-Length", str(len(data))); self.end_headers(); self.wfile.write(data)
            def body(self): return self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            def do_POST(self):
                seen.append(self.path)
                text = self.body()
                if self.path == "/api/login":
                    given = json.loads(text)
                    if given.get("password") != "hunter2": return self.answer(401, {"error": "no"})
                    return self.answer(200, {"token": token, "id": 7, "list": [1]}, [("Set-Cookie", "session=s1; Path=/; HttpOnly"), ("X-Id", "h1")])
                if self.path == "/api/echo":
                    return self.answer(200, {"same": json.loads(text)["token"] == token})
                self.answer(404, {})
            def do_GET(self):
                seen.append(self.path)
                path = urllib.parse.unquote(self.path)
                if path == "/api/orders":
                    good = self.headers.get("X-Token", "") == "h1" or self.headers.get("Cookie", "") == "session=s1"
                    return self.answer(200 if good else 403, {"count": 3})
                if path == "/api/by/" + token: return self.answer(200, {"found": True})
                if path == "/api/seen": return self.answer(200, {"seen": seen})
                self.answer(404, {})
            def do_DELETE(self): seen.append("DELETE " + self.path); self.answer(204 if False else 200, {})
            def log_message(self, *arguments): pass
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        print(server.server_address[1])
        server.serve_forever()
        """#

    private func run(_ port: Int, _ keys: String) async throws -> RunSummary {
        var harness = try TaskHarness(
            healthEntries,
            inventory: Inventory(
                Environment("test", written("kind: suite\nurl: http://127.0.0.1:\(port)/api\n\(keys)"))))
        harness.programs.environment["PROBE_PASSWORD"] = "hunter2"
        return try await harness.run("health check")
    }

    private let login = """
        steps:
          - name: log-in
            method: POST
            path: /login
            headers: { Content-Type: application/json }
            content: '{"user": "probe", "password": "${PROBE_PASSWORD}"}'
            conditions: [status == 200, body.id == 7]
            keep: { token: body.token, id: header.x-id }
        """

    @Test("what a step keeps a later one sends, written as its place needs it, and it is shown nowhere")
    func kept() async throws {
        try await withScriptServer(Self.shop) { port in
            let run = try await run(
                port,
                login + """

                      - { name: orders, path: /orders, headers: { X-Token: "{{id}}" }, conditions: [body.count > 0] }
                      - { name: by-path, path: "/by/{{token}}", conditions: [body.found == true] }
                      - name: echo
                        method: POST
                        path: /echo
                        headers: { Content-Type: application/json }
                        content: '{"token": "{{token}}"}'
                        conditions: [body.same == true]
                    """)
            #expect(run.check("suite.steps")?.state == .passed, "\(run.check("suite.steps")?.summary ?? "")")
            #expect(run.check("suite.steps")?.summary.hasPrefix("all 4 steps in ") == true)
            #expect(!"\(run)".contains("hunter2"))
            #expect(!"\(run)".contains("b\\\\c/d"))
        }
    }

    @Test("cookies are kept where that is said, and not where it is not", arguments: [true, false])
    func cookies(isOn: Bool) async throws {
        try await withScriptServer(Self.shop) { port in
            let run = try await run(port, "cookies: \(isOn)\n\(login)\n  - { name: orders, path: /orders }")
            #expect(run.check("suite.steps")?.state == (isOn ? .passed : .critical))
            if !isOn { #expect(run.check("suite.steps")?.summary == "orders: status 403, expected 2xx") }
        }
    }

    @Test("after a step that failed only what is always done is done")
    func broken() async throws {
        try await withScriptServer(Self.shop) { port in
            let run = try await run(
                port,
                """
                steps:
                  - { name: log-in, method: POST, path: /login, content: '{"password": "wrong"}' }
                  - { name: orders, path: /orders }
                  - { name: log-out, method: DELETE, path: /session, always: true }
                """)
            let outcome = try #require(run.check("suite.steps"))
            #expect(outcome.state == .critical)
            #expect(outcome.summary == "log-in: status 401, expected 2xx; 1 step not done")
            let seen = try await self.run(
                port,
                "steps: [{ name: seen, path: /seen, conditions: [body.seen contains \"DELETE /api/session\", body.seen.length == 3] }]"
            )
            #expect(seen.check("suite.steps")?.state == .passed, "\(seen.check("suite.steps")?.summary ?? "")")
        }
    }

    @Test("an answer without what has to be kept is critical, a warning alone is one, and a dead server too")
    func edges() async throws {
        try await withScriptServer(Self.shop) { port in
            let missing = try await run(port, "steps: [{ name: a, path: /seen, keep: { x: body.nothing } }]")
            #expect(missing.check("suite.steps")?.summary == "a: its answer has nothing to keep at 'body.nothing'")
            let warned = try await run(
                port, "steps: [{ name: a, path: /seen, warnings: [response-time < 1us] }, { name: b, path: /seen }]")
            #expect(warned.check("suite.steps")?.state == .warning)
        }
        let dead = try await run(1, "steps: [{ name: a, path: /x }]")
        #expect(dead.check("suite.steps")?.state == .critical)
        #expect(dead.check("suite.steps")?.summary.contains("refuses connections") == true)
    }

    @Test("a value that no step before keeps is refused when the configuration is read")
    func unknownValue() throws {
        #expect(throws: ConfigurationError.self) {
            _ = try written(
                "kind: suite\nurl: http://x\nsteps: [{ name: a, path: '/{{token}}', keep: { token: body.t } }]")
        }
        #expect(throws: ConfigurationError.self) {
            _ = try written("kind: suite\nurl: http://x\nsteps: [{ name: a, path: / }, { name: a, path: / }]")
        }
        let good = try written(
            "kind: suite\nurl: http://x\nsteps: [{ name: a, path: /, keep: { token: body.t } }, { name: b, path: '/{{token}}' }]"
        )
        #expect(good.count == 1)
    }

    @Test(
        "only a name in double braces stands for a value",
        arguments: [
            ("a{{b}}c", ["b"]), ("{{a}}{{b}}", ["a", "b"]), ("{{}}", []), ("{a}", []), ("{{a b}}", []), ("{{a}", []),
            ("{{{a}}}", ["a"]), ("\u{301}{{a}}\u{301}", ["a"]),
        ])
    func places(text: String, names: [String]) throws {
        #expect(KeptText(text).names == names)
        #expect(try KeptText(text).filled(["a": "{{a}}", "b": "{{b}}"]) == text)
    }
}
