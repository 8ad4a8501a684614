/// One value of a monitoring plugin's performance data: `'label'=value[UOM];[warn];[crit];[min];[max]`
/// (Monitoring Plugins Development Guidelines, "Performance data").
package struct PerformanceValue: Hashable, Sendable {
    /// Hostile text where a plugin wrote it.
    package var label: String
    /// In `unit`.
    package var value: Double
    package var unit: Measurement.Unit
    /// Where each begins, in `unit`; nil where there is none, or it is no simple limit.
    package var warning: Double?
    package var critical: Double?
    /// Whether what lies below a limit is bad, and not what lies above it.
    package var isLower: Bool

    package init(
        _ label: String, _ value: Double, _ unit: Measurement.Unit, warning: Double? = nil, critical: Double? = nil,
        isLower: Bool = false
    ) {
        self.label = label
        self.value = value
        self.unit = unit
        self.warning = warning
        self.critical = critical
        self.isLower = isLower
    }
}

extension PerformanceValue: CustomStringConvertible {
    /// As plugins write it. A quote inside the label is doubled, `=` and what no line can hold is replaced.
    package var description: String {
        var name = String.UnicodeScalarView()
        for scalar in label.printable.unicodeScalars {
            name.append(scalar == "=" || scalar == "|" ? "_" : scalar)
            if scalar == "'" { name.append("'") }
        }
        // '90:' is the range from 90 on, outside of which it is bad; '90' the one from 0 to 90.
        let limits = [warning, critical].map { $0.map { Self.digits($0) + (isLower ? ":" : "") } ?? "" }
        let ends = unit == .percent ? ";0;100" : ""
        return "'\(String(name))'=\(Self.digits(value))\(unit.symbol);\(limits[0]);\(limits[1])\(ends)"
    }
}

extension PerformanceValue {
    /// As many digits as anybody draws: three behind the point, and six of what is less than one.
    private static func digits(_ value: Double) -> String {
        guard value != value.rounded() else { return Scalar.number(value).description }
        let scale = value.magnitude < 1 ? 1_000_000.0 : 1_000
        return Scalar.number((value * scale).rounded() / scale).description
    }
}

extension Measurement.Unit {
    fileprivate var symbol: String {
        switch self {
        case .count: ""
        case .percent: "%"
        case .seconds: "s"
        case .bytes: "B"
        }
    }
}

/// What a plugin printed, taken apart: its first line, and the values of all lines.
package struct PluginOutput: Hashable, Sendable {
    /// The first line before its `|`. Hostile text.
    package var summary = ""
    package var performance: [PerformanceValue] = []
    /// Parts of the performance data that are none, at most ten. Hostile text.
    package var unreadable: [String] = []

    /// More values than this are dropped: a plugin that goes wrong must not fill the state.
    package static let mostValues = 1_000

    package init(_ text: String) {
        var isPerformance = false
        for (index, line) in text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            // Of the first line what stands behind `|`; of the long output all behind the first `|` there.
            let parts = line.split(separator: "|", maxSplits: 1, omittingEmptySubsequences: false).map(Substring.init)
            if index == 0 {
                summary = (parts.first ?? "").trimmingWhitespace()
                if parts.count > 1 { read(parts[1]) }
            } else if isPerformance {
                read(Substring(line))
            } else if parts.count > 1 {
                isPerformance = true
                read(parts[1])
            }
        }
    }

    private mutating func read(_ text: Substring) {
        var rest = text.unicodeScalars[...]
        while true {
            rest = rest.drop { $0.properties.isWhitespace }
            guard !rest.isEmpty, performance.count < Self.mostValues else { return }
            let label = Self.label(&rest)
            let values = rest.prefix { !$0.properties.isWhitespace }
            rest = rest[values.endIndex...]
            if let label, let value = Self.value(label, String(values)) {
                performance.append(value)
            } else if unreadable.count < 10 {
                unreadable.append("\(label ?? "")=\(String(values))")
            }
        }
    }

    /// In quotes, in which a doubled one stands for itself, or up to `=`, which is taken too.
    private static func label(_ rest: inout String.UnicodeScalarView.SubSequence) -> String? {
        var label = String.UnicodeScalarView()
        let isQuoted = rest.first == "'"
        if isQuoted { rest.removeFirst() }
        while let scalar = rest.popFirst() {
            if isQuoted, scalar == "'" {
                guard rest.first == "'" else {
                    guard rest.popFirst() == "=" else { return nil }
                    return label.isEmpty ? nil : String(label)
                }
                rest.removeFirst()
            } else if !isQuoted, scalar == "=" {
                return label.isEmpty ? nil : String(label)
            }
            label.append(scalar)
        }
        return nil
    }

    private static func value(_ label: String, _ text: String) -> PerformanceValue? {
        let fields = text.unicodeScalars.split(separator: ";", omittingEmptySubsequences: false).map { String($0) }
        let digits = (fields.first ?? "").unicodeScalars.prefix { "0123456789.-+eE".unicodeScalars.contains($0) }
        guard let number = Double(String(digits)), number.isFinite, let first = fields.first else { return nil }
        let symbol = String(first.unicodeScalars.dropFirst(digits.count))
        guard let (unit, factor) = units[symbol] else { return nil }
        func limit(_ index: Int) -> Double? {
            fields.indices.contains(index) ? Double(fields[index]).map { $0 * factor } : nil
        }
        return PerformanceValue(label, number * factor, unit, warning: limit(1), critical: limit(2))
    }

    private static let units: [String: (Measurement.Unit, Double)] = [
        "": (.count, 1), "c": (.count, 1), "%": (.percent, 1), "s": (.seconds, 1), "ms": (.seconds, 0.001),
        "us": (.seconds, 0.000_001), "ns": (.seconds, 0.000_000_001), "B": (.bytes, 1), "KB": (.bytes, 1_024),
        "KiB": (.bytes, 1_024), "MB": (.bytes, 1_048_576), "MiB": (.bytes, 1_048_576), "GB": (.bytes, 1_073_741_824),
        "GiB": (.bytes, 1_073_741_824), "TB": (.bytes, 1_099_511_627_776), "TiB": (.bytes, 1_099_511_627_776),
    ]
}
