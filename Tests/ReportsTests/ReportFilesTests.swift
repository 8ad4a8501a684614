import Engine
import Foundation
import Maintenance
import MaintenanceTesting
import Report
import Outside
import Settings
import Testing

@testable import Reports

/// Where reports are written, and which are removed.
@Suite("files of reports", .temporaryDirectory)
struct ReportFilesTests {
    private let clock = ManualClock()
    private var folder: String { TemporaryDirectory.current + "/state/reports" }

    private func harness(_ change: (inout Inventory) -> Void = { _ in }) throws -> TaskHarness {
        var inventory = Inventory()
        change(&inventory)
        return try TaskHarness([.report, .prune], inventory: inventory, clock: clock.clock)
    }

    private func names(_ path: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    }

    private func make(_ names: String..., in path: String) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        for name in names { try Data("kept\n".utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)")) }
    }

    @Test("a report is written twice, read back, and its evidence names file, size and digest")
    func writes() async throws {
        let harness = try harness()
        let summary = try await harness.run("report daily")
        #expect(summary.run.state == .succeeded)
        #expect(try names(folder) == ["daily-2026-11-21.html", "latest.html"])
        let path = "\(folder)/daily-2026-11-21.html"
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        #expect(bytes == (try Data(contentsOf: URL(fileURLWithPath: "\(folder)/latest.html"))))
        let evidence = try #require(summary.changes.first?.evidence)
        #expect(evidence["file"] == .text(path))
        #expect(evidence["bytes"] == .integer(Int64(bytes.count)))
        let digest = try await harness.programs.run(.init("sha256sum", [path])).checked().output.text
        #expect(evidence["sha256"] == .text(String(digest.prefix(64))))
        #expect(summary.step.plan?.changes.first?.effect == .maintains)
    }

    @Test("a second report of the day takes the first one's place")
    func replaces() async throws {
        let harness = try harness()
        _ = try await harness.run("report daily")
        clock.advance(by: .seconds(60))
        let summary = try await harness.run("report daily")
        #expect(summary.run.state == .succeeded)
        #expect(try names(folder) == ["daily-2026-11-21.html", "latest.html"])
        let text = try String(contentsOfFile: "\(folder)/latest.html", encoding: .utf8)
        #expect(text.contains(", run \(summary.run.id)\">"))
    }

    @Test("a dry run says what it would write, and writes nothing")
    func dryRun() async throws {
        let summary = try await harness().run("report daily", isDryRun: true)
        #expect(!FileManager.default.fileExists(atPath: folder))
        #expect(
            summary.step.plan?.changes.map(\.action) == [
                .files("write \(folder)/daily-2026-11-21.html, and the same as \(folder)/latest.html")
            ])
    }

    @Test("each form has its own name", arguments: [("json", "json"), ("markdown", "md"), ("html", "html")])
    func names(form: String, ending: String) async throws {
        _ = try await harness().run("report daily --as=\(form)")
        #expect(try names(folder) == ["daily-2026-11-21.\(ending)", "latest.\(ending)"])
    }

    @Test("the configured directory is made, and '--output' writes that file alone")
    func choosesPlace() async throws {
        let own = TemporaryDirectory.current + "/a/b"
        let harness = try harness { $0.reports.directory = own }
        _ = try await harness.run("report daily")
        #expect(try names(own) == ["daily-2026-11-21.html", "latest.html"])
        let file = TemporaryDirectory.current + "/report of the day.html"
        let words = try harness.catalog.parse(["report", "daily", "--output", file])
        let summary = try await harness.runner.run(
            RunRequest(
                name: "report.daily", steps: [.init(words, on: .estate)], requester: TaskHarness.requester))
        #expect(summary.run.state == .succeeded)
        #expect(try names(TemporaryDirectory.current) == ["a", "report of the day.html", "state"])
        #expect(try names(own).count == 2)
    }

    @Test("a directory in the place of the file, and a link in the place of 'latest', are left alone")
    func refuses() async throws {
        let harness = try harness()
        let summary = try await harness.run("report daily --output=\(TemporaryDirectory.current)/state")
        #expect(summary.run.state == .failed)
        #expect(summary.step.error?.problem.hasSuffix("is not a regular file") == true)
        try make("outside", in: TemporaryDirectory.current)
        try make(in: folder)
        try FileManager.default.createSymbolicLink(
            atPath: "\(folder)/latest.html", withDestinationPath: "\(TemporaryDirectory.current)/outside")
        let second = try await harness.run("report daily")
        #expect(second.run.state == .failed)
        #expect(try String(contentsOfFile: "\(TemporaryDirectory.current)/outside", encoding: .utf8) == "kept\n")
    }

    @Test("a place that cannot be written fails with the reason, and nothing is half written")
    func cannotWrite() async throws {
        try make("file", in: TemporaryDirectory.current)
        let summary = try await harness { $0.reports.directory = TemporaryDirectory.current + "/file/reports" }
            .run("report daily")
        #expect(summary.run.state == .failed)
        #expect(summary.step.error?.problem.contains("'") == true)
        #expect(summary.exitStatus(failOn: nil) == .failure)
    }

    @Test("old reports of its own are removed, by the line that allows it, and nothing else")
    func prunes() async throws {
        try make(
            "daily-2026-11-20.html", "daily-2026-11-13.html", "daily-2026-11-14.html", "daily-2026-10-01.md",
            "daily-2025-02-28.json", "daily-2025-02-29.html", "daily-2025-01-01.html.bak", "daily-2025-1-1.html",
            "mydaily-2025-01-01.html", "latest.html", "yearly-2025-01-01.html", "daily-20250101.html",
            "Daily-2025-01-01.html",
            in: folder)
        try make("outside", in: TemporaryDirectory.current)
        try FileManager.default.createSymbolicLink(
            atPath: "\(folder)/daily-2025-03-01.html", withDestinationPath: "\(TemporaryDirectory.current)/outside")
        try FileManager.default.createDirectory(
            atPath: "\(folder)/daily-2025-03-02.html", withIntermediateDirectories: true)
        let before = try names(folder)
        let written = SourceLocation(file: "mainstay.yaml", line: 12, column: 3)
        let harness = try harness { $0.reports.keep = Written(Period(duration: .seconds(7 * 86_400)), at: written) }
        let dry = try await harness.run("report prune", isDryRun: true)
        #expect(try names(folder) == before)
        let summary = try await harness.run("report prune")
        #expect(summary.run.state == .succeeded)
        let removed = Set(before).subtracting(try names(folder))
        #expect(removed == ["daily-2026-11-13.html", "daily-2026-10-01.md", "daily-2025-02-28.json"])
        #expect(dry.step.plan?.changes.count == 3)
        #expect(summary.changes.allSatisfy { $0.change.authority == "mainstay.yaml:12:3" && $0.state == .proved })
        #expect(summary.changes.allSatisfy { $0.change.effect == .destroys })
        #expect(FileManager.default.fileExists(atPath: "\(TemporaryDirectory.current)/outside"))
    }

    @Test("without 'reports.keep', and without a directory, nothing is removed")
    func keepsAll() async throws {
        let keeping = try harness { $0.reports.keep = Written(Period(months: 1), at: .test) }
        #expect(try await keeping.run("report prune").run.state == .succeeded)
        try make("daily-2000-01-01.html", in: folder)
        let summary = try await harness().run("report prune")
        #expect(summary.step.state == .succeeded && summary.changes.isEmpty)
        #expect(try names(folder) == ["daily-2000-01-01.html"])
    }

    @Test("a report that changed after the plan was made stays")
    func keepsChanged() async throws {
        try make("daily-2026-01-01.html", in: folder)
        let harness = try harness { $0.reports.keep = Written(Period(months: 1), at: .test) }
        let plan = try #require(try await harness.run("report prune", isDryRun: true).step.plan)
        try Data("somebody's own".utf8).write(to: URL(fileURLWithPath: "\(folder)/daily-2026-01-01.html"))
        await #expect(throws: (any Error).self) {
            _ = try await harness.run("report prune", planDigest: plan.digest)
        }
        #expect(try names(folder) == ["daily-2026-01-01.html"])
    }

    @Test(
        "a name is read back to itself or not at all",
        arguments: [
            ("daily-2026-11-21.html", true), ("daily-2024-02-29.md", true), ("daily-2023-02-29.md", false),
            ("daily-2026-13-01.html", false), ("daily-2026-11-21.htm", false), ("daily-2026-11-21.html/", false),
            ("daily-+026-11-21.html", false), ("daily-2026-11-21T.html", false), ("daily-２０２６-11-21.html", false),
            ("daily-.html", false), ("daily-2026-11-21.json", true), ("backup-2026-11-21.pdf", true),
            ("yearly-2026-11-21.html", false),
        ])
    func readsNames(name: String, isOne: Bool) {
        #expect(ReportName(name)?.text == (isOne ? name : nil))
    }
}
