import Command
import Composition
import Engine
import Foundation
import Logs
import Maintenance
import MaintenanceTesting
import Outside
import Settings
import Store

/// One environment with one resource of files or logs, and the engine over it, in the test's own directory.
struct Estate {
    let directory = TemporaryDirectory.current
    let manual: ManualClock
    let runner: Runner
    let catalog = TaskCatalog(Capability.logs.tasks.map(\.entry))

    /// `access` as the configuration would have it.
    init(_ access: ResourceAccess, isProtected: Bool = false, clock: ManualClock, path: String? = nil) throws {
        manual = clock
        var environment = Environment(name: "test", location: Self.line(1))
        environment.isProtected = isProtected
        environment.resources = [Resource(name: "files", access: access, location: Self.line(2))]
        var inventory = Inventory()
        inventory.environments = [environment]
        let store = try Store(directory: directory + "/state", migrations: EngineSchema.migrations)
        var variables = ProcessInfo.processInfo.environment
        if let path { variables["PATH"] = path }
        runner = Runner(
            inventory: inventory, catalog: catalog, log: RunLog(store: store, clock: clock.clock), clock: clock.clock,
            programs: Programs(environment: variables), stateDirectory: directory + "/state")
    }

    static func line(_ number: Int) -> SourceLocation { SourceLocation(file: "mainstay.yaml", line: number, column: 5) }

    func run(
        _ task: String, _ arguments: [String] = [], isRoutine: Bool = false, isDryRun: Bool = false,
        confirm: Bool? = nil, planDigest: String? = nil
    ) async throws -> RunSummary {
        let parsed = try catalog.entry(task).parse(arguments)
        var request = RunRequest(
            name: task, isRoutine: isRoutine, isDryRun: isDryRun,
            steps: [RunRequest.Step(parsed, on: Target(environment: "test", resource: "files"))],
            requester: Requester(user: "test", host: "test", processID: getpid()))
        request.planDigest = planDigest
        if let confirm { request.confirm = { _ in confirm } }
        return try await runner.run(request)
    }

    func resume(_ run: RunSummary) async throws -> RunSummary {
        try await runner.resume(run.run.id, requester: Requester(user: "test", host: "test", processID: getpid()))
    }

    func write(_ name: String, _ content: String, daysOld: Double = 0) throws {
        let url = URL(fileURLWithPath: directory).appendingPathComponent(name)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(content.utf8).write(to: url)
        let date = Date(timeIntervalSince1970: (manual.clock.now() - .seconds(daysOld * 86_400)).seconds)
        try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: url.path)
    }

    /// Everything in the test's directory but the state, by relative path.
    func listing(_ part: String = "") throws -> [String] {
        let all = try FileManager.default.subpathsOfDirectory(atPath: directory + part)
        return all.filter { !$0.hasPrefix("state") }.sorted()
    }
}

extension RunSummary {
    var state: StepState { steps[0].state }
    var states: [String] { changes.map { "\($0.change.kind) \($0.state)" } }
}
