/// One numeric sample of a series.
package struct Measurement: Codable, Hashable, Sendable {
    package var series: Series
    package var value: Double

    package init(_ name: String, _ target: Target, object: String? = nil, unit: Unit, value: Double) {
        series = Series(name: name, target: target, object: object, unit: unit)
        self.value = value
    }

    /// What identifies a series: the same name at another target or object is another one.
    package struct Series: Codable, Hashable, Sendable {
        /// Dotted and stable: `connections.used`.
        package var name: String
        package var target: Target
        package var object: String?
        package var unit: Unit

        package init(name: String, target: Target, object: String? = nil, unit: Unit) {
            self.name = name
            self.target = target
            self.object = object
            self.unit = unit
        }
    }

    package enum Unit: String, Codable, CaseIterable, Sendable {
        case count, percent, seconds, bytes

        /// The value as people read it.
        package func text(_ value: Double) -> String {
            switch self {
            case .count: value == value.rounded() ? Int64(value).grouped : value.formatted(decimals: 2)
            case .percent: Percentage(value).description
            case .seconds: Duration.seconds(value).short
            case .bytes: ByteCount(Int64(value)).description
            }
        }
    }
}
