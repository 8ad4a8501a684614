import Maintenance

/// The vertical axis of a chart: where it begins and ends, and the values that get a line and a label, in steps people
/// count in (1, 2, 2.5, 5, whole minutes and hours, powers of 1,024).
struct Axis: Hashable {
    var low: Double
    var high: Double
    var ticks: [Double]
    private var unit: Measurement.Unit

    /// It begins at zero, so that heights can be compared; only sizes, which grow slowly from a large value, may begin
    /// above it.
    init(_ values: [Double], unit: Measurement.Unit) {
        self.unit = unit
        let least = values.min() ?? 0
        let most = values.max() ?? 0
        let isNarrow = unit == .bytes && least > 0 && (most - least) < 0.4 * most
        var bottom = isNarrow ? least : min(0, least)
        var top = most
        if unit == .percent, most <= 100, most > 50 { top = 100 }
        if top <= bottom { top = bottom + Self.smallest(unit, near: bottom) }
        let step = Self.step((top - bottom) / 3, unit: unit, most: max(most.magnitude, least.magnitude))
        bottom = (bottom / step).rounded(.down) * step
        top = (top / step).rounded(.up) * step
        low = bottom
        high = top
        let count = Int(((top - bottom) / step).rounded())
        ticks = (0...count).map { bottom + Double($0) * step }
    }

    /// 0 at the low end, 1 at the high one.
    func position(_ value: Double) -> Double { (value - low) / (high - low) }

    func label(_ value: Double) -> String { unit.text(value) }

    /// A height for values that are all the same.
    private static func smallest(_ unit: Measurement.Unit, near value: Double) -> Double {
        switch unit {
        case .count: max(1, value.magnitude * 0.1)
        case .percent: 10
        case .seconds: max(0.001, value.magnitude * 0.1)
        case .bytes: max(1_024, value.magnitude * 0.1)
        }
    }

    private static func step(_ least: Double, unit: Measurement.Unit, most: Double) -> Double {
        switch unit {
        case .count: return max(1, round(least, to: [1, 2, 2.5, 5, 10])).rounded(.up)
        case .percent: return round(least, to: [1, 2, 2.5, 5, 10])
        case .seconds:
            guard least >= 1 else { return round(least, to: [1, 2, 2.5, 5, 10]) }
            let steps: [Double] = [
                1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400,
            ]
            return steps.first { $0 >= least } ?? (least / 86_400).rounded(.up) * 86_400
        case .bytes:
            var factor = 1.0
            while most / factor >= 1_000 { factor *= 1_024 }
            return max(1, round(least / factor, to: [1, 2, 2.5, 5, 10]) * factor)
        }
    }

    /// The least of `steps` times a power of ten that is at least `value`.
    private static func round(_ value: Double, to steps: [Double]) -> Double {
        guard value > 0, value.isFinite else { return 1 }
        var power = 1.0
        while power > value { power /= 10 }
        while power * 10 <= value { power *= 10 }
        return (steps.first { $0 * power >= value } ?? 10) * power
    }
}

/// The horizontal axis: three instants with labels that suit the time between them.
struct TimeAxis: Hashable {
    var first: Timestamp
    var last: Timestamp

    init(_ instants: [Timestamp]) {
        first = instants.min() ?? Timestamp(microseconds: 0)
        last = instants.max() ?? first
    }

    /// In the middle where there is one instant only.
    func position(_ instant: Timestamp) -> Double {
        last == first ? 0.5 : (instant - first).inSeconds / (last - first).inSeconds
    }

    var labels: [(position: Double, text: String)] {
        guard last > first else { return [(0.5, text(first))] }
        let middle = Timestamp(microseconds: (first.microseconds + last.microseconds) / 2)
        return [(0, text(first)), (0.5, text(middle)), (1, text(last))]
    }

    /// `11-21` beyond two days, else `02:00`.
    private func text(_ instant: Timestamp) -> String {
        let civil = CivilTime(instant)
        if last - first > .seconds(2 * 86_400) || last == first {
            return "\(civil.month.padded(2))-\(civil.day.padded(2))"
        }
        return "\(civil.hour.padded(2)):\(civil.minute.padded(2))"
    }
}
