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
        let reading = Reading(directory: "/")
        let tree = try Tree.guideFile(text, file)
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

    private mutating func read(thresholds tree: Tree, _ reading: Reading) {
        guard let entries = tree.entries else {
            return reading.refuse(
                tree, "thresholds", "stands where a mapping is needed", allowed: GuideThresholds.known)
        }
        let thresholds = GuideThresholds(vocabulary: vocabulary)
        for entry in entries { thresholds.read(entry, "thresholds.\(entry.key)", reading, into: &checks) }
    }

    /// The same as a configuration, for one file of `mainstay.d`; without anything that is not supported.
    package func text(for file: ConfigurationFile, source: String) -> String {
        var fields: [Output.Field] = []
        if case .mapping(let written) = AlertSections(zones: vocabulary.zones).format.write(alerts), !written.isEmpty {
            fields.append(Output.Field(key: "alerts", value: .mapping(written.map(\.withoutStandards))))
        }
        if !checks.isEmpty {
            fields.append(Output.Field(key: "checks", value: CheckSections.written(checks, vocabulary.checks)))
        }
        var writer = YAMLWriter()
        writer.write(.mapping(fields))
        return file.marked(writer.lines.joined(separator: "\n") + "\n", from: source)
    }
}
