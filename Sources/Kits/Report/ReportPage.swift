import Engine
import Maintenance
import Page

/// A document as one page that needs nothing but itself.
struct ReportPage {
    let document: ReportDocument
    /// Rows of a table before it says "and N more".
    let most: Int
    /// Characters of one text.
    let longest: Int

    /// The page with its tables as long as they may be, so that it stays under `size` bytes whatever the estate.
    static func html(_ document: ReportDocument, size: Int = 290_000) -> HTML {
        var (most, longest) = (500, 400)
        while true {
            let page = ReportPage(document: document, most: most, longest: longest).html
            if page.bytes.count <= size || most == 1 { return page }
            (most, longest) = (max(1, most / 2), max(40, longest / 2))
        }
    }

    private var html: HTML {
        Layout(
            title: document.title, generator: "\(document.version), run \(document.runID)",
            body: "\(head)\(main)\(foot)"
        ).html
    }

    private var head: HTML {
        let tiles = document.tiles.map { tile -> HTML in
            "<li><b>\(text(tile.number))</b><span class=\"what\">\(text(tile.what))</span></li>"
        }
        let list: HTML = tiles.isEmpty ? HTML() : "<ul class=\"tiles\">\(tiles)</ul>\n"
        return """
            <header class="page">
            <div class="brand">Mainstay</div>
            <h1>\(text(document.title))</h1>
            <p class="muted small">\(time: document.since) to \(time: document.madeAt) · asked for by \
            \(text(document.requester.name)) on \(text(document.requester.host))</p>
            <div class="verdict \(document.standing.rawValue)" role="status">\(document.standing.mark)<div><p><span \
            class="hidden">\(document.standing.word): </span>\(text(document.sentence)).</p><p class="why">\
            \(text(document.why))</p></div></div>
            \(list)</header>

            """
    }

    private var main: HTML {
        let sections = document.sections.enumerated().map { index, section -> HTML in
            let blocks = section.blocks.enumerated().map { self.block($1, index * 100 + $0) }
            return """
                <section aria-labelledby="s-\(index)"><h2 id="s-\(index)">\(text(section.title))</h2>
                \(blocks)</section>

                """
        }
        return "<main>\n\(sections)</main>\n"
    }

    private func block(_ block: ReportDocument.Block, _ number: Int) -> HTML {
        switch block {
        case .paragraph(let words): return "<p>\(text(words))</p>\n"
        case .remedy(let words):
            return words.hasPrefix("mainstay ")
                ? "<p><code>\(text(words))</code></p>\n" : "<p class=\"muted\">\(text(words))</p>\n"
        case .chart(let title, let subtitle, let unit, let lines):
            return Chart(title, subtitle: subtitle, unit: unit, lines: lines.map(\.line)).html(id: "chart", number)
        case .table(let listing, let standings): return table(listing, standings)
        }
    }

    private func table(_ listing: Listing, _ standings: [Standing?]) -> HTML {
        let head = listing.columns.map { column -> HTML in
            column.unit == nil
                ? "<th scope=\"col\">\(text(column.name))</th>"
                : "<th scope=\"col\" class=\"number\">\(text(column.name))</th>"
        }
        let rows = listing.rows.prefix(most).enumerated().map { index, row -> HTML in
            let standing = standings.indices.contains(index) ? standings[index] : nil
            let cells = zip(row, listing.columns).enumerated().map { place, cell -> HTML in
                let (value, column) = cell
                let shown = text(value.shown(in: column))
                guard place > 0 else {
                    return
                        "<th scope=\"row\" class=\"whole\">\(standing.map { "\($0.badge("")) " as HTML })\(shown)\(standing.map { hidden($0) })</th>"
                }
                return column.unit == nil && !value.isNumber
                    ? "<td data-name=\"\(column.name)\">\(shown)</td>"
                    : "<td class=\"number\" data-name=\"\(column.name)\">\(shown)</td>"
            }
            return "<tr>\(cells)</tr>\n"
        }
        let title: HTML = listing.title.isEmpty ? HTML() : "<h3>\(text(listing.title))</h3>\n"
        let left = listing.rows.count - most
        let more: HTML = left > 0 ? "<p class=\"muted small\">and \(left) more, in the other renderings</p>\n" : HTML()
        return """
            <div class="card scroll">\(title)<table class="reflow"><thead><tr>\(head)</tr></thead>
            <tbody>\(rows)</tbody></table></div>
            \(more)
            """
    }

    private func hidden(_ standing: Standing) -> HTML { "<span class=\"hidden\"> (\(standing.word))</span>" }

    private var foot: HTML {
        let audit: HTML? = document.audit.map { " The audit trail stood at <code>\($0)</code>." }
        return """
            <footer class="page"><p>Made by \(document.version) in run <code>\(document.runID)</code>, from what was known \
            at \(time: document.madeAt). Times are UTC. The same data makes the same file, byte for byte; the run holds its \
            SHA-256.\(audit)</p></footer>

            """
    }

    /// Hostile text, not longer than the page can bear.
    private func text(_ text: String) -> HTML {
        guard text.utf8.count > longest, text.unicodeScalars.count > longest else { return "\(text)" }
        return "\(String(String.UnicodeScalarView(text.unicodeScalars.prefix(longest))))…"
    }
}
