import Engine
import Maintenance
import Settings

/// All that a report of the day is made from, read from the run log; nothing else goes into it, so that equal material
/// makes an equal report.
struct Material: Sendable {
    /// The instant the report speaks of.
    var now: Timestamp
    var since: Timestamp
    /// How long a health check counts after it ended.
    var fresh: Duration
    var version: String
    /// The run that makes the report, and the number of the step that does.
    var run: RunRecord
    var step: Int
    var environments: [Environment]
    /// Oldest first.
    var runs: [RunSummary]
    /// Runs without an end that no process carries out any more.
    var abandoned: Set<String>
    var open: [FindingRecord]
    var resolved: [FindingRecord]
    /// Of the days before `now` that trends show.
    var series: [SampledSeries]
    /// The newest entry of the audit trail.
    var audit: AuditHead?

    struct Environment: Hashable, Sendable {
        var name: String
        var isProtected: Bool
        var resources: [Resource]
    }

    struct Resource: Hashable, Sendable {
        var name: String
        var kind: ResourceKind
    }

    /// How far back trends reach.
    static let trend: Duration = .seconds(30 * 86_400)
}

extension Material {
    /// Reads it as it is at `now`.
    static func read(_ look: Look, now: Timestamp, period: Duration, fresh: Duration) async throws
        -> Material
    {
        let since = now - period
        var series: [SampledSeries] = []
        for environment in look.inventory.environments {
            series += try await look.log.history(of: environment.name, since: now - trend)
        }
        let runs = try await look.log.runs(since: min(since, now - fresh))
        let own = runs.first { $0.run.id == look.runID }?.steps.last {
            $0.task == WriteDailyReport.declaration.name && $0.state == .running
        }
        return Material(
            now: now, since: since, fresh: fresh, version: Release.name, run: try await look.log.run(look.runID),
            step: own?.number ?? 0,
            environments: look.inventory.environments.map { environment in
                Environment(
                    name: environment.name, isProtected: environment.isProtected,
                    resources: environment.resources.map { Resource(name: $0.name, kind: $0.kind) })
            },
            runs: runs, abandoned: try look.log.abandoned(runs.map(\.run)),
            open: try await look.log.openFindings(), resolved: try await look.log.findingsResolved(since: since),
            series: series, audit: try await look.log.auditHead())
    }
}
