import Engine
import Maintenance
import Page
import Report

extension DailyPage {
    var needs: HTML {
        let all = report.verdict.needs
        guard !all.isEmpty else { return HTML() }
        let items = all.prefix(limits.needs).map { need in
            item(
                need.standing,
                "<span class=\"hidden\">\(need.standing.word): </span>\(text(need.text))\(mend(need.command))")
        }
        return """
            <div class="card"><ul class="plain">
            \(items)</ul></div>
            \(more(all.count - limits.needs, "mainstay findings"))
            """
    }

    var health: HTML {
        guard !report.environments.isEmpty else {
            return "<p>No environment is configured: \(code("mainstay init")) writes a configuration to begin with.</p>"
        }
        let shown = report.environments.prefix(limits.environments)
        let left = report.environments.count - shown.count
        let rows = max(4, limits.checks / max(1, shown.count))
        return """
            <div class="cards narrow">
            \(shown.map { card($0, rows: rows) })</div>
            \(more(left, "mainstay report daily --as json"))
            """
    }

    private func card(_ environment: EnvironmentHealth, rows: Int) -> HTML {
        let tag: HTML? = environment.isProtected ? " <span class=\"tag\">protected</span>" : nil
        return """
            <article class="card">
            <div class="row"><h3 class="grow">\(text(environment.name))</h3>\
            \(environment.standing.badge(environment.standing.word))</div>
            <div class="row"><span class="big">\(environment.percentage.map { Percentage($0).description } ?? "–")</span>\
            \(spark(environment))</div>
            <p>\(text(environment.reason))\(tag)</p>\(evidence(environment))\
            \(notPassed(environment))\(answers(environment, rows: rows))</article>

            """
    }

    private func spark(_ environment: EnvironmentHealth) -> HTML {
        let trend = report.trends.first { $0.name == "health" && $0.environment == environment.name }
        let points = (trend?.lines.first?.samples ?? []).map { Chart.Point(at: $0.at, value: $0.value) }
        return Sparkline("Health of \(limits.clip(environment.name))", unit: .percent, points: points).html
    }

    private func evidence(_ environment: EnvironmentHealth) -> HTML {
        guard let arithmetic = environment.arithmetic, let at = environment.checkedAt,
            let until = environment.countsUntil
        else { return HTML() }
        return """
            <p class="muted small">\(arithmetic)<br>checked \(time: at)<br>counts until \(time: until)</p>

            """
    }

    private func notPassed(_ environment: EnvironmentHealth) -> HTML {
        // What a whole resource says in the same words is said once.
        var groups: [[CheckOutcome]] = []
        for outcome in environment.checks.map(\.outcome) where outcome.state != .passed {
            let place = groups.firstIndex { group in
                group.first.map {
                    ($0.state, $0.target, $0.summary) == (outcome.state, outcome.target, outcome.summary)
                } ?? false
            }
            if let place { groups[place].append(outcome) } else { groups.append([outcome]) }
        }
        guard !groups.isEmpty else { return HTML() }
        let most = max(3, limits.checks / max(8, 2 * report.environments.count))
        let items = groups.prefix(most).map { group -> HTML in
            guard let outcome = group.first else { return HTML() }
            let title = group.count == 1 ? outcome.title : "\(group.count) checks"
            return item(
                outcome.state.standing,
                """
                <strong>\(text(title))</strong> <span class="muted">\(text(outcome.target.resource))</span><br>\
                <span class="hidden">\(outcome.state.rawValue): </span>\(text(outcome.summary))
                """)
        }
        return """
            <ul class="plain tight">
            \(items)</ul>
            \(more(groups.count - most, "mainstay health check --environment \(environment.name.shellQuoted)"))
            """
    }

    private func answers(_ environment: EnvironmentHealth, rows: Int) -> HTML {
        guard !environment.checks.isEmpty else { return HTML() }
        let shown = environment.checks.prefix(rows).map { answer -> HTML in
            let outcome = answer.outcome
            return """
                <tr><td>\(outcome.state.standing.badge(outcome.state.rawValue))</td><td>\(text(outcome.title)) \
                <span class="muted">\(outcome.code)</span></td><td>\(text(outcome.target.resource))</td>\
                <td>\(text(outcome.summary))</td></tr>

                """
        }
        let count = environment.checks.count
        return """
            <details><summary>\(count == 1 ? "the one check" : "all \(count) checks")</summary><div class="scroll"><table \
            class="reflow"><thead><tr><th scope="col">state</th><th scope="col">check</th><th scope="col">resource</th>\
            <th scope="col">answer</th></tr></thead><tbody>
            \(shown)</tbody></table></div>\
            \(more(count - rows, "mainstay health check --verbose --environment \(environment.name.shellQuoted)"))</details>

            """
    }
}
