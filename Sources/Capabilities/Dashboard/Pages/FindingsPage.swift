import Engine
import Maintenance
import Page
import Report
import Web

/// What is wrong or worth knowing, the worst first.
enum FindingsPage {
    static func show(_ visit: Visit) async throws -> WebResponse {
        let open = try await visit.site.log.openFindings().filter { visit.sees($0.finding.target.environment) }
        return visit.page("Findings", "<h1>Findings</h1>\n\(groups(open, visit))")
    }

    static func groups(_ open: [FindingRecord], _ visit: Visit) -> HTML {
        guard !open.isEmpty else {
            return Pieces.empty(
                "No finding is open. That says something only where somebody has looked: <code>mainstay health check --all-environments</code>."
            )
        }
        let shown = open.prefix(500)
        let parts = Severity.allCases.reversed().compactMap { severity -> HTML? in
            let group = shown.filter { $0.finding.severity == severity }
            guard !group.isEmpty else { return nil }
            return
                "<h2>\(severity.standing.badge("\(group.count) \(severity.rawValue)"))</h2>\n\(Pieces.list(group.map { item($0, visit) }))"
        }
        let more: HTML? =
            open.count > shown.count
            ? "<p class=\"muted\">\((open.count - shown.count).grouped) more: <code>mainstay findings</code></p>\n"
            : nil
        return "\(parts)\(more)"
    }

    static func item(_ record: FindingRecord, _ visit: Visit) -> HTML {
        let finding = record.finding
        let object: HTML? = finding.object.map { " \(Pieces.code(Pieces.clipped($0, to: 300)))" }
        return Pieces.item(
            finding.severity.standing,
            """
            <strong>\(finding.target.description)</strong> <span class="muted">\(Pieces.explained(finding.code, visit))</span>\(object)<br>\
            \(Pieces.clipped(finding.summary, to: 2_000))\(Pieces.mend(finding.mend))<div class="facts"><span>since \
            \(time: record.firstSeen)</span><span>seen last \(time: record.lastSeen)</span><span>found by \
            \(Pieces.command(record.task)) in run \(Pieces.run(record.runID))</span></div>\(Pieces.facts(finding.evidence))\
            \(DryRunActs.button(record, visit))
            """)
    }
}
