import Settings
import Engine
import Maintenance
import Page
import Web

/// Who did what, newest first: the trail as it was written.
enum AuditPage {
    private static let most = 100

    static func show(_ visit: Visit) async throws -> WebResponse {
        let log = visit.site.log
        let before = visit.request.query["before"].flatMap { Int64($0) }
        let page = try await log.auditPage(before: before, environments: environments(visit), most: most)
        let older: HTML? = page.next.map { "<a href=\"\(url: "/audit?before=\($0)")\" rel=\"next\">Older</a>" }
        let newest: HTML? = before.map { _ in "<a href=\"/audit\">Newest</a>" }
        let head = try await log.auditHead()
        let kept: HTML? = head.map {
            "<p class=\"muted small\">Head <code>\($0.description)</code>: kept elsewhere, it proves that nothing before it was changed.</p>\n"
        }
        return visit.page(
            "Audit", "<h1>Audit trail</h1>\n\(table(page.entries))<p class=\"pages\">\(newest)\(older)</p>\n\(kept)")
    }

    /// Whose entries somebody sees; nil for all. An entry without an environment is about the whole house.
    static func environments(_ visit: Visit) -> [String]? {
        visit.sees("") ? nil : visit.site.inventory.environments.map(\.name).filter(visit.sees)
    }

    private static func table(_ entries: [AuditEntry]) -> HTML {
        guard !entries.isEmpty else { return Pieces.empty("Nothing was asked, approved or changed yet.") }
        let rows = entries.map { entry -> HTML in
            let place = entry.target == .estate ? "" : entry.target.description
            let run: HTML? = entry.runID.isEmpty ? nil : Pieces.run(entry.runID)
            let detail = entry.detail.filter { $0.value.description.utf8.count < 200 }
            return """
                <tr><th scope="row">\(entry.number)</th><td data-name="at">\(time: entry.at)</td>\
                <td data-name="who">\(entry.actor.name)</td><td data-name="what">\(entry.kind.rawValue)</td>\
                <td data-name="where">\(place)</td><td class="any" data-name="about">\(Pieces.clipped(entry.subject, to: 600))\(Pieces.facts(detail))</td>\
                <td data-name="run">\(run)</td></tr>

                """
        }
        return Pieces.table("Entries", ["no.", "at", "who", "what", "where", "about", "run"], rows)
    }
}
