import Maintenance

/// The `checks` mapping, made from what the capabilities say about their checks.
struct CheckSections: Sendable {
    var schemas: [CheckSchema]

    /// For all environments, or one environment's own.
    var format: Format<CheckSettings> {
        Section<CheckSettings>(
            prototype: { _ in [:] },
            keys: schemas.map { schema in
                Key(schema.name, \CheckSettings[schema.name], section(schema).format, schema.summary)
            }
        ).format
    }

    private func section(_ schema: CheckSchema) -> Section<CheckSetting> {
        var keys = [
            Key<CheckSetting>(
                "enabled", \.isEnabled, Format.boolean.written, standard: .plain("true"), "Whether it is asked at all.")
        ]
        if let thresholds = schema.thresholds {
            let format = Format<CheckSetting.Limit>.limit(thresholds)
            let standard = { (value: Double?) in format.write(value.map { .at($0) } ?? .none) }
            let words = thresholds.worse == .higher ? "From this value on" : "From this value downwards"
            keys += [
                Key(
                    "warning", \.warning, format.written, standard: standard(thresholds.warning),
                    "\(words) it is a warning."),
                Key(
                    "critical", \.critical, format.written, standard: standard(thresholds.critical),
                    "\(words) it is critical."),
            ]
        }
        let asked = [
            Key<CheckSetting>(
                "timeout", \.timeout, Format.duration(.milliseconds(10)...(.seconds(3_600))).written,
                standard: .plain(schema.timeout.canonical), "How long one attempt may take."),
            Key(
                "retries", \.retries, Format.integer(0...100).written, standard: .plain(String(schema.retries)),
                "How often it is tried again when it could not look."),
        ]
        if schema.isAsked { keys += asked + MonitoringSections.checkKeys }
        if schema.isAsked, schema.thresholds?.worse == .higher {
            keys.append(MonitoringSections.baselineKey(schema.baseline))
        }
        keys += schema.options.map { option in
            let format = Format<Scalar>.option(option.kind)
            return Key<CheckSetting>(
                option.name, \.options[option.name], format.written, standard: option.standard.map(format.write),
                option.summary)
        }
        return Section(
            prototype: { _ in CheckSetting() }, keys: keys,
            later: ["check-interval", "alert-threshold", "schedule", "notify", "severity"])
    }

    /// Warning and critical the right way round, once everything is put together.
    func judgeOrder(_ inventory: Inventory, _ reading: Reading) {
        for schema in schemas {
            guard let thresholds = schema.thresholds else { continue }
            var scopes = [("checks.\(schema.name)", inventory.checks[schema.name], inventory.checks[schema.name])]
            for environment in inventory.environments where environment.checks[schema.name] != nil {
                scopes.append(
                    (
                        "environments.\(environment.name).checks.\(schema.name)", environment.checks[schema.name],
                        inventory.check(schema.name, in: environment.name)
                    ))
            }
            for (keyPath, own, merged) in scopes {
                guard let place = own?.critical?.location ?? own?.warning?.location,
                    let warning = merged?.warning.map(\.value.value) ?? thresholds.warning,
                    let critical = merged?.critical.map(\.value.value) ?? thresholds.critical,
                    thresholds.worse == .higher ? warning > critical : warning < critical
                else { continue }
                let format = Format<CheckSetting.Limit>.limit(thresholds)
                let words = (format.write(.at(warning)).inline, format.write(.at(critical)).inline)
                reading.report(
                    "'warning' (\(words.0)) is reached after 'critical' (\(words.1))", at: place, keyPath,
                    allowed: "both in the order they are reached, or 'critical: none'")
            }
        }
    }
}

extension Format where Value == CheckSetting.Limit {
    /// A threshold in the check's unit, or `none`.
    static func limit(_ thresholds: CheckSchema.Thresholds) -> Format {
        let range = thresholds.range
        let unit = thresholds.unit
        let upper = range.upperBound < 1e15 ? " to \(unit.configurationText(range.upperBound))" : ""
        return scalar(
            "\(unit.noun) from \(unit.configurationText(range.lowerBound))\(upper), such as \(unit.example), or none",
            schema: unit.schema
        ) { text in
            if text == "none" { return CheckSetting.Limit.none }
            guard let value = unit.value(of: text), range.contains(value) else { return nil }
            return .at(value)
        } write: { limit in
            .plain(limit.value.map(unit.configurationText) ?? "none")
        }
    }
}

extension Format where Value == Scalar {
    /// A check's own option, in the units of `CheckSetting.options`.
    static func option(_ kind: CheckSchema.Kind) -> Format {
        switch kind {
        case .count(let range):
            Format<Int>.integer(range).map({ value, _, _, _ in Scalar(value) }, writing: { $0.integer })
        case .duration(let range):
            Format<Duration>.duration(range).map(
                { value, _, _, _ in .number(value.inSeconds) }, writing: { .seconds($0.double) })
        case .size(let range):
            Format<ByteCount>.size(range).map(
                { value, _, _, _ in .integer(value.bytes) }, writing: { ByteCount(Int64($0.integer)) })
        case .percentage:
            Format<CheckSetting.Limit>.limit(CheckSchema.Thresholds(.percent, warning: nil, critical: nil)).map(
                { value, _, _, _ in value.value.map { .number($0) } }, writing: { .at($0.double) })
        case .boolean:
            Format<Bool>.boolean.map({ value, _, _, _ in .boolean(value) }, writing: { $0 == .boolean(true) })
        case .text:
            Format<String>.text.map({ value, _, _, _ in .text(value) }, writing: { $0.description })
        case .choice(let names):
            Format<Scalar>(
                shape: .scalar(words: names.joined(separator: ", "), schema: ["enum": .array(names.map { .text($0) })]),
                read: { tree, keyPath, reading in
                    if case .scalar(let text, _) = tree.value, names.contains(text) { return .text(text) }
                    reading.refuseChoice(tree, keyPath, names, later: [])
                    return nil
                },
                write: { .plain($0.description) })
        }
    }
}

extension Scalar {
    fileprivate var double: Double {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        case .text, .boolean, .null: 0
        }
    }

    fileprivate var integer: Int {
        switch self {
        case .integer(let value): Int(value)
        case .number(let value): Int(value)
        case .text, .boolean, .null: 0
        }
    }
}

extension Measurement.Unit {
    /// A value as a configuration writes it: `80%`, `5s`, `100M`, `12`.
    func configurationText(_ value: Double) -> String {
        switch self {
        case .count: Scalar.number(value).description
        case .percent: "\(Scalar.number(value).description)%"
        case .seconds: Duration.microseconds(Int64((value * 1_000_000).rounded())).canonical
        case .bytes: ByteCount(Int64(value)).canonical
        }
    }

    fileprivate func value(of text: String) -> Double? {
        switch self {
        case .count: Double(text).flatMap { $0.isFinite ? $0 : nil }
        case .percent: Percentage(text)?.value
        case .seconds: Duration(text)?.inSeconds
        case .bytes: ByteCount(text).map { Double($0.bytes) }
        }
    }

    fileprivate var noun: String {
        switch self {
        case .count: "a number"
        case .percent: "a percentage"
        case .seconds: "a duration"
        case .bytes: "a size"
        }
    }

    fileprivate var example: String {
        switch self {
        case .count: "10"
        case .percent: "80%"
        case .seconds: "5s"
        case .bytes: "100M"
        }
    }

    fileprivate var schema: JSON {
        switch self {
        case .count: ["anyOf": [["type": "number"], ["const": "none"]]]
        case .percent:
            [
                "anyOf": [
                    ["type": "number", "minimum": 0, "maximum": 100],
                    ["type": "string", "pattern": #"^( *[0-9]+(\.[0-9]+)? *% *|none)$"#],
                ]
            ]
        case .seconds: ["type": "string", "pattern": .text("(\(DurationPattern.duration))|(^none$)")]
        case .bytes:
            [
                "anyOf": [
                    ["type": "integer", "minimum": 0],
                    ["type": "string", "pattern": #"^( *[0-9]+(\.[0-9]+)? *([kKmMgGtT]?([iI]?[bB])?) *|none)$"#],
                ]
            ]
        }
    }
}
