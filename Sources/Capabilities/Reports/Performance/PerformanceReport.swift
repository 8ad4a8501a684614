import Engine
import Maintenance
import Monitor
import Outside
import Page
import Report
import Settings

/// How fast everything was in a period, against the period before: made from what checks have measured.
struct PerformanceReport: Sendable {
    /// One thing that was measured, in both periods.
    struct Line: Hashable, Sendable {
        var series: Measurement.Series
        var now: Figures
        var before: Figures?

        struct Figures: Hashable, Sendable {
            var median: Double
            var p95: Double
            var most: Double
            var count: Int
        }

        /// Of the median, in percent of what it was; nil where nothing was before.
        var change: Double? {
            guard let before, before.median > 0 else { return nil }
            return (now.median / before.median - 1) * 100
        }

        /// Whether it is a time to answer: others, such as the age of a backup, are no speed.
        var isTime: Bool {
            PeriodMaterial.responding.contains(series.name)
                || PeriodMaterial.answering.contains { series.name == "\($0).seconds" }
        }

        /// The guides' own limit: a response time above 150 % of what it was.
        var isRegressed: Bool { isTime && (change ?? 0) > 50 }
    }

    var now: Timestamp
    var since: Timestamp
    var run: RunRecord
    var lines: [Line]
    /// Of the period, where somebody asked for trends.
    var series: [SampledSeries]
    var environments: [String]
    var audit: AuditHead?

    static func read(_ look: Look, period: Duration, hasTrends: Bool) async throws -> PerformanceReport {
        let now = try await ReportWriting.instant(look)
        let since = now - period
        let watched = try await watched(look, now: now, period: period)
        let known = Set(watched.map(\.series))
        var lines = watched
        var shown: [SampledSeries] = []
        for environment in look.inventory.environments {
            let history = try await look.log.history(of: environment.name, since: since - period) {
                hasTrends || !known.contains($0)
            }
            for series in history {
                let current = series.samples.filter { $0.at >= since }
                if hasTrends {
                    var cut = series
                    cut.samples = current
                    shown.append(cut)
                }
                guard !known.contains(series.series), let figures = Line.Figures(current.map(\.value)) else { continue }
                let before = Line.Figures(series.samples.filter { $0.at < since }.map(\.value))
                lines.append(Line(series: series.series, now: figures, before: before))
            }
        }
        return PerformanceReport(
            now: now, since: since, run: try await look.log.run(look.runID), lines: lines, series: shown,
            environments: look.inventory.environments.map(\.name), audit: try await look.log.auditHead())
    }

    /// What is asked all the time, from all of its answers.
    private static func watched(_ look: Look, now: Timestamp, period: Duration) async throws -> [Line] {
        let width: Duration = period <= .seconds(90 * 86_400) ? .seconds(3_600) : .seconds(86_400)
        let outcomes = try await look.log.monitored().map(\.outcome)
        func figures(_ from: Timestamp, _ until: Timestamp) async throws -> [Line.Figures?] {
            try await look.log.rollups(
                ofChecks: outcomes.map { ($0.check, $0.target) }, from: from, until: until, every: width
            ).map { parts in
                var whole = Rollup(start: from)
                for part in parts { whole.merge(part) }
                return Line.Figures(whole)
            }
        }
        let since = (now - period).floored(to: width)
        let (current, before) = (try await figures(since, now), try await figures(since - period, since))
        return outcomes.indices.compactMap { index in
            let outcome = outcomes[index]
            // A check without a value of its own, or that has none now, is known by how long it took.
            let series =
                outcome.unit.map { Measurement.Series(name: outcome.check, target: outcome.target, unit: $0) }
                ?? .duration(of: outcome.check, at: outcome.target)
            return current[index].map { Line(series: series, now: $0, before: before[index]) }
        }
    }

    var document: ReportDocument {
        let regressed = lines.filter(\.isRegressed).sorted { ($0.change ?? 0) > ($1.change ?? 0) }
        let improved = lines.filter { $0.isTime && ($0.change ?? 0) < -20 }
        let standing: Standing = lines.isEmpty ? .unknown : regressed.isEmpty ? .good : .warning
        return ReportDocument(
            "Performance until \(CivilTime(now).date)", madeAt: now, since: since, runID: run.id,
            requester: run.requester, standing: standing, sentence: sentence(regressed),
            why: "\(lines.count.grouped) series of measurements in "
                + "\((now - since).short); a time to answer whose median grew by more than half is a regression.",
            tiles: [
                .init("\(regressed.count)", "slower by more than half"),
                .init("\(improved.count)", "faster by more than a fifth"), .init("\(lines.count)", "series measured"),
            ],
            sections: [
                .init("Slower than before", regressed.isEmpty ? [] : [table(regressed)]),
                .init("Times", tables(lines.filter(\.isTime))), .init("Values", tables(lines.filter { !$0.isTime })),
                .init("Trends", TrendCharts(series, environments: environments).blocks),
            ], audit: audit)
    }

    private func sentence(_ regressed: [Line]) -> String {
        guard !lines.isEmpty else { return "Nothing was measured" }
        guard let first = regressed.first else { return "Nothing became slower by more than half" }
        let more = regressed.count > 1 ? " (and \(regressed.count - 1) more)" : ""
        return "\(first.name) became slower by \((first.change ?? 0).formatted(decimals: 0)) %\(more)"
    }

    private func tables(_ lines: [Line]) -> [ReportDocument.Block] {
        environments.compactMap { environment in
            let own = lines.filter { $0.series.target.environment == environment }
            return own.isEmpty ? nil : table(own.sorted { $0.name < $1.name }, title: environment)
        }
    }

    private func table(_ lines: [Line], title: String = "") -> ReportDocument.Block {
        .table(
            Listing(
                title, ["what", "median", "95 %", "most", "before", "change", .init("samples", .count)],
                lines.map { line in
                    let unit = line.series.unit
                    return [
                        .text(line.name), .text(unit.text(line.now.median)), .text(unit.text(line.now.p95)),
                        .text(unit.text(line.now.most)), line.before.map { .text(unit.text($0.median)) } ?? .null,
                        line.change.map { .text("\($0 > 0 ? "+" : "")\($0.formatted(decimals: 0)) %") } ?? .null,
                        .integer(Int64(line.now.count)),
                    ]
                }), standings: lines.map { $0.isRegressed ? .warning : nil })
    }
}

extension PerformanceReport.Line {
    /// `production/main cache.hit-ratio`.
    fileprivate var name: String {
        [series.target.description, series.name, series.object ?? ""].filter { !$0.isEmpty }.joined(separator: " ")
    }
}

extension PerformanceReport.Line.Figures {
    /// By nearest rank; nil of nothing.
    init?(_ values: [Double]) {
        let sorted = values.filter(\.isFinite).sorted()
        guard let most = sorted.last else { return nil }
        func rank(_ percent: Int) -> Double { sorted[max(0, (sorted.count * percent + 99) / 100 - 1)] }
        self.init(median: rank(50), p95: rank(95), most: most, count: sorted.count)
    }

    fileprivate init?(_ rollup: Rollup) {
        guard let median = rollup.sketch.percentile(50), let p95 = rollup.sketch.percentile(95) else { return nil }
        self.init(median: median, p95: p95, most: Double(rollup.maximum), count: Int(rollup.values))
    }
}
