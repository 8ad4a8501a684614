import Engine
import Maintenance
import MaintenanceTesting
import Outside
import Settings
import Testing

@Suite(.temporaryDirectory, .timeLimit(.minutes(2)))
struct EndpointCheckTests {
    private func endpoint(_ url: String, _ change: (inout HTTPAccess) -> Void = { _ in }) throws -> [Resource] {
        var access = HTTPAccess(url: try ConfiguredText(url, secrecy: .url, location: .test))
        change(&access)
        return [Resource("site", .http(access))]
    }

    @Test(
        "an answer is judged by its status and its body",
        arguments: [
            ("/ok", "healthy", nil, CheckOutcome.State.passed, "status 200, the body is as expected"),
            ("/ok", nil, nil, .passed, "status 200"),
            ("/ok", nil, "h[e3]a.thy", .passed, "status 200, the body is as expected"),
            ("/ok", "unwell", nil, .critical, "status 200, but the body does not contain 'unwell'"),
            ("/ok", nil, "^sick", .critical, "status 200, but the body does not match '^sick'"),
            ("/error", nil, nil, .critical, "status 503, expected 2xx"),
            ("/redirect/0", nil, nil, .critical, "status 302, expected 2xx"),
        ] as [(String, String?, String?, CheckOutcome.State, String)])
    func answer(path: String, body: String?, pattern: String?, state: CheckOutcome.State, summary: String)
        async throws
    {
        try await withHTTPServer { port in
            let resources = try endpoint("http://127.0.0.1:\(port)\(path)") { access in
                access.expectation.body = body
                access.expectation.bodyPattern = pattern
            }
            let run = try await check("endpoint.answer", on: resources)
            #expect(run.check("endpoint.answer")?.state == state)
            #expect(run.check("endpoint.answer")?.summary == summary)
            #expect(run.findings("HC020").count == (state == .passed ? 0 : 1))
        }
    }

    @Test("a POST is sent with an empty body and the headers of the configuration, whose secrets stay secret")
    func post() async throws {
        try await withHTTPServer { port in
            let resources = try endpoint("http://127.0.0.1:\(port)/echo") { access in
                access.method = .post
                access.headers["X-Token"] = try? ConfiguredText("s3cret", secrecy: .whole, location: .test)
                access.expectation.bodyPattern = "(?s)^POST /echo.*Content-Length: 0.*X-Token: s3cret"
            }
            let run = try await check("endpoint.answer", on: resources)
            #expect(run.check("endpoint.answer")?.state == .passed)
            #expect(!"\(run)".contains("s3cret\""))
        }
    }

    @Test("an endpoint that nobody serves is critical once, and its other checks are unknown")
    func unreachable() async throws {
        var harness = try TaskHarness(
            healthEntries, inventory: Inventory(Environment("test", endpoint("http://127.0.0.1:1/status?token=${T}"))))
        harness.programs.environment["T"] = "s3cret"
        let run = try await harness.run("health check")
        #expect(run.check("endpoint.answer")?.state == .critical)
        #expect(run.check("endpoint.response-time")?.state == .unknown)
        #expect(run.check("endpoint.certificate")?.summary == "not asked: test/site cannot be reached")
        #expect(run.findings.map(\.code) == ["HC020"])
        #expect(run.findings.first?.summary == "'http://127.0.0.1:1/•••' refuses connections")
        #expect(run.step.state == .unproven)
        #expect(run.exitStatus(failOn: .critical) == .unreachable)
    }

    @Test(
        "the response time is judged against its limit",
        arguments: [(0.000_001, CheckOutcome.State.warning), (60, .passed)])
    func responseTime(warning: Double, state: CheckOutcome.State) async throws {
        try await withHTTPServer { port in
            let run = try await check(
                "endpoint.response-time", on: endpoint("http://127.0.0.1:\(port)/ok"), warning: warning, critical: 120)
            #expect(run.check("endpoint.response-time")?.state == state)
            #expect(run.findings("HC021").count == (state == .passed ? 0 : 1))
        }
    }

    @Test(
        "a certificate is judged by its days",
        arguments: [(90, CheckOutcome.State.passed), (20, .warning), (5, .critical)])
    func certificateDays(days: Int, state: CheckOutcome.State) async throws {
        let certificate = try await TestCertificate.make(days: days)
        try await withHTTPServer(certificate: certificate) { port in
            let resources = try endpoint("https://localhost:\(port)/ok") {
                $0.certificateAuthorityFile = certificate.authority
            }
            let run = try await check("endpoint.certificate", on: resources)
            #expect(run.check("endpoint.certificate")?.state == state)
            #expect(run.check("endpoint.certificate")?.value == Double(days - 1))
        }
    }

    @Test("a certificate that is not trusted is critical, and an answer over it is not accepted")
    func untrusted() async throws {
        let certificate = try await TestCertificate.make(days: 90)
        try await withHTTPServer(certificate: certificate) { port in
            let harness = try TaskHarness(
                healthEntries,
                inventory: Inventory(Environment("test", try endpoint("https://localhost:\(port)/ok"))))
            let run = try await harness.run("health check")
            #expect(run.check("endpoint.answer")?.state == .critical)
            #expect(run.check("endpoint.response-time")?.state == .unknown)
            #expect(run.check("endpoint.certificate")?.state == .critical)
            #expect(run.findings("HC022").first?.summary.contains("no trusted authority") == true)
        }
    }

    @Test("plain HTTP has no certificate and says so")
    func plain() async throws {
        try await withHTTPServer { port in
            let run = try await check("endpoint.certificate", on: endpoint("http://127.0.0.1:\(port)/ok"))
            #expect(run.check("endpoint.certificate")?.summary == "plain HTTP, no certificate")
        }
    }
}
