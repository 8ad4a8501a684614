import Maintenance

extension Schedule {
    /// The first start after an instant; nil where there is none within 40 years, or where a calendar that is needed
    /// cannot be read (`closed`).
    package func next(after instant: Timestamp) -> Timestamp? {
        nextStart(after: instant.wholeSeconds).map { Timestamp(wholeSeconds: $0) }
    }

    /// The first `count` starts after an instant.
    package func next(_ count: Int, after instant: Timestamp) -> [Timestamp] {
        var starts: [Timestamp] = []
        var last = instant
        while starts.count < count, let start = next(after: last) {
            starts.append(start)
            last = start
        }
        return starts
    }

    private func nextStart(after instant: Int) -> Int? {
        guard closed == nil else { return nil }
        var earliest = hasWindows ? opening(after: instant) : nil
        for rule in rules {
            if let start = next(rule, after: instant, before: earliest) { earliest = start }
        }
        return earliest
    }

    /// The next moment of a rule that no exception covers, if it is before `limit`.
    private func next(_ rule: ScheduleExpression.Rule, after instant: Int, before limit: Int?) -> Int? {
        let end = min(limit ?? .max, instant + Self.horizon)
        var cursor = instant
        while let start = candidate(rule, after: cursor, before: end), start < end {
            guard let covering = exception(at: start) else { return start }
            cursor = max(start, covering.end - 1)
        }
        return nil
    }

    /// The exception an instant lies in, the one that lasts longest.
    func exception(at instant: Int) -> Span? {
        var longest: Span?
        for source in exceptions {
            guard let span = source.span(containing: instant) else { continue }
            if longest.map({ $0.end < span.end }) ?? true { longest = span }
        }
        return longest
    }

    private func candidate(_ rule: ScheduleExpression.Rule, after instant: Int, before end: Int) -> Int? {
        switch rule {
        case .never, .windows, .period: nil
        case .wall(let days, let minutes): wall(days, minutes, after: instant, before: end)
        case .clock(let clock): self.clock(clock, after: instant, before: end)
        case .interval(let seconds, let days, let windows):
            interval(seconds, days, windows, after: instant, before: end)
        }
    }

    private func wall(_ days: DaySet, _ minutes: [Int], after instant: Int, before end: Int) -> Int? {
        let local = instant + zone.offset(at: instant)
        // What the clock shows at an instant or has shown before begins no later than it.
        let first = local.floored(by: 86_400)
        var month = Month(containing: first)
        let last = (end + zone.offset(at: end)).floored(by: 86_400) + 1
        while month.firstDay <= last {
            var mask = days.mask(month, holidays.mask)
            if month.firstDay < first { mask &= UInt32.max << UInt32(first - month.firstDay) }
            while mask != 0 {
                let day = month.firstDay + mask.trailingZeroBitCount
                mask &= mask &- 1
                for minute in minutes where day * 86_400 + minute * 60 > local {
                    let start = zone.instant(ofWall: day * 86_400 + minute * 60)
                    if start > instant { return start }
                }
            }
            month = month.next
        }
        return nil
    }

    /// Goes through the stretches of one offset, in each of which the clock runs evenly.
    private func clock(_ clock: CronClock, after instant: Int, before end: Int) -> Int? {
        var from = instant + 1
        while from < end {
            let period = zone.period(at: from)
            let latest = min(period.end ?? end, end)
            if let wall = Self.wall(clock, holidays, from: from + period.offset, to: latest + period.offset) {
                return wall - period.offset
            }
            from = latest
        }
        return nil
    }

    /// The first whole minute of a clock that runs evenly.
    private static func wall(_ clock: CronClock, _ holidays: Holidays, from start: Int, to end: Int) -> Int? {
        let minute = (start + 59).floored(by: 60)
        let first = minute.floored(by: 1_440)
        var month = Month(containing: first)
        while month.firstDay * 86_400 < end {
            var mask = clock.days.mask(month, holidays.mask)
            if month.firstDay < first { mask &= UInt32.max << UInt32(first - month.firstDay) }
            while mask != 0 {
                let day = month.firstDay + mask.trailingZeroBitCount
                mask &= mask &- 1
                let earliest = day == first ? minute - first * 1_440 : 0
                if let found = clock.firstMinute(from: earliest) {
                    let wall = day * 86_400 + found * 60
                    return wall < end ? wall : nil
                }
            }
            month = month.next
        }
        return nil
    }

    private func interval(
        _ seconds: Int, _ days: DaySet, _ windows: [WindowTimes], after instant: Int, before end: Int
    ) -> Int? {
        var start = (instant.floored(by: seconds) + 1) * seconds
        guard days != .every || windows != [.wholeDay] else { return start }
        let source = SpanSource(zone: zone, kind: .days(days, windows), holidays: holidays)
        while start < end {
            if source.span(containing: start) != nil { return start }
            guard
                let span = firstSpan(
                    from: start, before: end, { source.spans(from: $0, to: $1) }, where: { $0.start > start })
            else { return nil }
            start = (span.start - 1).floored(by: seconds) * seconds + seconds
        }
        return nil
    }

    /// Looks through stretches that grow, until one fits.
    func firstSpan(
        from start: Int, before end: Int, _ spans: (Int, Int) -> [Span], where fits: (Span) -> Bool
    ) -> Span? {
        var length = 8 * 86_400
        while true {
            if let span = spans(start, min(start + length, end)).first(where: fits) { return span }
            guard start + length < end else { return nil }
            length *= 8
        }
    }
}

extension CronClock {
    /// Minutes after midnight.
    fileprivate func firstMinute(from start: Int) -> Int? {
        var hour = start / 60
        guard hour < 24 else { return nil }
        let rest = minutes & (UInt64.max << UInt64(start % 60))
        if hours >> UInt32(hour) & 1 == 1, rest != 0 { return hour * 60 + rest.trailingZeroBitCount }
        hour += 1
        let later = hour < 32 ? hours & (UInt32.max << UInt32(hour)) : 0
        guard later != 0, minutes != 0 else { return nil }
        return later.trailingZeroBitCount * 60 + minutes.trailingZeroBitCount
    }
}
