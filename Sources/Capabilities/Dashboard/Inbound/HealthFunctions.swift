import Command
import Engine
import Maintenance
import Settings
import Web

/// What health checks answer: how well things are, and what was measured.
enum HealthFunctions {
    static func status(_ question: Functions.Question) async throws -> JSONValue {
        try question.allow()
        let step = try await question.step(of: EnvironmentLook.healthTask)
        return summary(step, step.observation?.checks ?? [])
    }

    /// Of databases alone.
    static func databases(_ question: Functions.Question) async throws -> JSONValue {
        try question.allow()
        let step = try await question.step(of: EnvironmentLook.healthTask)
        return summary(step, try databaseChecks(step, question))
    }

    static func performance(_ question: Functions.Question) async throws -> JSONValue {
        try question.allow("time_window")
        let step = try await question.step(of: EnvironmentLook.healthTask)
        return summary(step, step.observation?.checks ?? []).adding([
            "time_window": .text(try question.window().canonical),
            "series": .array(try await series(question)),
        ])
    }

    static func databasePerformance(_ question: Functions.Question) async throws -> JSONValue {
        try question.allow("time_window")
        let step = try await question.step(of: EnvironmentLook.healthTask)
        let names = databaseNames(question)
        return summary(step, try databaseChecks(step, question)).adding([
            "time_window": .text(try question.window().canonical),
            "series": .array(try await series(question, of: names)),
        ])
    }

    /// Which checks speak of what: `performance` of how fast it is, `capacity` of how full.
    private static let topics: [String: Set<String>] = [
        "performance": [
            "cache.hit-ratio", "connections.used", "database.response-time", "queries.temporary-files",
            "transactions.long", "transactions.deadlocks", "locks.waiting", "pgbouncer.waiting", "replication.lag",
            "indexes.invalid",
        ],
        "capacity": [
            "connections.used", "database.size", "sequences.used", "wal.on-disk", "transactions.wraparound",
            "host.disk",
            "host.memory", "host.cpu", "host.load",
        ],
    ]

    static func databaseMetrics(_ question: Functions.Question) async throws -> JSONValue {
        try await metrics(question, "metrics_type")
    }

    static func scalability(_ question: Functions.Question) async throws -> JSONValue {
        try await metrics(question, "report_scope")
    }

    private static func metrics(_ question: Functions.Question, _ member: String) async throws -> JSONValue {
        try question.allow(member)
        let word = question.body[member]?.text ?? "performance"
        guard let topic = topics[word] else {
            throw question.visit.wrong(member, "it is 'performance' or 'capacity'")
        }
        let step = try await question.step(of: EnvironmentLook.healthTask)
        let checks = (step.observation?.checks ?? []).filter { topic.contains($0.check) }
        guard !checks.isEmpty else {
            throw Refusal.unanswered(
                "the last health check of '\(question.environment.name)' asked nothing about \(word)",
                hint: "Name a database or a host under its 'resources'.")
        }
        // What is over a threshold is what to scale; nothing is recommended that nothing was seen of.
        let over = checks.filter { $0.state == .warning || $0.state == .critical }
        return summary(step, checks).adding([
            member: .text(word), "metrics": .array(checks.map(metric)),
            "recommendations": .array(over.map { .text("\($0.target): \($0.title): \($0.summary)") }),
        ])
    }

    private static func databaseNames(_ question: Functions.Question) -> Set<String> {
        Set(question.environment.resources.filter { [.postgresql, .pgbouncer].contains($0.kind) }.map(\.name))
    }

    private static func databaseChecks(_ step: StepRecord, _ question: Functions.Question) throws -> [CheckOutcome] {
        let names = databaseNames(question)
        let checks = (step.observation?.checks ?? []).filter { names.contains($0.target.resource) }
        guard !checks.isEmpty else {
            throw Refusal.unanswered(
                "the last health check of '\(question.environment.name)' asked no database",
                hint: "Name one under its 'resources', with 'kind: postgresql'.")
        }
        return checks
    }

    /// The figures of some checks, with the run they came from.
    static func summary(_ step: StepRecord, _ checks: [CheckOutcome]) -> JSONValue {
        let score = HealthScore(checks.map(\.state))
        let worst: String =
            score.critical > 0
            ? "critical" : score.unknown > 0 || score.count == 0 ? "unknown" : score.warning > 0 ? "warning" : "healthy"
        var result: [String: JSONValue] = [
            "status": .text(worst), "arithmetic": .text(score.arithmetic), "run": .text(step.runID),
            "passed": .integer(Int64(score.passed)), "warning": .integer(Int64(score.warning)),
            "critical": .integer(Int64(score.critical)), "unknown": .integer(Int64(score.unknown)),
            "checks": .array(
                checks.map { check in
                    [
                        "check": .text(check.check), "target": .text(check.target.description),
                        "state": .text(check.state.rawValue), "summary": .text(check.summary),
                    ]
                }),
        ]
        if let percentage = score.percentage { result["overall_health_percent"] = .number(percentage.value) }
        if let at = step.endedAt { result["checked_at"] = .text(at.iso8601) }
        return .object(result)
    }

    private static func metric(_ check: CheckOutcome) -> JSONValue {
        var metric: [String: JSONValue] = [
            "check": .text(check.check), "target": .text(check.target.description),
            "state": .text(check.state.rawValue),
            "summary": .text(check.summary),
        ]
        if let value = check.value { metric["value"] = .number(value) }
        if let unit = check.unit { metric["unit"] = .text(unit.rawValue) }
        return .object(metric)
    }

    /// What was measured within the window: how often, the least, the mean, the most and the last.
    ///
    /// - Parameter resources: whose series are meant; nil for all.
    static func series(
        _ question: Functions.Question, of resources: Set<String>? = nil
    ) async throws -> [JSONValue] {
        let since = question.visit.now - (try question.window())
        return try await question.log.history(of: question.environment.name, since: since) { series in
            resources?.contains(series.target.resource) ?? true
        }.filter { !$0.samples.isEmpty }.map { sampled in
            let values = sampled.samples.map(\.value)
            var entry: [String: JSONValue] = [
                "series": .text(sampled.series.name), "target": .text(sampled.series.target.description),
                "unit": .text(sampled.series.unit.rawValue), "samples": .integer(Int64(values.count)),
                "minimum": .number(values.min() ?? 0), "maximum": .number(values.max() ?? 0),
                "mean": .number(values.reduce(0, +) / Double(values.count)), "last": .number(values.last ?? 0),
                "measured_at": .text(sampled.samples.last?.at.iso8601 ?? ""),
            ]
            if let object = sampled.series.object { entry["object"] = .text(object) }
            return .object(entry)
        }
    }
}
