import Engine
import Maintenance
import Page

/// The report of the day as Markdown (CommonMark with tables), for a wiki or a chat: the same order, fewer words.
struct DailyMarkdown {
    let report: DailyReport
    var limits = Limits.full

    var text: String {
        var lines = [
            "# Daily report, \(CivilTime(report.madeAt).date)", "",
            "**\(report.verdict.standing.word): \(text(report.verdict.sentence)).**", "",
            "\(report.since) to \(report.madeAt), asked for by \(text(report.requester.text)).",
        ]
        lines += list("What needs a person now", report.verdict.needs, limits.needs) { need in
            "\(need.standing.word): \(text(need.text))" + (need.command.map { ": \(code($0))" } ?? "")
        }
        lines += health
        lines += list("Backups", report.backups, limits.environments) { line in
            "\(text(line.target.description)): \(line.proof)" + (line.backup.map { " (\(code($0)))" } ?? "")
        }
        lines += list("Steps that did not succeed", report.troubles, limits.troubles) { trouble in
            let mended = trouble.mendedBy.map { "; succeeded since in run \(code($0))" } ?? ""
            return "\(code(trouble.command)) on \(text(trouble.target.description)) \(trouble.ended): "
                + "\(text(trouble.problem)) (run \(code(trouble.runID)))\(mended)"
        }
        lines += list("Changes and their proof", report.changes, limits.changes, line)
        lines += list("Findings", report.findings, limits.findings, line)
        lines += list("No longer found", report.resolved, limits.resolved) { record in
            "\(record.finding.code) at \(text(record.finding.target.description)): \(text(record.finding.summary))"
        }
        lines += list("Not covered", report.notCovered, limits.notCovered) { gap in
            "\(code(gap.target.description)), \(text(gap.subject)): \(text(gap.reason))"
        }
        lines += [
            "",
            "Made by \(report.version) in run `\(report.runID)`, from the run log as it was at \(report.madeAt)."
                + (report.audit.map { " The audit trail stood at `\($0)`." } ?? ""), "",
        ]
        return lines.joined(separator: "\n")
    }

    private func line(_ change: DailyReport.ChangeLine) -> String {
        let proof = change.proof.map { fact in
            "\(fact.name) \(fact.before.map { "\($0.spoken) → " } ?? "")\(fact.after.spoken)"
        }
        let took = change.seconds.map { " in \(Duration.seconds($0).short)" } ?? ""
        var line = "\(change.state.rawValue)\(took): \(code(change.lines.first ?? change.object)) on "
        line += text(change.target.description)
        if !proof.isEmpty { line += "; \(text(proof.joined(separator: ", ")))" }
        if let error = change.error { line += "; \(text(error.problem))" }
        return line
    }

    private func line(_ group: DailyReport.FindingGroup) -> String {
        var line = "\(group.severity.rawValue) \(group.code) at \(text(group.target.description)): "
        if let first = group.entries.first {
            if let object = first.object { line += "\(code(object)) " }
            line += text(first.summary)
        }
        if group.entries.count > 1 { line += " and \(group.entries.count - 1) more" }
        line += ", since \(group.since)"
        if let mend = group.mend { line += ": \(code(mend))" }
        return line
    }

    private var health: [String] {
        guard !report.environments.isEmpty else { return [] }
        let rows = report.environments.prefix(limits.environments).map { environment in
            let percentage = environment.percentage.map { Percentage($0).description } ?? "–"
            let until = environment.countsUntil.map(\.description) ?? "–"
            return "| \(text(environment.name)) | \(environment.standing.word) | \(percentage) | "
                + "\(text(environment.reason)) | \(until) |"
        }
        return [
            "", "## Health", "", "| environment | state | health | why | counts until |",
            "| --- | --- | ---: | --- | --- |",
        ] + rows + more(report.environments.count - limits.environments)
    }

    private func list<Element>(
        _ title: String, _ elements: [Element], _ most: Int, _ line: (Element) -> String
    ) -> [String] {
        guard !elements.isEmpty else { return [] }
        return ["", "## \(title)", ""] + elements.prefix(most).map { "- \(line($0))" } + more(elements.count - most)
    }

    private func more(_ left: Int) -> [String] {
        left > 0 ? ["", "and \(left) more: `mainstay report daily --as json`"] : []
    }

    private func text(_ text: String) -> String { limits.clip(text).markdownText }

    private func code(_ text: String) -> String { limits.clip(text).markdownCode }
}
