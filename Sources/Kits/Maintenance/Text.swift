extension StringProtocol {
    /// Without leading and trailing white space and line breaks.
    package func trimmingWhitespace() -> String {
        guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace })
        else { return "" }
        return String(self[first...last])
    }

    /// The text as a terminal, a log line or an error may show it: control characters, escapes and the characters that
    /// reorder text are written as `\u{…}`, so that a hostile name can neither move the cursor nor forge a line.
    package var printable: String {
        guard unicodeScalars.contains(where: { $0.isUnprintable }) else { return String(self) }
        var result = ""
        for scalar in unicodeScalars {
            if scalar.isUnprintable {
                switch scalar {
                case "\n": result += "\\n"
                case "\t": result += "\\t"
                case "\r": result += "\\r"
                default: result += "\\u{\(String(scalar.value, radix: 16))}"
                }
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

extension Unicode.Scalar {
    /// Controls, line and paragraph separators, private use, and the format characters that reorder text (bidi) or are
    /// invisible.
    fileprivate var isUnprintable: Bool {
        switch properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: true
        case .format: true
        default: false
        }
    }
}

extension Double {
    /// Fixed-point, `decimals` digits after the point, no exponent and no locale.
    package func formatted(decimals: Int) -> String {
        guard isFinite, magnitude < 1e15 else { return String(self) }
        var scale = 1.0
        for _ in 0..<decimals { scale *= 10 }
        let scaled = Int64((self * scale).rounded())
        guard decimals > 0 else { return String(scaled) }
        let sign = scaled < 0 ? "-" : ""
        let (whole, fraction) = scaled.magnitude.quotientAndRemainder(dividingBy: UInt64(scale))
        let digits = String(fraction)
        return "\(sign)\(whole).\(String(repeating: "0", count: decimals - digits.count))\(digits)"
    }
}

extension BinaryInteger {
    /// With a comma between groups of three: `1,234,567`.
    package var grouped: String {
        let digits = String(magnitude)
        var result = self < 0 ? "-" : ""
        for (offset, digit) in digits.enumerated() {
            if offset > 0, (digits.count - offset) % 3 == 0 { result.append(",") }
            result.append(digit)
        }
        return result
    }
}

extension String {
    /// `1 environment`, `2 environments`.
    package func counted(_ count: Int) -> String { "\(count.grouped) \(self)\(count == 1 ? "" : "s")" }
}

/// The candidate nearest to what somebody typed, if it is near enough to be meant (edit distance at most a third of its
/// length, rounded, and at most 3).
package func nearest(to word: String, among candidates: some Sequence<String>) -> String? {
    let scored = candidates.map { (candidate: $0, distance: editDistance(word.lowercased(), $0.lowercased())) }
    guard let best = scored.min(by: { ($0.distance, $0.candidate) < ($1.distance, $1.candidate) }) else { return nil }
    return best.distance <= Swift.max(1, Swift.min(3, (word.count + 1) / 3)) ? best.candidate : nil
}

/// Insertions, deletions, substitutions and swaps of neighbours needed to turn one into the other (optimal string
/// alignment distance).
private func editDistance(_ left: String, _ right: String) -> Int {
    let a = Array(left)
    let b = Array(right)
    var rows = [Array(0...b.count)]
    for i in a.indices {
        var row = [i + 1]
        for j in b.indices {
            var cost = Swift.min(rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (a[i] == b[j] ? 0 : 1))
            if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = Swift.min(cost, rows[i - 1][j - 1] + 1) }
            row.append(cost)
        }
        rows.append(row)
    }
    return rows[a.count][b.count]
}
