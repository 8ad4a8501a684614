extension Duration {
    /// Whole microseconds, saturating.
    package var microseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        return whole + attoseconds / 1_000_000_000_000
    }

    package var inSeconds: Double { Double(microseconds) / 1_000_000 }
    package var inMilliseconds: Double { Double(microseconds) / 1_000 }

    private static let units: [(names: [String], seconds: Double)] = [
        (["us", "µs"], 0.000_001), (["ms"], 0.001), (["s", "sec", "second", "seconds"], 1),
        (["m", "min", "minute", "minutes"], 60), (["h", "hour", "hours"], 3_600), (["d", "day", "days"], 86_400),
        (["w", "week", "weeks"], 604_800),
    ]

    /// Reads `30s`, `5m`, `1h30m`, `7d`, `30 days`, `250ms`. Nil for a bare number, for a month (whose length depends
    /// on the date: see `Period`) and for anything else.
    package init?(_ text: some StringProtocol) {
        var rest = text.trimmingWhitespace().lowercased()[...]
        var total = 0.0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            guard let number = Double(digits), number.isFinite else { return nil }
            rest = rest.dropFirst(digits.count).drop { $0 == " " }
            let name = String(rest.prefix { $0.isLetter })
            guard let unit = Self.units.first(where: { $0.names.contains(name) }) else { return nil }
            rest = rest.dropFirst(name.count).drop { $0 == " " }
            total += number * unit.seconds
        }
        guard total < 1e11 else { return nil }
        self = .microseconds(Int64((total * 1_000_000).rounded()))
    }

    /// Two units at most: `0.4 ms`, `12 s`, `3 min 20 s`, `5 d 2 h`.
    package var short: String {
        let seconds = inSeconds
        switch seconds.magnitude {
        case 0: return "0 s"
        case ..<0.001: return "\((seconds * 1_000_000).formatted(decimals: 0)) µs"
        case ..<0.01: return "\((seconds * 1_000).formatted(decimals: 1)) ms"
        case ..<1: return "\((seconds * 1_000).formatted(decimals: 0)) ms"
        case ..<10: return "\(seconds.formatted(decimals: 1)) s"
        case ..<60: return "\(seconds.formatted(decimals: 0)) s"
        case ..<3_600: return Self.pair(seconds, 60, "min", 1, "s")
        case ..<86_400: return Self.pair(seconds, 3_600, "h", 60, "min")
        default: return Self.pair(seconds, 86_400, "d", 3_600, "h")
        }
    }

    /// The form a configuration or an argument takes: `30s`, `5m`, `7d`, `250ms`; the largest unit that divides it.
    package var canonical: String {
        let micro = microseconds
        guard micro != 0 else { return "0s" }
        let units: [(String, Int64)] = [
            ("d", 86_400_000_000), ("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", 1_000),
        ]
        for (name, size) in units where micro % size == 0 { return "\(micro / size)\(name)" }
        return "\(micro)us"
    }

    private static func pair(_ value: Double, _ big: Double, _ bigName: String, _ small: Double, _ smallName: String)
        -> String
    {
        let units = Int((value / small).rounded())
        let perBig = Int(big / small)
        let (whole, rest) = units.quotientAndRemainder(dividingBy: perBig)
        return rest == 0 ? "\(whole) \(bigName)" : "\(whole) \(bigName) \(rest) \(smallName)"
    }
}

/// A span a policy names by date: `7d`, but also `12mo` and `7y`, whose length depends on the day it ends.
package struct Period: Hashable, Sendable, CustomStringConvertible {
    package var months: Int
    package var duration: Duration

    package init(months: Int = 0, duration: Duration = .zero) {
        self.months = months
        self.duration = duration
    }

    /// Reads `12mo`, `3 months`, `7y`, `2 years`, and all that `Duration` reads.
    package init?(_ text: some StringProtocol) {
        let trimmed = text.trimmingWhitespace().lowercased()
        let digits = trimmed.prefix { $0.isASCII && $0.isNumber }
        let unit = String(trimmed.dropFirst(digits.count).drop { $0 == " " })
        let factor: Int? =
            switch unit {
            case "mo", "month", "months": 1
            case "y", "year", "years": 12
            default: nil
            }
        if let factor {
            guard let count = Int(digits), count <= 12_000 else { return nil }
            self.init(months: count * factor)
        } else {
            guard let duration = Duration(trimmed) else { return nil }
            self.init(duration: duration)
        }
    }

    /// The instant this long before `end`; a day that month does not have becomes its last one.
    package func before(_ end: Timestamp) -> Timestamp {
        guard months != 0 else { return end - duration }
        let civil = CivilTime(end)
        let index = civil.year * 12 + civil.month - 1 - months
        let (year, month) = (index / 12, index % 12 + 1)
        let nextMonth = CivilTime.daysSince1970(year: (index + 1) / 12, month: (index + 1) % 12 + 1, day: 1)
        let first = CivilTime.daysSince1970(year: year, month: month, day: 1)
        let day = min(civil.day, nextMonth - first)
        let shift = CivilTime.daysSince1970(year: civil.year, month: civil.month, day: civil.day) - (first + day - 1)
        return end - .seconds(shift * 86_400) - duration
    }

    package var description: String { months == 0 ? duration.canonical : "\(months)mo" }
}
