import Settings
import Engine
import Maintenance
import Page
import Web

/// The first page: what needs a person now, how each environment stands and why, what comes next, what was done last.
enum OverviewPage {
    static func show(_ visit: Visit) async throws -> WebResponse {
        let log = visit.site.log
        let open = try await log.openFindings()
        var environments: [EnvironmentLook] = []
        for environment in visit.site.inventory.environments where visit.sees(environment.name) {
            environments.append(try await EnvironmentLook(environment, findings: open, visit))
        }
        let outlook = try await Outlook(visit)
        let critical = open.filter { $0.finding.severity == .critical && visit.sees($0.finding.target.environment) }
        let waiting = try await Approvals(log: log, inventory: visit.site.inventory).waiting().filter {
            visit.sees($0.ballot.request.plan.target.environment)
        }
        let runs = try await log.recentRuns(most: 50).filter { RunsPage.sees($0, visit) }.prefix(8)
        return visit.page(
            "Overview",
            """
            <h1 class="hidden">Overview</h1>
            \(verdict(environments, outlook, critical, waiting.count))\(needs(outlook, critical, visit))\
            <h2>Environments</h2>
            \(cards(environments))<h2>Next</h2>
            \(next(outlook))<h2>Last runs</h2>
            \(RunsPage.table(Array(runs), visit))
            """)
    }

    private static func verdict(
        _ environments: [EnvironmentLook], _ outlook: Outlook, _ critical: [FindingRecord], _ waiting: Int
    ) -> HTML {
        let count = outlook.attentions.count + critical.count
        let standing: Standing =
            if !critical.isEmpty || outlook.attentions.contains(where: { $0.kind.exitStatus == .failure }) {
                .critical
            } else if count > 0 {
                .warning
            } else {
                environments.map(\.standing).max() ?? .unknown
            }
        let sentence =
            count > 0
            ? "\(count == 1 ? "One thing needs" : "\(count.grouped) things need") a person"
            : standing == .unknown
                ? "Nothing is known to need anybody, and not everything is known" : "Nothing needs anybody"
        let well = environments.count { $0.standing == .good }
        let why =
            environments.isEmpty
            ? "You see no environment: ask an admin for a role, or write 'environments' into the configuration."
            : "\(well) of \("environment".counted(environments.count)) known to be well"
                + (waiting > 0 ? "; \("approval".counted(waiting)) missing" : "")
        return """
            <div class="verdict \(standing.rawValue)">\(standing.mark)<div><p>\(sentence)</p><p class="why">\(why)</p></div></div>

            """
    }

    private static func needs(_ outlook: Outlook, _ critical: [FindingRecord], _ visit: Visit) -> HTML {
        guard !outlook.attentions.isEmpty || !critical.isEmpty else { return HTML() }
        let attentions = outlook.attentions.prefix(30).map { attention -> HTML in
            let standing: Standing =
                switch attention.kind.exitStatus {
                case .success: .notice
                case .waiting: .warning
                default: .critical
                }
            return Pieces.item(
                standing,
                """
                <strong>\(attention.subject)</strong> <span class="tag">\(attention.kind.rawValue)</span><br>\
                \(Pieces.clipped(attention.reason, to: 1_000))\(Pieces.mend(attention.resolve))
                """)
        }
        let findings = critical.prefix(30).map { FindingsPage.item($0, visit) }
        return "<h2>Needs a person</h2>\n\(Pieces.list(findings + attentions))"
    }

    private static func cards(_ environments: [EnvironmentLook]) -> HTML {
        guard !environments.isEmpty else {
            return Pieces.empty(
                "None. An environment is a few lines of the configuration: <code>mainstay init</code> shows how.")
        }
        let cards = environments.map { look -> HTML in
            let protected: HTML? = look.isProtected ? " <span class=\"tag\">protected</span>" : nil
            let percentage: HTML? = look.score.percentage.map {
                "<span class=\"big\" title=\"\(look.score.arithmetic)\">\($0.description)</span>"
            }
            let at: HTML? = look.step?.endedAt.map { "<p class=\"muted small\">looked at \(time: $0)</p>" }
            return """
                <section class="card"><div class="row"><h3>\(Pieces.environment(look.name))\(protected)</h3>\
                \(look.standing.badge(look.standing.word))</div>\(percentage)
                <p>\(look.reason)</p>\(at)</section>

                """
        }
        return "<div class=\"cards\">\n\(cards)</div>\n"
    }

    private static func next(_ outlook: Outlook) -> HTML {
        guard !outlook.starts.isEmpty else {
            return Pieces.empty(
                "Nothing starts by itself. Give a routine a <code>schedule</code>: see <a href=\"/calendar\">Calendar</a>."
            )
        }
        return CalendarPage.table(Array(outlook.starts.prefix(6)))
    }
}
