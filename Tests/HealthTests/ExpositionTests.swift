import Foundation
import Maintenance
import MaintenanceTesting
import Monitor
import Outside
import Testing

@testable import Engine
@testable import Health

@Suite("Prometheus", .temporaryDirectory)
struct ExpositionTests {
    private static let now = Timestamp(microseconds: 1_795_226_400_000_000)

    private func check(_ name: String, _ standing: CheckOutcome.State, resource: String = "main") -> MonitoredCheck {
        MonitoredCheck(
            outcome: CheckOutcome(
                check: name, code: "T1", title: name, target: Target(environment: "test", resource: resource),
                state: standing, summary: "s", value: 0.25, unit: .seconds, seconds: 0.125),
            standing: standing, phase: .well, since: Self.now, seenAt: Self.now, countsUntil: Self.now + .seconds(60),
            isPlanned: false)
    }

    private func promtool(_ arguments: [String], input: String? = nil) async throws -> ProgramOutcome {
        var child = ChildProgram("/usr/bin/promtool", arguments, timeLimit: .seconds(60))
        if let input { child.input = .bytes(Array(input.utf8)) }
        return try await Programs(environment: ["PATH": "/usr/bin:/bin"]).run(child)
    }

    @Test("says of every check what it counts as, and of each environment how healthy it is")
    func content() {
        let finding = Finding(
            code: "T1", severity: .critical, target: Target(environment: "test", resource: "main"), summary: "s")
        let text = Exposition(
            [check("a", .critical), check("b", .passed)],
            [
                FindingRecord(
                    finding: finding, task: "", firstSeen: Self.now, lastSeen: Self.now, runID: "", resolvedAt: nil)
            ], environments: ["test", "empty"], at: Self.now
        ).text
        let lines = text.split(separator: "\n").map(String.init)
        #expect(
            lines.contains(
                #"mainstay_check_state{environment="test",resource="main",check="a",code="T1"} 2"#))
        #expect(lines.contains(#"mainstay_health_percent{environment="test"} 50"#))
        #expect(!text.contains(#"mainstay_health_percent{environment="empty"}"#), "no evidence is no health")
        #expect(lines.contains(#"mainstay_findings{environment="test",severity="critical"} 1"#))
        #expect(lines.contains("mainstay_exposed_timestamp_seconds 1795226400"))
        // What nobody has looked at for long is not known.
        let later = Exposition([check("b", .passed)], [], environments: ["test"], at: Self.now + .seconds(61)).text
        #expect(later.contains(#"check="b",code="T1"} 3"#))
    }

    @Test("is read by Prometheus' own tool, with the most hostile names there are")
    func promtoolReads() async throws {
        let text = Exposition(
            [
                check("a", .critical), check("b", .passed, resource: hostileName),
                check("c", .unknown, resource: "\\\"\n}"),
            ],
            [], environments: ["test"], at: Self.now
        ).text
        let outcome = try await promtool(["check", "metrics"], input: text)
        #expect(outcome.termination == .exited(0), "\(outcome.output.text)\(outcome.errorOutput.text)")
    }

    @Test("the rules in 'contrib' are sound, and name only gauges that are written")
    func rules() async throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let path = root.appendingPathComponent("contrib/prometheus/mainstay.rules.yml").path
        let outcome = try await promtool(["check", "rules", path])
        #expect(outcome.termination == .exited(0), "\(outcome.output.text)\(outcome.errorOutput.text)")
        let written = Exposition([check("a", .critical)], [], environments: ["test"], at: Self.now).text
        let texts = [
            try String(contentsOfFile: path, encoding: .utf8),
            try String(
                contentsOf: root.appendingPathComponent("contrib/grafana/mainstay.json"), encoding: .utf8),
        ]
        for text in texts {
            let names = Set(text.matches(of: /\bmainstay_[a-z_]+/).map { String($0.output) })
            #expect(names.count >= 3)
            for name in names { #expect(written.contains("# TYPE \(name) gauge"), "\(name)") }
        }
    }
}
