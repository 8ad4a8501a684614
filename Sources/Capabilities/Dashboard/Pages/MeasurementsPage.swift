import Command
import Engine
import Maintenance
import Page
import Settings
import Web

/// What was measured in an environment, drawn; each chart has its numbers in a table too.
enum MeasurementsPage {
    /// How far back one can look, in hours.
    private static let spans: [(hours: Int, words: String)] = [(24, "a day"), (168, "a week")]
    private static let most = 24
    /// More lines cannot be told apart.
    private static let mostLines = 4

    static func show(_ visit: Visit) async throws -> WebResponse {
        let name = visit.value(0)
        guard visit.site.inventory[environment: name] != nil, visit.sees(name) else { throw Refusal.notFound }
        let wanted = visit.request.query["hours"].flatMap { Int($0) }
        let hours = spans.first { $0.hours == wanted }?.hours ?? 24
        let series = try await visit.site.log.history(of: name, since: visit.now - .seconds(hours * 3_600))
            .filter { !$0.samples.isEmpty }
        let groups = Dictionary(grouping: series, by: \.series.name).sorted { $0.key < $1.key }
        let charts = groups.prefix(most).enumerated().map { place, group in
            chart(group.key, group.value).html(id: "chart", place)
        }
        let more: HTML? =
            groups.count > most
            ? "<p class=\"muted\">\(groups.count - most) more: <code>mainstay report daily</code></p>\n" : nil
        let none = Pieces.empty(
            "Nothing was measured in this time: <code>mainstay health check --environment \(name)</code> measures.")
        return visit.page(
            "\(name): measurements", isLive: false,
            """
            <p class="path"><a href="/">Overview</a> / \(Pieces.environment(name))</p>
            <h1>Measurements of \(name)</h1>
            \(choices(name, hours))\(charts.isEmpty ? none : "<div class=\"cards\">\n\(charts)</div>\n")\(more)
            """)
    }

    private static func choices(_ name: String, _ hours: Int) -> HTML {
        let links = spans.map { span -> HTML in
            """
            <a href="\(url: "/environments/\(name.urlComponent)/measurements?hours=\(span.hours)")"\
            \(attribute: "aria-current", span.hours == hours ? "true" : nil)>\(span.words)</a>
            """
        }
        return "<p class=\"pages\">\(links)</p>\n"
    }

    private static func chart(_ name: String, _ group: [SampledSeries]) -> Chart {
        let lines = group.map { sampled in
            let words = [sampled.series.target.resource, sampled.series.object ?? ""].filter { !$0.isEmpty }
            return Chart.Line(
                Pieces.clipped(words.joined(separator: " "), to: 120),
                sampled.samples.map { Chart.Point(at: $0.at, value: $0.value) })
        }.sorted { $0.name < $1.name }
        let left = lines.count - mostLines
        return Chart(
            Pieces.clipped(name, to: 120), subtitle: left > 0 ? "\(mostLines) of \(lines.count)" : "",
            unit: group.first?.series.unit ?? .count, lines: Array(lines.prefix(mostLines)))
    }
}
