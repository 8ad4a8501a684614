import Engine
import Maintenance
import Page
import Report

extension DailyPage {
    var findings: HTML {
        guard !report.findings.isEmpty else { return "<p class=\"muted\">No finding is open.</p>" }
        var parts: [HTML] = []
        let shown = report.findings.prefix(limits.findings)
        for severity in Severity.allCases.reversed() {
            let groups = shown.filter { $0.severity == severity }
            guard !groups.isEmpty else { continue }
            parts.append(
                """
                <div class="card"><h3>\(severity.standing.badge("\(report.count(severity)) \(severity.rawValue)"))</h3>
                <ul class="plain">
                \(groups.map(item))</ul></div>

                """)
        }
        return "\(parts)\(more(report.findings.count - shown.count, "mainstay findings"))"
    }

    private func item(_ group: DailyReport.FindingGroup) -> HTML {
        let entries = group.entries.prefix(limits.entries).map { entry -> HTML in
            let object: HTML? = entry.object.map { "\(code($0)) " }
            return "<div>\(object)\(text(entry.summary))</div>"
        }
        let stale: HTML? =
            group.isStale
            ? "<span class=\"unknown\"><b>nobody has looked since \(time: group.lastSeen)</b></span>" : nil
        return item(
            group.severity.standing,
            """
            <strong>\(text(group.target.description))</strong> <span class="muted">\(group.code)</span>\
            \(entries)\(more(group.entries.count - limits.entries, "mainstay findings"))\
            \(mend(group.mend))<div class="facts"><span>since \(time: group.since)</span><span>found by \
            \(text(command(group.task)))</span>\(stale)</div>
            """)
    }

    var resolved: HTML {
        guard !report.resolved.isEmpty else { return HTML() }
        let items = report.resolved.prefix(limits.resolved).map { record -> HTML in
            let finding = record.finding
            let object: HTML? = finding.object.map { " \(code($0))" }
            let over: HTML? = record.resolvedAt.map { ", not seen again at \(time: $0)" }
            return item(
                .good,
                """
                <strong>\(text(finding.target.description))</strong> <span class="muted">\(finding.code)</span>\(object)<br>\
                \(text(finding.summary))<div class="facts"><span>open since \(time: record.firstSeen)\(over)</span></div>
                """)
        }
        return """
            <div class="card"><ul class="plain">
            \(items)</ul></div>
            \(more(report.resolved.count - limits.resolved, "mainstay report daily --as json"))
            """
    }

    var trends: HTML {
        guard !report.trends.isEmpty else { return HTML() }
        let drawn = report.trends.filter { $0.lines.contains { $0.samples.count > 1 } }
        let charts = drawn.prefix(limits.charts).enumerated().map { $1.chart(limits).html(id: "chart", $0) }
        let boxes: HTML = charts.isEmpty ? HTML() : "<div class=\"cards\">\n\(charts)</div>\n"
        return "\(boxes)\(more(drawn.count - charts.count, "mainstay report daily --as json"))\(firstValues)"
    }

    /// One sample makes no line.
    private var firstValues: HTML {
        let single = report.trends.filter { $0.lines.allSatisfy { $0.samples.count < 2 } }
        guard !single.isEmpty else { return HTML() }
        let rows = single.flatMap { trend in trend.lines.map { (trend, $0) } }
        let shown = rows.prefix(2 * limits.charts).map { trend, line -> HTML in
            let value = line.samples.last.map { trend.unit.text($0.value) } ?? ""
            let place = line.name.isEmpty ? trend.environment : "\(trend.environment)/\(line.name)"
            return """
                <tr><th scope="row">\(text(trend.title))</th><td>\(text(place))</td>\
                <td class="number">\(value)</td></tr>

                """
        }
        return """
            <div class="card"><h3>Measured once so far</h3><p class="muted small">A line is drawn from the second \
            measurement on.</p><div class="scroll"><table><thead><tr><th scope="col">what</th><th scope="col">where</th>\
            <th scope="col" class="number">value</th></tr></thead><tbody>
            \(shown)</tbody></table></div>\(more(rows.count - shown.count, "mainstay report daily --as json"))</div>

            """
    }
}

extension DailyReport.Trend {
    /// At most four lines: more cannot be told apart.
    fileprivate func chart(_ limits: Limits) -> Chart {
        let shown = lines.prefix(4)
        let left = lines.count - shown.count
        let place = lines.count == 1 && !lines[0].name.isEmpty ? "\(environment)/\(lines[0].name)" : environment
        return Chart(
            limits.clip(title), subtitle: limits.clip(place) + (left > 0 ? " (4 of \(lines.count))" : ""), unit: unit,
            lines: shown.map { line in
                Chart.Line(
                    limits.clip(line.name), line.samples.map { Chart.Point(at: $0.at, value: $0.value) })
            })
    }
}
