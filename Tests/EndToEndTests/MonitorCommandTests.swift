import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Testing

/// The built program: what teams have in files is taken over, and what was asked all the time can be looked at.
@Suite("monitoring by command", .temporaryDirectory, .timeLimit(.minutes(2)))
struct MonitorCommandTests {
    private let program = Program()

    private func configure(_ more: String = "") throws {
        try program.configure(
            """
            environments:
              test:
                resources:
                  own: { kind: command, run: [/bin/sh, -c, "echo 'fine | time=20ms'"] }
                  here: { kind: host, host: local, disks: [/] }
            \(more)
            """)
    }

    private func write(_ text: String, _ name: String) throws -> String {
        let path = "\(program.directory)/\(name)"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    private func written(_ name: String) -> String? {
        try? String(contentsOfFile: "\(program.directory)/mainstay.d/\(name).yaml", encoding: .utf8)
    }

    /// The block of a guide that begins with this line, as it stands there.
    private func block(_ line: String) throws -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let guide = try String(
            contentsOf: root.appending(path: "Fixtures/guides/environment-management.md"), encoding: .utf8)
        let start = try #require(guide.range(of: line)).lowerBound
        let end = try #require(guide.range(of: "\n```", range: start..<guide.endIndex)).lowerBound
        return String(guide[start..<end]) + "\n"
    }

    @Test("a team's thresholds are shown, written, in force, and refused with what is probably meant")
    func thresholds() async throws {
        try configure()
        let path = try write(
            #"{ "resource_usage": { "warning": 70, "critical": 85 }, "error_rate": 0.03, "host.load": { "warning": 7 } }"#,
            "custom-thresholds.json")
        let dry = try await program.run("monitor", "configure", "--thresholds=\(path)", "--dry-run")
        #expect(dry.exitCode == 0, "\(dry.errors)")
        #expect(dry.output.contains("nothing was written"))
        #expect(written("thresholds") == nil)
        let guide = try await program.run("monitor:configure", "--health-checks", "--thresholds=\(path)")
        #expect(guide.exitCode == 0, "\(guide.errors)")
        let text = try #require(written("thresholds"))
        for name in ["host.cpu", "host.memory", "host.disk", "host.inodes", "endpoint.error-rate", "host.load"] {
            #expect(text.contains("\(name):"), "\(text)")
        }
        let shown = try await program.run("config", "show").output
        #expect(shown.contains("warning: 70%") && shown.contains("warning: 3%"), "\(shown)")
        #expect(try await program.run("config", "check").exitCode == 0)
        let again = try await program.run("alerts:performance", "--thresholds=\(path)")
        #expect(again.output.contains("is as it should be"), "\(again.output)\(again.errors)")
        let wrong = try write(#"{ "cpu_usge": 80 }"#, "wrong.json")
        let refused = try await program.run("monitor", "configure", "--thresholds=\(wrong)")
        #expect(refused.exitCode == 4)
        #expect(refused.errors.contains("cpu_usage"), "\(refused.errors)")
    }

    @Test("a guide's health-check-config.json is taken over as it is written, with monitoring")
    func automate() async throws {
        try program.configure(
            """
            environments:
              production: { resources: { here: { kind: host, host: local } } }
              test: { resources: { here: { kind: host, host: local } } }
              training: { resources: { here: { kind: host, host: local } } }
              development: { resources: { here: { kind: host, host: local } } }
            """)
        let path = try write(try block("// health-check-config.json"), "health-check-config.json")
        let result = try await program.run("health:automate", "--config=\(path)")
        #expect(result.exitCode == 0, "\(result.output)\(result.errors)")
        let text = try #require(written("health-checks"))
        #expect(text.contains("monitoring:"))
        let shown = try await program.run("config", "show").output
        #expect(shown.contains("sample-size: 1000"), "\(shown)")
        #expect(shown.contains("every: 6h"), "\(shown)")
    }

    @Test("a guide's alert-config.json is accepted as it is written, every threshold of it")
    func alertConfiguration() async throws {
        let program = Program(environment: ["SLACK": "https://hooks.slack.example/x", "TWILIO": "t0ken"])
        try configure(
            """
            alerts:
              channels:
                email: { kind: email, server: "mail.example.org:587", from: m@example.org, to: team@example.org }
                slack: { kind: slack, url: "${SLACK}" }
                sms: { kind: sms, account: AC1, token: "${TWILIO}", from: "+1500", to: "+4930123456" }
            """)
        let path = try write(try block("// alert-config.json"), "alert-config.json")
        let result = try await program.run("alerts", "configure", "--alert-config=\(path)")
        #expect(result.exitCode == 0, "\(result.output)\(result.errors)")
        let text = try #require(written("alerts"))
        #expect(text.contains("endpoint.error-rate:"), "\(text)")
        let shown = try await program.run("config", "show").output
        #expect(shown.contains("warning: 1%") && shown.contains("critical: 5%"), "\(shown)")
    }

    @Test("what was asked all the time is shown with its percentiles, and exposed for others")
    func looking() async throws {
        try configure("monitoring: { every: 1s }\nchecks: { host.cpu: { interval: 100ms } }")
        let none = try await program.run("monitor", "performance")
        #expect(none.exitCode == 0)
        #expect(none.output.contains("Nothing was asked all the time"), "\(none.output)\(none.errors)")
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [program] in
                var child = program.command(["serve"])
                child.timeLimit = .seconds(60)
                child.grace = .milliseconds(500)
                _ = try await Programs(environment: [:]).run(child)
            }
            try await eventually("the checks stand") {
                let shown = try await program.run("monitor", "show", "--all", "--format", "json").output
                return shown.contains("command.result") && shown.contains("host.memory")
            }
            group.cancelAll()
        }
        let performance = try await program.run("monitor", "performance", "--since=1h", "--format", "json")
        #expect(performance.exitCode == 0, "\(performance.errors)")
        let rows = try JSONDecoder().decode([Row].self, from: Data(performance.output.utf8))
        #expect(rows.contains { $0.check == "host.memory" })
        for row in rows {
            for percentile in [row.median, row.p95, row.p99] {
                #expect(percentile ?? 0 <= row.worst ?? 0, "\(row)")
            }
        }
        let typo = try await program.run("monitor", "performance", "--check=host.memroy")
        #expect(typo.exitCode == 2)
        #expect(typo.errors.contains("host.memory"), "\(typo.errors)")
        let exported = try await program.run("monitor", "export")
        #expect(exported.output.contains("mainstay_health_percent{environment=\"test\"}"), "\(exported.output)")
        let file = "\(program.directory)/mainstay.prom"
        #expect(try await program.run("monitor", "export", "--file=\(file)").exitCode == 0)
        #expect(try String(contentsOfFile: file, encoding: .utf8).contains("mainstay_check_state{"))
        #expect(try await program.run("monitor", "export", "--file=\(program.directory)/a.txt").exitCode == 2)
    }

    private struct Row: Decodable {
        var check: String
        var median: Double?
        var p95: Double?
        var p99: Double?
        var worst: Double?
    }

    @Test("reports of health are scheduled by one command, where there is a way to mail them")
    func scheduleReports() async throws {
        try configure()
        let words = ["health:schedule-reports", "--frequency=weekly", "--time=07:30", "--recipients=team@example.org"]
        let refused = try await program.run(words)
        #expect(refused.exitCode != 0)
        #expect(written("health-report") == nil)
        try configure(
            """
            alerts:
              channels:
                mail: { kind: email, server: "mail.example.org:587", from: m@example.org, to: team@example.org }
            """)
        let dry = try await program.run(words + ["--dry-run"])
        #expect(dry.exitCode == 0, "\(dry.errors)")
        #expect(written("health-report") == nil)
        #expect(try await program.run(words).exitCode == 0)
        let text = try #require(written("health-report"))
        #expect(text.contains("weekly 07:30") && text.contains("team@example.org"), "\(text)")
        let check = try await program.run("config", "check")
        #expect(check.exitCode == 0, "\(check.output)\(check.errors)")
        #expect(try await program.run("config", "show").output.contains("health-report:"))
    }

    @Test("a guide's commands for resources ask the machine's checks")
    func resources() async throws {
        try configure("checks: { host.cpu: { interval: 100ms } }")
        let result = try await program.run(
            "monitor:resources", "--all-environments", "--alert-thresholds", "--format", "json")
        #expect(result.exitCode == 0 || result.exitCode == 3, "\(result.errors)")
        for name in ["host.cpu", "host.memory", "host.disk", "host.inodes", "host.load"] {
            #expect(result.output.contains("\"\(name)\""), "\(name)")
        }
        #expect(!result.output.contains("command.result"))
    }
}
