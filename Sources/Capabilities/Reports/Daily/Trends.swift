import Engine
import Maintenance

extension DailyReport {
    /// One for each name measured in an environment; those a person asks for first come first.
    static func trends(_ material: Material) -> [Trend] {
        let titles = material.checkTitles
        var trends: [Trend] = []
        for environment in material.environments {
            let own = material.series.filter { $0.series.target.environment == environment.name && !$0.samples.isEmpty }
            for (name, group) in Dictionary(grouping: own, by: \.series.name) {
                guard let unit = group.first?.series.unit else { continue }
                trends.append(
                    Trend(
                        name: name, title: titles[name] ?? spelled(name), environment: environment.name, unit: unit,
                        lines: group.map { series in
                            let words = [series.series.target.resource, series.series.object ?? ""]
                            return Trend.Line(
                                name: words.filter { !$0.isEmpty }.joined(separator: " "), samples: series.samples)
                        }.sorted { $0.name < $1.name }))
            }
        }
        let order = Dictionary(
            material.environments.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        return trends.sorted {
            (rank($0.name), $0.name, order[$0.environment] ?? 0) < (rank($1.name), $1.name, order[$1.environment] ?? 0)
        }
    }

    /// What a person looks at first, by the beginning of the name.
    private static let first = ["health", "database.connectivity", "connections", "database.size", "http", "disk"]

    static func rank(_ name: String) -> Int {
        first.firstIndex { name.hasPrefix($0) } ?? first.count
    }

    /// `statistics.stale` as `Statistics stale`.
    static func spelled(_ name: String) -> String {
        let words = name.split { $0 == "." || $0 == "-" || $0 == "_" }.joined(separator: " ")
        return words.prefix(1).uppercased() + words.dropFirst()
    }
}

extension Material {
    /// A check's measurement carries its name, and its outcome the title.
    fileprivate var checkTitles: [String: String] {
        var titles: [String: String] = [:]
        for step in runs.flatMap(\.steps) {
            for outcome in step.observation?.checks ?? [] { titles[outcome.check] = outcome.title }
        }
        return titles
    }
}
