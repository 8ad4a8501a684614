import Engine
import Maintenance
import Page
import Report

extension DailyPage {
    var troubles: HTML {
        guard !report.troubles.isEmpty else { return HTML() }
        let items = report.troubles.prefix(limits.troubles).map { trouble -> HTML in
            let isOver = trouble.mendedBy != nil
            let hint: HTML? = trouble.error?.hint.map { "<br><span class=\"muted\">\(text($0))</span>" }
            let mended: HTML? = trouble.mendedBy.map { "; succeeded since in run \(code($0))" }
            let at: HTML? = trouble.at.map { " at \(time: $0)" }
            let dry = (trouble.times > 1 ? " \(trouble.times) times" : "") + (trouble.isDryRun ? " (dry run)" : "")
            return item(
                isOver || trouble.isDryRun ? .notice : trouble.isCutOff ? .critical : trouble.state.standing,
                """
                <strong>\(text(command(trouble.task)))</strong> <span class="muted">\(text(trouble.target.description))</span> \
                \(trouble.isCutOff ? "was cut off" : trouble.ended)\(dry)<br>\(text(trouble.problem))\(hint)\
                <div class="facts"><span>\(trouble.times > 1 ? "last in run" : "run") \(code(trouble.runID))\(at)\(mended)</span></div>
                """)
        }
        return """
            <div class="card"><ul class="plain">
            \(items)</ul></div>
            \(more(report.troubles.count - limits.troubles, "mainstay runs"))
            """
    }

    var changes: HTML {
        guard !report.changes.isEmpty else {
            return "<p class=\"muted\">Nothing was changed in this period.</p>"
        }
        let shown = report.changes.prefix(limits.changes)
        var groups: [[DailyReport.ChangeLine]] = []
        for change in shown {
            if groups.last?.last?.group == change.group {
                groups[groups.count - 1].append(change)
            } else {
                groups.append([change])
            }
        }
        let left = report.changes.count - shown.count
        return "\(groups.map(box))\(more(left, "mainstay show \(report.changes.last?.runID ?? "RUN")"))"
    }

    /// What one step did: what is not proved, and the first of what is; the others folded.
    private func box(_ changes: [DailyReport.ChangeLine]) -> HTML {
        guard let first = changes.first else { return HTML() }
        let open = changes.filter { $0.state != .proved }
        let proved = changes.filter { $0.state == .proved }
        let most = proved.count <= 4 ? proved.count : min(3, limits.entries)
        let folded = proved.dropFirst(most).map(item)
        let rest: HTML? =
            folded.isEmpty
            ? nil
            : """
            <details><summary>\(folded.count) more, all proved</summary><ul class="plain">
            \(folded)</ul></details>

            """
        let locks = Set(changes.compactMap(\.lock)).sorted { $0.rawValue < $1.rawValue }.map { lock in
            "<p class=\"muted small\">\(lock.rawValue) lock: \(lock.consequence)</p>" as HTML
        }
        return """
            <div class="card"><div class="row"><h3>\(text(command(first.task))) <span \
            class="muted">\(text(first.target.description))</span></h3><span class="muted small">run \
            \(code(first.runID))</span></div>\(locks)
            <ul class="plain">
            \((open + proved.prefix(most)).map(item))</ul>\(rest)</div>

            """
    }

    private func item(_ change: DailyReport.ChangeLine) -> HTML {
        let lines = change.lines.prefix(limits.entries).map { line in
            "<pre><code>\(lines: limits.clip(line))</code></pre>" as HTML
        }
        let more = self.more(change.lines.count - limits.entries, "mainstay show \(change.runID) --verbose")
        let error: HTML? = change.error.map { error in
            let hint: HTML? = error.hint.map { "<div class=\"muted\">\(text($0))</div>" }
            return "<div>\(text(error.problem))</div>\(hint)"
        }
        let took: HTML? = change.seconds.map { " <span class=\"muted\">in \(Duration.seconds($0).short)</span>" }
        let removes: HTML? = change.effect == .destroys ? "<span><b>removes data</b></span>" : nil
        let reason: HTML? = change.reason.isEmpty ? nil : "<span>\(text(change.reason))</span>"
        return self.item(
            change.state.standing,
            """
            <div class="row done"><div class="grow">\(lines)\(more)</div><span class="small"><strong \
            class="\(change.state.standing.rawValue)">\(change.state.rawValue)</strong>\(took)</span></div>\(error)\
            <div class="facts">\(removes)\(reason)\(facts(change.proof))</div>
            """)
    }

    /// `analyze count 3 → 4`.
    private func facts(_ facts: [DailyReport.Fact]) -> HTML {
        let parts = facts.prefix(2 * limits.entries).map { fact -> HTML in
            let before: HTML? = fact.before.map { "\(text($0.spoken)) → " }
            return "<span>\(text(fact.name)) <b>\(before)\(text(fact.after.spoken))</b></span>"
        }
        return "\(parts)"
    }

    var notCovered: HTML {
        guard !report.notCovered.isEmpty else { return HTML() }
        let items = report.notCovered.prefix(limits.notCovered).map { gap -> HTML in
            let hint: HTML? = gap.hint.map { "<br><span class=\"muted\">\(text($0))</span>" }
            return item(
                .unknown,
                """
                <strong>\(text(gap.target.description))</strong> <span class="muted">\(text(gap.subject))</span><br>\
                \(text(gap.reason))\(hint)
                """)
        }
        return """
            <div class="card"><ul class="plain">
            \(items)</ul></div>
            \(more(report.notCovered.count - limits.notCovered, "mainstay report daily --as json"))
            """
    }

    var runs: HTML {
        guard !report.runs.isEmpty else { return HTML() }
        let rows = report.runs.prefix(limits.runs).map { run -> HTML in
            let isOwn = run.id == report.runID
            let state = isOwn ? "this run" : run.state.rawValue
            let dry = run.isDryRun ? " (dry run)" : ""
            return """
                <tr><th scope="row">\(code(run.id))</th><td>\(text(command(run.name)))\(dry)</td>\
                <td>\((isOwn ? .notice : run.state.standing).badge(state))</td>\
                <td data-name="asked for by">\(text(run.requester.text))</td>\
                <td data-name="began">\(time: run.startedAt)</td>\
                <td data-name="took">\(run.seconds.map { Duration.seconds($0).short } ?? "–")</td>\
                <td data-name="steps">\(run.steps)</td>\
                <td data-name="changes proved">\(run.changesProved)</td></tr>

                """
        }
        return """
            <div class="card scroll"><table class="reflow"><thead><tr><th scope="col">run</th><th scope="col">what</th>\
            <th scope="col">state</th><th scope="col">asked for by</th><th scope="col">began</th>\
            <th scope="col">took</th><th scope="col">steps</th><th scope="col">changes proved</th></tr></thead><tbody>
            \(rows)</tbody></table></div>
            \(more(report.runs.count - limits.runs, "mainstay runs"))
            """
    }
}

extension DailyReport.ChangeLine {
    /// What stands together in one box.
    fileprivate var group: [String] { [runID, task, target.environment, target.resource] }
}
