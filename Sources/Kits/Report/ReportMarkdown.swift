import Maintenance
import Page

/// A document as Markdown (CommonMark with tables), for a wiki or a chat.
struct ReportMarkdown {
    let document: ReportDocument

    var text: String {
        var lines = [
            "# \(document.title.markdownText)", "",
            "**\(document.standing.word): \(document.sentence.markdownText).** \(document.why.markdownText)", "",
            "\(document.since) to \(document.madeAt).",
        ]
        for section in document.sections {
            lines += ["", "## \(section.title.markdownText)"]
            for block in section.blocks { lines += [""] + self.lines(block) }
        }
        lines += [
            "",
            "Made by \(document.version) in run `\(document.runID)`, from what was known at \(document.madeAt)."
                + (document.audit.map { " The audit trail stood at `\($0)`." } ?? ""), "",
        ]
        return lines.joined(separator: "\n")
    }

    private func lines(_ block: ReportDocument.Block) -> [String] {
        switch block {
        case .paragraph(let text): return ["\(text.markdownText)"]
        case .remedy(let text): return [text.hasPrefix("mainstay ") ? text.markdownCode : text.markdownText]
        case .chart(let title, let subtitle, let unit, let lines):
            let chart = Chart(title, subtitle: subtitle, unit: unit, lines: lines.map(\.line))
            return ["\(title.markdownText) \(subtitle.markdownText): \(chart.summary.markdownText)"]
        case .table(let listing, let standings):
            var lines = listing.title.isEmpty ? [] : ["### \(listing.title.markdownText)", ""]
            lines.append(row(listing.columns.map(\.name)))
            lines.append("|" + listing.columns.map { $0.unit == nil ? "---|" : "---:|" }.joined())
            for (index, cells) in listing.rows.enumerated() {
                var texts = zip(cells, listing.columns).map { $0.shown(in: $1) }
                if standings.indices.contains(index), let standing = standings[index], let first = texts.first {
                    texts[0] = "\(first) (\(standing.word))"
                }
                lines.append(row(texts))
            }
            return lines
        }
    }

    private func row(_ cells: [String]) -> String {
        "| " + cells.map { String($0.markdownText) }.joined(separator: " | ") + " |"
    }
}

extension ReportDocument.ChartLine {
    var line: Chart.Line { Chart.Line(name, points.map { Chart.Point(at: $0.at, value: $0.value) }) }
}
