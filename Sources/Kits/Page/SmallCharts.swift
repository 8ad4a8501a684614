import Maintenance

/// A line as small as a word, for a row of a table: the course, not the numbers.
package struct Sparkline: Hashable, Sendable {
    package var name: String
    package var unit: Measurement.Unit
    /// Oldest first.
    package var points: [Chart.Point]

    package init(_ name: String, unit: Measurement.Unit, points: [Chart.Point]) {
        self.name = name
        self.unit = unit
        self.points = points.filter(\.value.isFinite)
    }

    /// Nothing where there are fewer than two points.
    package var html: HTML {
        let shown = ChartPicture.thinned(points)
        guard shown.count > 1, let last = shown.last else { return HTML() }
        let values = Axis(shown.map(\.value), unit: unit)
        let times = TimeAxis(shown.map(\.at))
        var path = HTML()
        for (index, point) in shown.enumerated() {
            let command: HTML = index == 0 ? "M" : "L"
            path += """
                \(command)\(coordinate: 2 + times.position(point.at) * 92) \
                \(coordinate: 21 - values.position(point.value) * 18)
                """
        }
        let chart = Chart(name, unit: unit, lines: [Chart.Line(name, points)])
        return """
            <svg class="spark" viewBox="0 0 96 24" width="96" height="24" role="img" \
            aria-label="\(name): \(chart.summary)"><path class="line c0" d="\(path)" fill="none" stroke="currentColor" \
            stroke-width="1.5" stroke-linejoin="round"/><circle class="dot c0" \
            cx="\(coordinate: 2 + times.position(last.at) * 92)" \
            cy="\(coordinate: 21 - values.position(last.value) * 18)" r="2"/></svg>
            """
    }
}

/// Named amounts beside each other, each bar with its number: `production 12, test 3`.
package struct BarChart: Hashable, Sendable {
    package var title: String
    package var unit: Measurement.Unit
    package var bars: [Bar]

    package struct Bar: Hashable, Sendable {
        package var name: String
        package var value: Double

        package init(_ name: String, _ value: Double) {
            self.name = name
            self.value = value
        }
    }

    package init(_ title: String, unit: Measurement.Unit, bars: [Bar]) {
        self.title = title
        self.unit = unit
        self.bars = bars.filter(\.value.isFinite)
    }

    /// A table whose cells are drawn as bars: its numbers are text and need no other form.
    package var html: HTML {
        let most = bars.map(\.value).max() ?? 0
        let rows = bars.map { bar -> HTML in
            let length = most > 0 ? max(0, bar.value) / most * 100 : 0
            return """
                <tr><th scope="row">\(bar.name)</th><td><svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" \
                aria-hidden="true"><rect class="dot c0" width="\(coordinate: length)" height="10" \
                fill="currentColor"/></svg></td><td class="number">\(unit.text(bar.value))</td></tr>
                """
        }
        return "<table class=\"bars\"><caption>\(title)</caption><tbody>\(rows)</tbody></table>"
    }
}
