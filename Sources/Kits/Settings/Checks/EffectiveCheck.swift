import Maintenance

/// What holds for one check in one environment: what configuration says, and the check's own defaults for the rest.
package struct EffectiveCheck: Sendable, Equatable {
    package var name: String
    package var isEnabled: Bool
    /// In the check's unit; nil where there is none.
    package var warning: Double?
    package var critical: Double?
    package var timeout: Duration
    /// Attempts after the first.
    package var retries: Int
    /// In the units of `CheckSetting.options`; the typed functions read them.
    package var options: [String: Scalar]

    package func count(_ option: String) -> Int? {
        if case .integer(let value)? = options[option] { Int(value) } else { nil }
    }

    package func duration(_ option: String) -> Duration? { number(option).map { .microseconds(Int64($0 * 1_000_000)) } }
    package func size(_ option: String) -> ByteCount? { count(option).map { ByteCount(Int64($0)) } }
    package func percentage(_ option: String) -> Percentage? { number(option).map { Percentage($0) } }

    package func flag(_ option: String) -> Bool? {
        if case .boolean(let value)? = options[option] { value } else { nil }
    }

    package func text(_ option: String) -> String? {
        if case .text(let value)? = options[option] { value } else { nil }
    }

    private func number(_ option: String) -> Double? {
        switch options[option] {
        case .number(let value)?: value
        case .integer(let value)?: Double(value)
        case .text, .boolean, .null, nil: nil
        }
    }
}

extension CheckSchema {
    /// The setting over the check's defaults.
    package func effective(_ setting: CheckSetting) -> EffectiveCheck {
        var values = Dictionary(options.map { ($0.name, $0.standard) }) { first, _ in first }.compactMapValues(\.self)
        values.merge(setting.options.mapValues(\.value)) { _, own in own }
        return EffectiveCheck(
            name: name, isEnabled: setting.isEnabled?.value ?? true,
            warning: setting.warning.map(\.value.value) ?? thresholds?.warning,
            critical: setting.critical.map(\.value.value) ?? thresholds?.critical,
            timeout: setting.timeout?.value ?? timeout, retries: setting.retries?.value ?? retries, options: values)
    }
}
