import Maintenance
import Page

extension Runbook {
    /// CommonMark with tables, as a wiki and GitHub show it.
    var markdown: String {
        var lines = ["# Runbook: \(name.markdownText)", ""]
        if !summary.isEmpty { lines += ["\(summary.sentenced.markdownText)", ""] }
        lines += ["| | |", "| --- | --- |"]
        for fact in facts { lines.append("| \(fact.name) | \(String(fact.value.markdownText)) |") }
        lines += ["", "## What is typed", "", "```sh"] + commands.map(\.printable) + ["```", "", "## Steps", ""]
        lines += ["| # | what | may | approval | takes (of so many) | last |", "| --: | --- | --- | --- | --- | --- |"]
        for step in steps {
            let cells = [
                "\(step.number)", step.what.markdownText, step.effect, step.approval.markdownText, step.took,
                step.last.markdownText,
            ]
            lines.append("| \(cells.joined(separator: " | ")) |")
        }
        lines += ["", "## If something goes wrong", ""]
        lines += remedies.map { "- \(String($0.markdownText))" }
        lines += ["", "## Last runs", ""]
        if runs.isEmpty {
            lines.append("It was never run.")
        } else {
            lines += ["| began | how it ended | took | proof | who | run |", "| --- | --- | --: | --- | --- | --- |"]
            for run in runs {
                let cells = [
                    run.started.description, run.state, run.took, run.proof, run.requester.markdownText, "`\(run.id)`",
                ]
                lines.append("| \(cells.joined(separator: " | ")) |")
            }
        }
        lines += ["", "Made by `mainstay docs generate-runbooks`. Times are UTC.", ""]
        return lines.joined(separator: "\n")
    }

    /// A page that needs nothing but itself.
    var html: HTML {
        let facts = facts.map { "<tr><th scope=\"row\">\($0.name)</th><td>\($0.value)</td></tr>\n" as HTML }
        let rows = steps.map { step -> HTML in
            """
            <tr><td class="number" data-name="#">\(step.number)</td><th scope="row" class="whole">\(step.what)</th>\
            <td data-name="may">\(step.effect)</td><td data-name="approval">\(step.approval)</td>\
            <td data-name="takes">\(step.took)</td><td data-name="last">\(step.last)</td></tr>

            """
        }
        let remedies = remedies.map { "<li>\($0)</li>\n" as HTML }
        let past = runs.map { run -> HTML in
            """
            <tr><th scope="row" class="whole">\(time: run.started)</th><td data-name="how it ended">\(run.state)</td>\
            <td class="number" data-name="took">\(run.took)</td><td data-name="proof">\(run.proof)</td>\
            <td data-name="who">\(run.requester)</td><td data-name="run"><code>\(run.id)</code></td></tr>

            """
        }
        let history: HTML =
            runs.isEmpty
            ? "<p>It was never run.</p>\n"
            : """
            <div class="card scroll"><table class="reflow"><thead><tr><th scope="col">began</th>\
            <th scope="col">how it ended</th><th scope="col" class="number">took</th><th scope="col">proof</th>\
            <th scope="col">who</th><th scope="col">run</th></tr></thead><tbody>\(past)</tbody></table></div>

            """
        let typed = commands.map { "<p><code>\($0)</code></p>\n" as HTML }
        return Layout(
            title: "Runbook: \(name)", generator: Release.name,
            body: """
                <header class="page"><div class="brand">Mainstay</div><h1>Runbook: \(name)</h1>
                <p>\(summary.sentenced)</p></header>
                <main>
                <section><div class="card scroll"><table><tbody>\(facts)</tbody></table></div></section>
                <section><h2>What is typed</h2>
                \(typed)</section>
                <section><h2>Steps</h2><div class="card scroll"><table class="reflow"><thead><tr>\
                <th scope="col" class="number">#</th><th scope="col">what</th><th scope="col">may</th>\
                <th scope="col">approval</th><th scope="col">takes (of so many)</th><th scope="col">last</th></tr></thead>
                <tbody>\(rows)</tbody></table></div></section>
                <section><h2>If something goes wrong</h2><ul>\(remedies)</ul></section>
                <section><h2>Last runs</h2>\(history)</section>
                </main>
                <footer class="page"><p>Made by mainstay docs generate-runbooks. Times are UTC.</p></footer>

                """
        ).html
    }
}

extension String {
    /// With a capital first letter and a full stop.
    var sentenced: String { isEmpty ? "" : prefix(1).uppercased() + dropFirst() + (hasSuffix(".") ? "" : ".") }
}
