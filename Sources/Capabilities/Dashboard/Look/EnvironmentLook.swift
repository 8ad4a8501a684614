import Engine
import Maintenance
import Page
import Settings

/// How one environment stands, and why: its open findings, and what its last health check could see.
struct EnvironmentLook: Sendable {
    /// The task whose checks say how healthy an environment is.
    static let healthTask = "health.check"
    /// An older health check proves nothing about now.
    static let countsFor: Duration = .seconds(26 * 3_600)

    var name: String
    var isProtected: Bool
    var findings: [FindingRecord]
    /// The last health check; nil where there was none.
    var step: StepRecord?
    var score: HealthScore
    var standing: Standing
    /// One clause.
    var reason: String

    init(_ environment: Environment, findings: [FindingRecord], _ visit: Visit) async throws {
        name = environment.name
        isProtected = environment.isProtected
        self.findings = findings.filter { $0.finding.target.environment == environment.name }
        step = try await visit.site.log.lastStep(of: Self.healthTask, in: environment.name)
        let checks = step?.observation?.checks ?? []
        score = HealthScore(checks.map(\.state))
        (standing, reason) = Self.judge(self.findings, step, score, at: visit.now)
    }

    private static func judge(
        _ findings: [FindingRecord], _ step: StepRecord?, _ score: HealthScore, at now: Timestamp
    ) -> (Standing, String) {
        let worst = findings.map(\.finding.severity).max()
        let counts = Severity.allCases.reversed().compactMap { severity -> String? in
            let count = findings.count { $0.finding.severity == severity }
            return count == 0 ? nil : "\(count) \(severity.rawValue)"
        }
        let found = counts.isEmpty ? "no finding is open" : "open: \(counts.joined(separator: ", "))"
        if worst == .critical { return (.critical, found) }
        guard let endedAt = step?.endedAt else { return (.unknown, "its health was never checked; \(found)") }
        let age = now - endedAt
        guard age < countsFor else { return (.unknown, "nobody has looked for \(age.short); \(found)") }
        if score.unknown > 0 { return (.unknown, "\("check".counted(score.unknown)) could not look; \(found)") }
        if score.critical > 0 { return (.critical, "\("check".counted(score.critical)) critical; \(found)") }
        if worst == .warning || score.warning > 0 { return (.warning, found) }
        guard score.count > 0 else { return (.unknown, "the last health check checked nothing; \(found)") }
        return (.good, "\(score.passed) of \("check".counted(score.count)) passed; \(found)")
    }
}
