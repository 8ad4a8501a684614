import Alert
import Maintenance

/// A guide's `alert-config.json`, as its team wrote it: who is told of each severity, and from where a value is one.
///
/// Its channels are those of `alerts.channels`; its thresholds become those of the checks that measure the same. What it
/// asks for and is not built is told apart from what is wrong: the first is listed and left out, the second refuses the
/// whole file.
package struct AlertConfigFile: Sendable {
    /// Only `critical`, `warning` and `info` of it.
    package private(set) var alerts = AlertSettings()
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
        let plain = file.hasSuffix(".json") ? JSONComments.removed(from: text) : text
        let reading = Reading(directory: "/")
        let start = SourceLocation(file: file, line: 1, column: 1)
        let tree = try YAMLDocument(plain, file: file).tree() ?? Tree(value: .mapping([]), location: start)
        guard let entries = tree.entries, !entries.isEmpty else {
            throw ConfigurationError([
                Problem(
                    "\(tree.found) stands where a mapping is needed", at: tree.location, allowed: "alerts, thresholds")
            ])
        }
        for entry in entries {
            switch entry.key {
            case "alerts": read(alerts: entry.value, reading)
            case "thresholds": read(thresholds: entry.value, reading)
            default:
                reading.report(
                    "unknown key \(Tree.quoted(entry.key))", at: entry.location, entry.key,
                    allowed: "alerts, thresholds",
                    nearest: nearest(to: entry.key, among: ["alerts", "thresholds"]))
            }
        }
        let wrong = reading.problems.filter { !$0.isPlanned }
        guard wrong.isEmpty else { throw ConfigurationError(wrong) }
        unsupported = reading.problems
    }

    private mutating func read(alerts tree: Tree, _ reading: Reading) {
        guard let entries = tree.entries else {
            return reading.refuse(
                tree, "alerts", "stands where a mapping is needed", allowed: "critical, warning, info")
        }
        for entry in entries where !Severity.allCases.map(\.rawValue).contains(entry.key) {
            reading.report(
                "there is no severity \(Tree.quoted(entry.key))", at: entry.location, "alerts.\(entry.key)",
                allowed: "critical, warning, info",
                nearest: nearest(to: entry.key, among: Severity.allCases.map(\.rawValue)))
        }
        // What is only planned is left out, and nothing else with it.
        guard reading.problems.allSatisfy(\.isPlanned) else { return }
        alerts = AlertSections(zones: vocabulary.zones).format.read(tree, "alerts", reading) ?? AlertSettings()
    }

    /// A pair of numbers for each of what the guides call a threshold: milliseconds for times, percent for use.
    private mutating func read(thresholds tree: Tree, _ reading: Reading) {
        guard let entries = tree.entries else {
            return reading.refuse(tree, "thresholds", "stands where a mapping is needed", allowed: Self.known)
        }
        for entry in entries {
            let keyPath = "thresholds.\(entry.key)"
            switch entry.key {
            case "response_time": apply(entry, ["response_time"], keyPath, reading) { $0 / 1_000 }
            case "resource_usage": apply(entry, ["cpu_usage", "memory_usage"], keyPath, reading) { $0 }
            case "error_rate":
                reading.refusePlanned(
                    Tree.quoted(entry.key), at: entry.location, keyPath, reason: "no check measures a rate of errors")
            default:
                reading.report(
                    "unknown key \(Tree.quoted(entry.key))", at: entry.location, keyPath, allowed: Self.known,
                    nearest: nearest(to: entry.key, among: ["response_time", "error_rate", "resource_usage"]))
            }
        }
    }

    private static let known = "response_time, error_rate, resource_usage"

    private mutating func apply(
        _ entry: Tree.Entry, _ keys: [String], _ keyPath: String, _ reading: Reading, _ scale: (Double) -> Double
    ) {
        let section = Section<Pair>(
            prototype: { _ in Pair() },
            keys: [
                Key("warning", \.warning, .number, "From here on it is a warning."),
                Key("critical", \.critical, .number, "From here on it is critical."),
            ], rules: [.atLeastOne(["warning", "critical"])])
        guard let pair = section.format.read(entry.value, keyPath, reading) else { return }
        if let warning = pair.warning, let critical = pair.critical, warning > critical {
            return reading.report("the warning lies beyond what is critical", at: entry.location, keyPath)
        }
        for schema in vocabulary.checks {
            guard schema.guideKeys.contains(where: { key in keys.contains { key == "performance_metrics.\($0)" } })
            else {
                continue
            }
            var setting = checks[schema.name] ?? CheckSetting()
            setting.warning = pair.warning.map { Written(.at(scale($0)), at: entry.location) }
            setting.critical = pair.critical.map { Written(.at(scale($0)), at: entry.location) }
            checks[schema.name] = setting
        }
    }

    private struct Pair: Sendable {
        var warning: Double?
        var critical: Double?
    }

    /// The same as a configuration, for one file of `mainstay.d`; without anything that is not supported.
    package func text(for file: ConfigurationFile, source: String) -> String {
        var fields: [Output.Field] = []
        if case .mapping(let written) = AlertSections(zones: vocabulary.zones).format.write(alerts), !written.isEmpty {
            fields.append(Output.Field(key: "alerts", value: .mapping(written.map(Self.withoutStandards))))
        }
        if case .mapping(let written) = CheckSections(schemas: vocabulary.checks).format.write(checks) {
            let changed = written.filter { checks[$0.key] != nil }
            if !changed.isEmpty { fields.append(Output.Field(key: "checks", value: .mapping(changed))) }
        }
        var writer = YAMLWriter()
        writer.write(.mapping(fields))
        return file.marked(writer.lines.joined(separator: "\n") + "\n", from: source)
    }

    /// What is as it is anyway is not written down.
    private static func withoutStandards(_ field: Output.Field) -> Output.Field {
        guard case .mapping(let inner) = field.value else { return field }
        var field = field
        field.value = .mapping(inner.filter { !$0.isStandard }.map(withoutStandards))
        return field
    }
}

extension Format where Value == Double {
    fileprivate static var number: Format {
        scalar("a number", schema: ["type": "number"]) {
            Double($0).flatMap { $0.isFinite && $0 >= 0 ? $0 : nil }
        } write: {
            .plain(Scalar.number($0).description)
        }
    }
}
