import Engine
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Settings
import Testing

@testable import Health

/// The one resource of a configuration text, as a team writes it.
func written(_ keys: String, name: String = "own", beside more: String = "") throws -> [Resource] {
    let lines = keys.split(separator: "\n").map { "        \($0)" }.joined(separator: "\n")
    let text = "environments:\n  test:\n    resources:\n\(more)      \(name):\n\(lines)\n"
    let reader = ConfigurationReader(vocabulary: SettingsVocabulary(checks: HealthChecks.all.map(\.schema)))
    return try reader.read([(file: "mainstay.yaml", text: text)], directory: "/").inventory.environments[0].resources
}

@Suite("Checks of one's own", .temporaryDirectory, .timeLimit(.minutes(2)))
struct OwnCheckTests {
    @Test(
        "an endpoint's conditions judge its answer",
        arguments: [
            (
                "/ok", "conditions: [status == 200, body contains healthy]", CheckOutcome.State.passed,
                "all 2 conditions hold"
            ),
            ("/ok", "conditions: [body contains unwell]", .critical, "body contains unwell: it is 16 B of text"),
            ("/ok", "warnings: [body contains unwell]", .warning, "body contains unwell: it is 16 B of text"),
            ("/ok", "conditions: [response-time < 1us]", .critical, "response-time < 1us: it is "),
            ("/error", "conditions: [status == 503]", .passed, "its condition holds"),
            ("/error", "conditions: [response-time < 1h]", .critical, "status 503, expected 2xx"),
            ("/redirect/0", "conditions: [status == 302, header.location == ../ok]", .passed, "all 2"),
            ("/redirect/3", "follow-redirects: true\nconditions: [redirects == 4, url matches /ok$]", .passed, "all 2"),
            ("/to/http://169.254.169.254/", "follow-redirects: true", .critical, "may not be spoken to from here"),
            ("/to/http://127.0.0.1:1/", "conditions: [status == 307]", .passed, "its condition holds"),
            ("/loop", "follow-redirects: true", .critical, "redirected to itself"),
            ("/ok", "conditions: [certificate-expiration > 14d]", .critical, "without TLS there is no certificate"),
            ("/big", "body-limit: 1K\nconditions: [body.a exists]", .critical, "too long to be read as JSON"),
            (
                "/echo",
                "method: PUT\ncontent: a=b\nconditions: [body contains 'PUT /echo', \"body contains 'Content-Length: 3'\"]",
                .passed, "all 2"
            ),
            ("/echo", "method: DELETE\nconditions: [body contains 'DELETE /echo']", .passed, "its condition holds"),
        ])
    func endpoint(path: String, keys: String, state: CheckOutcome.State, summary: String) async throws {
        try await withHTTPServer { port in
            let run = try await check(
                "endpoint.answer", on: written("kind: http\nurl: http://127.0.0.1:\(port)\(path)\n\(keys)"))
            #expect(run.check("endpoint.answer")?.state == state)
            #expect(
                run.check("endpoint.answer")?.summary.contains(summary) == true,
                "\(run.check("endpoint.answer")?.summary ?? "")")
        }
    }

    @Test(
        "a port is well when it takes connections and says what it has to, and the answer is bounded in size and time",
        arguments: [
            ("greet", "conditions: [received contains 220]", CheckOutcome.State.passed, "its condition holds"),
            (
                "greet", "timeout: 300ms\nconditions: [received contains 221]", .critical,
                "received contains 221: it is 11 B"
            ),
            ("silent", "", .passed, "it answered in"),
            ("silent", "send: hello", .passed, "it answered in"),
            (
                "silent", "timeout: 300ms\nconditions: [received exists, received contains a]", .critical,
                "it is 0 B of text"
            ),
            ("echo", "send: \"ping\\r\\n\"\nconditions: [received == \"ping\\r\\n\"]", .passed, "its condition holds"),
            (
                "flood", "receive-limit: 100K\nconditions: [received contains z]", .critical,
                "it is 100 kB and more of text"
            ),
            ("drip", "timeout: 300ms\nconditions: [received contains z]", .critical, "B of text"),
            ("close", "conditions: [received contains a]", .critical, "it is 0 B of text"),
        ])
    func port(mode: String, keys: String, state: CheckOutcome.State, summary: String) async throws {
        try await withScriptServer(talkingServer, [mode]) { port in
            let run = try await check("tcp.answer", on: written("kind: tcp\naddress: 127.0.0.1:\(port)\n\(keys)"))
            let outcome = try #require(run.check("tcp.answer"))
            #expect(outcome.state == state)
            #expect(outcome.summary.contains(summary), "\(outcome.summary)")
            #expect(outcome.seconds < 20)
            #expect(run.findings("HC060").count == (state == .passed ? 0 : 1))
        }
    }

    @Test("a port that nobody serves and a name that is none are critical, and the step could look")
    func deadPort() async throws {
        for (address, text) in [
            ("127.0.0.1:1", "'127.0.0.1:1' refuses connections"),
            ("no-such-host.invalid:25", "the host 'no-such-host.invalid' cannot be found"),
        ] {
            let run = try await check("tcp.answer", on: written("kind: tcp\naddress: \(address)"))
            #expect(run.check("tcp.answer")?.state == .critical)
            #expect(
                run.check("tcp.answer")?.summary.hasPrefix(text) == true, "\(run.check("tcp.answer")?.summary ?? "")")
            #expect(run.step.state == .succeeded)
        }
    }

    @Test("thresholds may bound how long a port takes")
    func portTime() async throws {
        try await withScriptServer(talkingServer, ["silent"]) { port in
            let resources = try written("kind: tcp\naddress: 127.0.0.1:\(port)")
            let slow = try await check("tcp.answer", on: resources, warning: 0.000_001, critical: .infinity)
            #expect(slow.check("tcp.answer")?.state == .warning)
            let fast = try await check("tcp.answer", on: resources, warning: 60, critical: .infinity)
            #expect(fast.check("tcp.answer")?.state == .passed)
        }
    }

    @Test(
        "Debian's own monitoring plugins run as they are",
        arguments: [
            ("[/usr/lib/nagios/plugins/check_dummy, 0, fine]", CheckOutcome.State.passed, "OK: fine"),
            ("[/usr/lib/nagios/plugins/check_dummy, 1, so so]", .warning, "WARNING: so so"),
            ("[/usr/lib/nagios/plugins/check_dummy, 2, bad]", .critical, "CRITICAL: bad"),
            ("[/usr/lib/nagios/plugins/check_dummy, 3, eh]", .unknown, "UNKNOWN: eh"),
            ("[/usr/lib/nagios/plugins/check_procs, -c, '1:100000']", .passed, "PROCS OK"),
        ])
    func plugin(program: String, state: CheckOutcome.State, line: String) async throws {
        let run = try await check("command.result", on: written("kind: command\nrun: \(program)"))
        #expect(run.check("command.result")?.state == state)
        #expect(
            run.check("command.result")?.summary.contains(line) == true, "\(run.check("command.result")?.summary ?? "")"
        )
        #expect(run.step.state == (state == .unknown ? .unproven : .succeeded))
    }

    @Test(
        "a program's end, output and performance data are judged",
        arguments: [
            ("echo 'fine | size=5MB;;;; t=20ms'", "", CheckOutcome.State.passed, "fine"),
            ("echo 'fine | t=20ms'", "conditions: [performance.t < 10]", .passed, "fine"),
            (
                "echo 'fine | t=20ms'", "conditions: [performance.t < 0.01]", .critical,
                "performance.t < 0.01: it is 0.02"
            ),
            ("echo '{\"a\": 3}'", "conditions: [output.a == 3]", .passed, "{\"a\": 3}"),
            ("exit 7", "", .unknown, "exited with status 7"), ("kill -9 $$", "", .unknown, "was ended by signal 9"),
            ("exit 7", "conditions: [exit == 7]", .passed, "it printed nothing"),
            ("sleep 60", "timeout: 300ms", .critical, "was ended after its time limit of 300 ms"),
            ("yes | head -c 3000000", "conditions: [exit == 0]", .passed, "y"),
            ("echo \"token $TOKEN\"", "variables: { TOKEN: s3cr3t-t0ken }", .passed, "token •••"),
            ("printf 'a\\033[31m\\n'", "", .passed, "a\\u{1b}[31m"),
        ])
    func program(line: String, keys: String, state: CheckOutcome.State, summary: String) async throws {
        let quoted = line.replacing("'", with: "''")
        let run = try await check(
            "command.result", on: written("kind: command\nrun: [/bin/sh, -c, '\(quoted)']\n\(keys)"))
        let outcome = try #require(run.check("command.result"))
        #expect(outcome.state == state)
        #expect(outcome.summary.contains(summary), "\(outcome.summary)")
        #expect(!"\(run)".contains("s3cr3t-t0ken\""))
    }

    @Test("performance data become samples in their units")
    func samples() async throws {
        let keys = #"kind: command\#nrun: [/bin/echo, "x | 'a b'=5MB;;;; t=20ms load=1.5;2;3 full=40% n=U"]"#
        let harness = try TaskHarness(healthEntries, inventory: Inventory(Environment("test", written(keys))))
        let run = try await harness.run("health check")
        #expect(run.check("command.result")?.state == .passed)
        let series = try await harness.log.history(of: "test", since: WallClock.system.now() - .seconds(3_600))
            .filter { $0.series.name == "command.performance" }.sorted {
                ($0.series.object ?? "") < ($1.series.object ?? "")
            }
        #expect(series.map(\.series.object) == ["a b", "full", "load", "t"])
        #expect(series.map { $0.samples.last?.value } == [5_242_880, 40, 1.5, 0.02])
        #expect(series.map(\.series.unit) == [.bytes, .percent, .count, .seconds])
    }

    @Test("a finding stays open while its resource could not tell, whatever others of its kind say")
    func openFindings() async throws {
        let directory = TemporaryDirectory.current
        func resources() throws -> [Resource] {
            try ["first", "second"].flatMap { name in
                try written(
                    "kind: command\nrun: [/bin/sh, -c, 'exit $(cat \(directory)/\(name))']", name: name)
            }
        }
        let harness = try TaskHarness(healthEntries, inventory: Inventory(Environment("test", resources())))
        func run(_ first: Int, _ second: Int) async throws -> [String] {
            for (name, status) in [("first", first), ("second", second)] {
                try String(status).write(toFile: "\(directory)/\(name)", atomically: true, encoding: .utf8)
            }
            _ = try await harness.run("health check")
            return try await harness.log.openFindings().map(\.finding.target.resource).sorted()
        }
        #expect(try await run(2, 2) == ["first", "second"])
        #expect(try await run(0, 3) == ["first", "second"])
        #expect(try await run(0, 2) == ["second"])
        #expect(try await run(0, 0) == [])
    }

    @Test("a program that is not installed could not tell, and says so")
    func missingProgram() async throws {
        let run = try await check("command.result", on: written("kind: command\nrun: [/nowhere/check_x]"))
        #expect(run.check("command.result")?.state == .unknown)
        #expect(run.step.state == .unproven)
    }
}

@Suite("A team's own statements", .cluster, .temporaryDirectory, .timeLimit(.minutes(2)))
struct QueryCheckTests {
    private func run(_ sql: String, _ keys: String) async throws -> RunSummary {
        var resources = try written(
            "kind: query\ndatabase: main\nsql: \"\(sql)\"\n\(keys)",
            beside: "      main: {kind: postgresql, connection: host=/tmp dbname=a}\n")
        resources[0] = try TestDatabase.current.resource("main")
        return try await check("query.result", on: resources)
    }

    @Test(
        "the first row is judged by its columns",
        arguments: [
            (
                "select 5 as stuck, 'x' as state, true as up, null as n",
                "conditions: [stuck < 10, state == x, up == true, n == null, rows == 1]", CheckOutcome.State.passed,
                "1 row, all 5 conditions hold"
            ),
            ("select 12 as stuck", "conditions: [stuck < 10]", .critical, "stuck < 10: it is 12"),
            (
                "select 12 as stuck", "warnings: [stuck < 10]\nconditions: [stuck < 100]", .warning,
                "stuck < 10: it is 12"
            ),
            (
                "select n from generate_series(1, 100000) n", "conditions: [rows == 100000, n == 1]", .passed,
                "100,000 rows"
            ),
            ("select 1 as n where false", "conditions: [n == 1]", .critical, "n == 1: there is no row"),
            ("select 1 as n where false", "conditions: [rows == 0]", .passed, "0 rows, its condition holds"),
            ("select 1 as n", "conditions: [m == 1]", .critical, "m == 1: there is no 'm'"),
            ("select 1.25::numeric as n", "conditions: [n == 1.25]", .passed, "its condition holds"),
        ])
    func judged(sql: String, keys: String, state: CheckOutcome.State, summary: String) async throws {
        let run = try await run(sql, keys)
        let outcome = try #require(run.check("query.result"))
        #expect(outcome.state == state)
        #expect(outcome.summary.contains(summary), "\(outcome.summary)")
        #expect(run.findings("HC063").count == (state == .passed ? 0 : 1))
    }

    @Test(
        "what would change something, or takes too long, is a gap and never green",
        arguments: [
            ("delete from pg_class", ""), ("select pg_sleep(60)", "timeout: 300ms\n"), ("select 1/0 as n", ""),
            ("select 1; select 2", ""), ("selec", ""),
        ])
    func refused(sql: String, keys: String) async throws {
        let run = try await run(sql, keys + "conditions: [rows >= 0]")
        #expect(run.check("query.result")?.state == .unknown)
        #expect(run.gaps.count == 1)
        #expect(run.step.state == .unproven)
    }
}
