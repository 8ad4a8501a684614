import Calendar
import Command
import Engine
import Foundation
import Maintenance
import MaintenanceTesting
import Monitor
import Outside
import Page
import Report
import Settings
import Synchronization
import Testing

@testable import Reports

/// The key figures of a period, counted from runs that really were.
@Suite("reports of a period", .temporaryDirectory)
struct PeriodReportTests {
    private static let target = Target(environment: "production")
    private let clock = ManualClock()

    private func change(_ object: String) -> Change {
        Change(
            kind: "test", object: object, action: .files(object), effect: .maintains, reversal: "none", identity: [:],
            reason: "a test")
    }

    private func finding(_ object: String, _ severity: Severity) -> Finding {
        Finding(code: "TS001", severity: severity, target: Self.target, object: object, summary: "\(object) is bad")
    }

    private func harness() throws -> TaskHarness {
        let good = Scripted { _ in
            var seen = Observation()
            seen.changes = [change("one"), change("two")]
            seen.findings = [finding("a", .warning), finding("b", .critical), finding("c", .info)]
            seen.examined = ["TS001"]
            return seen
        }
        let bad = Scripted { _ in throw Trouble(problem: "it is broken") }
        let refusing = Scripted { _ in
            var seen = Observation()
            seen.changes = [change("refuses")]
            return seen
        }
        return try TaskHarness(
            [
                good.entry("test.good", effect: .maintains), bad.entry("test.bad"),
                refusing.entry("test.refusing", effect: .maintains),
                TaskRegistration(WritePeriodReport<Week>.self).entry,
            ], inventory: Inventory(Environment("production", [])), clock: clock.clock)
    }

    /// The report as it was written.
    private func written(_ harness: TaskHarness) async throws -> ReportDocument {
        let summary = try await harness.run("report weekly --as=json --detailed")
        #expect(summary.run.state == .succeeded)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: harness.stateDirectory + "/reports/latest-weekly.json"))
        return try JSONDecoder().decode(ReportDocument.self, from: bytes)
    }

    private func material(_ harness: TaskHarness, _ length: PeriodLength) async throws -> PeriodMaterial {
        let read = Mutex<PeriodMaterial?>(nil)
        let looking = Scripted { look in
            let material = try await PeriodMaterial.read(look, length, hasTrends: true)
            read.withLock { $0 = material }
            return Observation()
        }
        var harness = harness
        harness.catalog = TaskCatalog([looking.entry("test.look", .estate)])
        _ = try await harness.run("test look", isDryRun: true)
        return try #require(read.withLock { $0 })
    }

    @Test("steps, changes and findings are counted by their definitions, and the week before stands beside them")
    func counts() async throws {
        let harness = try harness()
        _ = try await harness.run("test bad")
        clock.advance(by: .seconds(8 * 86_400))
        for _ in 0..<3 { _ = try await harness.run("test good") }
        _ = try await harness.run("test bad")
        _ = try await harness.run("test refusing")
        _ = try await harness.run("test good", isDryRun: true)
        clock.advance(by: .seconds(60))
        let material = try await material(harness, .weekly)
        let document = try await written(harness)
        let figures = Dictionary(material.indicators.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        // 3 good, 1 bad, 1 refusing; the report itself is not over when it is made.
        let completion = try #require(figures["Task completion"])
        #expect(completion.counted == "3 of 5 steps succeeded")
        #expect(completion.before == 0)
        #expect(completion.standing == .warning)
        let proved = try #require(figures["Changes proved"])
        #expect(proved.counted == "6 of 7 changes that were begun")
        let prevention = try #require(figures["Issue prevention"])
        #expect(prevention.counted == "1 of 2 warnings and criticals never were critical")
        #expect(prevention.value == 50)
        #expect(figures["Uptime"]?.value == nil, "nothing is asked all the time, and that is no 100 %")
        #expect(figures["Uptime"]?.standing == .unknown)
        #expect(figures["Use of windows"]?.standing == nil)
        // The document was made before the report's own write was over, and counts the same.
        #expect(document.tiles.contains(.init("60 %", "of all steps succeeded")))
        #expect(document.tiles.contains(.init("6", "changes proved")))
        #expect(document.standing == .critical)
        #expect(document.sentence == "1 critical finding is open")
    }

    @Test("a report without anything behind it says that nothing was done, and makes nothing up")
    func empty() async throws {
        let harness = try harness()
        let material = try await material(harness, .quarterly)
        #expect(material.indicators.allSatisfy { $0.value == nil })
        let document = PeriodReport(material: material, audience: .management, isDetailed: false).document
        #expect(document.standing == .unknown)
        #expect(document.sentence == "Nothing was done in this quarter")
        #expect(!document.sections.contains { $0.title == "What was done" })
    }

    @Test("windows that touch or overlap are one, and work counts only inside of them")
    func windows() {
        func window(_ start: Int64, _ end: Int64) -> Window {
            Window(start: Timestamp(microseconds: start), end: Timestamp(microseconds: end))
        }
        let open = [window(30, 40), window(0, 10), window(10, 20), window(5, 12)].merged
        #expect(open == [window(0, 20), window(30, 40)])
        let work = [window(15, 35), window(18, 19), window(39, 50), window(60, 70)].merged
        #expect(open.overlap(with: work) == .microseconds(5 + 5 + 1))
    }

    @Test("the variation is that of the days' medians, and needs three of them")
    func variation() {
        #expect(PeriodMaterial.variation([1, 1]) == nil)
        #expect(PeriodMaterial.variation([2, 2, 2]) == 0)
        // Mean 2, deviations 1, 0, 1.
        let expected = (2.0 / 3).squareRoot() / 2 * 100
        #expect(abs((PeriodMaterial.variation([1, 2, 3]) ?? 0) - expected) < 1e-9)
    }

    @Test(
        "a figure is never shown nearer to its goal than it is",
        arguments: [
            (99.996, Indicator.Goal.above(100), "99.99 %"), (99.896, .above(99.9), "99.89 %"),
            (100, .above(100), "100 %"),
            (5.001, .below(5), "5.01 %"),
        ])
    func rounding(value: Double, goal: Indicator.Goal, shown: String) {
        let indicator = Indicator(
            name: "a", unit: .percent, value: value, before: nil, goal: goal, counted: "", definition: "")
        #expect(indicator.shown == shown)
    }

    @Test("management gets no details", arguments: ["--detailed", "--trend-analysis"])
    func audience(flag: String) {
        #expect(throws: (any Error).self) {
            try TaskRegistration(WritePeriodReport<Week>.self).entry.parse(["--audience=management", flag])
        }
    }
}
