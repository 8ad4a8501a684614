import Command
import Engine
import Foundation
import Maintenance
import MaintenanceTesting
import Settings

@testable import Reports

/// A task that sees and does what a test wants of it.
struct Scripted: MaintenanceTask {
    struct Options: Sendable {}

    static let declaration = TaskDeclaration(
        name: "test.scripted", summary: "for tests", explanation: "For tests.", effect: .maintains, subject: .estate)

    var see: @Sendable (Look) async throws -> Observation
    /// Nil: the change is proved by its own name.
    var proof: @Sendable (Change) -> Proof = { _ in .done(["analyze count": 4, "modified rows": 0]) }
    var witness: Facts = ["analyze count": 3]

    init(_ options: Options) { self.init { _ in Observation() } }

    init(see: @escaping @Sendable (Look) async throws -> Observation) { self.see = see }

    func survey(_ look: Look) async throws -> Observation { try await see(look) }

    func inspect(_ change: Change, _ look: Look) async throws -> Inspection {
        Inspection(identity: change.identity, witness: witness)
    }

    func apply(_ change: Change, _ act: Act) async throws {
        if change.object.contains("refuses") { throw Trouble(problem: "canceling statement: \(change.object)") }
    }

    func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof {
        change.object.contains("refuses") ? .notDone("nothing happened") : proof(change)
    }

    func entry(
        _ name: String, _ subject: TaskDeclaration.Subject = .environments, effect: Effect = .observes
    ) -> TaskEntry {
        let declaration = TaskDeclaration(
            name: name, summary: "for tests", explanation: "For tests.", effect: effect, subject: subject)
        return TaskEntry(declaration: declaration) { arguments in
            ParsedTask(declaration: declaration, task: self, arguments: arguments)
        }
    }
}

/// An error of a test's own.
struct Trouble: MaintenanceError {
    var problem: String
    var hint: String?
    var code: String { "test.trouble" }
}

extension Observation {
    init(_ checks: [CheckOutcome], findings: [Finding] = [], measurements: [Maintenance.Measurement] = []) {
        self.init()
        self.checks = checks
        self.findings = findings
        self.measurements = measurements
        examined = Set(checks.map(\.code)).union(findings.map(\.code))
    }
}

extension CheckOutcome {
    init(_ name: String, _ state: State, at target: Target, _ summary: String = "as it should be") {
        self.init(
            check: name, code: "HC\(name.utf8.reduce(0) { ($0 &* 31 &+ Int($1)) % 900 } + 100)", title: name,
            target: target, state: state, summary: summary, value: 1, unit: .count, seconds: 0.01)
    }
}

extension TaskEntry {
    static let report = TaskRegistration(WriteDailyReport.self).entry
    static let prune = TaskRegistration(PruneReports.self).entry
}

extension Inventory {
    /// Environments by name, each with a database `main`; the first is protected.
    static func databases(_ names: String...) throws -> Inventory {
        var inventory = Inventory()
        inventory.environments = try names.enumerated().map { index, name in
            let text = try ConfiguredText("host=/nonexistent", secrecy: .keywords, location: .test)
            return Environment(
                name, isProtected: index == 0, [Resource("main", .postgresql(PostgreSQLAccess(.keywords(text))))])
        }
        return inventory
    }
}

extension TaskHarness {
    /// The last report's file as text, and parsed where it is HTML.
    func report(_ words: String = "report daily", then check: (RunSummary) throws -> Void = { _ in }) async throws
        -> String
    {
        let summary = try await run(words)
        try check(summary)
        guard case .text(let path)? = summary.changes.last?.evidence?["file"] else {
            throw Trouble(problem: "no report: \(summary.steps.last?.error?.problem ?? "no error")")
        }
        return try String(contentsOfFile: path, encoding: .utf8)
    }

    /// The report as a value, as it would be written now.
    func dailyReport(_ words: String = "report daily --as=json") async throws -> DailyReport {
        try JSONDecoder().decode(DailyReport.self, from: Data(try await report(words).utf8))
    }
}

/// To look at a page oneself: `MAINSTAY_SAMPLES=/some/directory swift test --filter ReportsTests`.
func keepSample(_ name: String, _ bytes: [UInt8]) throws {
    guard let directory = ProcessInfo.processInfo.environment["MAINSTAY_SAMPLES"] else { return }
    try Data(bytes).write(to: URL(fileURLWithPath: "\(directory)/\(name)"))
}
