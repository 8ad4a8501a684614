import Engine
import Foundation
import Glibc
import Maintenance
import Monitor
import Outside
import PostgreSQL
import Settings
import Store
import Synchronization

/// What continuous checks and their samples cost.
enum MonitorBench {
    private static let requester = Requester(user: "bench", host: "localhost", processID: 1)
    private static let place = SourceLocation(file: "bench", line: 1, column: 1)

    /// `COUNT` endpoints and as many databases as said, each asked every twenty seconds, as `serve` does it.
    ///
    /// - Parameter databases: a connection string and how many checks ask it, each over a session of its own.
    static func watch(
        _ directory: String, port: Int, count: Int, seconds: Int, databases: (String, Int)? = nil
    ) async throws -> Facts {
        let store = try Store(directory: directory, migrations: EngineSchema.migrations)
        let clock = WallClock.system
        var environment = Settings.Environment(name: "bench", location: place)
        for number in 0..<count {
            // Each has an address of its own, as a thousand servers have.
            let url = "http://127.0.\(number / 250 + 1).\(number % 250 + 1):\(port)/"
            environment.resources.append(
                Resource(
                    name: "web\(number)",
                    access: .http(HTTPAccess(url: try ConfiguredText(url, secrecy: .url, location: place))),
                    location: place))
        }
        if let (connection, number) = databases {
            for number in 0..<number {
                let text = try ConfiguredText(connection, secrecy: .keywords, location: place)
                environment.resources.append(
                    Resource(
                        name: "db\(number)", access: .postgresql(PostgreSQLAccess(.keywords(text))), location: place))
            }
        }
        var inventory = Inventory()
        inventory.environments = [environment]
        var settings = MonitoringSettings()
        settings.every = .seconds(20)
        inventory.monitoring = settings
        let tally = Tally()
        let watch = CheckWatch(
            log: RunLog(store: store, clock: clock, actor: requester), clock: clock,
            programs: Programs(environment: [:]), checks: checks(clock), gate: { _ in nil }
        ) { event in
            switch event {
            case .asked(let late, let took):
                tally.state.withLock { state in
                    state.late.append(late.inMilliseconds)
                    state.took.append(took.inMilliseconds)
                }
            case .changed(let change) where change.to != .passed: tally.state.withLock { $0.bad += 1 }
            case .changed, .follows, .unwritten: break
            }
        }
        // The first round of everything is not measured: connections are opened and rows inserted.
        let current = CurrentInventory(inventory)
        return try await withThrowingTaskGroup(of: Facts?.self) { group in
            group.addTask {
                do {
                    try await watch.run(current)
                } catch is CancellationError {}
                return nil
            }
            group.addTask {
                try await clock.sleep(for: .seconds(25))
                let begin = Self.processor()
                tally.state.withLock { $0 = Tally.Counts() }
                try await clock.sleep(for: .seconds(seconds))
                let used = Self.processor() - begin
                let counts = tally.state.withLock { $0 }
                let (late, took, bad) = (counts.late.sorted(), counts.took.sorted(), counts.bad)
                guard !late.isEmpty else { throw CancellationError() }
                func percentile(_ values: [Double], _ percent: Double) -> Scalar {
                    .number(values[min(values.count - 1, Int(Double(values.count) * percent / 100))])
                }
                return [
                    "rounds": Scalar(late.count), "CPU µs a round": .number(used * 1_000_000 / Double(late.count)),
                    "% of a core": .number(used / Double(seconds) * 100), "late ms p50": percentile(late, 50),
                    "late ms p99": percentile(late, 99), "late ms most": percentile(late, 100),
                    "took ms p50": percentile(took, 50), "took ms p99": percentile(took, 99),
                    "not well": Scalar(bad), "peak MB": .number(Self.peakMegabytes()),
                ]
            }
            defer { group.cancelAll() }
            while let next = try await group.next() {
                if let facts = next { return facts }
            }
            throw CancellationError()
        }
    }

    private final class Tally: Sendable {
        struct Counts: Sendable {
            var late: [Double] = []
            var took: [Double] = []
            var bad = 0
        }

        let state = Mutex(Counts())
    }

    /// One check each: a whole exchange with status and body, and a query over the held session.
    private static func checks(_ clock: WallClock) -> @Sendable (Resource) -> [Check] {
        let prober = HTTPProber(clock: clock)
        let web = Check(
            CheckSchema(name: "bench.web", summary: "web"), code: "B1", title: "Web", kind: .http, explanation: "web"
        ) { context in
            guard case .http(let access) = context.resource.access, let url = access.url.literal else {
                preconditionFailure("the bench asks a literal URL")
            }
            let observation = try await prober.observe(HTTPProbe(try HTTPTarget(url)))
            guard let response = observation.response, response.status == 200,
                try BodyExpectation.contains("needle").isMet(by: response.body)
            else { return Reading(summary: "not as expected", state: .critical) }
            return Reading(state: .passed)
        }
        let database = Check(
            CheckSchema(name: "bench.database", summary: "database"), code: "B2", title: "Database",
            kind: .postgresql, explanation: "database"
        ) { context in
            _ = try await context.look.database(context.resource).query("select 1 as answer")
            return Reading(state: .passed)
        }
        return { $0.kind == .http ? [web] : [database] }
    }

    /// Samples every twenty seconds of so many series over so many days, sorted into blocks hour by hour as time passes.
    static func samples(_ directory: String, series count: Int, days: Int) async throws -> Facts {
        let store = try Store(directory: directory, migrations: EngineSchema.migrations)
        let now = Mutex(Timestamp(microseconds: 1_760_000_400_000_000))
        let system = WallClock.system
        let clock = WallClock(
            now: { now.withLock { $0 } }, monotonic: { system.monotonic() }, sleep: { try await system.sleep(for: $0) })
        let log = RunLog(store: store, clock: clock, actor: requester)
        let series = (0..<count).map { number in
            Measurement.Series(
                name: "answer", target: Target(environment: "bench", resource: "web\(number)"), unit: .seconds)
        }
        var random = SystemRandomNumberGenerator()
        let hour: Duration = .seconds(3_600)
        let begin = system.monotonic()
        let processor = processor()
        var ofFirstDay = 0.0
        for number in 0..<(days * 24) {
            let start = now.withLock { $0 }.floored(to: hour)
            var whole: [(series: Maintenance.Measurement.Series, sample: CheckSample)] = []
            for second in stride(from: 0, to: 3_600, by: 20) {
                let moment = series.map { series in
                    (
                        series: series,
                        sample: CheckSample(
                            at: start + .seconds(second) + .milliseconds(Int.random(in: 0...40, using: &random)),
                            value: 0.02 / Double.random(in: 0.05...1, using: &random),
                            state: Int.random(in: 0..<2_000, using: &random) == 0 ? .critical : .passed)
                    )
                }
                // A day as it is, a commit every twenty seconds; what comes then only has to be there.
                if number < 24 { try await log.keep(moment) } else { whole += moment }
            }
            if !whole.isEmpty { try await log.keep(whole) }
            now.withLock { $0 = start + hour + .seconds(180) }
            try await log.compactSamples(SampleSettings())
            if number == 23 { ofFirstDay = Self.processor() - processor }
        }
        let seconds = (system.monotonic() - begin).inSeconds
        var facts: Facts = [
            "series": Scalar(count), "days": Scalar(days), "seconds": .number(seconds),
            "CPU µs a sample": .number(ofFirstDay * 1_000_000 / Double(count * 24 * 180)),
        ]
        // The hour that goes on, as it is just before it is sorted.
        for second in stride(from: 0, to: 3_600, by: 20) {
            let start = now.withLock { $0 }.floored(to: hour)
            try await log.keep(
                series.map {
                    (series: $0, sample: CheckSample(at: start + .seconds(second), value: 0.02, state: .passed))
                })
        }
        let end = now.withLock { $0 } + hour
        let periods: [(String, Duration, Duration)] = [
            ("6 h by samples", .seconds(6 * 3_600), .seconds(20)),
            ("3 d by 5 min", .seconds(3 * 86_400), .seconds(300)),
            ("90 d by hours", .seconds(90 * 86_400), hour),
            ("a year by days", .seconds(366 * 86_400), .seconds(86_400)),
        ]
        for (name, span, width) in periods {
            var times: [Double] = []
            var points = 0
            for round in 0..<9 {
                let one = series[round * 7 % count]
                let begin = system.monotonic()
                points = try await log.rollups(one, from: end - span, until: end, every: width).count
                times.append((system.monotonic() - begin).inMilliseconds)
            }
            facts["ms for \(name)"] = .number(times.sorted()[4])
            facts["points of \(name)"] = Scalar(points)
        }
        try store.close()
        let size = try FileManager.default.attributesOfItem(atPath: "\(directory)/mainstay.sqlite")[.size] as? NSNumber
        facts["KB a series"] = .number((size?.doubleValue ?? 0) / 1_024 / Double(count))
        facts["peak MB"] = .number(peakMegabytes())
        return facts
    }

    /// Seconds of processor time of this process.
    private static func processor() -> Double {
        var usage = rusage()
        getrusage(0, &usage)
        let times = [usage.ru_utime, usage.ru_stime]
        return times.reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1_000_000 }
    }

    // 0 is RUSAGE_SELF, which the importer gives another type here.
    private static func peakMegabytes() -> Double {
        var usage = rusage()
        getrusage(0, &usage)
        return Double(usage.ru_maxrss) / 1_024
    }
}
