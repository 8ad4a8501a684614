import Maintenance

/// Days, windows or periods of one zone as stretches of time.
struct SpanSource: Sendable, Hashable {
    var zone: Zone
    var kind: Kind
    let holidays: Holidays

    enum Kind: Sendable, Hashable {
        /// Whole days where there are no times.
        case days(DaySet, [WindowTimes])
        case periods([WallPeriod])
        /// Merged.
        case fixed([Span])
    }

    /// All that touch a stretch of time, merged.
    func spans(from start: Int, to end: Int) -> [Span] {
        var spans: [Span] = []
        switch kind {
        case .fixed(let fixed): spans = fixed
        case .periods(let periods):
            spans = periods.map {
                Span(start: zone.instant(ofWall: $0.start), end: zone.instant(ofWall: $0.end))
            }
        case .days(let days, let windows):
            let first = (start + zone.offset(at: start)).floored(by: 86_400) - reach - 1
            let last = (end + zone.offset(at: end)).floored(by: 86_400) + 1
            var month = Month(containing: first)
            while month.firstDay <= last {
                var mask = days.mask(month, holidays.mask)
                while mask != 0 {
                    let day = month.firstDay + mask.trailingZeroBitCount
                    mask &= mask &- 1
                    guard day >= first, day <= last else { continue }
                    if windows.isEmpty { spans.append(span(day, .wholeDay)) }
                    for window in windows { spans.append(span(day, window)) }
                }
                month = month.next
            }
        }
        return spans.filter { $0.start < end && start < $0.end }.merged
    }

    /// A stretch an instant lies in, the one that lasts longest; another may touch it.
    func span(containing time: Int) -> Span? {
        switch kind {
        case .fixed(let fixed):
            let index = fixed.partition { $0.end > time }
            return index < fixed.count && fixed[index].contains(time) ? fixed[index] : nil
        case .periods: return spans(from: time, to: time + 1).first
        case .days(let days, let windows):
            let last = (time + zone.offset(at: time)).floored(by: 86_400) + 1
            var longest: Span?
            var month = Month(containing: last - reach - 1)
            var mask = days.mask(month, holidays.mask)
            for day in (last - reach - 1)...last {
                if day >= month.firstDay + month.length {
                    month = month.next
                    mask = days.mask(month, holidays.mask)
                }
                guard mask >> UInt32(day - month.firstDay) & 1 == 1 else { continue }
                func consider(_ window: WindowTimes) {
                    let span = span(day, window)
                    if span.contains(time), longest.map({ $0.end < span.end }) ?? true { longest = span }
                }
                if windows.isEmpty { consider(.wholeDay) } else { windows.forEach(consider) }
            }
            return longest
        }
    }

    /// How many days after its own a window may reach.
    private var reach: Int {
        guard case .days(_, let windows) = kind else { return 0 }
        return windows.map(\.reach).max() ?? 1
    }

    private func span(_ day: Int, _ window: WindowTimes) -> Span {
        let start = zone.instant(ofWall: day * 86_400 + window.start * 60)
        switch window.end {
        case .at(let minute): return Span(start: start, end: zone.instant(ofWall: day * 86_400 + minute * 60))
        case .after(let seconds): return Span(start: start, end: start + seconds)
        }
    }
}

extension [Span] {
    /// The index of the first that fits, where all after it fit too.
    fileprivate func partition(_ fits: (Span) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if fits(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

/// The days that are no business days, by calendar.
struct Holidays: Sendable, Hashable {
    /// Whole days of each calendar.
    var days: [String: DaySet] = [:]

    /// The calendar that 'business days' means where none is named.
    static let standard = "holidays"

    func mask(_ reference: CalendarReference?, _ month: Month) -> UInt32 {
        // Days of a calendar do not depend on another calendar.
        days[reference?.name ?? Self.standard]?.mask(month) { _, _ in 0 } ?? 0
    }
}
