import Engine
import Maintenance
import Page
import Report
import Web

/// All runs, latest first, a page at a time.
enum RunsPage {
    static let most = 50

    static func show(_ visit: Visit) async throws -> WebResponse {
        let before = visit.request.query["before"]
        let page = try await visit.site.log.runs(before: before, most: most)
        let runs = page.filter { sees($0, visit) }
        let older: HTML? =
            page.count < most
            ? nil : page.last.map { "<a href=\"\(url: "/runs?before=\($0.id.urlComponent)")\" rel=\"next\">Older</a>" }
        let newest: HTML? = before.map { _ in "<a href=\"/runs\">Newest</a>" }
        return visit.page(
            "Runs",
            """
            <h1>Runs</h1>
            \(table(runs, visit))<p class="pages">\(newest)\(older)</p>

            """)
    }

    /// A run in several environments is seen by whoever sees one of them, with the steps there; one about the estate by
    /// those who see all.
    static func sees(_ run: RunRecord, _ visit: Visit) -> Bool {
        run.environments.isEmpty ? visit.sees("") : run.environments.contains { visit.sees($0) }
    }

    static func table(_ runs: [RunRecord], _ visit: Visit) -> HTML {
        guard !runs.isEmpty else {
            return Pieces.empty(
                "No run yet. Try <code>mainstay run daily --all-environments --dry-run</code>: it changes nothing.")
        }
        let rows = runs.map { run -> HTML in
            let dry: HTML? = run.isDryRun ? " <span class=\"tag\">dry run</span>" : nil
            let took = run.endedAt.map { ($0 - run.startedAt).short } ?? "–"
            let places = run.environments.filter(visit.sees).map(Pieces.environment).joined(separator: ", ")
            return """
                <tr><th scope="row">\(Pieces.run(run.id))</th><td>\(Pieces.command(run.name))\(dry)</td>\
                <td>\(run.state.standing.badge(run.state.rawValue))</td><td data-name="in">\(places)</td>\
                <td data-name="asked by">\(run.requester.name)</td><td data-name="began">\(time: run.startedAt)</td>\
                <td data-name="took">\(took)</td></tr>

                """
        }
        return Pieces.table("Runs", ["run", "what", "state", "where", "asked by", "began", "took"], rows)
    }
}
