import Maintenance

/// A guide's `health-check-config.json`, as its team wrote it.
///
/// It names the environments it is for, and four areas; the checks that say `guideKeys` belong to an area take its
/// settings over. Its times are in milliseconds. `check_interval` is how often they are asked while they are asked all the
/// time. What is less severe than `alert_threshold` is no alert.
package struct HealthCheckFile: Sendable {
    var vocabulary: SettingsVocabulary

    /// It differs from our own files by naming its environments in a list.
    static func isOne(_ tree: Tree) -> Bool {
        guard case .list? = tree["environments"]?.value else { return false }
        return tree["checks"]?.entries != nil
    }

    /// What one area says.
    private struct Area: Sendable {
        var timeout: Written<Duration>?
        var retries: Written<Int>?
        var interval: Written<Duration>?
        var alertThreshold: Written<Severity>?
        var sampleSize: Written<Int>?
        var thresholds = Thresholds()
    }

    private struct Thresholds: Sendable {
        var responseTime: Written<Duration>?
        var processor: Written<Percentage>?
        var memory: Written<Percentage>?
    }

    private static let thresholdKeys = ["response_time", "cpu_usage", "memory_usage"]

    private struct Draft: Sendable {
        var environments: [Written<String>]?
        var areas: [String: Area] = [:]
    }

    func apply(_ tree: Tree, to inventory: inout Inventory, _ reading: Reading) {
        guard let draft = Self.section.format.read(tree, "", reading) else { return }
        let names = inventory.environments.map(\.name)
        for name in draft.environments ?? [] where !names.contains(name.value) {
            reading.report(
                "there is no environment '\(name.value)'", at: name.location, "environments",
                allowed: names.joined(separator: ", "), nearest: nearest(to: name.value, among: names))
        }
        let places = tree["checks"]?.entries ?? []
        for (area, settings) in draft.areas.sorted(by: { $0.key < $1.key }) {
            let found = overrides(area, settings)
            if let place = places.first(where: { $0.key == area }) {
                reportUnused(area, settings, place, found, reading)
            }
            for (check, setting) in found.sorted(by: { $0.key < $1.key }) {
                let chosen = draft.environments.map { Set($0.map(\.value)) }
                for index in inventory.environments.indices
                where chosen?.contains(inventory.environments[index].name) ?? true {
                    let existing = inventory.environments[index].checks[check] ?? CheckSetting()
                    reportTwice(existing, setting, "checks.\(area)", reading)
                    inventory.environments[index].checks[check] = existing.overridden(by: setting)
                }
            }
        }
    }

    /// A team's file as one of ours: what it says about each environment, and that the checks are asked all the time.
    ///
    /// - Parameter inventory: whose environments it may name, and whether something is said about monitoring already.
    /// - Throws: what is wrong with it, or not supported, since half of what was asked for would be asked for nothing.
    package static func text(
        reading path: String, for file: ConfigurationFile, in inventory: Inventory, _ vocabulary: SettingsVocabulary
    ) throws(ConfigurationError) -> String {
        let tree = try Tree.guideFile(try ConfigurationText.read(path), path)
        guard isOne(tree) else {
            throw ConfigurationError([
                Problem(
                    "this is no health-check-config.json", at: tree.location,
                    allowed: "a list 'environments' and a mapping 'checks'")
            ])
        }
        var bare = Inventory()
        bare.environments = inventory.environments.map { Environment(name: $0.name, location: $0.location) }
        let reading = Reading(directory: "/")
        HealthCheckFile(vocabulary: vocabulary).apply(tree, to: &bare, reading)
        guard reading.problems.isEmpty else { throw ConfigurationError(reading.problems) }
        let environments = bare.environments.filter { !$0.checks.isEmpty }
        var fields: [Output.Field] = []
        if inventory.monitoring == nil {
            let names = environments.map { Output.text($0.name) }
            fields.append(
                Output.Field(
                    key: "monitoring", value: .mapping([Output.Field(key: "environments", value: .list(names))])))
        }
        fields.append(
            Output.Field(
                key: "environments",
                value: .mapping(
                    environments.map { environment in
                        let checks = CheckSections.written(environment.checks, vocabulary.checks)
                        return Output.Field(
                            key: environment.name, value: .mapping([Output.Field(key: "checks", value: checks)]))
                    })))
        var writer = YAMLWriter()
        writer.write(.mapping(fields))
        let source = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[path.index(after: $0)...]) } ?? path
        return file.marked(writer.lines.joined(separator: "\n") + "\n", from: source)
    }

    /// What an area means for each check that belongs to it.
    private func overrides(_ area: String, _ settings: Area) -> CheckSettings {
        var result: CheckSettings = [:]
        for schema in vocabulary.checks {
            for key in schema.guideKeys where key == area || key.hasPrefix("\(area).") {
                var setting = CheckSetting()
                setting.timeout = settings.timeout
                setting.retries = settings.retries
                setting.interval = settings.interval
                setting.alertThreshold = settings.alertThreshold
                if schema.options.contains(where: { $0.name == "sample-size" }) {
                    setting.options["sample-size"] = settings.sampleSize.map {
                        Written(Scalar($0.value), at: $0.location)
                    }
                }
                let limit: Written<Double>? =
                    switch key.dropFirst(area.count + 1) {
                    case "response_time":
                        settings.thresholds.responseTime.map { Written($0.value.inSeconds, at: $0.location) }
                    case "cpu_usage": settings.thresholds.processor.map { Written($0.value.value, at: $0.location) }
                    case "memory_usage": settings.thresholds.memory.map { Written($0.value.value, at: $0.location) }
                    default: nil
                    }
                if let limit, let thresholds = schema.thresholds {
                    setting.apply(limit, from: settings.alertThreshold?.value ?? .warning, thresholds)
                }
                result[schema.name] = setting
            }
        }
        return result
    }

    /// No key is accepted and then without meaning: where no check takes a setting over, it is refused.
    private func reportUnused(
        _ area: String, _ settings: Area, _ entry: Tree.Entry, _ found: CheckSettings, _ reading: Reading
    ) {
        let keyPath = "checks.\(area)"
        if found.isEmpty {
            reading.report("'\(area)' is not supported yet", at: entry.location, keyPath)
        } else if let size = settings.sampleSize, !found.values.contains(where: { $0.options["sample-size"] != nil }) {
            reading.report("'sample_size' is not supported yet", at: size.location, "\(keyPath).sample_size")
        }
        let claimed = Set(vocabulary.checks.flatMap(\.guideKeys))
        for threshold in entry.value["thresholds"]?.entries ?? []
        where !found.isEmpty && Self.thresholdKeys.contains(threshold.key)
            && !claimed.contains("\(area).\(threshold.key)")
        {
            reading.report(
                "'\(threshold.key)' is not supported yet", at: threshold.location,
                "\(keyPath).thresholds.\(threshold.key)")
        }
    }

    private func reportTwice(_ old: CheckSetting, _ new: CheckSetting, _ keyPath: String, _ reading: Reading) {
        let pairs: [(SourceLocation?, SourceLocation?, String)] = [
            (old.timeout?.location, new.timeout?.location, "timeout"),
            (old.retries?.location, new.retries?.location, "retry_count"),
            (old.warning?.location, new.warning?.location, "thresholds"),
            (old.critical?.location, new.critical?.location, "thresholds"),
            (old.interval?.location, new.interval?.location, "check_interval"),
            (old.alertThreshold?.location, new.alertThreshold?.location, "alert_threshold"),
            (old.options["sample-size"]?.location, new.options["sample-size"]?.location, "sample_size"),
        ]
        for (first, second, key) in pairs {
            guard let first, let second else { continue }
            reading.report("'\(key)' is already defined at \(first)", at: second, keyPath.appending(key: key))
        }
    }
}

extension CheckSetting {
    /// The guides name one threshold where a check has two: it is where `severity` begins, and the default of the other
    /// one stays unless it would be reached in the wrong order.
    mutating func apply(
        _ limit: Written<Double>, from severity: Severity, _ thresholds: CheckSchema.Thresholds
    ) {
        let value = Written(Limit.at(limit.value), at: limit.location)
        let isBeyond = { (a: Double, b: Double) in thresholds.worse == .higher ? a > b : a < b }
        if severity == .critical {
            critical = value
            if let standard = thresholds.warning, isBeyond(standard, limit.value) {
                warning = Written(.none, at: limit.location)
            }
        } else {
            warning = value
            if let standard = thresholds.critical, isBeyond(limit.value, standard) {
                critical = Written(.none, at: limit.location)
            }
        }
    }
}

extension HealthCheckFile {
    /// The file's own keys, in the guide's spelling.
    private static var section: Section<Draft> {
        Section(
            prototype: { _ in Draft() },
            keys: [
                Key(
                    "environments", \.environments, .list(of: Format<String>.name.written),
                    "The environments it is for."),
                Key("checks", \.areas, areas, "What is checked."),
            ])
    }

    private static var areas: Format<[String: Area]> {
        let interval = Key<Area>(
            "check_interval", \.interval, Format.duration(.seconds(1)...(.seconds(366 * 86_400))).written,
            "Between two rounds.")
        let severity = Key<Area>(
            "alert_threshold", \.alertThreshold, Format<Severity>.choice().written, "What is less severe is no alert.")
        let timeout = Key<Area>("timeout", \.timeout, milliseconds.written, "In milliseconds.")
        let retries = Key<Area>("retry_count", \.retries, Format.integer(0...100).written, "Attempts after the first.")
        let sampleSize = Key<Area>(
            "sample_size", \.sampleSize, Format.integer(1...1_000_000_000).written, "Rows of each table.")
        let thresholds = Section<Thresholds>(
            prototype: { _ in Thresholds() },
            keys: [
                Key("response_time", \.responseTime, milliseconds.written, "In milliseconds."),
                Key("cpu_usage", \.processor, percentage.written, "In percent."),
                Key("memory_usage", \.memory, percentage.written, "In percent."),
            ], later: ["disk_usage", "error_rate", "connections", "throughput"])
        let common = [timeout, retries, interval, severity]
        let sections: [(String, [Key<Area>])] = [
            ("database_connectivity", common), ("schema_integrity", common),
            ("data_consistency", common + [sampleSize]),
            (
                "performance_metrics",
                common + [Key("thresholds", \.thresholds, thresholds.format, "From where it is a finding.")]
            ),
        ]
        return Section<[String: Area]>(
            prototype: { _ in [:] },
            keys: sections.map { name, keys in
                Key(name, \[String: Area][name], Section<Area>(prototype: { _ in Area() }, keys: keys).format, name)
            }
        ).format
    }

    private static var milliseconds: Format<Duration> {
        Format<Int>.integer(1...86_400_000).map(
            { value, _, _, _ in .milliseconds(value) }, writing: { Int($0.inMilliseconds) })
    }

    private static var percentage: Format<Percentage> {
        Format<Percentage>.scalar("a percentage from 0 to 100", schema: ["type": "number"]) { text in
            Percentage(text).flatMap { (0...100).contains($0.value) ? $0 : nil }
        } write: {
            .plain(String($0.value))
        }
    }
}
