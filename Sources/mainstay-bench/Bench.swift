import Calendar
import Engine
import Foundation
import Glibc
import Maintenance
import Outside
import PostgreSQL
import Settings
import Store
import Synchronization

/// The parts that `scripts/bench` measures and the program has no command for. Prints one JSON object.
@main
enum Bench {
    static func main() async throws {
        let words = Array(CommandLine.arguments.dropFirst())
        switch words.first {
        case "digest" where words.count == 4:
            // digest CONNECTION SCHEMA.TABLE CONNECTIONS
            try await digest(words[1], words[2], Int(words[3]) ?? 1)
        case "steps" where words.count == 3:
            // steps STATE-DIRECTORY COUNT
            try await steps(words[1], Int(words[2]) ?? 0)
        case "journal" where words.count == 4:
            // journal STATE-DIRECTORY CALLERS CHANGES-OF-EACH
            try await journal(words[1], callers: Int(words[2]) ?? 1, count: Int(words[3]) ?? 0)
        case "schedules" where words.count == 3:
            // schedules FILE SECONDS-SINCE-1970; a line is ZONE TAB SCHEDULE
            try schedules(words[1], Double(words[2]) ?? 0)
        case "probes" where words.count == 4 || words.count == 5:
            // probes URL COUNT CONCURRENCY [CA-FILE]
            report(
                try await ProbeBench.run(
                    words[1], count: Int(words[2]) ?? 0, concurrency: Int(words[3]) ?? 1,
                    authorities: words.count == 5 ? words[4] : nil))
        case "watch" where words.count == 5 || words.count == 7:
            // watch STATE-DIRECTORY PORT ENDPOINTS SECONDS [CONNECTION DATABASES]
            report(
                try await MonitorBench.watch(
                    words[1], port: Int(words[2]) ?? 0, count: Int(words[3]) ?? 0, seconds: Int(words[4]) ?? 60,
                    databases: words.count == 7 ? (words[5], Int(words[6]) ?? 0) : nil))
        case "samples" where words.count == 4:
            // samples STATE-DIRECTORY SERIES DAYS
            report(try await MonitorBench.samples(words[1], series: Int(words[2]) ?? 1, days: Int(words[3]) ?? 1))
        case "notify" where words.count == 3 || words.count == 4:
            // notify DIRECTORY ALONE [AT-ONCE]
            report(
                try await NotifyBench.run(
                    words[1], alone: Int(words[2]) ?? 0, atOnce: words.count == 4 ? Int(words[3]) ?? 0 : 0))
        default:
            FileHandle.standardError.write(
                Data("usage: mainstay-bench digest|steps|journal|schedules|probes|watch|samples|notify …\n".utf8))
            Foundation.exit(2)
        }
    }

    private static func digest(_ connection: String, _ table: String, _ connections: Int) async throws {
        let parts = table.split(separator: ".").map(String.init)
        let name = QualifiedName(schema: parts[0], name: parts[1])
        let clock = ContinuousClock()
        let begin = clock.now
        let result = try await DatabaseSnapshot.with(try DatabaseAddress(connection), connections: connections) {
            try await $0.digest($0.table(name))
        }
        let seconds = begin.duration(to: clock.now).inSeconds
        report([
            "seconds": .number(seconds), "rows": .integer(Int64(result.rows)), "bytes": .integer(Int64(result.bytes)),
            "sum": .text(String(result.sum, radix: 16)),
        ])
    }

    /// Runs of one step that looks at nothing: what the engine and the store cost.
    private static func steps(_ directory: String, _ count: Int) async throws {
        let store = try Store(directory: directory, migrations: EngineSchema.migrations)
        let clock = WallClock.system
        var inventory = Inventory()
        inventory.environments = [
            Environment(name: "bench", location: SourceLocation(file: "bench", line: 1, column: 1))
        ]
        let requester = Requester(user: "bench", host: "localhost", processID: 1)
        let runner = Runner(
            inventory: inventory, catalog: TaskCatalog([]),
            log: RunLog(store: store, clock: clock, actor: requester), clock: clock,
            programs: Programs(environment: [:]), stateDirectory: directory)
        let parsed = ParsedTask(declaration: Idle.declaration, task: Idle(Idle.Options()), arguments: [])
        let step = RunRequest.Step(parsed, on: Target(environment: "bench"))
        let request = RunRequest(
            name: "bench", steps: Array(repeating: step, count: count),
            requester: requester)
        let begin = clock.monotonic()
        let summary = try await runner.run(request)
        let seconds = (clock.monotonic() - begin).inSeconds
        guard summary.run.state == .succeeded else { throw CancellationError() }
        report([
            "seconds": .number(seconds), "steps": Scalar(count), "ms a step": .number(seconds * 1_000 / Double(count)),
        ])
    }

    /// Changes that do nothing, through the whole engine: of each three moves of the journal are durable, two of them with
    /// their entries in the audit trail. The time is that from the first start, when every caller has its plan written
    /// down, to the last proof.
    private static func journal(_ directory: String, callers: Int, count: Int) async throws {
        let store = try Store(directory: directory, migrations: EngineSchema.migrations)
        let clock = WallClock.system
        let place = SourceLocation(file: "bench", line: 1, column: 1)
        // Processor time at the first move and at the last.
        let processor = Mutex<ClosedRange<clock_t>?>(nil)
        var inventory = Inventory()
        inventory.environments = (0..<callers).map { Environment(name: "bench\($0)", location: place) }
        let requester = Requester(user: "bench", host: "localhost", processID: 1)
        var runner = Runner(
            inventory: inventory, catalog: TaskCatalog([]),
            log: RunLog(store: store, clock: clock, actor: requester), clock: clock,
            programs: Programs(environment: [:]), stateDirectory: directory,
            events: { event in
                guard case .changeMoved = event else { return }
                processor.withLock { known in
                    let used = Glibc.clock()
                    known = (known?.lowerBound ?? used)...used
                }
            })
        runner.concurrency = callers
        var declaration = Idle.declaration
        declaration.effect = .maintains
        let parsed = ParsedTask(
            declaration: declaration, task: Idle(changes: count, meeting: Meeting(of: callers)), arguments: [])
        let steps = inventory.environments.map { RunRequest.Step(parsed, on: Target(environment: $0.name)) }
        let summary = try await runner.run(RunRequest(name: "bench", steps: steps, requester: requester))
        guard summary.run.state == .succeeded, let begin = summary.changes.compactMap(\.startedAt).min(),
            let end = summary.changes.compactMap(\.endedAt).max()
        else { throw CancellationError() }
        let seconds = (end - begin).inSeconds
        let moves = 3 * callers * count
        report([
            "seconds": .number(seconds), "moves": Scalar(moves), "moves a second": .number(Double(moves) / seconds),
            "CPU µs a move": .number(
                processor.withLock { Double(($0?.upperBound ?? 0) - ($0?.lowerBound ?? 0)) } / Double(CLOCKS_PER_SEC)
                    * 1_000_000 / Double(moves)),
        ])
    }

    /// The next start of every schedule: the processor time of the median of five rounds.
    private static func schedules(_ path: String, _ instant: Double) throws {
        let zones = ZoneDirectory(environment: ProcessInfo.processInfo.environment)
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        let begin = clock()
        let schedules = try lines.map { line in
            let parts = line.split(separator: "\t", maxSplits: 1).map(String.init)
            return try Schedule(parts[1], in: ScheduleContext(zones: zones, standardZone: parts[0]))
        }
        let reading = Double(clock() - begin) / Double(CLOCKS_PER_SEC)
        let after = Timestamp(seconds: instant)
        var rounds: [Double] = []
        var sum: Int64 = 0
        for _ in 0..<5 {
            let begin = clock()
            sum = 0
            for schedule in schedules { sum += (schedule.next(after: after)?.microseconds ?? 0) / 1_000_000 }
            rounds.append(Double(clock() - begin) / Double(CLOCKS_PER_SEC))
        }
        report([
            "seconds": .number(rounds.sorted()[2]), "reading": .number(reading), "schedules": Scalar(schedules.count),
            "sum": .integer(sum),
        ])
    }

    private static func report(_ facts: Facts) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        if let data = try? encoder.encode(facts) { FileHandle.standardOutput.write(data + Data("\n".utf8)) }
    }
}

/// A task without work, and changes without effect where it is given some.
private struct Idle: MaintenanceTask {
    struct Options: Sendable {}

    static let declaration = TaskDeclaration(
        name: "bench.idle", summary: "look at nothing", explanation: "For measuring.", effect: .observes,
        subject: .environments)

    var changes = 0
    var meeting: Meeting?

    init(_ options: Options) {}

    init(changes: Int, meeting: Meeting) {
        self.changes = changes
        self.meeting = meeting
    }

    func survey(_ look: Look) async throws -> Observation {
        var observation = Observation()
        observation.changes = (0..<changes).map { number in
            Change(
                kind: "analyze", object: "public.table_\(number)",
                action: .sql(["analyze (verbose, skip_locked) public.table_\(number)"]), effect: .maintains,
                reversal: "none is needed", identity: ["oid": .integer(Int64(number))],
                reason: "12 % of its rows changed")
        }
        return observation
    }

    func inspect(_ change: Change, _ look: Look) async throws -> Inspection {
        if change.object == "public.table_0" { await meeting?.join() }
        return Inspection(identity: change.identity, witness: ["analyzed": 1])
    }

    func apply(_ change: Change, _ act: Act) async throws {}

    func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof { .done(["analyzed": 2]) }
}

/// Where everybody waits until all are there.
private final class Meeting: Sendable {
    private let state: Mutex<(missing: Int, waiting: [CheckedContinuation<Void, Never>])>

    init(of count: Int) { state = Mutex((count, [])) }

    func join() async {
        await withCheckedContinuation { continuation in
            let all: [CheckedContinuation<Void, Never>] = state.withLock { state in
                state.missing -= 1
                state.waiting.append(continuation)
                guard state.missing <= 0 else { return [] }
                defer { state.waiting = [] }
                return state.waiting
            }
            for waiting in all { waiting.resume() }
        }
    }
}
