import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Page
import Settings
import Testing

@testable import Engine
@testable import Reports

/// What the report says of what happened, through a real store and a real runner.
@Suite("what the report of the day says", .temporaryDirectory)
struct DailyReportTests {
    private let clock = ManualClock()

    private func harness(_ entries: [TaskEntry], _ inventory: Inventory) throws -> TaskHarness {
        try TaskHarness(entries + [.report], inventory: inventory, clock: clock.clock)
    }

    /// A health check that says of every resource what `state` says.
    private func health(
        _ state: @escaping @Sendable (Target) -> CheckOutcome.State = { _ in .passed },
        findings: @escaping @Sendable (Target) -> [Finding] = { _ in [] }
    ) -> TaskEntry {
        Scripted { look in
            let targets = look.resources.map { Target(environment: look.target.environment, resource: $0.name) }
            let checks = targets.map { CheckOutcome("connectivity", state($0), at: $0) }
            return Observation(
                checks, findings: targets.flatMap(findings),
                measurements: [Maintenance.Measurement("health", look.target, unit: .percent, value: 100)])
        }.entry("health.check")
    }

    @Test("an estate without environments is not green")
    func emptyEstate() async throws {
        let report = try await harness([], Inventory()).dailyReport()
        #expect(report.verdict.standing == .unknown)
        #expect(report.verdict.sentence == "Nothing is known: no environment is configured")
    }

    @Test("an environment nobody looked at is unknown, and says how to look")
    func neverChecked() async throws {
        let report = try await harness([], .databases("production", "test")).dailyReport()
        #expect(report.environments.map(\.standing) == [.unknown, .unknown])
        #expect(report.environments.map(\.percentage) == [nil, nil])
        #expect(report.verdict.standing == .unknown)
        #expect(
            report.verdict.needs.map(\.command) == [
                "mainstay health check --environment production", "mainstay health check --environment test",
            ])
        #expect(report.notCovered.contains { $0.reason == "no task has worked on it" })
    }

    @Test("every database says which backup is its newest and whether it was proved; without backups nothing is said")
    func backups() async throws {
        var backup = Scripted { look in
            var observation = Observation()
            observation.changes = [
                Change(
                    kind: "back up", object: look.target.resource, action: .program(["pg_dump"]), effect: .maintains,
                    reversal: "none", identity: [:], reason: "")
            ]
            return observation
        }
        backup.proof = { _ in .done(["backup": "20261121T020000Z-aaaaa", "rows": 7, "stored": "12 MB"]) }
        var proof = backup
        proof.proof = { _ in
            .done(["backup": "20261121T020000Z-aaaaa", "restore seconds": 2.5, "counts until": "2126-11-21T00:00:00Z"])
        }
        let kind = TaskDeclaration.Subject.resources([.postgresql])
        let harness = try harness(
            [
                backup.entry("backup.run", kind, effect: .maintains),
                proof.entry("backup.verify", kind, effect: .maintains),
            ], .databases("production", "test"))
        #expect(try await harness.dailyReport().backups.isEmpty)
        _ = try await harness.run("backup run", in: ["production"])
        var lines = try await harness.dailyReport().backups
        #expect(lines.map(\.standing) == [.unknown, .warning])
        #expect(lines.map(\.proof) == ["not proved yet", "no backup in this period"])
        _ = try await harness.run("backup verify", in: ["production"])
        lines = try await harness.dailyReport().backups
        #expect(lines[0].standing == .good)
        #expect(lines[0].proof.hasPrefix("proved, counts until 2126-11-21"))
        #expect(lines[0].stored == "12 MB")
        #expect(lines[0].restoreSeconds == 2.5)
        let page = try await harness.report()
        #expect(page.contains("20261121T020000Z-aaaaa"))
        #expect(try await harness.report("report daily --as=markdown").contains("## Backups"))
    }

    @Test("all checks passed is well, until the evidence is too old")
    func evidenceEnds() async throws {
        let harness = try harness([health()], .databases("production"))
        _ = try await harness.run("health check")
        var report = try await harness.dailyReport()
        #expect(report.verdict.standing == .good)
        #expect(report.environments[0].percentage == 100)
        #expect(report.environments[0].countsUntil == report.madeAt + .seconds(26 * 3_600))
        #expect(report.verdict.sentence == "Nothing needs a person now: 1 of 1 check passed in 1 environment")
        clock.advance(by: .seconds(26 * 3_600))
        report = try await harness.dailyReport()
        #expect(report.verdict.standing == .good)
        clock.advance(by: .seconds(1))
        report = try await harness.dailyReport()
        #expect(report.verdict.standing == .unknown)
        #expect(report.environments[0].checks.isEmpty)
        #expect(report.environments[0].reason.contains("2026-11-21"), "\(report.environments[0].reason)")
        let longer = try await harness.dailyReport("report daily --as=json --fresh=3d")
        #expect(longer.verdict.standing == .good)
    }

    @Test(
        "an environment stands as its worst answer",
        arguments: [
            ([CheckOutcome.State.passed, .passed], "good"), ([.passed, .warning], "warning"),
            ([.warning, .unknown], "unknown"), ([.unknown, .critical], "critical"), ([.passed, .unknown], "unknown"),
        ])
    func standsAsWorst(states: [CheckOutcome.State], expected: String) async throws {
        let entry = Scripted { look in
            let target = Target(environment: look.target.environment, resource: "main")
            return Observation(states.enumerated().map { CheckOutcome("check-\($0)", $1, at: target) })
        }.entry("health.check")
        let harness = try harness([entry], .databases("production"))
        _ = try await harness.run("health check")
        let report = try await harness.dailyReport()
        #expect(report.environments[0].standing.rawValue == expected)
        #expect(report.verdict.standing.rawValue == expected)
        #expect(report.environments[0].arithmetic == HealthScore(states).arithmetic)
    }

    @Test("a check without an answer is named, with what gives it one")
    func namesUnknown() async throws {
        let entry = Scripted { look in
            let target = Target(environment: look.target.environment, resource: "main")
            let outcome = CheckOutcome("schema", .unknown, at: target, "no accepted schema")
            return Observation(
                [CheckOutcome("other", .passed, at: target), outcome],
                findings: [
                    Finding(
                        code: outcome.code, severity: .info, target: target, summary: outcome.summary,
                        mend: "mainstay health accept-schema")
                ])
        }.entry("health.check")
        let harness = try harness([entry], .databases("production"))
        _ = try await harness.run("health check")
        let need = try #require(try await harness.dailyReport().verdict.needs.first)
        #expect(
            need.text
                == "whether production is well is not known: 1 check without an answer (schema: no accepted schema)")
        #expect(need.command == "mainstay health accept-schema")
    }

    @Test("single checks bring their own answer up to date and do not make an environment well")
    func singleChecks() async throws {
        let harness = try harness([health()], .databases("production"))
        _ = try await harness.run("health check --check=connectivity")
        var report = try await harness.dailyReport()
        #expect(report.environments[0].standing == .unknown)
        #expect(report.environments[0].reason == "only single checks were asked, no whole health check")
        _ = try await harness.run("health check")
        report = try await harness.dailyReport()
        #expect(report.environments[0].standing == .good)
    }

    @Test("a resource that no check asked keeps its environment from being well")
    func unasked() async throws {
        var inventory = try Inventory.databases("production")
        inventory.environments[0].resources.append(Resource("machine", .host(HostAccess())))
        let entry = Scripted { look in
            Observation([CheckOutcome("connectivity", .passed, at: Target(environment: "production", resource: "main"))]
            )
        }.entry("health.check")
        let harness = try harness([entry], inventory)
        _ = try await harness.run("health check")
        let report = try await harness.dailyReport()
        #expect(report.environments[0].standing == .unknown)
        #expect(report.environments[0].unasked == ["machine"])
        #expect(report.notCovered.map(\.target.resource) == ["machine"])
    }

    @Test("the run that writes the report is in it, the step that writes it is not")
    func tellsOfItsOwnRun() async throws {
        let work = Scripted { look in
            var observation = Observation()
            observation.changes = [.analyze("public.events"), .analyze("public.refuses")]
            return observation
        }.entry("db.update-stats", .resources([.postgresql]), effect: .maintains)
        let harness = try harness([health(), work], .databases("production"))
        let summary = try await harness.run("health check", "db update-stats", "report daily --as=json")
        guard case .text(let path)? = summary.changes.last?.evidence?["file"] else { throw Trouble(problem: "no file") }
        let report = try JSONDecoder().decode(
            DailyReport.self, from: try Data(contentsOf: URL(fileURLWithPath: path)))
        #expect(report.runs.map(\.id) == [summary.run.id])
        #expect(report.environments[0].standing == .good)
        #expect(report.changes.map(\.state) == [.failed, .proved])
        #expect(report.changes[1].lines == ["analyze public.events"])
        #expect(
            report.changes[1].proof == [
                .init(name: "analyze count", before: 3, after: 4), .init(name: "modified rows", before: nil, after: 0),
            ])
        #expect(report.troubles.map(\.task) == ["db.update-stats"])
        #expect(report.verdict.standing == .critical)
        #expect(report.verdict.needs.map(\.command) == ["mainstay show \(summary.run.id)"])
    }

    @Test("a target that cannot be reached is one trouble, however many steps it kept from working")
    func oneTrouble() async throws {
        let words = "no such database"
        let check = health({ _ in .critical }) { target in
            [Finding(code: "HC001", severity: .critical, target: target, summary: words)]
        }
        let work = Scripted { _ in throw Trouble(problem: words) }
        let resources = TaskDeclaration.Subject.resources([.postgresql])
        let harness = try harness(
            [check, work.entry("db.a", resources), work.entry("db.b", resources)], .databases("production"))
        _ = try await harness.run("health check", "db a", "db b")
        _ = try await harness.run("db a")
        var report = try await harness.dailyReport()
        #expect(
            Dictionary(uniqueKeysWithValues: report.troubles.map { ($0.task, $0.times) }) == ["db.a": 2, "db.b": 1])
        #expect(report.verdict.needs.map(\.text) == ["production/main: no such database"])
        #expect(report.verdict.needs.map(\.command) == ["mainstay health check --environment production"])
        // Without the finding the two are told together.
        clock.advance(by: .seconds(27 * 3_600))
        let other = try self.harness(
            [work.entry("db.a", resources), work.entry("db.b", resources)], .databases("other"))
        let run = try await other.run("db a", "db b")
        report = try await other.dailyReport()
        #expect(report.verdict.needs.contains { $0.command == "mainstay show \(run.run.id)" })
        #expect(report.verdict.needs.count { $0.text.contains("(and 1 more) on other/main failed") } == 1)
    }

    @Test("what failed and succeeded since is told as mended, and needs nobody")
    func mended() async throws {
        let work = Scripted { [clock] look in
            if clock.clock.now() < ManualClock().clock.now() + .seconds(60) { throw Trouble(problem: "no route") }
            return Observation()
        }.entry("db.update-stats", .resources([.postgresql]), effect: .maintains)
        let harness = try harness([health(), work], .databases("production"))
        _ = try await harness.run("health check", "db update-stats")
        #expect(try await harness.dailyReport().verdict.standing == .critical)
        clock.advance(by: .seconds(120))
        let later = try await harness.run("db update-stats")
        let report = try await harness.dailyReport()
        #expect(report.troubles.map(\.mendedBy) == [later.run.id])
        #expect(report.verdict.standing == .good)
    }

    @Test("findings stand by severity with what mends them, and what is over is told as mended")
    func tellsFindings() async throws {
        let entry = health(findings: { [clock] target in
            let isEarly = clock.clock.now() < ManualClock().clock.now() + .seconds(60)
            return ["a", "b", isEarly ? "gone" : nil].compactMap { $0 }.map { object in
                Finding(
                    code: "HC900", severity: object == "b" ? .critical : .warning, target: target, object: object,
                    summary: "too much of \(object)", mend: "mainstay do something")
            }
        })
        let harness = try harness([entry], .databases("production"))
        _ = try await harness.run("health check")
        clock.advance(by: .seconds(3_600))
        _ = try await harness.run("health check")
        let report = try await harness.dailyReport()
        #expect(report.findings.map(\.severity) == [.critical, .warning])
        #expect(report.findings.map { $0.entries.map(\.object) } == [["b"], ["a"]])
        #expect(report.resolved.map(\.finding.object) == ["gone"])
        #expect(report.verdict.needs.first?.text == "production/main: too much of b")
        #expect(report.verdict.needs.first?.command == "mainstay do something")
        #expect(!report.findings[0].isStale)
        clock.advance(by: .seconds(27 * 3_600))
        #expect(try await harness.dailyReport().findings.allSatisfy { $0.isStale })
    }

    @Test("a run that was cut off needs a person, whoever reports")
    func cutOff() async throws {
        let harness = try harness([health()], .databases("production"))
        _ = try await harness.run("health check")
        let step = StepRecord(
            runID: "20261120-010101-aaaaa", number: 1, task: "db.update-stats", arguments: [],
            target: Target(environment: "production", resource: "main"), state: .running)
        let run = RunRecord(
            id: step.runID, name: "db.update-stats", isRoutine: false, isDryRun: false, environments: ["production"],
            state: .running, requester: TaskHarness.requester, startedAt: clock.clock.now())
        try await harness.log.begin(run, steps: [step])
        let report = try await harness.dailyReport()
        #expect(report.verdict.standing == .critical)
        #expect(report.verdict.needs.map(\.command) == ["mainstay resume \(step.runID)"])
    }

    @Test("dry runs change nothing and are no trouble")
    func dryRuns() async throws {
        let work = Scripted { _ in
            var observation = Observation()
            observation.changes = [.analyze("public.events")]
            return observation
        }.entry("db.update-stats", .resources([.postgresql]), effect: .maintains)
        let harness = try harness([health(), work], .databases("production"))
        _ = try await harness.run("health check")
        _ = try await harness.run("db update-stats", isDryRun: true)
        let report = try await harness.dailyReport()
        #expect(report.changes.isEmpty)
        #expect(report.runs.count { $0.isDryRun } == 1)
        #expect(report.verdict.standing == .good)
    }

    @Test("what happened before the period is not told")
    func keepsToPeriod() async throws {
        let work = Scripted { _ in
            var observation = Observation()
            observation.changes = [.analyze("public.events")]
            return observation
        }.entry("db.update-stats", .resources([.postgresql]), effect: .maintains)
        let harness = try harness([work], .databases("production"))
        _ = try await harness.run("db update-stats")
        clock.advance(by: .seconds(3 * 3_600))
        #expect(try await harness.dailyReport("report daily --as=json --since=2h").changes.isEmpty)
        #expect(try await harness.dailyReport("report daily --as=json --since=4h").changes.count == 1)
    }
}

extension Change {
    static func analyze(_ table: String) -> Change {
        Change(
            kind: "analyze", object: table, action: .sql(["analyze \(table)"]), effect: .maintains,
            lock: .shareUpdateExclusive, reversal: "nothing to undo", identity: ["oid": 4_711], reason: "stale")
    }
}
