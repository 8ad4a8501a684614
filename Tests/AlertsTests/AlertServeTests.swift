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
}
