import Command
import Engine
import Guide
import Maintenance
import Page
import Web

/// The documentation of the program that runs: what tasks, checks, commands, codes and keys are, from their own
/// declarations, the runbooks of the routines, and a search that needs no script.
enum DocsPage {
    private static let runbooksPath = "runbooks"
    private static let explainPath = "explain"

    static func show(_ visit: Visit) async throws -> WebResponse {
        let library = try visit.site.documents.library(visit.site.session.application)
        let query = String((visit.request.query["q"] ?? "").prefix(200))
        let body: HTML
        if DocumentLibrary.words(query).isEmpty {
            let runbooks: HTML? =
                hasRunbooks(visit)
                ? "<p><a href=\"/docs/runbooks\">Runbooks</a> of the routines: what each does, how it went, whom to ask.</p>\n"
                : nil
            body = "\(runbooks)\(library[""]?.html)"
        } else {
            body = hits(library.search(query))
        }
        return visit.page(
            "Documentation", isLive: false,
            """
            <h1>Documentation</h1>
            <form class="inline" method="get" action="/docs" role="search"><label for="q">Words</label>
            <input id="q" name="q" type="text" value="\(query)"> <button type="submit">Search</button></form>
            \(body)
            """)
    }

    private static func hits(_ hits: [DocumentLibrary.Hit]) -> HTML {
        guard !hits.isEmpty else {
            return Pieces.empty("No section has all of these words. <a href=\"/docs\">All pages</a>")
        }
        let items = hits.map { hit -> HTML in
            let title = hit.section.title.isEmpty ? hit.document.title : hit.section.title
            return """
                <li><a href="\(url: hit.address)">\(title)</a> <span class="muted">\(hit.document.title)</span><br>\
                \(hit.passage)</li>

                """
        }
        let more: HTML? =
            hits.count == DocumentLibrary.most ? "<p class=\"muted\">Only the first are shown.</p>\n" : nil
        return
            "<h2>\("section".counted(hits.count))</h2>\n<div class=\"card\"><ul class=\"plain\">\n\(items)</ul></div>\n\(more)"
    }

    /// One page by its path.
    static func one(_ visit: Visit) async throws -> WebResponse {
        let path = visit.values.joined(separator: "/")
        if path == runbooksPath { return try await runbooks(visit) }
        if visit.value(0) == explainPath, visit.values.count == 2 { return try explanation(visit) }
        if visit.value(0) == runbooksPath, visit.values.count == 2 { return try await runbook(visit) }
        let library = try visit.site.documents.library(visit.site.session.application)
        guard !path.isEmpty, let document = library[path] else { throw Refusal.notFound }
        return visit.page(
            document.title, isLive: false, "\(way)<h1>\(document.title)</h1>\n\(document.html)")
    }

    /// What a finding or a check means, as `mainstay explain` says it.
    private static func explanation(_ visit: Visit) throws -> WebResponse {
        let library = try visit.site.documents.library(visit.site.session.application)
        guard let (document, section) = library.explanation(visit.value(1)) else { throw Refusal.notFound }
        let all = DocumentLibrary.Hit(document: document, section: section, passage: "")
        return visit.page(
            section.title, isLive: false,
            """
            \(way)<h1>\(section.title)</h1>
            \(section.body)<p class="muted small">On its page: <a href="\(url: all.address)">\(document.title)</a></p>

            """)
    }

    private static func hasRunbooks(_ visit: Visit) -> Bool {
        // They tell of all environments.
        visit.sees("") && visit.site.session.application.runbooks != nil
    }

    private static func runbooks(_ visit: Visit) async throws -> WebResponse {
        guard hasRunbooks(visit), let source = visit.site.session.application.runbooks else { throw Refusal.notFound }
        let entries = try await source.list(visit.site.session.with(visit.site.inventory))
        let rows = entries.map { entry -> HTML in
            """
            <tr><th scope="row"><a href="\(url: "/docs/runbooks/\(entry.name.urlComponent)")">\(entry.name)</a></th>\
            <td data-name="what it does">\(entry.summary)</td></tr>

            """
        }
        let none = Pieces.empty(
            "No routine starts by itself, and the configuration has none of its own: <code>mainstay tasks</code> lists all."
        )
        return visit.page(
            "Runbooks", isLive: false,
            """
            \(way)<h1>Runbooks</h1>
            \(entries.isEmpty ? none : Pieces.table("Runbooks", ["routine", "what it does"], rows))
            """)
    }

    private static func runbook(_ visit: Visit) async throws -> WebResponse {
        guard hasRunbooks(visit), let source = visit.site.session.application.runbooks,
            let text = try await source.page(visit.site.session.with(visit.site.inventory), visit.value(1))
        else { throw Refusal.notFound }
        var writer = DocumentHTML(path: "runbooks/\(visit.value(1))")
        let body = writer.html(try [MarkdownPiece](markdown: text, from: visit.value(1)))
        return visit.page(
            visit.value(1), isLive: false,
            "<p class=\"path\"><a href=\"/docs\">Documentation</a> / <a href=\"/docs/runbooks\">Runbooks</a></p>\n\(body)"
        )
    }

    private static let way: HTML = "<p class=\"path\"><a href=\"/docs\">Documentation</a></p>\n"
}

extension Pieces {
    /// A code of a finding or a check, with the way to what it means where that is known.
    static func explained(_ code: String, _ visit: Visit) -> HTML {
        let application = visit.site.session.application
        guard
            application.checks.contains(where: { $0.code == code })
                || application.findingPages.contains(where: { $0.code == code })
        else { return "\(code)" }
        return "<a href=\"\(url: "/docs/explain/\(code.urlComponent)")\">\(code)</a>"
    }
}
