import Engine
import Maintenance
import Page
import Web

/// What stands around every page: where one is, where one can go, and who one is. It works without the script; with it,
/// what is in `main` is live.
struct Frame {
    var title: String
    /// Nil before somebody has signed in.
    var visit: Visit?
    /// Whether the page is got again when something has changed; a page with a form somebody fills in is not.
    var isLive = true
    var body: HTML

    private static let places: [(path: String, name: String)] = [
        ("/", "Overview"), ("/runs", "Runs"), ("/findings", "Findings"), ("/alerts", "Alerts"),
        ("/approvals", "Approvals"), ("/checklists", "Checklists"), ("/backups", "Backups"), ("/calendar", "Calendar"),
        ("/audit", "Audit"),
        ("/configuration", "Configuration"), ("/docs", "Docs"),
    ]

    var html: HTML {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>\(title) – Mainstay</title>
        <link rel="stylesheet" href="\(url: Assets.style.path)">
        <link rel="icon" href="\(url: Assets.icon.path)" type="image/svg+xml">
        <script src="\(url: Assets.script.path)" defer></script>
        </head>
        <body\(attribute: "data-live", isLive && visit?.visitor != nil ? "/live" : nil)>
        <a class="skip" href="#main">To the content</a>
        \(bar)<main id="main" tabindex="-1">
        \(body)</main>
        <footer class="page"><span>\(Release.name)</span> <span id="live" role="status"></span></footer>
        </body>
        </html>

        """
    }

    private var bar: HTML {
        guard let visit, let visitor = visit.visitor else {
            return "<header class=\"top\"><span class=\"brand\">Mainstay</span></header>\n"
        }
        let here = visit.request.path.first.map { "/\($0)" } ?? "/"
        let links = Self.places.map { place -> HTML in
            let isHere = place.path == here || (place.path == "/" && here == "/environments")
            return """
                <li><a href="\(url: place.path)"\(attribute: "aria-current", isHere ? "page" : nil)>\(place.name)</a></li>

                """
        }
        return """
            <header class="top"><a class="brand" href="/">Mainstay</a>
            <nav aria-label="Pages"><ul>
            \(links)</ul></nav>
            <form class="who" method="post" action="/sign-out">\(visit.formToken)<span class="muted">\(visitor.account.name)</span> \
            <button type="submit">Sign out</button></form></header>

            """
    }
}

extension Visit {
    /// What every form of a session has in it.
    var formToken: HTML {
        "<input type=\"hidden\" name=\"form-token\" value=\"\(visitor?.formToken ?? "")\">"
    }

    func page(_ title: String, isLive: Bool = true, status: Int = 200, _ body: HTML) -> WebResponse {
        WebResponse(status, html: Frame(title: title, visit: self, isLive: isLive, body: body).html)
    }
}
