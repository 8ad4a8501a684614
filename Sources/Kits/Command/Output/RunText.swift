import Engine
import Maintenance

/// A run as people read it: each step with what came of it, then the findings, then one line that says it all.
struct RunText {
    var style: Style
    var width: Int?
    var isVerbose: Bool
    /// The person has seen a line for each step of the routine as it ended; what went well is not said twice.
    var isAfterProgress = false

    func lines(_ summary: RunSummary) -> [String] {
        var lines: [String] = []
        for step in summary.steps {
            lines += self.lines(step, summary.changes(of: step), in: summary)
        }
        let findings = summary.findings.sorted { ($1.severity, $0.target, $0.code) < ($0.severity, $1.target, $1.code) }
        if !findings.isEmpty {
            lines +=
                ["", style.bold("Findings")]
                + FindingText(style: style, width: width, isVerbose: isVerbose).lines(findings)
        }
        let written = summary.changes.compactMap { $0.state == .proved ? $0.evidence?["file"]?.description : nil }
            .filter { $0.hasPrefix("/") }
        if !written.isEmpty { lines += [""] + written.map { "wrote \($0.printable)" } }
        let left = summary.changes.compactMap { $0.state == .proved ? $0.evidence?["left to do"]?.description : nil }
        if !left.isEmpty {
            lines += [""] + left.flatMap { "left to do: \($0.printable)".wrapped(to: width, indent: "") }
        }
        return lines + ["", Self.verdict(summary)]
    }

    private func lines(_ step: StepRecord, _ changes: [ChangeRecord], in summary: RunSummary) -> [String] {
        var lines: [String] = []
        let duration = step.duration.map { " (\($0.short))" } ?? ""
        let name = summary.run.isRoutine ? " \(step.title)" : ""
        lines.append("\(style.step(step.state))  \(style.bold("\(step.target)"))\(name)\(style.dim(duration))")
        if let error = step.error, step.state != .succeeded {
            lines += error.problem.wrapped(to: width, indent: "  ")
            if let hint = error.hint { lines += "hint: \(hint)".wrapped(to: width, indent: "  ") }
        }
        let isToldAlready = isAfterProgress && summary.run.isRoutine && !isVerbose && step.state == .succeeded
        if isToldAlready, !summary.run.isDryRun, step.observation?.checks.isEmpty ?? true { return [] }
        guard let observation = step.observation else { return lines }
        lines += checks(observation.checks)
        for listing in observation.listings where isVerbose || !summary.run.isRoutine {
            lines.append("")
            lines.append("  " + style.bold(listing.title))
            let rows = listing.rows.isEmpty ? ["none"] : listing.table(width: width.map { $0 - 2 }).lines(style)
            lines += rows.map { "  " + $0 }
        }
        if summary.run.isDryRun, let plan = step.plan {
            lines += PlanText(style: style, width: width).lines(plan).dropFirst().map { $0 }
            if plan.changes.isEmpty, plan.refusals.isEmpty { lines.append("  nothing to change") }
        } else {
            lines += self.changes(changes)
        }
        return lines
    }

    private func checks(_ checks: [CheckOutcome]) -> [String] {
        guard !checks.isEmpty else { return [] }
        let score = HealthScore(checks.map(\.state))
        var lines = "health \(score.percentage?.description ?? "unknown"): \(score.arithmetic)".wrapped(
            to: width, indent: "  ")
        let shown = isVerbose ? checks : checks.filter { $0.state != .passed }
        // A server that cannot be reached leaves twenty checks with the same words.
        var counts: [String: Int] = [:]
        let texts = shown.map { check in
            (check.state, "\(check.state.mark) \(check.target.resource.printable): \(check.summary.printable)")
        }
        for (_, text) in texts { counts[text, default: 0] += 1 }
        for (state, text) in texts {
            guard let count = counts.removeValue(forKey: text) else { continue }
            let line = count == 1 ? text : "\(text) (\(count) checks)"
            lines += line.wrapped(to: width, indent: "  ").map { paint(state, $0) }
        }
        return lines
    }

    private func paint(_ state: CheckOutcome.State, _ text: String) -> String {
        switch state {
        case .passed: text
        case .warning, .unknown: style.warning(text)
        case .critical: style.bad(text)
        }
    }

    private func changes(_ changes: [ChangeRecord]) -> [String] {
        let first = changes.first { $0.state == .undecided }?.place
        return changes.filter { isVerbose || $0.state != .proved }.flatMap { record -> [String] in
            let number = record.state == .undecided ? " \(record.place)" : ""
            var lines = ["  \(record.state.rawValue)\(number): \(record.change.id.printable)".cut(to: width ?? .max)]
            if let error = record.error, record.state != .proved {
                lines += error.problem.wrapped(to: width, indent: "    ")
            }
            // The hint of the first is the step's.
            if record.state == .undecided, record.place != first {
                lines += "tell: \(record.decideCommand)".wrapped(to: width, indent: "    ")
            }
            if isVerbose { lines += said(record) }
            return lines
        }
    }

    /// What a command wrote, as far as it was kept.
    private func said(_ record: ChangeRecord) -> [String] {
        ["output", "error output"].compactMap { record.evidence?[$0]?.description }.flatMap { text in
            text.split(whereSeparator: \.isNewline).flatMap {
                String($0).printable.wrapped(to: width, indent: "    | ")
            }
        }
    }

    /// `mainstay: daily succeeded: 24 steps, 12 changes proved, 3 findings (2 warning) in 4.1 s; run 20261121-…`.
    static func verdict(_ summary: RunSummary) -> String {
        var parts: [String] = []
        parts.append("\(summary.steps.count) step\(summary.steps.count == 1 ? "" : "s")")
        if summary.run.isDryRun {
            parts.append(planned(summary))
        } else {
            let states = Dictionary(grouping: summary.changes, by: \.state).mapValues(\.count)
            for (state, count) in states.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
                parts.append("\(count) change\(count == 1 ? "" : "s") \(state.rawValue)")
            }
        }
        let severities = Dictionary(grouping: summary.findings, by: \.severity).mapValues(\.count)
        let found = Severity.allCases.reversed().compactMap { severity in
            severities[severity].map { "\($0) \(severity.rawValue)" }
        }
        parts.append(found.isEmpty ? "no findings" : "findings: \(found.joined(separator: ", "))")
        let duration = summary.run.endedAt.map { " in \(($0 - summary.run.startedAt).short)" } ?? ""
        let name = summary.run.name.split(separator: ".").joined(separator: " ")
        let dry = summary.run.isDryRun ? " (dry run)" : ""
        return "mainstay: \(name)\(dry) \(summary.run.state.rawValue): \(parts.joined(separator: ", "))\(duration); "
            + "run \(summary.run.id)"
    }
}

extension RunText {
    /// What came of a dry run, beside what it found.
    private static func planned(_ summary: RunSummary) -> String {
        let plans = summary.plans
        guard !plans.isEmpty else {
            // A task that only looks makes no plan; neither does a step that failed.
            let looks = summary.steps.count == 1 ? "it only looks" : "they only look"
            return summary.run.state == .succeeded ? "nothing to plan (\(looks))" : "no plan"
        }
        let count = plans.reduce(0) { $0 + $1.changes.count }
        if count == 0, plans.allSatisfy(\.refusals.isEmpty) { return "nothing to change" }
        return "\(count == 0 ? "no change" : PlanText.count(count)) planned, nothing was changed"
    }
}

extension CheckOutcome.State {
    var mark: String {
        switch self {
        case .passed: "✓"
        case .warning: "!"
        case .critical: "✗"
        case .unknown: "?"
        }
    }
}

/// Findings as people read them: what, where, and the command that mends it.
struct FindingText {
    var style: Style
    var width: Int?
    /// The evidence too, each fact on one line: a statement in it is there to be copied.
    var isVerbose: Bool

    func lines(_ findings: [Finding]) -> [String] {
        findings.flatMap { finding -> [String] in
            let object = finding.object.map { " \($0.printable)" } ?? ""
            let head = "\(finding.severity.rawValue)  \(finding.code)  \(finding.target)\(object)"
            var lines = ["  " + style.severity(finding.severity, head.cut(to: (width ?? .max) - 2))]
            lines += finding.summary.printable.wrapped(to: width, indent: "    ")
            if let mend = finding.mend {
                lines += "mend: \(mend.printable)".wrapped(to: width, indent: "    ").map(style.dim)
            }
            guard isVerbose else { return lines }
            lines += finding.evidence.sorted { $0.key < $1.key }
                .map { "    \($0.key.printable): \($0.value.description.printable)" }
            return lines
        }
    }
}
