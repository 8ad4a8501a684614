import Engine
import Maintenance
import Outside
import Report
import Settings

/// All that the report about databases is made from; equal material makes an equal report.
struct DatabaseMaterial: Sendable {
    var now: Timestamp
    var since: Timestamp
    var run: RunRecord
    var databases: [Target]
    /// Of the period, oldest first.
    var runs: [RunSummary]
    /// Open ones about databases and their data.
    var findings: [FindingRecord]
    /// What the doctor saw when, by target: the last time it came to its end.
    var examined: [Target: Timestamp]
    /// What only lasts so long, back to a year.
    var series: [SampledSeries]
    var audit: AuditHead?

    static let growth: Duration = .seconds(366 * 86_400)
    /// A look that is older says nothing about today.
    static let freshness: Duration = .seconds(8 * 86_400)

    static func read(_ look: Look, over length: Duration) async throws -> DatabaseMaterial {
        let now = try await ReportWriting.instant(look)
        let since = now - length
        let environments = look.inventory.environments.map(\.name)
        let databases = look.inventory.targets(of: [.postgresql], in: environments).map(\.target)
        let runs = try await look.log.runs(since: min(since, now - freshness)).filter { !$0.run.isDryRun }
        var examined: [Target: Timestamp] = [:]
        for step in runs.flatMap(\.steps) where step.task == ExamineDatabase.declaration.name {
            guard let ended = step.endedAt, step.observation != nil else { continue }
            examined[step.target] = max(examined[step.target] ?? ended, ended)
        }
        var series: [SampledSeries] = []
        for environment in environments {
            series += try await look.log.history(of: environment, since: now - growth).filter {
                $0.series.unit == .percent
                    && ($0.series.name.hasPrefix(WhatEnds.prefix) || $0.series.name == "host.disk")
            }
        }
        return DatabaseMaterial(
            now: now, since: since, run: try await look.log.run(look.runID), databases: databases,
            runs: runs.filter { ($0.run.endedAt ?? now) >= since },
            findings: try await look.log.openFindings().filter { $0.finding.isAboutDatabases }, examined: examined,
            series: series, audit: try await look.log.auditHead())
    }
}

extension Finding {
    /// By its code: `DB…` of this area, `DI…` of what is stored.
    var isAboutDatabases: Bool { code.hasPrefix("DB") || code.hasPrefix("DI") }

    /// Its place in the triage; what no lint found stands by its severity, dangers before everything that is slow.
    var place: Int {
        if case .integer(let place)? = evidence["priority"] { return Int(place) }
        return switch severity {
        case .critical: 10
        case .warning: 60
        case .info: 160
        }
    }
}
