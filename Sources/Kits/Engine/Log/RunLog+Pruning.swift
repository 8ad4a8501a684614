import Maintenance
import Outside
import Store

/// What is forgotten of the past, and what of it is still needed.
enum PruningStatement: String, StatementSet {
    /// Schedules count from the newest success of a routine, and people look for the newest run: both stay.
    case groups = """
        select name, is_routine, is_dry_run, max(started_at) as newest,
            coalesce(max(case when state = 'succeeded' then started_at end), 0) as success
        from run group by name, is_routine, is_dry_run
        """
    case countRuns = """
        select count(*) as n from run
        where name = :name and is_routine = :is_routine and is_dry_run = :is_dry_run and started_at < :newest
            and started_at <> :success and ended_at < :before and state in ('succeeded', 'failed', 'cancelled')
        """
    case runs = """
        select id from run
        where name = :name and is_routine = :is_routine and is_dry_run = :is_dry_run and started_at < :newest
            and started_at <> :success and ended_at < :before and state in ('succeeded', 'failed', 'cancelled')
        order by started_at limit :most
        """
    case forgetOutcomes = "delete from command_outcome where run_id = :id"
    case forgetJournal = "delete from journal where run_id = :id"
    case forgetChanges = "delete from change where run_id = :id"
    case forgetSteps = "delete from step where run_id = :id"
    case forgetRun = "delete from run where id = :id"
    case allSeries = "select id from series order by id"
    case countSamples = "select count(*) as n from sample where series_id = :id and taken_at < :before"
    case forgetSamples = "delete from sample where series_id = :id and taken_at < :before"
    case countFindings = "select count(*) as n from finding where resolved_at < :before"
    case forgetFindings = "delete from finding where resolved_at < :before"
    case forgetSeverities = """
        delete from finding_severity where fingerprint not in (select fingerprint from finding)
        """
    case countPlans = "select count(*) as n from planned where planned_at < :before"
    case forgetPlans = "delete from planned where planned_at < :before"
}

/// A part of what the state remembers.
package enum HistoryPart: String, CaseIterable, Sendable {
    /// Ended runs with their steps, changes and journal.
    case runs
    /// Measurements.
    case samples
    /// What is left of samples that checks left while they were asked all the time.
    case monitored
    /// Findings that are over.
    case findings
    /// Plans that dry runs printed, kept so that a refusal can show the difference.
    case plans
    /// Events, decisions and notifications of alerts and when they fired, but nothing of the last 30 days.
    case alerts
}

extension RunLog {
    /// How much of it is older: what ended, was measured, was over, or was planned before that instant.
    package func count(_ part: HistoryPart, before: Timestamp) async throws -> Int {
        if part == .alerts { return try await countAlerts(before: before) }
        return try await store.read { reader in
            switch part {
            case .runs:
                try Self.groups(reader).reduce(0) { sum, group in
                    try sum + Self.number(reader.first(PruningStatement.countRuns, group.values(before)))
                }
            case .samples:
                try reader.rows(PruningStatement.allSeries).reduce(0) { sum, row in
                    let id: Int64 = try row.get("id")
                    return try sum
                        + Self.number(
                            reader.first(PruningStatement.countSamples, ["id": id, "before": before]))
                }
            case .monitored:
                try reader.rows(PruningStatement.allSeries).reduce(0) { sum, row in
                    let id: Int64 = try row.get("id")
                    return try SampleTier.allCases.reduce(sum) { sum, tier in
                        try sum + Self.number(reader.first(SampleStatement.countBlocks, tier.values(id, before)))
                    }
                }
            case .findings: try Self.number(reader.first(PruningStatement.countFindings, ["before": before]))
            case .plans: try Self.number(reader.first(PruningStatement.countPlans, ["before": before]))
            case .alerts: preconditionFailure("alerts are counted by themselves")
            }
        }
    }

    /// Removes what `count` counts, in small transactions, so that nobody else waits long for the store. What was removed
    /// stays removed when it is cancelled.
    package func forget(_ part: HistoryPart, before: Timestamp) async throws {
        switch part {
        case .runs: while try await forgetSomeRuns(before: before) { try Task.checkCancellation() }
        case .samples:
            let series = try await store.read { reader in
                try reader.rows(PruningStatement.allSeries).map { try $0.get("id", as: Int64.self) }
            }
            for id in series {
                try Task.checkCancellation()
                try await store.write {
                    try $0.run(PruningStatement.forgetSamples, ["id": id, "before": before])
                }
            }
        case .monitored:
            let series = try await store.read { reader in
                try reader.rows(PruningStatement.allSeries).map { try $0.get("id", as: Int64.self) }
            }
            for id in series {
                try Task.checkCancellation()
                try await store.write { writer in
                    for tier in SampleTier.allCases {
                        try writer.run(SampleStatement.forgetBlocks, tier.values(id, before))
                    }
                }
            }
        case .findings:
            try await store.write {
                try $0.run(PruningStatement.forgetFindings, ["before": before])
                try $0.run(PruningStatement.forgetSeverities)
            }
        case .plans: try await store.write { try $0.run(PruningStatement.forgetPlans, ["before": before]) }
        case .alerts: try await forgetAlerts(before: before)
        }
    }

    /// False where none is left.
    private func forgetSomeRuns(before: Timestamp) async throws -> Bool {
        try await store.write { writer in
            for group in try Self.groups(writer.reader) {
                var values = group.values(before)
                values["most"] = 100
                let ids = try writer.reader.rows(PruningStatement.runs, values).map {
                    try $0.get("id", as: String.self)
                }
                guard !ids.isEmpty else { continue }
                for id in ids {
                    for statement: PruningStatement in [
                        .forgetOutcomes, .forgetJournal, .forgetChanges, .forgetSteps, .forgetRun,
                    ] {
                        try writer.run(statement, ["id": id])
                    }
                }
                return true
            }
            return false
        }
    }

    private struct Group {
        var name: String
        var isRoutine: Bool
        var isDryRun: Bool
        var newest: Timestamp
        var success: Timestamp

        func values(_ before: Timestamp) -> [String: any StoreConvertible] {
            [
                "name": name, "is_routine": isRoutine, "is_dry_run": isDryRun, "newest": newest, "success": success,
                "before": before,
            ]
        }
    }

    private static func groups(_ reader: StoreReader) throws -> [Group] {
        try reader.rows(PruningStatement.groups).map { row in
            Group(
                name: try row.get("name"), isRoutine: try row.get("is_routine"), isDryRun: try row.get("is_dry_run"),
                newest: try row.get("newest"), success: try row.get("success"))
        }
    }

    private static func number(_ row: StoreRow?) throws -> Int { try row?.get("n") ?? 0 }
}

extension SampleTier {
    /// The blocks of a series that end before an instant.
    fileprivate func values(_ series: Int64, _ before: Timestamp) -> [String: any StoreConvertible] {
        ["series_id": series, "tier": rawValue, "before": before - span + .microseconds(1)]
    }
}
