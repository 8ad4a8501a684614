import Engine
import Maintenance
import Report

/// Measured series as charts: one for each name in an environment, those a person asks for first come first.
struct TrendCharts: Sendable {
    private let series: [SampledSeries]
    private let environments: [String]

    /// A page with more is looked at by nobody.
    private static let most = 24
    /// Lines in one picture.
    private static let lines = 4
    /// Points of a line: more would fall on the same pixel.
    private static let points = 120

    init(_ series: [SampledSeries], environments: [String]) {
        self.series = series.filter { $0.samples.count > 1 }
        self.environments = environments
    }

    var blocks: [ReportDocument.Block] {
        let groups = Dictionary(grouping: series) {
            Key(name: $0.series.name, environment: $0.series.target.environment)
        }
        let order = Dictionary(environments.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        return groups.keys.sorted { left, right in
            (DailyReport.rank(left.name), left.name, order[left.environment] ?? 0)
                < (DailyReport.rank(right.name), right.name, order[right.environment] ?? 0)
        }.prefix(Self.most).compactMap { key in
            guard let group = groups[key], let unit = group.first?.series.unit else { return nil }
            // Those that end highest, where there are many: what is small in a picture is no trouble.
            let shown = group.sorted { ($1.samples.last?.value ?? 0, $0.name) < ($0.samples.last?.value ?? 0, $1.name) }
                .prefix(Self.lines)
            return .chart(
                title: DailyReport.spelled(key.name), subtitle: key.environment, unit: unit,
                lines: shown.map { .init($0.name, Self.thinned($0.samples)) })
        }
    }

    private struct Key: Hashable {
        var name: String
        var environment: String
    }

    /// The mean of what falls together.
    private static func thinned(_ samples: [SampledSeries.Sample]) -> [ReportDocument.ChartPoint] {
        let width = (samples.count + points - 1) / points
        return stride(from: 0, to: samples.count, by: width).map { start in
            let part = samples[start..<min(start + width, samples.count)]
            return ReportDocument.ChartPoint(
                at: part[part.startIndex].at, value: part.reduce(0) { $0 + $1.value } / Double(part.count))
        }
    }
}

extension SampledSeries {
    /// Resource and object; empty where it is about the whole environment.
    fileprivate var name: String {
        [series.target.resource, series.object ?? ""].filter { !$0.isEmpty }.joined(separator: " ")
    }
}
