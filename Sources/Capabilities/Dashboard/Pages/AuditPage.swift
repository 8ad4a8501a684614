import Settings
import Engine
import Maintenance
import Page
import Web

/// Who did what, newest first: the trail as it was written.
enum AuditPage {
    static func show(_ visit: Visit) async throws -> WebResponse {
        let log = visit.site.log
        // An entry without an environment is about the whole house.
        let environments = visit.sees("") ? nil : visit.site.inventory.environments.map(\.name).filter(visit.sees)
        let entries = try await log.audit(AuditFilter(environments: environments, most: 200))
        let head = try await log.auditHead()
        let kept: HTML? = head.map {
            "<p class=\"muted small\">Head <code>\($0.description)</code>: kept elsewhere, it proves that nothing before it was changed.</p>\n"
        }
        return visit.page("Audit", "<h1>Audit trail</h1>\n\(table(entries))\(kept)")
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
