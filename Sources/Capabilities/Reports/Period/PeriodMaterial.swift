import Calendar
import Engine
import Maintenance
import Monitor
import Outside
import Report
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
        /// Nil where nothing fresh is known.
        var health: HealthScore?
    }

    /// One period's figures.
    struct Stretch: Hashable, Sendable {
        var workload: WorkTally
        /// The same by environment, of the checks that say whether something answers.
        var answers: [String: Rollup.Answers]
        /// By series, how much the days' medians of times to answer differ, in percent of their mean.
        var variations: [Double]
        /// When changes may be made, by environment.
        var windows: [String: [Window]]
        /// Why nobody can say when they were open; nil where it is known.
        var windowsProblem: String?
    }

    private struct UnreadableWindow: Error {
        /// One clause.
        var problem: String
    }

    /// Those that say whether something is there, and nothing else.
    static let answering: Set<String> = [
        "database.connectivity", "endpoint.answer", "tcp.answer", "redis.answer", "service.state", "suite.steps",
    ]
    static let responding: Set<String> = ["endpoint.response-time", "database.response-time"]
    private static let mostTroubles = 100
    /// How long a health check counts.
    private static let fresh: Duration = .seconds(26 * 3_600)
}

extension PeriodMaterial {
    static func read(_ look: Look, _ length: PeriodLength, hasTrends: Bool) async throws -> PeriodMaterial {
        let now = try await ReportWriting.instant(look)
        // Whole hours, so that what is kept by the hour belongs to one of both periods.
        let since = (now - length.duration).floored(to: .seconds(3_600))
        let monitored = try await look.log.monitored()
        var environments: [Environment] = []
        var series: [SampledSeries] = []
        for environment in look.inventory.environments {
            environments.append(
                Environment(
                    name: environment.name, isProtected: environment.isProtected,
                    health: try await health(of: environment.name, look, monitored, at: now)))
            if hasTrends { series += try await look.log.history(of: environment.name, since: since) }
        }
        return PeriodMaterial(
            length: length, since: since, now: now, run: try await look.log.run(look.runID),
            environments: environments,
            current: try await stretch(look, monitored, from: since, until: now),
            before: try await stretch(look, monitored, from: since - length.duration, until: since),
            troubles: try await look.log.troubles(from: since, until: now, most: mostTroubles)
                .filter { $0.runID != look.runID || $0.number != look.step },
            open: try await look.log.openFindings(), resolved: try await look.log.findingsResolved(since: since),
            series: series, audit: try await look.log.auditHead())
    }

    /// Of the last whole health check where it still counts, else of what is asked all the time; nil where neither is.
    private static func health(
        of environment: String, _ look: Look, _ monitored: [MonitoredCheck], at now: Timestamp
    ) async throws -> HealthScore? {
        if let step = try await look.log.lastStep(of: "health.check", in: environment), step.isWhole,
            let checks = step.observation?.checks, !checks.isEmpty, let at = step.endedAt, now - at <= fresh
        {
            return HealthScore(checks.map(\.state))
        }
        let states = monitored.filter { $0.outcome.target.environment == environment }.map { $0.standing(at: now) }
        return states.isEmpty ? nil : HealthScore(states)
    }

    private static func stretch(
        _ look: Look, _ monitored: [MonitoredCheck], from: Timestamp, until: Timestamp
    ) async throws -> Stretch {
        var answers: [String: Rollup.Answers] = [:]
        var variations: [Double] = []
        let outcomes = monitored.map(\.outcome).filter {
            answering.contains($0.check) || responding.contains($0.check)
        }
        let rollups = try await look.log.rollups(
            ofChecks: outcomes.map { ($0.check, $0.target) }, from: from, until: until, every: .seconds(3_600))
        for (outcome, hours) in zip(outcomes, rollups) {
            if answering.contains(outcome.check) {
                let sum = hours.reduce(Rollup.Answers()) { $0 + $1.answers }
                answers[outcome.target.environment] = (answers[outcome.target.environment] ?? .init()) + sum
            } else {
                let days = Rollup.merge(hours, every: .seconds(86_400)).compactMap { $0.sketch.percentile(50) }
                if let variation = Self.variation(days) { variations.append(variation) }
            }
        }
        let zones = ZoneDirectory(environment: look.programs.environment)
        var windows: [String: [Window]] = [:]
        var problem: String?
        for environment in look.inventory.environments {
            do throws(UnreadableWindow) {
                windows[environment.name] = try Self.windows(
                    look.inventory, environment.name, zones, from: from, until: until)
            } catch {
                problem = problem ?? "the windows of '\(environment.name)' cannot be read: \(error.problem)"
            }
        }
        return Stretch(
            workload: try await look.log.workload(from: from, until: until, without: (look.runID, look.step)),
            answers: answers, variations: variations, windows: windows, windowsProblem: problem)
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
    ) throws(UnreadableWindow) -> [Window] {
        let context = inventory.scheduleContext(zones, environment: environment)
        var found: [Window] = []
        for rule in inventory.windowRules(of: environment) where rule.kind == .primary {
            guard let written = rule.during else { continue }
            let schedule: Schedule
            do throws(CalendarError) {
                schedule = try Schedule(written.value, in: context)
            } catch {
                throw UnreadableWindow(problem: error.problem)
            }
            if let closed = schedule.closed {
                throw UnreadableWindow(problem: "the calendar '\(closed.calendar.printable)' \(closed.problem)")
            }
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
