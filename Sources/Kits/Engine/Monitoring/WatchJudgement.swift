import Maintenance
import Settings

/// What is judged beside single rounds while checks are asked all the time.
struct WatchJudgement: Sendable {
    let trends: [Trend]
    let rates: [ErrorRate]
    private(set) var health: OverallHealth
    private var looks = 0

    init(_ plan: WatchPlan, _ inventory: Inventory, at now: Timestamp) {
        trends = Trend.all(plan, inventory)
        rates = ErrorRate.all(plan, inventory)
        health = OverallHealth(plan, inventory, at: now)
    }

    /// One look; they follow each other every minute.
    mutating func look(_ log: RunLog) async throws {
        // Weeks are read for what was learned, and it moves slowly.
        let learns = looks.isMultiple(of: 5)
        if !trends.isEmpty { try await log.judge(trends, learns: learns) }
        if learns { try await log.judge(rates) }
        try await log.judge(&health)
        looks += 1
    }

    /// Whether a finding that is open tells of something that is not judged any more. What an earlier process found silent
    /// is looked at anew.
    func isOver(_ finding: Finding) -> Bool {
        let subject = MonitorSubject(check: finding.object ?? "", target: finding.target)
        return switch MonitorFinding(rawValue: finding.code) {
        case .silent: true
        case .regressed, .burning: !trends.contains { $0.subject == subject }
        case .erring: !rates.contains { $0.subject == subject }
        case .unwell: health.limits[finding.target.environment] == nil
        case .blind, nil: false
        }
    }
}
