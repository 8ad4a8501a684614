import Maintenance

/// A number that a guide holds something against: `CPU usage < 80%`.
package struct Threshold: Sendable, Hashable {
    /// As a reader knows it: `cpu usage`. Lower case, one blank between words.
    package var metric: String
    package var level: Level
    package var comparison: Comparison
    package var value: Double
    package var unit: Unit
    /// As written.
    package var text: String
    package var line: Int

    package enum Level: String, Sendable, Hashable, CaseIterable {
        /// What is aimed at.
        case target
        case warning, critical
    }

    package enum Comparison: String, Sendable, Hashable {
        case below = "<"
        case above = ">"
        /// The guide says only the number.
        case limit = ""
    }

    package enum Unit: Sendable, Hashable {
        case percent, milliseconds, none
        case other(String)
    }

    /// Reads `<500ms`, `>99.9%`, `< 2s`, `90%`; nil where no number stands at the beginning.
    package static func quantity(_ text: some StringProtocol) -> (Comparison, Double, Unit, rest: String)? {
        var rest = Substring(text.trimmingWhitespace())
        var comparison = Comparison.limit
        for (sign, meaning) in [
            ("<=", Comparison.below), (">=", .above), ("≤", .below), ("≥", .above), ("<", .below), (">", .above),
        ]
        where rest.hasPrefix(sign) {
            comparison = meaning
            rest = rest.dropFirst(sign.count)
            break
        }
        rest = rest.drop { $0 == " " }
        let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard let value = Double(digits), value.isFinite else { return nil }
        rest = rest.dropFirst(digits.count).drop { $0 == " " }
        if rest.hasPrefix("%") { return (comparison, value, .percent, String(rest.dropFirst())) }
        let name = rest.prefix { $0.isLetter }
        let behind = String(rest.dropFirst(name.count))
        if let factor = milliseconds[name.lowercased()] {
            return (comparison, value * factor, .milliseconds, behind)
        }
        return (comparison, value, .none, String(rest))
    }

    private static let milliseconds: [String: Double] = [
        "ms": 1, "s": 1_000, "sec": 1_000, "second": 1_000, "seconds": 1_000, "m": 60_000, "min": 60_000,
        "minute": 60_000, "minutes": 60_000, "h": 3_600_000, "hour": 3_600_000, "hours": 3_600_000,
    ]

    /// The value with its unit, as people write it.
    package var quantity: String {
        let number = value == value.rounded() ? value.formatted(decimals: 0) : "\(value)"
        return switch unit {
        case .percent: "\(comparison.rawValue)\(number)%"
        case .milliseconds: "\(comparison.rawValue)\(number)ms"
        case .none: "\(comparison.rawValue)\(number)"
        case .other(let unit): "\(comparison.rawValue)\(number) \(unit)"
        }
    }

    /// `**CPU Usage**`, `cpu_usage` and `high CPU usage` are the same thing.
    package static func metric(_ text: some StringProtocol) -> String {
        var words = text.lowercased().replacingBytes(of: "_", with: " ").split(whereSeparator: {
            !$0.isLetter && !$0.isNumber
        })
        .map(String.init)
        if let first = words.first, ["high", "low", "average", "the", "all"].contains(first), words.count > 1 {
            words.removeFirst()
        }
        return words.map { singular[$0] ?? $0 }.joined(separator: " ")
    }

    private static let singular = ["times": "time", "rates": "rate", "connections": "connection"]
}

extension Guide {
    /// Every threshold of tables, lists and blocks of configuration, by line.
    package var thresholds: [Threshold] {
        (tables.flatMap(\.thresholds) + items.flatMap(\.thresholds)
            + blocks.flatMap { block in GuideSetting.all(in: block).flatMap(\.thresholds) })
            .sorted { $0.line < $1.line }
    }
}

extension Guide.Table {
    /// Of a table with the columns 'Target', 'Warning', 'Critical', or some of them.
    fileprivate var thresholds: [Threshold] {
        let levels = header.map { Threshold.Level(rawValue: $0.lowercased()) }
        guard levels.contains(where: { $0 != nil }), levels.first.map({ $0 == nil }) ?? false else { return [] }
        return rows.flatMap { row -> [Threshold] in
            let metric = Threshold.metric(row.cells.first ?? "")
            return zip(levels, row.cells).compactMap { level, cell in
                guard let level, let found = Threshold.quantity(cell) else { return nil }
                // '90-95%' begins where the next level ends: the edge is the number nearer to the target.
                var (comparison, value, unit, rest) = found
                if rest.hasPrefix("-"), let end = Threshold.quantity(rest.dropFirst()) {
                    let isDownward = zip(levels, row.cells).contains { $0 == .critical && $1.hasPrefix("<") }
                    let name = rest.drop { !$0.isLetter && $0 != "%" }
                    let edge = isDownward ? end : Threshold.quantity("\(value)\(name)") ?? end
                    (comparison, value, unit) = (isDownward ? .below : .above, edge.1, edge.2)
                    rest = ""
                }
                return Threshold(
                    metric: metric, level: level, comparison: comparison, value: value, unit: unit,
                    text: "\(row.cells.first ?? ""): \(cell)", line: row.line)
            }
        }
    }
}

extension Guide.ListItem {
    /// `CPU usage < 80%`, `Uptime: >99.9%`, `High error rates (>5%)`, `Database connections >75%: …`.
    fileprivate var thresholds: [Threshold] {
        guard let sign = text.unicodeScalars.firstIndex(where: { "<>≤≥".unicodeScalars.contains($0) }) else {
            return []
        }
        let metric = Threshold.metric(text[..<sign].split(separator: "(").first ?? "")
        guard !metric.isEmpty, let (comparison, value, unit, _) = Threshold.quantity(text[sign...]) else { return [] }
        let about = caption?.lowercased() ?? ""
        let level: Threshold.Level =
            about.contains("critical") ? .critical : about.contains("warning") ? .warning : .target
        return [
            Threshold(
                metric: metric, level: level, comparison: comparison, value: value, unit: unit, text: text, line: line)
        ]
    }
}

extension GuideSetting {
    fileprivate var thresholds: [Threshold] {
        if isItem {
            // 'error_rate > 2%' beneath 'critical:'
            guard let sign = value.unicodeScalars.firstIndex(where: { "<>".unicodeScalars.contains($0) }),
                let (comparison, number, unit, _) = Threshold.quantity(value[sign...]),
                let level = path.last.flatMap({ Threshold.Level(rawValue: $0.lowercased()) })
            else { return [] }
            return [
                Threshold(
                    metric: Threshold.metric(value[..<sign]), level: level, comparison: comparison, value: number,
                    unit: unit, text: value, line: line)
            ]
        }
        guard let key = path.last, let (comparison, number, unit, rest) = Threshold.quantity(value), rest.isEmpty else {
            return []
        }
        let above = path.dropLast()
        let level = Threshold.Level(rawValue: key.lowercased())
        let isThreshold = above.contains { $0.lowercased().hasSuffix("thresholds") }
        guard isThreshold || key == "threshold" else { return [] }
        let name = level == nil && key != "threshold" ? key : above.last ?? key
        return [
            Threshold(
                metric: Threshold.metric(name), level: level ?? .warning, comparison: comparison, value: number,
                unit: unit, text: "\(path.joined(separator: ".")): \(value)", line: line)
        ]
    }
}
