/// A number of bytes. Written `100M`, `1.5G`, `512 KiB` or `42`: powers of 1,024, as PostgreSQL reads them.
package struct ByteCount: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    package var bytes: Int64

    package init(_ bytes: Int64) { self.bytes = bytes }

    package static func < (left: ByteCount, right: ByteCount) -> Bool { left.bytes < right.bytes }
    package static func + (left: ByteCount, right: ByteCount) -> ByteCount { ByteCount(left.bytes + right.bytes) }

    private static let units: [(suffix: String, factor: Double)] = [
        ("", 1), ("k", 1_024), ("m", 1_048_576), ("g", 1_073_741_824), ("t", 1_099_511_627_776),
    ]

    /// Nil for anything but a number with an optional unit (`B`, `K`, `KB`, `KiB`, …, `T`).
    package init?(_ text: some StringProtocol) {
        let trimmed = text.trimmingWhitespace().lowercased()
        let digits = trimmed.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard let number = Double(digits), number.isFinite, number >= 0 else { return nil }
        var unit = String(trimmed.dropFirst(digits.count).drop { $0 == " " })
        if unit.hasSuffix("ib") { unit.removeLast(2) } else if unit.hasSuffix("b") { unit.removeLast() }
        guard let factor = Self.units.first(where: { $0.suffix == unit })?.factor else { return nil }
        let bytes = number * factor
        guard bytes < Double(Int64.max) else { return nil }
        self.bytes = Int64(bytes)
    }

    /// At most four characters and a unit: `812 B`, `1.4 MB`, `37 GB`.
    package var description: String {
        var value = Double(bytes)
        var unit = 0
        while value.magnitude >= 1_000, unit < 4 {
            value /= 1_024
            unit += 1
        }
        let name = ["B", "kB", "MB", "GB", "TB"][unit]
        return unit == 0 ? "\(bytes) B" : "\(value.formatted(decimals: value.magnitude < 10 ? 1 : 0)) \(name)"
    }
}
