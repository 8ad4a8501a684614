import Calendar
import Engine
import Maintenance
import Monitor
import Outside
import Settings

/// All that the report of a period is made from: the same material makes the same report.
struct PeriodMaterial: Sendable {
    var length: PeriodLength
    var since: Timestamp
    var now: Timestamp
    var run: RunRecord
    var environments: [Environment]
    var current: Stretch
    /// The period of the same length before it.
    var before: Stretch
    /// Latest first, the first hundred.
    var troubles: [StepRecord]
    var open: [FindingRecord]
    var resolved: [FindingRecord]
    /// Of the period; empty where nobody asked for trends.
    var series: [SampledSeries]
    var audit: AuditHead?

    struct Environment: Hashable, Sendable {
        var name: String
        var isProtected: Bool
        /// Of the last whole health check; nil where there was none.
        var health: HealthScore?
        var checkedAt: Timestamp?
    }

    /// One period's figures.
    struct Stretch: Hashable, Sendable {
        var workload: Workload
        /// The same by environment, of the checks that say whether something answers.
        var answers: [String: Rollup.Answers]
        /// By series, how much the days' medians of times to answer differ, in percent of their mean.
        var variations: [Double]
        /// When changes may be made, by environment.
        var windows: [String: [Window]]
    }

    /// Those that say whether something is there, and nothing else.
    static let answering: Set<String> = [
        "database.connectivity", "endpoint.answer", "tcp.answer", "redis.answer", "service.state", "suite.steps",
    ]
    static let responding: Set<String> = ["endpoint.response-time", "database.response-time"]
    private static let mostTroubles = 100
}

extension PeriodMaterial {
    static func read(_ look: Look, _ length: PeriodLength, hasTrends: Bool) async throws -> PeriodMaterial {
        let now = look.clock.now()
        let since = now - length.duration
        var environments: [Environment] = []
        var series: [SampledSeries] = []
        for environment in look.inventory.environments {
            let step = try await look.log.lastStep(of: "health.check", in: environment.name)
            let states = step?.observation?.checks.map(\.state) ?? []
            environments.append(
                Environment(
                    name: environment.name, isProtected: environment.isProtected,
                    health: states.isEmpty ? nil : HealthScore(states), checkedAt: step?.endedAt))
            if hasTrends { series += try await look.log.history(of: environment.name, since: since) }
        }
        let monitored = try await look.log.monitored()
        return PeriodMaterial(
            length: length, since: since, now: now, run: try await look.log.run(look.runID),
            environments: environments,
            current: try await stretch(look, monitored, from: since, until: now),
            before: try await stretch(look, monitored, from: since - length.duration, until: since),
            troubles: try await look.log.troubles(from: since, until: now, most: mostTroubles)
                .filter { $0.runID != look.runID },
            open: try await look.log.openFindings(), resolved: try await look.log.findingsResolved(since: since),
            series: series, audit: try await look.log.auditHead())
    }

    private static func stretch(
        _ look: Look, _ monitored: [MonitoredCheck], from: Timestamp, until: Timestamp
    ) async throws -> Stretch {
        var answers: [String: Rollup.Answers] = [:]
        var variations: [Double] = []
        for check in monitored {
            let outcome = check.outcome
            guard answering.contains(outcome.check) || responding.contains(outcome.check) else { continue }
            let series =
                outcome.unit.map { Measurement.Series(name: outcome.check, target: outcome.target, unit: $0) }
                ?? .duration(of: outcome.check, at: outcome.target)
            let days = try await look.log.rollups(series, from: from, until: until, every: .seconds(86_400))
            if answering.contains(outcome.check) {
                let sum = days.reduce(Rollup.Answers()) { $0 + $1.answers }
                answers[outcome.target.environment] = (answers[outcome.target.environment] ?? .init()) + sum
            } else if let variation = Self.variation(days.compactMap { $0.sketch.percentile(50) }) {
                variations.append(variation)
            }
        }
        let zones = ZoneDirectory(environment: look.programs.environment)
        var windows: [String: [Window]] = [:]
        for environment in look.inventory.environments {
            windows[environment.name] = Self.windows(look.inventory, environment.name, zones, from: from, until: until)
        }
        return Stretch(
            workload: try await look.log.workload(from: from, until: until), answers: answers, variations: variations,
            windows: windows)
    }

    /// The standard deviation in percent of the mean; nil with fewer than three values.
    static func variation(_ values: [Double]) -> Double? {
        guard values.count >= 3 else { return nil }
        let mean = values.reduce(0, +) / Double(values.count)
        guard mean > 0 else { return nil }
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
        return squares.squareRoot() / mean * 100
    }

    /// Primary windows, each stretch of time once, cut at the ends of the period.
    private static func windows(
        _ inventory: Inventory, _ environment: String, _ zones: ZoneDirectory, from: Timestamp, until: Timestamp
    ) -> [Window] {
        let context = inventory.scheduleContext(zones, environment: environment)
        var found: [Window] = []
        for rule in inventory.windowRules(of: environment) where rule.kind == .primary {
            guard let written = rule.during, let schedule = try? Schedule(written.value, in: context) else { continue }
            var next = schedule.window(containing: from) ?? schedule.window(after: from)
            while let window = next, window.start < until, found.count < 10_000 {
                found.append(Window(start: max(window.start, from), end: min(window.end, until)))
                next = schedule.window(after: window.start)
            }
        }
        return found.merged
    }
}

extension [Window] {
    /// In order, none overlapping another.
    var merged: [Window] {
        var result: [Window] = []
        for window in sorted(by: { $0.start < $1.start }) {
            if let last = result.last, window.start <= last.end {
                result[result.count - 1].end = Swift.max(last.end, window.end)
            } else {
                result.append(window)
            }
        }
        return result
    }

    /// How much of them lies in others; both in order and without overlaps.
    func overlap(with others: [Window]) -> Duration {
        var sum = Duration.zero
        var (own, other) = (0, 0)
        while own < count, other < others.count {
            let (start, end) = (
                Swift.max(self[own].start, others[other].start), Swift.min(self[own].end, others[other].end)
            )
            if start < end { sum += end - start }
            if self[own].end < others[other].end { own += 1 } else { other += 1 }
        }
        return sum
    }
}

/// How long a period is.
enum PeriodLength: String, Sendable {
    case weekly, monthly, quarterly

    var duration: Duration {
        switch self {
        case .weekly: .seconds(7 * 86_400)
        case .monthly: .seconds(30 * 86_400)
        case .quarterly: .seconds(91 * 86_400)
        }
    }

    var noun: String {
        switch self {
        case .weekly: "week"
        case .monthly: "month"
        case .quarterly: "quarter"
        }
    }
}
