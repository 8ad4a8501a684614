import Maintenance
import MaintenanceTesting
import Outside
import Testing

@Suite("probes over HTTP", .timeLimit(.minutes(2)))
struct HTTPProberTests {
    let prober = HTTPProber()

    private func observe(
        _ path: String, port: Int, host: String = "127.0.0.1", adapting: (inout HTTPProbe) throws -> Void = { _ in }
    ) async throws -> HTTPObservation {
        var probe = HTTPProbe(try HTTPTarget("http://\(host):\(port)\(path)"))
        try adapting(&probe)
        return try await prober.observe(probe)
    }

    @Test("a request is sent once, and its content with it")
    func once() async throws {
        try await withHTTPServer { port in
            var probe = HTTPProbe(try HTTPTarget("http://127.0.0.1:\(port)/ping"), method: .post)
            probe.content = Array("a=b".utf8)
            for _ in 0..<5 { _ = try await prober.observe(probe) }
            let heard = try await prober.observe(HTTPProbe(try HTTPTarget("http://127.0.0.1:\(port)/heard")))
            let text = heard.response.map { String(decoding: $0.body, as: UTF8.self) }
            #expect(text == Array(repeating: "POST /ping\na=b", count: 5).joined(separator: "\n--\n"))
        }
    }

    @Test("an answer comes with its status, its body and the time of every phase")
    func answers() async throws {
        try await withHTTPServer { port in
            let observation = try await observe("/ok", port: port)
            let response = try #require(observation.response)
            #expect(response.status == 200)
            #expect(String(decoding: response.body, as: UTF8.self) == "status: healthy\n")
            #expect(!response.isBodyCut)
            #expect(observation.tls == nil)
            let times = observation.times
            #expect(times.connect > .zero)
            #expect(times.handshake == nil)
            let firstByte = try #require(times.firstByte)
            #expect(times.resolve + times.connect + firstByte <= times.total)
            #expect(try await observe("/error", port: port).response?.status == 503)
        }
    }

    @Test(
        "every way HTTP has to end a body is understood",
        arguments: [("/chunked", "hello world"), ("/until-close", "until the end"), ("/continue", "after hints")])
    func framing(path: String, body: String) async throws {
        try await withHTTPServer { port in
            let response = try #require(try await observe(path, port: port).response)
            #expect(response.status == 200)
            #expect(String(decoding: response.body, as: UTF8.self) == body)
        }
    }

    @Test("a HEAD request waits for no body")
    func head() async throws {
        try await withHTTPServer { port in
            let response = try await observe("/big", port: port) { $0.method = .head }.response
            #expect(response?.status == 200)
            #expect(response?.header("content-length") == "3000000")
            #expect(response?.body.isEmpty == true)
        }
    }

    @Test("a POST request has no body and says so")
    func post() async throws {
        try await withHTTPServer { port in
            let response = try await observe("/echo", port: port) { $0.method = .post }.response
            let sent = String(decoding: response?.body ?? [], as: UTF8.self)
            #expect(sent.hasPrefix("POST /echo HTTP/1.1\r\n"))
            #expect(sent.contains("\r\nContent-Length: 0\r\n"))
            #expect(!sent.contains("Transfer-Encoding"))
        }
    }

    @Test("headers are sent, and a secret one only to the origin it is for")
    func headers() async throws {
        try await withHTTPServer { port in
            try await withHTTPServer { other in
                let token = try HTTPProbe.Header(name: "Authorization", value: Secret("Bearer t0ken"))
                let own = try await observe("/echo?a=b", port: port) { $0.headers = [token] }
                let sent = String(decoding: own.response?.body ?? [], as: UTF8.self)
                #expect(sent.hasPrefix("GET /echo?a=b HTTP/1.1\r\n"))
                #expect(sent.contains("\r\nHost: 127.0.0.1:\(port)\r\n"))
                #expect(sent.contains("\r\nAuthorization: Bearer t0ken\r\n"))
                let elsewhere = try await observe("/to/http://127.0.0.1:\(other)/echo", port: port) {
                    $0.headers = [token]
                    $0.redirects = 3
                }
                #expect(elsewhere.target.port == other)
                #expect(elsewhere.redirects.map(\.port) == [port])
                #expect(String(decoding: elsewhere.response?.body ?? [], as: UTF8.self).contains("t0ken") == false)
            }
        }
    }

    @Test(
        "a header that would end early is refused",
        arguments: [("X", "a\r\nY: b"), ("X\r\nY", "b"), ("", "b"), ("A:", "b")])
    func headerInjection(name: String, value: String) {
        #expect(throws: HTTPError.malformedHeader(name: name)) {
            try HTTPProbe.Header(name: name, value: Secret(value))
        }
    }

    @Test("redirects are the answer, or followed up to a limit, and a loop is named")
    func redirects() async throws {
        try await withHTTPServer { port in
            #expect(try await observe("/redirect/2", port: port).response?.status == 302)
            let followed = try await observe("/redirect/2", port: port) { $0.redirects = 3 }
            #expect(followed.response?.status == 200)
            #expect(followed.redirects.map(\.path) == ["/redirect/2", "/redirect/1", "/redirect/0"])
            let last = try HTTPTarget("http://127.0.0.1:\(port)/redirect/0")
            await #expect(throws: HTTPError.tooManyRedirects(limit: 1, last: last)) {
                try await observe("/redirect/2", port: port) { $0.redirects = 1 }
            }
            let loop = try HTTPTarget("http://127.0.0.1:\(port)/loop")
            await #expect(throws: HTTPError.redirectLoop(loop)) {
                try await observe("/loop", port: port) { $0.redirects = 10 }
            }
            let error = await #expect(throws: HTTPError.self) {
                try await observe("/to/file:///etc/passwd", port: port) { $0.redirects = 1 }
            }
            #expect(error?.code == "http.malformed-url")
        }
    }

    @Test("a redirect to nowhere says where it led, and how that ended")
    func redirectsToNowhere() async throws {
        let dead = try await withHTTPServer { $0 }
        try await withHTTPServer { port in
            func follow(_ location: String) async throws -> HTTPError? {
                await #expect(throws: HTTPError.self) {
                    try await observe("/to/\(location)", port: port) { probe in
                        probe.redirects = 3
                        probe.reach = .notLinkLocal
                    }
                }
            }
            let target = try HTTPTarget("http://127.0.0.1:\(dead)/gone")
            #expect(try await follow("http://127.0.0.1:\(dead)/gone") == .refused(target))
            let nobody = try await follow("http://no-such-host.invalid/")
            #expect(nobody?.code == "http.no-such-host")
            #expect(nobody?.problem.contains("no-such-host.invalid") == true)
            // Where clouds hand out credentials; nobody is connected to.
            for address in ["169.254.169.254", "[fe80::1]", "[::ffff:169.254.169.254]"] {
                #expect(try await follow("http://\(address)/latest")?.code == "http.forbidden", "\(address)")
            }
            // Nothing at all is the same place again (RFC 3986, section 5.2).
            #expect(try await follow("")?.code == "http.redirects")
        }
    }

    @Test("a large and an endless body are read to the limit and no further", arguments: ["/big", "/endless"])
    func boundedBody(path: String) async throws {
        try await withHTTPServer { port in
            let response = try #require(
                try await observe(path, port: port) { $0.bodyLimit = ByteCount(100_000) }.response)
            #expect(response.status == 200)
            #expect(response.body.count == 100_000)
            #expect(response.isBodyCut)
        }
    }

    @Test("endless headers end the exchange, not the memory")
    func endlessHeaders() async throws {
        try await withHTTPServer { port in
            let error = await #expect(throws: HTTPError.self) { try await observe("/endless-headers", port: port) }
            #expect(error?.code == "http.malformed-answer")
        }
    }

    @Test(
        "the time limit holds over everything, and the error says what took too long",
        arguments: [
            ("/hang", HTTPError.Phase.waiting), ("/slow-headers", .reading), ("/slow-body", .reading),
        ])
    func timeLimit(path: String, phase: HTTPError.Phase) async throws {
        try await withHTTPServer { port in
            let began = WallClock.system.monotonic()
            let target = try HTTPTarget("http://127.0.0.1:\(port)\(path)")
            await #expect(throws: HTTPError.timedOut(target, phase: phase, after: .seconds(3))) {
                try await observe(path, port: port) { $0.timeLimit = .seconds(3) }
            }
            #expect(WallClock.system.monotonic() - began < .seconds(30))
        }
    }

    @Test("a server that speaks something else, breaks off or says nothing is told apart")
    func malformed() async throws {
        try await withHTTPServer { port in
            let codes = ["/garbage": "http.malformed-answer", "/half": "http.closed", "/close": "http.closed"]
            for (path, code) in codes {
                let error = await #expect(throws: HTTPError.self) { try await observe(path, port: port) }
                #expect(error?.code == code, "\(path)")
            }
        }
    }

    @Test("a port where nobody listens refuses, at once and retryably")
    func refused() async throws {
        let port = try await withHTTPServer { $0 }
        let target = try HTTPTarget("http://127.0.0.1:\(port)/")
        let error = await #expect(throws: HTTPError.refused(target)) { try await observe("/", port: port) }
        #expect(error?.isRetryable == true)
        #expect(error?.exitStatus == .unreachable)
    }

    @Test("a host that does not exist is told as that")
    func noSuchHost() async throws {
        let error = await #expect(throws: HTTPError.self) {
            try await observe("/", port: 80, host: "no-such-host.invalid")
        }
        #expect(error?.code == "http.no-such-host")
    }

    @Test("an IPv6 literal and a name are reached")
    func addresses() async throws {
        try await withHTTPServer(address: "::1") { port in
            let observation = try await observe("/ok", port: port, host: "[::1]")
            #expect(observation.response?.status == 200)
        }
        try await withHTTPServer { port in
            let observation = try await observe("/ok", port: port, host: "localhost")
            #expect(observation.response?.status == 200)
        }
    }

    @Test("a cancelled probe ends at once")
    func cancelled() async throws {
        try await withHTTPServer { port in
            await #expect(throws: CancellationError.self) {
                try await withThrowingTaskGroup(of: Void.self) { tasks in
                    tasks.addTask { _ = try await self.observe("/hang", port: port) { $0.timeLimit = .seconds(600) } }
                    tasks.cancelAll()
                    try await tasks.waitForAll()
                }
            }
        }
    }

    @Test("200 probes at once all get their own answer")
    func many() async throws {
        try await withHTTPServer { port in
            try await withThrowingTaskGroup(of: Bool.self) { tasks in
                for number in 0..<200 {
                    tasks.addTask {
                        let response = try await self.observe("/echo?n=\(number)&", port: port) {
                            $0.timeLimit = .seconds(60)
                        }.response
                        return String(decoding: response?.body ?? [], as: UTF8.self).contains("/echo?n=\(number)& ")
                    }
                }
                for try await isRight in tasks { #expect(isRight) }
            }
        }
    }

    @Test(
        "a body is searched as plain text or by expression",
        arguments: [
            (BodyExpectation.contains("healthy"), true), (.contains("HEALTHY"), false), (.contains(""), true),
            (.matches("status:\\s+(healthy|ok)"), true), (.matches("^healthy"), false),
            (.matches("(?i)HEALTHY$"), true),
        ])
    func expectations(expectation: BodyExpectation, isMet: Bool) throws {
        #expect(try expectation.checked().isMet(by: Array("status: healthy".utf8)) == isMet)
    }

    @Test("an expression that does not parse is a configuration error")
    func malformedPattern() {
        #expect(throws: HTTPError.malformedPattern("a(")) { try BodyExpectation.matches("a(").checked() }
    }
}
