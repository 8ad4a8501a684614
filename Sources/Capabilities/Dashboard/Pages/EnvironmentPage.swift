import Engine
import Maintenance
import Page
import Report
import Settings
import Web

/// One environment: how it stands and why, what is in it, what is found there, what was done there last.
enum EnvironmentPage {
    static func show(_ visit: Visit) async throws -> WebResponse {
        let name = visit.value(0)
        guard let environment = visit.site.inventory[environment: name], visit.sees(name) else {
            throw Refusal.notFound
        }
        let log = visit.site.log
        let look = try await EnvironmentLook(environment, findings: try await log.openFindings(), visit)
        let runs = try await log.recentRuns(most: 500).filter { $0.environments.contains(name) }.prefix(10)
        let protected: HTML? = environment.isProtected ? " <span class=\"tag\">protected</span>" : nil
        let score: HTML? = look.score.count == 0 ? nil : "<p class=\"muted small\">\(look.score.arithmetic)</p>\n"
        return visit.page(
            name,
            """
            <p class="path"><a href="/">Overview</a></p>
            <h1>\(name)\(protected)</h1>
            <div class="verdict \(look.standing.rawValue)">\(look.standing.mark)<div><p>\(look.reason)</p></div></div>
            \(score)<p><a href="\(url: "/environments/\(name.urlComponent)/measurements")">Measurements, drawn</a></p>
            <h2>Resources</h2>
            \(resources(environment))<h2>Health</h2>
            \(health(look, visit))\(DryRunActs.form(name, visit))<h2>Findings</h2>
            \(look.findings.isEmpty ? Pieces.empty("No finding is open here.") : Pieces.list(look.findings.prefix(200).map { FindingsPage.item($0, visit) }))\
            <h2>Last runs</h2>
            \(RunsPage.table(Array(runs), visit))
            """)
    }

    private static func resources(_ environment: Environment) -> HTML {
        guard !environment.resources.isEmpty else {
            return Pieces.empty("None. A database is three lines under <code>resources</code>.")
        }
        let rows = environment.resources.map { resource -> HTML in
            """
            <tr><th scope="row">\(resource.name)</th><td data-name="kind">\(resource.kind.rawValue)</td>\
            <td data-name="written in"><code>\(resource.location.description)</code></td></tr>

            """
        }
        return Pieces.table("Resources", ["resource", "kind", "written in"], rows)
    }

    private static func health(_ look: EnvironmentLook, _ visit: Visit) -> HTML {
        guard let step = look.step, let checks = step.observation?.checks, !checks.isEmpty else {
            return Pieces.empty("Never checked: <code>mainstay health check --environment \(look.name)</code>")
        }
        let items = checks.sorted { ($0.state.standing, $1.title) > ($1.state.standing, $0.title) }.map { check in
            Pieces.item(
                check.state.standing,
                """
                <strong>\(check.title)</strong> <span class="muted">\(check.target.resource)</span> \
                <span class="muted">\(Pieces.explained(check.code, visit))</span><br>\
                \(Pieces.clipped(check.summary, to: 1_000))
                """)
        }
        let at: HTML? = step.endedAt.map { "<p class=\"muted small\">Run \(Pieces.run(step.runID)), \(time: $0)</p>\n" }
        return "\(Pieces.list(items))\(at)"
    }
}
