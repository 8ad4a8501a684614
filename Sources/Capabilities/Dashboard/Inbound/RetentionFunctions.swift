import Command
import Engine
import Maintenance
import Settings
import Web

/// What `data retention-status` answers: which tables have a policy, and what is there for longer than it says.
enum RetentionFunctions {
    private static let task = "data.retention-status"

    static func status(_ question: Functions.Question) async throws -> JSONValue {
        try question.allow()
        let databases = question.environment.resources.filter { !$0.retention.isEmpty }
        guard !databases.isEmpty else {
            throw Refusal.unanswered(
                "no table of '\(question.environment.name)' has a policy",
                hint: "Name tables under 'retention' of their database, with 'column' and 'keep'.")
        }
        let last = try await question.step(of: task)
        let steps = try await question.log.steps(of: last.runID).filter { step in
            step.task == task && step.target.environment == question.environment.name
        }
        var policies: [JSONValue] = []
        var unknown: [JSONValue] = []
        var kept = 0
        for database in databases {
            let step = steps.first { $0.target.resource == database.name }
            for rule in database.retention {
                let known = step.flatMap { row(of: rule, in: $0) }
                let isKept = known?["overdue"] == .integer(0)
                if isKept { kept += 1 }
                guard var entry = known else {
                    unknown.append(
                        [
                            "table": .text(rule.name), "database": .text(database.name),
                            "reason": .text(reason(step, rule)),
                        ])
                    continue
                }
                entry["database"] = .text(database.name)
                entry["run"] = .text(last.runID)
                policies.append(.object(entry))
            }
        }
        let count = policies.count + unknown.count
        var result: [String: JSONValue] = [
            "status": .text(!unknown.isEmpty ? "unknown" : kept == count ? "kept" : "overdue"),
            "run": .text(last.runID), "policies": .array(policies), "unknown": .array(unknown),
            "overall_health_percent": .number((Double(kept) / Double(count) * 1_000).rounded() / 10),
            "arithmetic": .text("\(kept) of \(count) policies are kept; what is unknown counts as not kept"),
        ]
        if let at = last.endedAt { result["checked_at"] = .text(at.iso8601) }
        if let removal = try await question.log.lastStep(of: "data.retain", in: question.environment.name) {
            result["last_removal"] = [
                "run": .text(removal.runID), "state": .text(removal.state.rawValue),
                "ended_at": removal.endedAt.map { .text($0.iso8601) } ?? .null,
            ]
        }
        return .object(result)
    }

    /// What the step counted of a table; nil where it did not.
    private static func row(of rule: RetentionRule, in step: StepRecord) -> [String: JSONValue]? {
        guard let listing = step.observation?.listings.first(where: { $0.title == "Retention" }) else { return nil }
        let names = listing.columns.map(\.name)
        for row in listing.rows where row.count == names.count {
            let cells = Dictionary(zip(names, row)) { first, _ in first }
            // As the configuration has it now; what was counted by another rule says nothing of this one.
            guard cells["table"] == .text(rule.name), cells["column"] == .text(rule.column),
                cells["keep"] == .text(rule.keep.description), case .integer(let old)? = cells["may go"],
                case .integer(let overdue)? = cells["overdue"]
            else { continue }
            var entry: [String: JSONValue] = [
                "table": .text(rule.name), "column": .text(rule.column), "keep": .text(rule.keep.description),
                "archive": .boolean(rule.isArchived), "may_go": .integer(old), "overdue": .integer(overdue),
            ]
            if case .text(let oldest)? = cells["oldest"] { entry["oldest"] = .text(oldest) }
            return entry
        }
        return nil
    }

    private static func reason(_ step: StepRecord?, _ rule: RetentionRule) -> String {
        guard let step else { return "the last run did not look at its database" }
        let gap = step.observation?.gaps.first { $0.subject == rule.name.printable }
        return gap?.reason.problem ?? step.error?.problem ?? "the policy is newer than the last run"
    }
}
