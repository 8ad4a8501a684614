import Engine
import Maintenance
import Page

/// How one environment stands, and what shows it.
struct EnvironmentHealth: Codable, Hashable, Sendable {
    var name: String
    var isProtected: Bool
    var standing: Standing
    /// One clause: why it stands so.
    var reason: String
    /// Nil where nothing fresh is known.
    var percentage: Double?
    var arithmetic: String?
    /// When the oldest answer that still counts was given, and until when all of them count.
    var checkedAt: Timestamp?
    var countsUntil: Timestamp?
    /// The latest answer of every check at every resource; what is not passed first.
    var checks: [Answer]
    /// Resources that should have been asked and were not.
    var unasked: [String]

    struct Answer: Codable, Hashable, Sendable {
        var outcome: CheckOutcome
        var at: Timestamp
        var runID: String
    }

    /// Kinds of resources whose health can be asked; of the others a task looks after the contents.
    static let askable: Set<ResourceKind> = [.postgresql, .http, .host]
}

extension EnvironmentHealth {
    /// The latest answers that still count. A check that was asked for by name brings its own answer up to date, but only
    /// a whole health check shows that an environment is well.
    init(_ environment: Material.Environment, _ material: Material) {
        name = environment.name
        isProtected = environment.isProtected
        let known = Set(environment.resources.map(\.name)).union([""])
        var latest: [Key: Answer] = [:]
        var isWhole = false
        for summary in material.runs {
            for step in summary.steps where step.target.environment == environment.name {
                guard let outcomes = step.observation?.checks, !outcomes.isEmpty, let at = step.endedAt,
                    material.now - at <= material.fresh
                else { continue }
                if step.isWhole { isWhole = true }
                for outcome in outcomes where known.contains(outcome.target.resource) {
                    let key = Key(check: outcome.check, resource: outcome.target.resource)
                    if let other = latest[key], other.at > at { continue }
                    latest[key] = Answer(outcome: outcome, at: at, runID: summary.run.id)
                }
            }
        }
        let answers = latest.values.sorted { $0.sortKey < $1.sortKey }
        let score = HealthScore(answers.map(\.outcome.state))
        let asked = Set(answers.map(\.outcome.target.resource))
        checks = answers
        percentage = score.percentage?.value
        arithmetic = answers.isEmpty ? nil : score.arithmetic
        checkedAt = answers.map(\.at).min()
        countsUntil = checkedAt.map { $0 + material.fresh }
        unasked = environment.resources.filter { Self.askable.contains($0.kind) && !asked.contains($0.name) }.map(
            \.name)
        (standing, reason) = Self.judge(
            score, isWhole: isWhole, unasked: unasked, hasResources: !environment.resources.isEmpty,
            lastSeen: material.lastHealth(of: environment.name), fresh: material.fresh)
    }

    private struct Key: Hashable {
        var check: String
        var resource: String
    }

    /// Trouble that is known counts more than what is not known, and that more than a warning: green needs evidence of
    /// everything.
    private static func judge(
        _ score: HealthScore, isWhole: Bool, unasked: [String], hasResources: Bool, lastSeen: Timestamp?,
        fresh: Duration
    ) -> (Standing, String) {
        if score.critical > 0 { return (.critical, "\(checks(score.critical)) critical") }
        guard hasResources else { return (.unknown, "nothing is configured in it") }
        guard score.count > 0 else {
            guard let lastSeen else { return (.unknown, "no health check has been recorded") }
            return (.unknown, "the last health check was \(lastSeen) and counted for \(fresh.short)")
        }
        if score.unknown > 0 { return (.unknown, "\(checks(score.unknown)) without an answer") }
        if let first = unasked.first {
            let more = unasked.count > 1 ? " and \(unasked.count - 1) more" : ""
            return (.unknown, "nobody asked \(first)\(more)")
        }
        guard isWhole else { return (.unknown, "only single checks were asked, no whole health check") }
        if score.warning > 0 { return (.warning, "\(checks(score.warning)) with a warning") }
        return (.good, "all \(checks(score.count)) passed")
    }

    private static func checks(_ count: Int) -> String { "\(count) check\(count == 1 ? "" : "s")" }
}

extension EnvironmentHealth.Answer {
    /// Worst first, then by resource and check.
    fileprivate var sortKey: String {
        let rank =
            switch outcome.state {
            case .critical: 0
            case .unknown: 1
            case .warning: 2
            case .passed: 3
            }
        return "\(rank)\u{1}\(outcome.target.resource)\u{1}\(outcome.code)\u{1}\(outcome.check)"
    }
}

extension Material {
    /// When a health percentage was last measured, within the days that trends show.
    fileprivate func lastHealth(of environment: String) -> Timestamp? {
        series.filter { $0.series.name == "health" && $0.series.target == Target(environment: environment) }
            .compactMap(\.samples.last?.at).max()
    }
}
