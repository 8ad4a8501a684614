import Engine
import Maintenance
import Page
import Report

/// The report in one sentence, and what a person has to do now, most urgent first.
struct Verdict: Codable, Hashable, Sendable {
    var standing: Standing
    /// A sentence without a full stop; hostile text.
    var sentence: String
    var needs: [Need]

    /// Something that does not mend itself.
    struct Need: Codable, Hashable, Sendable {
        var standing: Standing
        /// A clause; hostile text.
        var text: String
        /// The command that mends it or says more.
        var command: String?
    }
}

extension Verdict {
    init(
        environments: [EnvironmentHealth], troubles: [DailyReport.StepTrouble], changes: [DailyReport.ChangeLine],
        findings: [DailyReport.FindingGroup]
    ) {
        let troubles = troubles.filter { $0.mendedBy == nil && !$0.isDryRun }
        let open = troubles.filter { $0.isCutOff || $0.state == .uncertain || $0.state == .waiting }
        var needs = Dictionary(grouping: open, by: \.runID).sorted { $0.key < $1.key }.compactMap { run, steps in
            steps.first.map { first -> Need in
                let isWaiting = steps.allSatisfy { $0.state == .waiting && !$0.isCutOff }
                return Need(
                    standing: isWaiting ? .warning : .critical,
                    text: "run \(run) \(isWaiting ? "waits" : "was cut off") at \(first.command) on \(first.target)"
                        + (first.error.map { ": \($0.problem)" } ?? ""),
                    command: isWaiting ? "mainstay approvals" : "mainstay resume \(run)")
            }
        }
        let critical = findings.filter { $0.severity == .critical }
        needs += critical.map { group in
            let more = group.entries.count > 1 ? " (and \(group.entries.count - 1) more)" : ""
            return Need(
                standing: .critical, text: "\(group.target): \(group.entries.first?.summary ?? group.code)\(more)",
                command: group.mend ?? group.lookAgain)
        }
        let told = Set(critical.map(\.target.environment))
        needs += environments.filter { $0.standing == .critical && !told.contains($0.name) }.map { environment in
            Need(standing: .critical, text: "\(environment.name): \(environment.reason)", command: environment.command)
        }
        // What a finding says already is one trouble and not two.
        let known = Set(critical.flatMap { group in group.entries.map { [group.target.description, $0.summary] } })
        let untold = troubles.filter { !known.contains([$0.target.description, $0.problem]) }
        needs += Self.needs(untold.filter { [.failed, .refused, .cancelled].contains($0.state) })
        needs += environments.filter { $0.standing == .unknown }.map { environment in
            // Asking again gets no answer where something else has to be done first.
            let open = environment.checks.first { $0.outcome.state == .unknown }?.outcome
            let finding = findings.first { group in group.target == open?.target && group.code == open?.code }
            return Need(
                standing: .unknown,
                text: "whether \(environment.name) is well is not known: \(environment.reason)"
                    + (open.map { " (\($0.title): \($0.summary))" } ?? ""),
                command: finding?.mend ?? environment.command)
        }
        needs += Self.needs(untold.filter { $0.state == .unproven && !$0.isCheck })
        self.needs = needs
        let warnings = findings.filter { $0.severity == .warning }.reduce(0) { $0 + $1.entries.count }
        let hasWarning = warnings > 0 || environments.contains { $0.standing == .warning }
        standing =
            needs.map(\.standing).max() ?? (environments.isEmpty ? .unknown : hasWarning ? .warning : .good)
        sentence = Self.sentence(needs, environments: environments, changes: changes, warnings: warnings)
    }

    /// One for all steps that ended in the same way for the same reason at the same target.
    private static func needs(_ troubles: [DailyReport.StepTrouble]) -> [Need] {
        var groups: [[DailyReport.StepTrouble]] = []
        for trouble in troubles {
            let place = groups.firstIndex { group in
                group.first.map {
                    ($0.target, $0.ended, $0.problem) == (trouble.target, trouble.ended, trouble.problem)
                }
                    ?? false
            }
            if let place { groups[place].append(trouble) } else { groups.append([trouble]) }
        }
        return groups.compactMap { group in
            group.first.map { first in
                let more = group.count > 1 ? " (and \(group.count - 1) more)" : ""
                return Need(
                    standing: first.state.standing,
                    text: "\(first.command)\(more) on \(first.target) \(first.ended): \(first.problem)",
                    command: "mainstay show \(first.runID)")
            }
        }
    }

    private static func sentence(
        _ needs: [Need], environments: [EnvironmentHealth], changes: [DailyReport.ChangeLine], warnings: Int
    ) -> String {
        guard !environments.isEmpty else { return "Nothing is known: no environment is configured" }
        if let first = needs.first {
            let isAllUnknown = needs.allSatisfy { $0.standing == .unknown }
            switch (needs.count, isAllUnknown) {
            case (1, true): return "One thing is not known: \(first.text)"
            case (1, false): return "One thing needs a person now: \(first.text)"
            case (let count, true): return "\(count) things are not known; the first: \(first.text)"
            case (let count, false): return "\(count) things need a person now; the first: \(first.text)"
            }
        }
        let checks = environments.reduce(0) { $0 + $1.checks.count }
        let passed = environments.reduce(0) { $0 + $1.checks.filter { $0.outcome.state == .passed }.count }
        let proved = changes.filter { $0.state == .proved }.count
        var parts = [
            "\(passed) of \(checks) check\(checks == 1 ? "" : "s") passed in "
                + "\(environments.count) environment\(environments.count == 1 ? "" : "s")"
        ]
        if proved > 0 { parts.append("\(proved) change\(proved == 1 ? " was" : "s were") made and proved") }
        if warnings > 0 { parts.append("\(warnings) warning\(warnings == 1 ? "" : "s") can wait") }
        return "Nothing needs a person now: \(parts.joined(separator: ", "))"
    }
}

extension DailyReport.FindingGroup {
    /// The task that found it, where nothing is known to mend it.
    fileprivate var lookAgain: String {
        let words = task.split(separator: ".").joined(separator: " ")
        return target.environment.isEmpty
            ? "mainstay \(words)" : "mainstay \(words) --environment \(target.environment.shellQuoted)"
    }
}

extension EnvironmentHealth {
    fileprivate var command: String { "mainstay health check --environment \(name.shellQuoted)" }
}

extension DailyReport.StepTrouble {
    /// `db update-stats`, as typed.
    var command: String { task.split(separator: ".").joined(separator: " ") }
    var problem: String { error?.problem ?? "no reason was recorded" }

    /// How it ended, as a verb.
    var ended: String {
        switch state {
        case .failed: "failed"
        case .refused: "was refused"
        case .cancelled: "was cancelled"
        case .skipped: "was skipped"
        case .unproven: "is not proved"
        case .uncertain: "is uncertain"
        case .waiting: "waits"
        case .pending: "did not begin"
        case .running: "is running"
        case .succeeded: "succeeded"
        }
    }
}
