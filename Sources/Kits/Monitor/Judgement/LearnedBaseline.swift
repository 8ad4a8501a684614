import Maintenance

/// What a value usually is, learned from the hours before: the median of the medians of hours, so that a bad night does not
/// move it, and how far hours usually lie from it.
package struct LearnedBaseline: Hashable, Sendable {
    package var value: Double
    /// The median distance of an hour from `value`, made comparable with a standard deviation (MAD × 1.4826; Rousseeuw and
    /// Croux, "Alternatives to the Median Absolute Deviation", 1993).
    package var deviation: Double
    /// How many hours it was learned from.
    package var hours: Int
    package var basis: Basis

    package enum Basis: String, Codable, Sendable {
        /// The same hour of the week, in the weeks before.
        case hourOfWeek
        /// Every hour, since there are not weeks enough.
        case everyHour
    }

    /// As many of the same hour of the week are enough.
    static let leastWeeks = 3
    /// As many hours are enough otherwise: a day and a night.
    static let leastHours = 24

    /// - Parameters:
    ///   - hours: with their sketches; what has fewer than five values says nothing.
    ///   - now: what is compared; its own hour and the one before it are not learned from.
    package init?(_ hours: [Rollup], at now: Timestamp) {
        let latest = now.floored(to: .seconds(3_600)) - .seconds(3_600)
        let known = hours.filter { $0.values >= 5 && $0.start < latest }.compactMap { hour in
            hour.sketch.percentile(50).map { (start: hour.start, median: $0) }
        }
        let week: Duration = .seconds(7 * 86_400)
        let place = now.floored(to: .seconds(3_600)).microseconds % week.microseconds
        let same = known.filter { $0.start.microseconds % week.microseconds == place }
        let basis: Basis = same.count >= Self.leastWeeks ? .hourOfWeek : .everyHour
        let chosen = (basis == .hourOfWeek ? same : known).map(\.median)
        guard chosen.count >= (basis == .hourOfWeek ? Self.leastWeeks : Self.leastHours) else { return nil }
        let middle = Self.median(chosen)
        value = middle
        deviation = Self.median(chosen.map { abs($0 - middle) }) * 1.4826
        self.hours = chosen.count
        self.basis = basis
    }

    /// Something that has become worse than it usually is.
    package struct Regression: Hashable, Sendable {
        package var before: Double
        package var after: Double
        package var baseline: LearnedBaseline

        /// `180 %` of what it was.
        package var ratio: Percentage { Percentage(after / before * 100) }
    }

    /// Nil where it is as usual: below the limit, within three deviations, or too small a difference to mean anything.
    ///
    /// - Parameters:
    ///   - recent: the last minutes; what has fewer than three values says nothing.
    ///   - limit: in percent of the baseline, above 100.
    ///   - least: the smallest difference that counts, in the value's unit.
    package func regression(_ recent: Rollup, limit: Percentage, least: Double) -> Regression? {
        guard recent.values >= 3, value > 0, let now = recent.sketch.percentile(50) else { return nil }
        guard now >= value * limit.value / 100, now - value >= max(least, 3 * deviation) else { return nil }
        return Regression(before: value, after: now, baseline: self)
    }

    static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        let half = sorted.count / 2
        return sorted.count.isMultiple(of: 2) ? (sorted[half - 1] + sorted[half]) / 2 : sorted[half]
    }
}
