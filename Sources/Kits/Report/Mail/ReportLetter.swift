import Command
import Engine
import Maintenance
import Outside
import Page

/// A report as a mail: the verdict and what it rests on, as text and as HTML that carries its style in every element,
/// since mail programs take no other; charts as pictures within.
struct ReportLetter: Sendable {
    let document: ReportDocument
    /// What else goes with it, if anything does, in words: `the whole report is attached`.
    let rest: String?

    /// Rows of a table: a mail is read at a glance.
    private static let rows = 15
    /// Charts: each is a picture of some kilobytes.
    private static let charts = 12
    /// Characters of the subject: lists of mails show no more.
    private static let subject = 200

    /// The charts it shows, by the names it asks for.
    var pictures: [(name: String, chart: Chart)] {
        blocks.compactMap { block -> Chart? in
            guard case .chart(let title, let subtitle, let unit, let lines) = block else { return nil }
            return Chart(title, subtitle: subtitle, unit: unit, lines: lines.map(\.line))
        }.prefix(Self.charts).enumerated().map { ("chart-\($0)", $1) }
    }

    private var blocks: [ReportDocument.Block] { document.sections.flatMap(\.blocks) }

    var subject: String {
        let whole = "\(document.title): \(document.standing.word), \(document.sentence)"
        return whole.unicodeScalars.count <= Self.subject
            ? whole : String(String.UnicodeScalarView(whole.unicodeScalars.prefix(Self.subject))) + "…"
    }

    // MARK: - Text

    var lines: [String] {
        var lines = [document.title, ""]
        lines += "\(document.standing.word.uppercased()): \(document.sentence).".wrapped(to: 76)
        lines += document.why.wrapped(to: 76)
        lines += document.tiles.isEmpty ? [] : [""] + document.tiles.map { "  \($0.number)  \($0.what)" }
        for section in document.sections {
            lines += ["", section.title, String(repeating: "-", count: section.title.displayWidth)]
            for block in section.blocks { lines += [""] + text(block) }
        }
        return lines + [""] + foot
    }

    private func text(_ block: ReportDocument.Block) -> [String] {
        switch block {
        case .paragraph(let text): return text.wrapped(to: 76, indent: "")
        case .remedy(let text): return ["  \(text)"]
        case .chart(let title, let subtitle, let unit, let lines):
            let chart = Chart(title, subtitle: subtitle, unit: unit, lines: lines.map(\.line))
            return "\(title) \(subtitle): \(chart.summary)".wrapped(to: 76, indent: "")
        case .table(let listing, let standings):
            var lines = listing.title.isEmpty ? [] : [listing.title]
            for (index, row) in listing.rows.prefix(Self.rows).enumerated() {
                let mark = standings.indices.contains(index) ? standings[index].map { "[\($0.word)] " } ?? "" : ""
                let cells = zip(row, listing.columns).enumerated().compactMap { place, cell -> String? in
                    let shown = cell.0.shown(in: cell.1)
                    guard shown != "–", !shown.isEmpty else { return nil }
                    return place == 0 ? shown : "\(cell.1.name) \(shown)"
                }
                lines += "- \(mark)\(cells.joined(separator: ", "))".wrapped(to: 76, indent: "  ")
            }
            return lines + [more(listing)].compactMap { $0 }
        }
    }

    private func more(_ listing: Listing) -> String? {
        listing.rows.count > Self.rows ? "and \(listing.rows.count - Self.rows) more" : nil
    }

    private var foot: [String] {
        [rest.map { "\($0)." }, "Made by \(document.version) in run \(document.runID). Times are UTC."].compactMap {
            $0
        }
    }

    // MARK: - HTML

    /// - Parameter shown: the names of the pictures that come with it.
    func html(showing shown: Set<String>) -> HTML {
        var chart = 0
        let sections = document.sections.map { section -> HTML in
            let parts = section.blocks.map { block -> HTML in
                guard case .chart = block else { return html(block) }
                defer { chart += 1 }
                return picture(block, "chart-\(chart)", shown)
            }
            return "<h2 style=\"font-size:17px;margin:26px 0 8px\">\(section.title)</h2>\(parts)"
        }
        let tiles = document.tiles.map { tile -> HTML in
            """
            <td style="padding:8px 18px 8px 0;vertical-align:top"><b style="font-size:20px">\(tile.number)</b><br>\
            <span style="color:#5a6478;font-size:13px">\(tile.what)</span></td>
            """
        }
        let row: HTML? = tiles.isEmpty ? nil : "<table role=\"presentation\"><tr>\(tiles)</tr></table>"
        return """
            <!doctype html><html lang="en"><head><meta charset="utf-8"><title>\(document.title)</title></head>\
            <body style="margin:0;padding:20px;background:#fff;color:#1d2433;\
            font:15px/1.45 Arial,Helvetica,sans-serif"><div style="max-width:720px">\
            <h1 style="font-size:21px;margin:0 0 12px">\(document.title)</h1>\
            <div style="border-left:6px solid \(color(document.standing));padding:8px 14px;background:#f5f6f8">\
            <b>\(document.standing.word): \(document.sentence).</b><br>\(document.why)</div>\(row)\(sections)\
            <p style="color:#5a6478;font-size:13px;margin-top:28px">\(foot.joined(separator: " "))</p></div></body></html>
            """
    }

    private func picture(_ block: ReportDocument.Block, _ name: String, _ shown: Set<String>) -> HTML {
        guard case .chart(let title, let subtitle, let unit, let lines) = block else { return HTML() }
        let chart = Chart(title, subtitle: subtitle, unit: unit, lines: lines.map(\.line))
        let caption: HTML = "<b>\(title)</b> <span style=\"color:#5a6478\">\(subtitle)</span>"
        guard shown.contains(name) else { return "<p>\(caption)<br>\(chart.summary)</p>" }
        return """
            <p style="margin:12px 0">\(caption)<br><img src="cid:\(name)" alt="\(chart.summary)" width="340" height="150" \
            style="max-width:100%;border:1px solid #d9dde5"></p>
            """
    }

    private func html(_ block: ReportDocument.Block) -> HTML {
        switch block {
        case .paragraph(let text): return "<p>\(text)</p>"
        case .remedy(let text):
            return "<p><code style=\"background:#f0f1f4;padding:2px 5px\">\(text)</code></p>"
        case .chart: return HTML()
        case .table(let listing, let standings):
            let head = listing.columns.map { column -> HTML in
                """
                <th scope="col" align="left" style="padding:4px 12px 4px 0;border-bottom:1px solid #b9c0cc;font-size:13px">\
                \(column.name)</th>
                """
            }
            let rows = listing.rows.prefix(Self.rows).enumerated().map { index, row -> HTML in
                let standing = standings.indices.contains(index) ? standings[index] : nil
                let cells = zip(row, listing.columns).enumerated().map { place, cell -> HTML in
                    let mark: HTML? =
                        place > 0
                        ? nil
                        : standing.map { "<span style=\"color:\(color($0))\">●</span> \($0.word): " }
                    return """
                        <td style="padding:4px 12px 4px 0;border-bottom:1px solid #e6e9ee;vertical-align:top">\
                        \(mark)\(cell.0.shown(in: cell.1))</td>
                        """
                }
                return "<tr>\(cells)</tr>"
            }
            let title: HTML? =
                listing.title.isEmpty ? nil : "<p style=\"margin-bottom:2px\"><b>\(listing.title)</b></p>"
            let more: HTML? = more(listing).map { "<p style=\"color:#5a6478;font-size:13px\">\($0)</p>" }
            return """
                \(title)<table cellspacing="0" style="border-collapse:collapse;font-size:14px"><tr>\(head)</tr>\(rows)\
                </table>\(more)
                """
        }
    }

    private func color(_ standing: Standing) -> HTML {
        switch standing {
        case .good: "#2c7a4b"
        case .notice: "#1f5fbf"
        case .warning: "#b4540a"
        case .unknown: "#5a6478"
        case .critical: "#b3261e"
        }
    }
}
