import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Testing

/// The API as scripts use it: with curl, served by the built program.
@Suite("the API by curl", .temporaryDirectory, .serialized)
struct APIUseTests {
    private let program = Program()

    @Test(
        "a token is made, a run is started, followed and found again, a heartbeat is heard, and hostile requests are answered"
    )
    func isUsed() async throws {
        try program.configure(
            """
            environments:
              production:
                protected: true
                resources:
                  host: {kind: host}
                  import: {kind: heartbeat, key: nightly-import-4f1c8e2a9b, every: 1d}
            server: {listen: "127.0.0.1:0", functions: {environment: production}}
            """)
        #expect(try await program.run("access", "invite", "ann", "--role", "admin").exitCode == 0)
        let made = try await program.run(
            "access", "token", "ann", "--role", "production=operator", "--scope", "read", "--scope", "dry-run",
            "--purpose", "tests")
        let token = made.output.trimmingWhitespace()
        #expect(token.utf8.count == 43 && made.errors.contains("for dry-run, read"), "\(made.errors)")
        let serve = try ServeProcess(program)
        try await serve.says("dashboard ready")
        let port = try #require(
            serve.said.firstMatch(of: /dashboard ready url=http:\/\/127\.0\.0\.1:([0-9]+)/)?.output.1)
        let host = "http://127.0.0.1:\(port)"
        func curl(_ words: String) async throws -> String {
            try await program.shell("curl -s --max-time 60 -H 'Authorization: Bearer \(token)' \(words)").output
        }
        let json = "-H 'Content-Type: application/json'"
        let function =
            "\(json) -d '{\"action\": \"health_check\"}' http://x:\(token)@127.0.0.1:\(port)/functions/v1/production-monitoring"
        let early = try await program.shell("curl -s --max-time 60 \(function)").output
        #expect(early.contains("mainstay health check --environment production"))

        // Asked twice with one key: one run.
        let ask =
            "\(json) -H 'Idempotency-Key: once' -d '{\"dryRun\": false, \"environments\": [\"production\"]}' "
            + "\(host)/api/v1/tasks/health.check/runs"
        let first = try await curl(ask)
        #expect(try await curl(ask) == first)
        let id = try #require(first.firstMatch(of: /"id":"([0-9a-z-]+)"/)?.output.1)
        // Follows it until it ends.
        let followed = try await curl("-N \(host)/api/v1/runs/\(id)/events")
        #expect(followed.contains("event: run"), "\(followed)")
        #expect(try await curl("\(host)/api/v1/runs/\(id)").contains("\"checks\":[{"))
        let runs = try await program.run("runs", "--format=json").output
        #expect(runs.components(separatedBy: "health.check").count == 2, "\(runs)")
        let answer = try await program.shell("curl -s --max-time 60 \(function)").output
        #expect(answer.contains("\"overall_health_percent\":") && answer.contains("\"run\":\"\(id)\""), "\(answer)")

        // What the token was not made for.
        let refused = try await curl("\(json) -d '{\"dryRun\": false}' \(host)/api/v1/tasks/report.daily/runs")
        #expect(refused.contains("access.scope"), "\(refused)")

        #expect(try await program.shell("curl -fsS --retry 3 \(host)/ping/nightly-import-4f1c8e2a9b").output == "OK\n")
        let late = try await program.run("health", "check", "--check=heartbeat.heard", "--environment=production")
        #expect(late.exitCode == 0 && late.output.contains("(1 passed)"), "\(late.output) \(late.errors)")

        // Requests that are none, too large, too deep, or meant to break out.
        let status = "-o /dev/null -w '%{http_code}'"
        let deep = String(repeating: "[", count: 20_000)
        try deep.write(toFile: "\(program.directory)/deep", atomically: true, encoding: .utf8)
        try String(repeating: "x", count: 2_000_000).write(
            toFile: "\(program.directory)/large", atomically: true, encoding: .utf8)
        for (words, expected) in [
            ("\(json) -d @deep \(host)/api/v1/tasks/health.check/runs", "400"),
            ("\(json) -d @large \(host)/api/v1/tasks/health.check/runs", "413"),
            ("--path-as-is \(host)/api/v1/reports/../../../../etc/passwd", "400"),
            ("\(host)/api/v1/reports/%2e%2e%2fmainstay.sqlite", "400"),
            ("\(host)/api/v1/runs/%0d%0aSet-Cookie:x", "400"),
            ("-X DELETE \(host)/api/v1/runs/\(id)", "405"), ("-X PATCH \(host)/api/v1/runs", "405"),
            ("-H 'Idempotency-Key: a b' \(json) -d '{\"dryRun\": true}' \(host)/api/v1/tasks/health.check/runs", "400"),
            ("-d 'dryRun=true' \(host)/api/v1/tasks/health.check/runs", "400"),
        ] {
            #expect(try await curl("\(status) \(words)") == expected, "\(words)")
        }
        #expect(try await curl("-i \(host)/api/v1/none").contains("application/problem+json"))
        let described = try await program.run("api", "describe")
        #expect(described.exitCode == 0 && described.output.contains("\"openapi\" : \"3.1.0\""))
        #expect(try await serve.end() == 143)
    }
}
