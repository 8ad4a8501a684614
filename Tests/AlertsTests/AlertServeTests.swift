import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Testing

/// The built program: a finding becomes an alert, the alert a message, and the commands say what happened.
@Suite("alerts of the built program", .temporaryDirectory)
struct AlertServeTests {
    private func configured(_ port: Int, path: String) throws -> Program {
        let program = Program()
        try program.configure(
            """
            environments:
              test:
                labels: { team: web }
                resources:
                  shop:
                    kind: http
                    url: http://127.0.0.1:1/health
            alerts:
              channels:
                hook:
                  kind: webhook
                  url: "http://127.0.0.1:\(port)/\(path)"
                  private: true
              critical:
                channels: hook
                immediate: true
            """)
        return program
    }

    /// `serve` for as long as `body` runs; then it is ended, or killed.
    private func serving<Result: Sendable>(
        _ program: Program, grace: Duration = .milliseconds(500), _ body: () async throws -> Result
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                var child = program.command(["serve"])
                child.timeLimit = .seconds(90)
                child.grace = grace
                _ = try await Programs(environment: [:]).run(child)
            }
            let result = try await body()
            group.cancelAll()
            return result
        }
    }

    private struct Listed: Decodable {
        var fingerprint: String
        var state: String
    }

    @Test("from a finding to a message that came at the third attempt, and everything said about it")
    func wholeWay() async throws {
        try await withReceiver(webReceiver) { receiver in
            let program = try configured(receiver.port, path: "flaky")
            #expect(try await program.run("health", "check", "--environment", "test").exitCode == 5)
            let messages = try await serving(program) {
                let messages = try await receiver.first(3)
                try await eventually("the message is ticked off") {
                    try await program.run("alerts", "summary", "--format", "json").output.contains("\"told\" : 1")
                }
                return messages
            }
            #expect(Set(messages.map { $0.headers["idempotency-key"] }).count == 1)
            #expect(messages[0].body.contains("\"team\":\"web\""))
            let list = try await program.run("alerts", "list", "--format", "json")
            let alerts = try JSONDecoder().decode([Listed].self, from: Data(list.output.utf8))
            let alert = try #require(alerts.first { $0.state == "firing" })
            let why = try await program.run("alerts", "why", String(alert.fingerprint.prefix(8)))
            #expect(why.output.contains("nothing had been told of this group"))
            #expect(why.output.contains("200 taken"))
            let taken = try await program.run("alerts", "acknowledge", alert.fingerprint, "--comment=on it")
            #expect(taken.exitCode == 0)
            #expect(try await program.run("alerts", "list").output.contains("acknowledged"))
            let preview = try await program.run(
                "alerts", "silence", "environment=test", "--for=2h", "--comment=new disks", "--dry-run")
            #expect(preview.output.contains("nothing is silenced yet"))
            #expect(preview.output.contains(alert.fingerprint.prefix(12)))
            #expect(try await program.run("alerts", "list", "--silences").output.contains("Nothing is silenced"))
            let silenced = try await program.run(
                "alerts", "silence", "environment=test", "--for=2h", "--comment=new disks")
            let id = try #require(silenced.output.split(separator: " ").last).trimmingWhitespace()
            #expect(try await program.run("alerts", "unsilence", id).exitCode == 0)
            #expect(try await program.run("alerts", "unsilence", id).errors.contains("is over since"))
            #expect(try await program.run("alerts", "summary").output.contains("critical"))
        }
    }

    @Test("a service that is killed while a channel hangs sends it again, with the same id")
    func killed() async throws {
        try await withReceiver(webReceiver) { receiver in
            let program = try configured(receiver.port, path: "hang")
            #expect(try await program.run("health", "check", "--environment", "test").exitCode == 5)
            _ = try await serving(program) { try await receiver.first(1) }
            try await serving(try configured(receiver.port, path: "hook")) {
                let all = try await receiver.first(2)
                #expect(all[0].headers["idempotency-key"] == all[1].headers["idempotency-key"])
                #expect(all[1].path == "/hook")
            }
        }
    }

    @Test("what a channel takes while the service is stopped is not told again by the next one")
    func stopped() async throws {
        try await withReceiver(webReceiver) { receiver in
            let program = try configured(receiver.port, path: "slow")
            #expect(try await program.run("health", "check", "--environment", "test").exitCode == 5)
            _ = try await serving(program, grace: .seconds(15)) { try await receiver.first(1) }
            try await serving(program) { () async throws -> Void in
                try await eventually("it is known as told") {
                    try await program.run("alerts", "summary", "--format", "json").output.contains("\"told\" : 1")
                }
            }
            #expect(receiver.received.count == 1)
        }
    }

    @Test("a channel is tested with a message that says so, and what is typed wrong is answered with what there is")
    func tested() async throws {
        try await withReceiver(webReceiver) { receiver in
            let program = try configured(receiver.port, path: "hook")
            let answer = try await program.run("alerts", "test", "hook")
            #expect(answer.exitCode == 0)
            #expect(answer.output.contains("200 taken"))
            #expect(receiver.received.first?.body.contains("this is a test of the channel 'hook'") ?? false)
            #expect(receiver.received.map { $0.body.contains("\"status\":\"firing\"") } == [true, false])
            let wrong = try await program.run("alerts", "test", "hok")
            #expect(wrong.exitCode == 2)
            #expect(wrong.errors.contains("Did you mean 'hook'?"))
            let none = try await program.run("alerts", "why", "DB012")
            #expect(none.errors.contains("there is no alert 'DB012'"))
            let everything = try await program.run("alerts", "silence", "--for=2h", "--comment=x")
            #expect(everything.errors.contains("no matcher is named"))
        }
    }

    @Test("what a channel refuses is told by the one that stands in for it, and so is the trouble with it")
    func failsOver() async throws {
        try await withReceiver(webReceiver) { receiver in
            let program = Program()
            try program.configure(
                """
                environments: { test: { resources: { shop: { kind: http, url: "http://127.0.0.1:1/health" } } } }
                alerts:
                  channels:
                    first: { kind: webhook, url: "http://127.0.0.1:\(receiver.port)/status/404", private: true,
                      fallback: second }
                    second: { kind: webhook, url: "http://127.0.0.1:\(receiver.port)/second", private: true }
                  critical: { channels: first, immediate: true }
                """)
            #expect(try await program.run("health", "check", "--environment", "test").exitCode == 5)
            try await serving(program) { () async throws -> Void in
                try await eventually("both are told by the second") {
                    let told = receiver.received.filter { $0.path == "/second" }.map(\.body).joined()
                    return told.contains("HC020") && told.contains("AL001")
                }
            }
            let told = receiver.received.filter { $0.path == "/second" }.map(\.body)
            #expect(told.count { $0.contains("\"alert\":\"HC020\"") } == 1)
            #expect(told.contains { $0.contains("instead of by 'first'") })
            // Of its own trouble the first is not asked.
            #expect(!receiver.received.contains { $0.path == "/status/404" && $0.body.contains("AL001") })
            let why = try await program.run("alerts", "why", "HC020")
            #expect(why.output.contains("told instead of by 'first'"))
            let explained = try await program.run("explain", "AL001")
            #expect(explained.exitCode == 0 && explained.output.contains("A channel does not take its messages"))
        }
    }

    @Test("the commands that look at alerts say what there is, and what is typed wrong is answered")
    func looks() async throws {
        try await withReceiver(webReceiver) { receiver in
            let program = try configured(receiver.port, path: "hook")
            #expect(try await program.run("health", "check", "--environment", "test").exitCode == 5)
            try await serving(program) { () async throws -> Void in
                try await eventually("the message is ticked off") {
                    try await program.run("alerts", "summary", "--format", "json").output.contains("\"told\" : 1")
                }
            }
            let shown = try await program.run("alerts", "show", "HC020")
            #expect(shown.exitCode == 0 && shown.output.contains("firing") && shown.output.contains("test"))
            let channels = try await program.run("alerts", "channels")
            #expect(channels.exitCode == 0 && channels.output.contains("not due yet"))
            // Something critical fires that nobody has taken on; and then somebody has.
            #expect(try await program.run("alerts", "review").exitCode == 3)
            let review = try await program.run("alerts", "review", "--acknowledge", "--comment=on it")
            #expect(review.exitCode == 0 && review.output.contains("acknowledged"))
            let other = "\(program.directory)/other.yaml"
            try """
            environments: { test: {} }
            alerts:
              channels: { hook: { kind: webhook, url: "http://127.0.0.1:1/", private: true } }
              warning: { channels: hook }
            """.write(toFile: other, atomically: true, encoding: .utf8)
            let missing = try await program.run("alerts", "simulate", "--config", other)
            #expect(missing.exitCode == 2)
            #expect(missing.errors.contains("'--with=FILE' names the other configuration"))
            let simulated = try await program.run("alerts", "simulate", "--since=1d", "--with", other)
            #expect(simulated.exitCode == 3)
            #expect(simulated.output.contains("hook, not heard of any more:"))
            #expect(simulated.output.contains("HC020"))
            let json = try await program.run("alerts", "simulate", "--with", other, "--format", "json")
            #expect(json.output.contains("\"lost\"") && json.output.contains("\"alert\" : \"HC020\""))
        }
    }

    @Test("health alerts are routed from the command line as the guides write it, and a name that nobody has is told")
    func configures() async throws {
        let program = Program()
        try program.configure(
            """
            environments: { production: {} }
            alerts:
              channels:
                mail: { kind: email, server: "127.0.0.1:25", tls: none, from: m@example.org, to: team@example.org }
              critical: { channels: mail }
            """)
        let written = try await program.run(
            "alerts:configure", "--health-alerts", "--recipients=admin-team@company.com")
        #expect(written.exitCode == 0)
        let shown = try await program.run("config", "show")
        #expect(shown.output.contains("admin-team@company.com"))
        let again = try await program.run(
            "alerts", "configure", "--health-alerts", "--recipients=admin-team@company.com")
        #expect(again.output.contains("is as it should be"))
        let phone = try await program.run("alerts", "configure", "--health-alerts", "--recipients=+4930123456")
        #expect(phone.exitCode == 4)
        #expect(phone.errors.contains("no channel understands the recipient"))
        let none = try await program.run("alerts", "configure")
        #expect(none.exitCode == 2)
        #expect(none.errors.contains("--health-alerts"))
        let silence = try await program.run(
            "alerts", "silence", "environment=produktion", "--for=2h", "--comment=disks", "--dry-run")
        #expect(silence.errors.contains("did you mean 'production'?"))
    }
}
