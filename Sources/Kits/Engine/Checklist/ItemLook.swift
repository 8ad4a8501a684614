import Maintenance
import Settings

/// One look at the state for the items of a checklist in an environment.
struct ItemLook: Sendable {
    /// What whoever wants to know whether anything was found has to have asked.
    static let healthCheck = "health.check"

    let book: ChecklistBook
    let log: RunLog
    let list: Checklist
    let environment: String
    let now: Timestamp
    let dead: Set<String>

    private var inventory: Inventory { book.inventory }

    /// What answers an item that no person signs.
    func evidence(_ item: ChecklistItem) async throws -> Evidence {
        let runs = RunEvidence(now: now, countsFor: list.countsFor(item), severity: item.severity, dead: dead)
        switch item.answer {
        case .person: return .unknown("nobody has signed it")
        case .task(let words): return try await evidence(ofTask: words, runs)
        case .checks(let names): return try await evidence(ofChecks: names, runs)
        case .findings: return try await evidence(ofFindings: item.severity, runs)
        }
    }

    private func evidence(ofTask words: [String], _ runs: RunEvidence) async throws -> Evidence {
        let parsed = try book.catalog.parse(words)
        let command = "'\(words.map(\.shellQuoted).joined(separator: " "))'"
        let targets = inventory.targets(of: parsed.declaration.subject, in: [environment])
        guard !targets.isEmpty else {
            return .unknown("\(environment) has nothing that \(command) works on")
        }
        var parts: [Evidence] = []
        for target in targets {
            parts.append(
                runs.judge(
                    try await log.begunSteps(of: parsed.declaration.name, at: target), arguments: parsed.arguments,
                    at: target, command: command))
        }
        return .together(parts, "target")
    }

    private func evidence(ofChecks names: [String], _ runs: RunEvidence) async throws -> Evidence {
        let steps = try await log.begunSteps(of: Self.healthCheck, at: Target(environment: environment))
        var parts: [Evidence] = []
        for name in names {
            guard let check = book.checks.first(where: { $0.name == name }) else {
                parts.append(.unknown("there is no check '\(name)' any more"))
                continue
            }
            guard inventory.check(name, in: environment).isEnabled?.value ?? true else {
                parts.append(.unknown("\(name) is switched off in \(environment)"))
                continue
            }
            let targets = inventory.targets(of: [check.kind], in: [environment]).map(\.target)
            if targets.isEmpty {
                parts.append(
                    .unknown("\(environment) has nothing of the kind \(check.kind.rawValue) to ask \(name) of"))
            }
            parts += targets.map { runs.judge(steps, check: name, at: $0) }
        }
        return .together(parts, "answer")
    }

    /// That nothing is known to be wrong counts only together with a whole health check that still counts itself.
    private func evidence(ofFindings severity: Severity, _ runs: RunEvidence) async throws -> Evidence {
        let since = now - runs.countsFor
        let found = try await log.sightings(in: environment, since: since)
            .filter { $0.severity >= severity }
            .max { $0.severity < $1.severity }
        if let found {
            let finding = found.record.finding
            var reason = "\(finding.code) at \(finding.target): \(finding.summary)"
            if let end = found.record.resolvedAt {
                reason += ", over since \(end)"
            } else if finding.severity < found.severity {
                reason += ", and it was \(found.severity.rawValue) at \(found.seenAt)"
            }
            return Evidence(state: .red, reason: reason, at: found.seenAt, runID: found.record.runID)
        }
        let target = Target(environment: environment)
        let parsed = try book.catalog.entry(Self.healthCheck).parse([])
        var look = runs.judge(
            try await log.begunSteps(of: Self.healthCheck, at: target), arguments: parsed.arguments, at: target,
            command: "'\(parsed.declaration.command)'")
        if look.state == .green { look.reason = "\(look.reason), and nothing was found since \(since)" }
        return look
    }
}
