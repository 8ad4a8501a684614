import Maintenance

/// A team's own file of thresholds, such as the guides' `custom-thresholds.json` and `performance-thresholds.json`, whose
/// content no guide shows: the words of their `health-check-config.json` and `alert-config.json` (milliseconds and percent),
/// or checks by their own names, with the keys of `checks`.
package struct ThresholdFile: Sendable {
    package private(set) var checks: CheckSettings = [:]
    /// What it asks for and cannot have yet, in the order of the file.
    package private(set) var unsupported: [Problem] = []
    private let vocabulary: SettingsVocabulary

    /// - Parameter path: a JSON file, `//` comments allowed, or a YAML file.
    package init(reading path: String, _ vocabulary: SettingsVocabulary) throws(ConfigurationError) {
        try self.init(try ConfigurationText.read(path), file: path, vocabulary)
    }

    package init(_ text: String, file: String, _ vocabulary: SettingsVocabulary) throws(ConfigurationError) {
        self.vocabulary = vocabulary
        let reading = Reading(directory: "/")
        let root = try Tree.guideFile(text, file)
        let inner = root["thresholds"]
        let tree = inner ?? root
        let thresholds = GuideThresholds(vocabulary: vocabulary)
        guard let entries = tree.entries, !entries.isEmpty else {
            throw ConfigurationError([
                Problem(
                    "\(tree.found) stands where thresholds are needed", at: tree.location,
                    allowed: "\(GuideThresholds.known), or a check by its name")
            ])
        }
        let names = vocabulary.checks.map(\.name)
        for entry in entries {
            let keyPath = inner == nil ? entry.key : "thresholds.\(entry.key)"
            if names.contains(entry.key) {
                let only = Tree(value: .mapping([entry]), location: tree.location)
                let read = CheckSections(schemas: vocabulary.checks).format.read(only, "", reading) ?? [:]
                checks.merge(read) { $1 }
            } else {
                thresholds.read(entry, keyPath, reading, beside: names, into: &checks)
            }
        }
        let wrong = reading.problems.filter { !$0.isPlanned }
        guard wrong.isEmpty else { throw ConfigurationError(wrong) }
        unsupported = reading.problems
    }

    /// The same as a configuration, for one file of `mainstay.d`.
    package func text(for file: ConfigurationFile, source: String) -> String {
        var writer = YAMLWriter()
        writer.write(
            .mapping([Output.Field(key: "checks", value: CheckSections.written(checks, vocabulary.checks))]))
        return file.marked(writer.lines.joined(separator: "\n") + "\n", from: source)
    }
}

/// What the guides call thresholds: milliseconds for times, percent for use, for errors percent or, below 1, the share; a
/// number is where the warning begins, a pair says both.
struct GuideThresholds: Sendable {
    static let known = "response_time, cpu_usage, memory_usage, resource_usage, error_rate"

    var vocabulary: SettingsVocabulary

    /// - Parameter names: what else may stand there.
    func read(
        _ entry: Tree.Entry, _ keyPath: String, _ reading: Reading, beside names: [String] = [],
        into checks: inout CheckSettings
    ) {
        let seconds: @Sendable (Double) -> Double = { $0 / 1_000 }
        switch entry.key {
        case "response_time": apply(entry, [entry.key], keyPath, reading, &checks, seconds)
        case "cpu_usage", "memory_usage": apply(entry, [entry.key], keyPath, reading, &checks) { $0 }
        case "resource_usage":
            apply(entry, ["cpu_usage", "memory_usage", "disk_usage"], keyPath, reading, &checks) { $0 }
        // The guide writes 0.01 for one in a hundred; nobody means a share of more than all.
        case "error_rate":
            apply(entry, [entry.key], keyPath, reading, &checks) { $0 < 1 ? ($0 * 1e8).rounded() / 1e6 : $0 }
        default:
            let known = Self.known.split(separator: ", ").map(String.init) + names
            reading.report(
                "unknown key \(Tree.quoted(entry.key))", at: entry.location, keyPath,
                allowed: names.isEmpty ? Self.known : "\(Self.known), or a check by its name",
                nearest: nearest(to: entry.key, among: known))
        }
    }

    private func apply(
        _ entry: Tree.Entry, _ keys: [String], _ keyPath: String, _ reading: Reading, _ checks: inout CheckSettings,
        _ scale: @Sendable (Double) -> Double
    ) {
        let section = Section<Pair>(
            prototype: { _ in Pair() },
            keys: [
                Key("warning", \.warning, .number, "From here on it is a warning."),
                Key("critical", \.critical, .number, "From here on it is critical."),
            ], rules: [.atLeastOne(["warning", "critical"])])
        let isSingle = entry.value.entries == nil
        let found: Pair?
        if isSingle {
            found = Format<Double>.number.read(entry.value, keyPath, reading).map { Pair(warning: $0) }
        } else {
            found = section.format.read(entry.value, keyPath, reading)
        }
        guard let pair = found else { return }
        if let warning = pair.warning, let critical = pair.critical, warning > critical {
            return reading.report("the warning lies beyond what is critical", at: entry.location, keyPath)
        }
        for schema in vocabulary.checks {
            let isMeant = schema.guideKeys.contains { key in keys.contains { key == "performance_metrics.\($0)" } }
            guard isMeant, let thresholds = schema.thresholds else { continue }
            var setting = checks[schema.name] ?? CheckSetting()
            if isSingle, let warning = pair.warning {
                setting.apply(Written(scale(warning), at: entry.location), from: .warning, thresholds)
            } else {
                setting.warning = pair.warning.map { Written(.at(scale($0)), at: entry.location) }
                setting.critical = pair.critical.map { Written(.at(scale($0)), at: entry.location) }
            }
            checks[schema.name] = setting
        }
    }

    private struct Pair: Sendable {
        var warning: Double?
        var critical: Double?
    }
}

extension Tree {
    /// A team's own JSON or YAML file; an empty mapping where there is nothing.
    static func guideFile(_ text: String, _ file: String) throws(ConfigurationError) -> Tree {
        let plain = file.hasSuffix(".json") ? JSONComments.removed(from: text) : text
        let start = SourceLocation(file: file, line: 1, column: 1)
        return try YAMLDocument(plain, file: file).tree() ?? Tree(value: .mapping([]), location: start)
    }
}

extension CheckSections {
    /// Only what is said in `settings`: also what is the standard anyway, since it counts over what stands elsewhere.
    static func written(_ settings: CheckSettings, _ schemas: [CheckSchema]) -> Output {
        guard case .mapping(let written) = CheckSections(schemas: schemas).format.write(settings) else {
            return .mapping([])
        }
        return .mapping(written.filter { settings[$0.key] != nil })
    }
}

extension Output.Field {
    /// What is as it is anyway is not written down.
    var withoutStandards: Output.Field {
        guard case .mapping(let inner) = value else { return self }
        var field = self
        field.value = .mapping(inner.filter { !$0.isStandard }.map(\.withoutStandards))
        return field
    }
}

extension Format where Value == Double {
    static var number: Format {
        scalar("a number", schema: ["type": "number"]) {
            Double($0).flatMap { $0.isFinite && $0 >= 0 ? $0 : nil }
        } write: {
            .plain(Scalar.number($0).description)
        }
    }
}
