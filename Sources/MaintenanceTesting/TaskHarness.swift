import Engine
import Maintenance
import Outside
import PostgreSQL
import Settings
import Store
import Synchronization

/// The engine around a task under test, as the program puts it together: an inventory, a store in the test's own
/// directory, and a runner. A task is run by its words and answers with the run's summary.
///
///     let harness = try TaskHarness([entry], database: TestDatabase.current)
///     let summary = try await harness.run("db update-stats --changed=20")
///
/// Only inside a test that carries `.temporaryDirectory`.
package struct TaskHarness: Sendable {
    /// What a test may still change before it runs something: protection, further resources, checks' settings.
    package var inventory: Inventory
    package var catalog: TaskCatalog
    package var clock: WallClock
    package var programs: Programs
    package var concurrency = 4
    package var fencePatience: Duration = .seconds(30)
    package let store: Store
    package let log: RunLog
    package let stateDirectory: String
    /// Every event of every run, in order.
    package let events = EventList()

    /// - Parameters:
    ///   - stateDirectory: below the test's own where nil; the same one twice is a restarted program.
    ///   - observer: told of every move of the journal.
    package init(
        _ entries: [TaskEntry], inventory: Inventory, migrations: [Migration] = [], clock: WallClock = .system,
        stateDirectory: String? = nil, observer: JournalObserver = .none
    ) throws {
        let directory = stateDirectory ?? TemporaryDirectory.current + "/state"
        store = try Store(directory: directory, migrations: EngineSchema.migrations + migrations)
        log = RunLog(store: store, clock: clock, actor: Self.requester, observer: observer)
        catalog = TaskCatalog(entries)
        self.inventory = inventory
        self.clock = clock
        self.stateDirectory = directory
        programs = Programs(environment: ["PATH": "/usr/bin:/bin"], clock: clock)
    }

    /// One environment `test` with one database, `main`.
    package init(
        _ entries: [TaskEntry], database: TestDatabase, user: String? = nil, clock: WallClock = .system,
        stateDirectory: String? = nil, observer: JournalObserver = .none
    ) throws {
        try self.init(
            entries, inventory: Inventory(try Environment("test", [database.resource("main", user: user)])),
            clock: clock, stateDirectory: stateDirectory, observer: observer)
    }

    /// The runner of this moment's settings.
    package var runner: Runner {
        var runner = Runner(
            inventory: inventory, catalog: catalog, log: log, clock: clock, programs: programs,
            stateDirectory: stateDirectory, events: events.add)
        runner.concurrency = concurrency
        runner.fencePatience = fencePatience
        return runner
    }

    /// Runs a task as typed, over everything of its kind in the environments (all where nil).
    package func run(
        _ words: String..., in environments: [String]? = nil, isDryRun: Bool = false, isRoutine: Bool = false,
        planDigest: String? = nil, timeLimit: Duration? = nil, by requester: Requester = Self.requester,
        confirm: (@Sendable (Plan) async -> Bool)? = nil
    ) async throws -> RunSummary {
        let tasks = try words.map { try catalog.parse($0.split(separator: " ").map(String.init)) }
        let steps = tasks.flatMap { task in
            targets(of: task.declaration.subject, in: environments).map { RunRequest.Step(task, on: $0) }
        }
        return try await runner.run(
            RunRequest(
                name: tasks.count == 1 ? tasks[0].declaration.name : "routine", isRoutine: isRoutine,
                isDryRun: isDryRun, steps: steps, requester: requester, planDigest: planDigest,
                timeLimit: timeLimit, confirm: confirm))
    }

    package func resume(
        _ run: String = "latest", decision: Decision? = nil, about place: ChangePlace? = nil,
        by requester: Requester = Self.requester
    ) async throws -> RunSummary {
        try await runner.resume(run, decision: decision, about: place, requester: requester)
    }

    /// Requests as somebody else sees and answers them.
    package func approvals(by requester: Requester) -> Approvals {
        Approvals(log: log.acting(for: requester), inventory: inventory)
    }

    package static let requester = Requester(user: "tester", host: "localhost", processID: 1)

    private func targets(of subject: TaskDeclaration.Subject, in names: [String]?) -> [Target] {
        switch subject {
        case .resources(let kinds): inventory.targets(of: kinds, in: names).map(\.target)
        case .environments:
            inventory.environments.map(\.name).filter { names?.contains($0) ?? true }.map { Target(environment: $0) }
        case .estate: [.estate]
        }
    }
}

/// What a run told, as it told it.
package final class EventList: Sendable {
    private let events = Mutex<[RunEvent]>([])

    package init() {}

    package func add(_ event: RunEvent) { events.withLock { $0.append(event) } }

    package var all: [RunEvent] { events.withLock { $0 } }

    /// What the tasks told about what they were busy with.
    package var told: [String] {
        all.compactMap { event in
            if case .told(_, let text) = event { text } else { nil }
        }
    }
}

extension RunSummary {
    /// The only step of a run of one task at one target.
    package var step: StepRecord {
        guard steps.count == 1 else { preconditionFailure("the run has \(steps.count) steps and not one") }
        return steps[0]
    }

    /// Its findings with this code.
    package func findings(_ code: String) -> [Finding] { findings.filter { $0.code == code } }

    /// How a check ended at the only target that was asked; nil where it was not asked.
    package func check(_ name: String) -> CheckOutcome? {
        steps.flatMap { $0.observation?.checks ?? [] }.first { $0.check == name }
    }

    package var gaps: [Observation.Gap] { steps.flatMap { $0.observation?.gaps ?? [] } }

    package func listing(_ title: String) -> Listing? {
        steps.flatMap { $0.observation?.listings ?? [] }.first { $0.title == title }
    }
}

extension TaskEntry {
    /// A task without options, for tests of the engine.
    package init<Task: MaintenanceTask>(_ task: Task) {
        let declaration = Task.declaration
        self.init(declaration: declaration) { arguments in
            ParsedTask(declaration: declaration, task: task, arguments: arguments)
        }
    }
}

extension Inventory {
    package init(_ environments: Environment...) {
        self.init()
        self.environments = environments
    }
}

extension Environment {
    package init(_ name: String, isProtected: Bool = false, _ resources: [Resource]) {
        self.init(name: name, location: .test)
        self.isProtected = isProtected
        self.resources = resources
    }
}

extension Resource {
    package init(_ name: String, _ access: ResourceAccess) {
        self.init(name: name, access: access, location: .test)
    }
}

extension SourceLocation {
    /// Where tests say that something was written.
    package static let test = SourceLocation(file: "test.yaml", line: 1, column: 1)
}

extension TestDatabase {
    /// This database as an inventory names it.
    ///
    /// - Parameter user: the login role; the superuser where nil.
    package func resource(_ name: String, user: String? = nil) throws -> Resource {
        try cluster.resource(name, database: self.name, user: user)
    }
}

extension PrivateCluster {
    /// A database of this cluster as an inventory names it.
    package func resource(_ name: String, database: String, user: String? = nil) throws -> Resource {
        let values = [
            ("host", socketDirectory), ("port", address().port ?? "5432"), ("dbname", database),
            ("user", user ?? options.superuser),
        ]
        let keywords = values.map { keyword, value in
            let quoted = value.replacing("\\", with: "\\\\").replacing("'", with: "\\'").replacing("${", with: "$${")
            return "\(keyword)='\(quoted)'"
        }
        let text = try ConfiguredText(keywords.joined(separator: " "), secrecy: .keywords, location: .test)
        return Resource(name, .postgresql(PostgreSQLAccess(.keywords(text))))
    }
}
