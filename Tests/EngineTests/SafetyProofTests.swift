import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Settings
import Store
import Testing

@testable import Engine

/// Stands for the task that proves backups, by its name; it does nothing.
private struct Proving: MaintenanceTask {
    struct Options: Sendable {}

    static let declaration = TaskDeclaration(
        name: "backup.verify", summary: "prove a backup", explanation: "For tests.", effect: .maintains,
        subject: .resources([.postgresql]))

    init(_ options: Options) {}
    init() {}

    func survey(_ look: Look) async throws -> Observation { Observation() }
    func inspect(_ change: Change, _ look: Look) async throws -> Inspection { Inspection(identity: [:], witness: [:]) }
    func apply(_ change: Change, _ act: Act) async throws {}
    func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof { .done([:]) }
}

/// Which proofs count, and for what.
@Suite("what was proved, and counts still", .temporaryDirectory, .cluster)
struct SafetyProofTests {
    private let clock = ManualClock()

    private func harness(_ databases: [String] = ["main"]) async throws -> TaskHarness {
        try await TestDatabase.current.run(Ledger.table)
        var ledger = Ledger()
        ledger.keys = ["a"]
        ledger.effect = .destroys
        ledger.keeps = nil
        let resources = try databases.map { try TestDatabase.current.resource($0) }
        return try TaskHarness(
            [TaskEntry(ledger), TaskEntry(Proving())],
            inventory: Inventory(Environment("production", isProtected: true, resources)), clock: clock.clock)
    }

    private func note(
        _ harness: TaskHarness, _ resource: String = "main", isProved: Bool = true, backup: String = "x",
        more: Facts = [:]
    ) async throws {
        var detail: Facts = ["state": isProved ? "proved" : "refuted"]
        if isProved { detail[RunLog.bringsBack] = .text(clock.clock.now().iso8601) }
        try await harness.log.noteSigned(
            RunLog.certificateSubject + backup, target: Target(environment: "production", resource: resource),
            detail: detail.merging(more) { $1 })
    }

    /// What keeps the ledger from its row; nil where it only waits for people.
    private func refusal(_ harness: TaskHarness, isRoutine: Bool = false) async throws -> ErrorReport? {
        let plans = try await harness.run("test ledger", isDryRun: true, isRoutine: isRoutine).plans
        return plans.first?.refusals.first?.reason
    }

    @Test("of a backup the newest proof counts: one that was refuted later is none, and another one stays one")
    func refutedLater() async throws {
        let harness = try await harness()
        try await note(harness)
        #expect(try await refusal(harness) == nil)
        try await note(harness, isProved: false)
        #expect(try await refusal(harness)?.code == "policy.not-safe")
        try await note(harness, backup: "y")
        #expect(try await refusal(harness) == nil)
        try await note(harness, isProved: false)
        #expect(try await refusal(harness) == nil)
        try await note(harness, isProved: false, backup: "y")
        try await note(harness)
        #expect(try await refusal(harness) == nil)
    }

    @Test("one whose certificate or whose files are gone counts nothing", arguments: ["certificate", "backup"])
    func isGone(part: String) async throws {
        let harness = try await harness()
        let paths = ["certificate", "backup"].map { TemporaryDirectory.current + "/" + $0 }
        for path in paths { try Data().write(to: URL(filePath: path)) }
        try await note(
            harness, more: [RunLog.certificatePath: .text(paths[0]), RunLog.backupPath: .text(paths[1])])
        #expect(try await refusal(harness) == nil)
        try FileManager.default.removeItem(atPath: TemporaryDirectory.current + "/" + part)
        #expect(try await refusal(harness)?.code == "policy.not-safe")
    }

    @Test("one of a whole cluster counts for every database in it, one of a database only for its own")
    func ofCluster() async throws {
        let harness = try await harness(["main", "second"])
        func bare() async throws -> [String] {
            let run = try await harness.run("test ledger", isDryRun: true)
            return run.steps.filter { !($0.plan?.refusals.isEmpty ?? true) }.map(\.target.resource)
        }
        try await note(harness, "main")
        #expect(try await bare() == ["second"])
        try await note(harness, "main", more: [RunLog.isOfCluster: true])
        #expect(try await bare() == [])
    }

    @Test("a dry run of a routine foretells only what an earlier step of it will have proved")
    func foretells() async throws {
        let harness = try await harness()
        func refusals(_ first: String, _ second: String) async throws -> [String] {
            let run = try await harness.run(first, second, isDryRun: true, isRoutine: true)
            return run.plans.flatMap(\.refusals).map(\.reason.code)
        }
        #expect(try await refusals("backup verify", "test ledger") == [])
        #expect(try await refusals("test ledger", "backup verify") == ["policy.not-safe"])
        #expect(try await refusal(harness, isRoutine: true)?.code == "policy.not-safe")
        // It proves a part of the rows each time.
        var divided = harness
        divided.inventory.backups.policy.verification = Written(.rotating(parts: 7), at: .test)
        let run = try await divided.run("backup verify", "test ledger", isDryRun: true, isRoutine: true)
        let reason = run.plans.flatMap(\.refusals).first?.reason
        #expect(reason?.code == "policy.not-safe")
        #expect(reason?.hint?.contains("mainstay backup verify --whole --environment production") == true)
    }

    @Test("a program that is run for what is no database can reach every one of its environment, but for standbys")
    func program() async throws {
        var harness = try await harness(["main", "replica"])
        harness.inventory.environments[0].resources.append(
            Resource("web", .process(ProcessAccess())))
        var physical = PhysicalSettings()
        physical.engine = .basebackup
        physical.standby = Written("replica", at: .test)
        harness.inventory.environments[0].resources[0].nameStandby(physical)
        harness.inventory.routines = [
            RoutineSettings(
                name: "own",
                steps: [RoutineStep(.command(CommandSettings.shell("true")), resources: ["web"], location: .test)],
                location: .test)
        ]
        let book = RoutineBook(inventory: harness.inventory, catalog: harness.catalog, shipped: [])
        func run() async throws -> StepRecord {
            let request = try #require(
                try book.request("own", in: ["production"], by: TaskHarness.requester, at: clock.clock.now()))
            return try await harness.runner.run(request).step
        }
        let bare = try await run()
        #expect(bare.target.resource == "web")
        #expect(bare.error?.code == "policy.not-safe")
        #expect(bare.error?.problem.contains("production/main") == true)
        #expect(bare.error?.problem.contains("replica") == false)
        try await note(harness)
        #expect(try await run().state == .waiting)
    }

    @Test("files that no policy lets go and nothing keeps stay, whatever was proved", arguments: [true, false])
    func files(isWritten: Bool) async throws {
        var ledger = Ledger()
        ledger.keys = ["a"]
        ledger.effect = .destroys
        ledger.keeps = nil
        ledger.authority = isWritten ? "mainstay.yaml:3" : nil
        ledger.adapting = { $0.action = .files("remove it") }
        try await TestDatabase.current.run(Ledger.table)
        let harness = try TaskHarness(
            [TaskEntry(ledger)],
            inventory: Inventory(
                Environment("production", isProtected: true, [try TestDatabase.current.resource("main")])),
            clock: clock.clock)
        try await note(harness)
        let reason = try await refusal(harness)
        #expect(reason?.code == (isWritten ? nil : "policy.not-safe"))
        if !isWritten { #expect(reason?.problem.contains("'add a' removes files") == true) }
    }
}

extension Resource {
    fileprivate mutating func nameStandby(_ physical: PhysicalSettings) {
        guard case .postgresql(var database) = access else { return }
        database.backups.physical = physical
        access = .postgresql(database)
    }
}
