/// A share in percent, 0 to 100 where it is a share of something bounded. Written `80%` or `80`.
package struct Percentage: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    package var value: Double

    package init(_ value: Double) { self.value = value }

    package init(_ part: Double, of whole: Double) { value = whole == 0 ? 0 : part / whole * 100 }

    package init?(_ text: some StringProtocol) {
        var digits = text.trimmingWhitespace()[...]
        if digits.hasSuffix("%") { digits = digits.dropLast() }
        guard let value = Double(digits.trimmingWhitespace()), value.isFinite else { return nil }
        self.value = value
    }

    package static func < (left: Percentage, right: Percentage) -> Bool { left.value < right.value }

    package var description: String { "\(value.formatted(decimals: value == value.rounded() ? 0 : 1)) %" }
}
