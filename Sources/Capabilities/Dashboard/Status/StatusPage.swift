import Calendar
import Engine
import Maintenance
import Page
import Settings
import Web

/// What everybody may see without signing in, where the configuration says so: how the components it names stand, what
/// went wrong, what work is announced, and how it has been.
enum StatusPage {
    static let path = "/status"
    static let feedPath = "/status/feed.atom"
    /// Browsers and what stands between may keep it for so many seconds.
    private static let kept = 10

    static func show(_ visit: Visit) async throws -> WebResponse {
        let pages = try await visit.site.status.pages(visit.site)
        return answer(pages.page, "text/html; charset=utf-8")
    }

    static func feed(_ visit: Visit) async throws -> WebResponse {
        let pages = try await visit.site.status.pages(visit.site)
        return answer(pages.feed, "application/atom+xml; charset=utf-8")
    }

    private static func answer(_ bytes: [UInt8], _ type: String) -> WebResponse {
        var response = WebResponse(200, bytes, type: type)
        response.set("Cache-Control", "public, max-age=\(kept)")
        return response
    }

    static func html(_ board: StatusBoard, at now: Timestamp) -> HTML {
        let seen: HTML? = board.seenAt.map { "<p class=\"small muted\">Looked at last: \(time: $0)</p>\n" }
        let open = board.incidents.filter { $0.end == .goesOn }
        let past = board.incidents.filter { $0.end != .goesOn }
        return """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>\(board.title)</title>
            <link rel="stylesheet" href="\(url: Assets.style.path)">
            <link rel="icon" href="\(url: Assets.icon.path)" type="image/svg+xml">
            <link rel="alternate" href="\(url: feedPath)" type="application/atom+xml" title="\(board.title)">
            <script src="\(url: Assets.script.path)" defer></script>
            </head>
            <body data-refresh="60">
            <a class="skip" href="#main">To the content</a>
            <main id="main" tabindex="-1">
            <h1>\(board.title)</h1>
            \(verdict(board))\(seen)\(announcements(board, at: now))\(section("Now", open))<h2>Components</h2>
            \(components(board))<h2>Incidents</h2>
            \(past.isEmpty ? nothing(board) : list(past))\
            </main>
            <footer class="page"><span><a href="\(url: feedPath)">Feed</a></span> \
            <span id="live" role="status"></span></footer>
            </body>
            </html>

            """
    }

    private static func verdict(_ board: StatusBoard) -> HTML {
        let count = board.components.count
        let down = board.components.count { $0.state == .down }
        let unknown = board.components.count { $0.state == .unknown }
        let sentence =
            switch board.state {
            case .operational: "Everything works"
            case .maintenance: "Everything works, and there is maintenance"
            case .degraded: "Something works with trouble"
            case .unknown: "Of something it is not known whether it works"
            case .down: down == count ? "Nothing works" : "\(down.grouped) of \("component".counted(count)) down"
            }
        let also: HTML? =
            board.state == .down && unknown > 0
            ? "<p class=\"why\">Of \("component".counted(unknown)) it is not known</p>" : nil
        return """
            <div class="verdict \(board.state.standing.rawValue)">\(board.state.standing.mark)<div><p>\(sentence)</p>\(also)\
            </div></div>

            """
    }

    private static func announcements(_ board: StatusBoard, at now: Timestamp) -> HTML? {
        guard !board.announcements.isEmpty else { return nil }
        let items = board.announcements.map { item -> HTML in
            let about = item.components.isEmpty ? "everything" : item.components.joined(separator: ", ")
            let time: HTML
            if let window = item.window {
                let state: HTML? = window.start <= now ? " <span class=\"tag\">now</span>" : nil
                time = "\(time: window.start) to \(time: window.end)\(state)"
            } else {
                time = "Its times are not known at the moment."
            }
            return Pieces.item(
                .notice, "<strong>\(item.name)</strong> <span class=\"muted\">\(about)</span><br>\(time)")
        }
        return "<h2>Planned maintenance</h2>\n\(Pieces.list(items))"
    }

    private static func section(_ title: StaticString, _ incidents: [StatusIncident]) -> HTML? {
        incidents.isEmpty ? nil : "<h2>\(HTML(stringLiteral: title))</h2>\n\(list(incidents))"
    }

    private static func list(_ incidents: [StatusIncident]) -> HTML {
        let shown = incidents.prefix(StatusFeed.most)
        let more: HTML? =
            incidents.count > shown.count
            ? "<p class=\"muted\">\((incidents.count - shown.count).grouped) older are not shown.</p>\n" : nil
        return "\(Pieces.list(shown.map(item)))\(more)"
    }

    private static func item(_ incident: StatusIncident) -> HTML {
        let end: HTML =
            switch incident.end {
            case .goesOn: "since \(time: incident.began)"
            case .at(let end): "\(time: incident.began) to \(time: end), \((end - incident.began).short)"
            case .unknown: "from \(time: incident.began); nobody has seen it end"
            }
        let takenOn: HTML? = incident.takenOnAt.map {
            "<div class=\"muted\">Somebody works on it since \(time: $0)</div>"
        }
        return Pieces.item(
            incident.end == .goesOn ? .critical : incident.end == .unknown ? .unknown : .good,
            "<strong>\(incident.component)</strong> \(incident.end == .goesOn ? "is down" : "was down")<br>\(end)\(incident.end == .goesOn ? takenOn : nil)"
        )
    }

    private static func nothing(_ board: StatusBoard) -> HTML {
        board.remembersIncidents
            ? Pieces.empty("No incident in \("day".counted(board.days)) is over.")
            : Pieces.empty("Incidents are not remembered here.")
    }

    private static func components(_ board: StatusBoard) -> HTML {
        let cards = board.components.map { component -> HTML in
            let description: HTML? = component.description.map { "<p class=\"muted\">\($0)</p>" }
            return """
                <section class="card" id="component-\(component.key)"><div class="row"><h3>\(component.name)</h3>\
                \(component.state.standing.badge(component.state.words))</div>\(description)
                \(StatusBars(component.history, name: component.name).html)</section>

                """
        }
        return "\(cards)"
    }
}
