import Guide
import Maintenance
import Page

/// Markdown as a page of the dashboard: all text is escaped, and what leads to another page of the reference leads there.
struct DocumentHTML {
    /// Where the page is beneath `/docs`: `tasks/db-update-stats`; its links are relative to that.
    let path: String
    /// Headings that are on the page already.
    private var anchors: [String: Int] = [:]

    init(path: String) { self.path = path }

    mutating func html(_ pieces: [MarkdownPiece]) -> HTML {
        var result = HTML()
        for piece in pieces { result += html(piece) }
        return result
    }

    /// A heading and where it is on the page.
    mutating func heading(_ level: Int, _ pieces: [MarkdownPiece]) -> (html: HTML, anchor: String) {
        let anchor = anchor(of: pieces.plain)
        let text = html(pieces)
        let html: HTML =
            switch level {
            case 1: "<h1>\(text)</h1>\n"
            case 2: "<h2 id=\"\(anchor)\">\(text)</h2>\n"
            case 3: "<h3 id=\"\(anchor)\">\(text)</h3>\n"
            default: "<h4 id=\"\(anchor)\">\(text)</h4>\n"
            }
        return (html, anchor)
    }

    private mutating func html(_ piece: MarkdownPiece) -> HTML {
        switch piece {
        case .heading(let level, let pieces): return heading(level, pieces).html
        case .paragraph(let pieces): return "<p>\(html(pieces))</p>\n"
        case .list(let isNumbered, let items):
            var list = HTML()
            for item in items { list += "<li>\(self.item(item))</li>\n" }
            return isNumbered ? "<ol>\n\(list)</ol>\n" : "<ul>\n\(list)</ul>\n"
        case .quote(let pieces): return "<blockquote>\(html(pieces))</blockquote>\n"
        case .block(let text): return "<pre><code>\(lines: text)</code></pre>\n"
        case .table(let head, let rows): return table(head, rows)
        case .rule: return "<hr>\n"
        case .text(let text): return "\(text)"
        case .code(let text): return "<code>\(text)</code>"
        case .emphasis(let pieces): return "<em>\(html(pieces))</em>"
        case .strong(let pieces): return "<strong>\(html(pieces))</strong>"
        case .link(let to, let pieces): return "<a href=\"\(url: address(to))\">\(html(pieces))</a>"
        case .lineEnd(let isForced): return isForced ? "<br>" : " "
        }
    }

    /// A single paragraph of an item stands in it as it is.
    private mutating func item(_ pieces: [MarkdownPiece]) -> HTML {
        if case .paragraph(let inner)? = pieces.first, pieces.count == 1 { return html(inner) }
        return html(pieces)
    }

    private mutating func table(_ head: [[MarkdownPiece]], _ rows: [[[MarkdownPiece]]]) -> HTML {
        var heads = HTML()
        for cell in head { heads += "<th scope=\"col\">\(html(cell))</th>" }
        var body = HTML()
        for row in rows {
            var cells = HTML()
            for cell in row { cells += "<td>\(html(cell))</td>" }
            body += "<tr>\(cells)</tr>\n"
        }
        return """
            <div class="card scroll"><table><thead><tr>\(heads)</tr></thead><tbody>
            \(body)</tbody></table></div>

            """
    }

    /// As GitHub makes them: letters, digits, `-` and `_`, spaces as hyphens, and a number behind one that is there.
    private mutating func anchor(of title: String) -> String {
        let slug = Self.slug(title)
        let count = anchors[slug, default: 0]
        anchors[slug] = count + 1
        return count == 0 ? slug : "\(slug)-\(count)"
    }

    static func slug(_ title: String) -> String {
        String(
            title.lowercased().compactMap { character -> Character? in
                if character == " " { return "-" }
                return character.isLetter || character.isNumber || character == "-" || character == "_"
                    ? character : nil
            })
    }

    /// `../options.md#output` on a page beneath `tasks` is `/docs/options#output`.
    func address(_ to: String) -> String {
        // What begins with a scheme is no page of ours; which of them may stay is decided where the address is written.
        guard !to.hasPrefix("#"), !to.prefix(while: { !"/?#".contains($0) }).contains(":") else { return to }
        let parts = to.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        var place = path.split(separator: "/").dropLast().map(String.init)
        for part in (parts.first ?? "").split(separator: "/") {
            switch part {
            case ".": continue
            case "..": _ = place.popLast()
            default: place.append(String(part.hasSuffix(".md") ? part.dropLast(3) : part))
            }
        }
        if place == ["README"] { place = [] }
        let anchor = parts.count == 2 ? "#\(parts[1])" : ""
        return "/" + (["docs"] + place).joined(separator: "/") + anchor
    }
}
