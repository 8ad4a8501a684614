import Maintenance

/// Samples over time as a picture that also prints: lines in SVG, drawn without a script, in the colours of the page
/// around it, told apart by their dashes where there is no colour, and with its numbers in a table for those who cannot
/// see it.
package struct Chart: Hashable, Sendable {
    package var title: String
    /// What it is about, smaller: `production/main`. Hostile text, as all texts here.
    package var subtitle: String
    package var unit: Measurement.Unit
    package var lines: [Line]

    package init(_ title: String, subtitle: String = "", unit: Measurement.Unit, lines: [Line]) {
        self.title = title
        self.subtitle = subtitle
        self.unit = unit
        self.lines = lines
    }

    /// One series; its name stands in the legend where there are several.
    package struct Line: Hashable, Sendable {
        package var name: String
        /// Oldest first. What is not finite is left out.
        package var points: [Point]

        package init(_ name: String, _ points: [Point]) {
            self.name = name
            self.points = points.filter(\.value.isFinite)
        }
    }

    package struct Point: Hashable, Sendable {
        package var at: Timestamp
        package var value: Double

        package init(at: Timestamp, value: Double) {
            self.at = at
            self.value = value
        }
    }

    /// Rows of the table behind the picture; older ones are summed up by a sentence.
    private static let tableRows = 31

    /// A `<figure>`.
    ///
    /// - Parameter id: unique in the page; a word of letters, digits and hyphens.
    package func html(id: StaticString, _ number: Int) -> HTML {
        let name: HTML = "\(HTML(stringLiteral: id))-\(number)"
        let points = lines.flatMap(\.points)
        guard !points.isEmpty else {
            return
                "<figure class=\"chart\"><figcaption>\(caption)</figcaption><p class=\"muted\">No samples yet.</p></figure>"
        }
        let picture = ChartPicture(lines: lines, unit: unit)
        return """
            <figure class="chart"><figcaption>\(caption)</figcaption>
            <svg viewBox="0 0 \(ChartPicture.width) \(ChartPicture.height)" role="img" \
            aria-labelledby="\(name)-t \(name)-d"><title id="\(name)-t">\(title) \(subtitle)</title>\
            <desc id="\(name)-d">\(summary)</desc>\(picture.html)</svg>
            \(legend)\(table)</figure>

            """
    }

    private var caption: HTML {
        let last = lines.count == 1 ? lines.first?.points.last : nil
        let current: HTML? = last.map { "<span class=\"last\">\(unit.text($0.value))</span>" }
        let about: HTML? = subtitle.isEmpty ? nil : " <span class=\"muted\">\(subtitle)</span>"
        return "<span><strong>\(title)</strong>\(about)</span>\(current)"
    }

    /// What the picture says, in a sentence a line.
    package var summary: String {
        lines.compactMap { line -> String? in
            let values = line.points.map(\.value)
            guard let least = values.min(), let most = values.max(), let first = line.points.first,
                let last = line.points.last
            else { return nil }
            let name = lines.count > 1 ? "\(line.name): " : ""
            if line.points.count == 1 { return "\(name)\(unit.text(last.value)) at \(last.at)." }
            return "\(name)last \(unit.text(last.value)), lowest \(unit.text(least)), highest \(unit.text(most)), "
                + "from \(first.at) to \(last.at)."
        }.joined(separator: " ")
    }

    private var legend: HTML {
        guard lines.count > 1 else {
            let values = lines.first?.points.map(\.value) ?? []
            guard let least = values.min(), let most = values.max(), least != most else { return HTML() }
            return "<p class=\"range\">lowest \(unit.text(least)) · highest \(unit.text(most))</p>"
        }
        let entries = lines.enumerated().map { index, line -> HTML in
            let last: HTML? = line.points.last.map { " <b>\(unit.text($0.value))</b>" }
            return """
                <li><svg viewBox="0 0 22 8" width="22" height="8" aria-hidden="true">\
                <path class="line c\(index % 4)" d="M0 4h22"\(ChartPicture.dashes(index))/></svg>\(line.name)\(last)</li>
                """
        }
        return "<ul class=\"legend\">\(entries)</ul>"
    }

    private var table: HTML {
        var instants = Array(Set(lines.flatMap { $0.points.map(\.at) })).sorted(by: >)
        let left = instants.count - Self.tableRows
        instants = Array(instants.prefix(Self.tableRows))
        let values = lines.map { line in
            Dictionary(line.points.map { ($0.at, $0.value) }, uniquingKeysWith: { $1 })
        }
        let heads = lines.map { "<th scope=\"col\">\(lines.count > 1 ? $0.name : "value")</th>" as HTML }
        let rows = instants.map { instant -> HTML in
            let cells = values.map { "<td>\($0[instant].map(unit.text) ?? "")</td>" as HTML }
            return "<tr><th scope=\"row\">\(instant.description)</th>\(cells)</tr>"
        }
        let more: HTML? = left > 0 ? "<p class=\"muted\">and \(left) older samples</p>" : nil
        return """
            <details class="data"><summary>numbers</summary><table><caption class="hidden">\(title) \(subtitle)</caption>\
            <thead><tr><th scope="col">time</th>\(heads)</tr></thead><tbody>\(rows)</tbody></table>\(more)</details>
            """
    }
}
