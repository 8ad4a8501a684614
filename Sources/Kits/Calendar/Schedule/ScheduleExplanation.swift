import Maintenance

/// What a schedule means, for people: each line with a label.
package struct ScheduleExplanation: Sendable, Codable, Hashable {
    package struct Line: Sendable, Codable, Hashable {
        /// `starts`, `open`, `not`, `zone`, `closed`
        package var label: String
        package var text: String
    }

    package var lines: [Line]

    /// - Parameter calendars: Those of the context, for what stands in them.
    package init(_ schedule: Schedule, calendars: Calendars, after instant: Timestamp) {
        lines = schedule.rules.map { Line(label: $0.words.label, text: $0.words.text) }
        for exception in schedule.expression.exceptions {
            switch exception {
            case .calendar(let reference):
                let summary = calendars[reference.name]?.summary ?? "missing"
                lines.append(Line(label: "not", text: "in the calendar '\(reference.name.printable)': \(summary)"))
            case .days(let days, let windows):
                let times = windows.isEmpty ? "" : "from \(DaySet.joined(windows.map(\.words))) "
                lines.append(Line(label: "not", text: "\(times)on \(days.words)"))
            case .period(let period): lines.append(Line(label: "not", text: "from \(period.words)"))
            }
        }
        for calendar in calendars.all
        where calendar.isBlackout && !schedule.expression.calendarNames.contains(calendar.name) {
            lines.append(Line(label: "not", text: "in the blackout '\(calendar.name)': \(calendar.summary)"))
        }
        if schedule.expression.usesStandardHolidays {
            let summary = calendars[Holidays.standard].map { "has \($0.summary)" } ?? "is not configured"
            lines.append(Line(label: "holidays", text: "the calendar '\(Holidays.standard)' \(summary)"))
        }
        lines.append(Line(label: "zone", text: schedule.zone.explanation(after: instant)))
        if let closed = schedule.closed {
            lines.append(
                Line(
                    label: "closed",
                    text: "nothing starts: the calendar '\(closed.calendar.printable)' \(closed.problem)"))
        }
    }
}

extension Schedule {
    /// Whether it can ever start or open anything. What has dates in it, or calendars, is believed.
    package var canStart: Bool {
        if isNever { return true }
        let hasDates = rules.contains { rule in
            if case .period = rule { true } else { rule.days?.hasDates ?? false }
        }
        guard !hasDates else { return true }
        // From 2000 on, so that the answer does not depend on the day it is asked.
        return Schedule(withoutCalendars: self).next(after: Timestamp(wholeSeconds: 946_684_800)) != nil
    }

    /// What is worth knowing about a start: that the clock does something else on this day. Nil for most.
    package func note(at instant: Timestamp) -> String? {
        let time = instant.wholeSeconds
        let moments = rules.compactMap { rule -> (DaySet, [Int])? in
            guard case .wall(let days, let minutes) = rule else { return nil }
            return (days, minutes)
        }
        guard !moments.isEmpty else { return nil }
        if let change = zone.change(from: time), change.at == time, change.isGap {
            let skipped = (time + change.before)..<(time + change.after)
            for (days, minutes) in moments {
                let day = skipped.lowerBound.floored(by: 86_400)
                for (date, minute) in [day, day + 1].flatMap({ date in minutes.map { (date, $0) } })
                where skipped.contains(date * 86_400 + minute * 60) {
                    let month = Month(containing: date)
                    guard days.mask(month, holidays.mask) >> UInt32(date - month.firstDay) & 1 == 1 else { continue }
                    return "\(WindowTimes.clock(minute)) is skipped that day"
                }
            }
        }
        return zone.isFirstOfTwo(time) ? "the clock shows it twice; the first" : nil
    }

    /// The time its zone's clock shows: `Sun 2026-11-22 02:00 CET`.
    package func local(_ instant: Timestamp) -> String {
        let wall = Timestamp(wholeSeconds: instant.wholeSeconds + zone.offset(at: instant.wholeSeconds))
        let civil = CivilTime(wall)
        let name = Vocabulary.weekdays[weekday(ofDay: wall.wholeSeconds.floored(by: 86_400))]
        let seconds = civil.second == 0 ? "" : ":\(civil.second.padded(2))"
        return "\(name.prefix(1).uppercased())\(name.dropFirst().prefix(2)) \(civil.date) "
            + "\(civil.hour.padded(2)):\(civil.minute.padded(2))\(seconds) \(zone.abbreviation(at: instant))"
    }
}

extension DaySet {
    fileprivate var hasDates: Bool {
        switch self {
        case .dates, .listed: true
        case .union(let sets): sets.contains(where: \.hasDates)
        case .both(let left, let right): left.hasDates || right.hasDates
        case .nth(_, let days, _): days.hasDates
        default: false
        }
    }
}

extension Zone {
    /// `Europe/Berlin, now CET (UTC+01:00); the clock goes from 02:00 to 03:00 on 2027-03-28`
    fileprivate func explanation(after instant: Timestamp) -> String {
        let time = instant.wholeSeconds
        guard name != "UTC" else { return "UTC" }
        let now = "\(name), now \(abbreviation(at: instant)) (\(Self.text(offset(at: time))))"
        guard let change = change(from: time + 1) else { return "\(now), without changes of the clock" }
        func clock(_ offset: Int) -> String { WindowTimes.clock((change.at + offset) / 60 % 1_440) }
        let date = DaySet.date((change.at + change.before).floored(by: 86_400))
        return "\(now); on \(date) the clock goes from \(clock(change.before)) to \(clock(change.after))"
    }

    private static func text(_ offset: Int) -> String {
        let minutes = Int(offset.magnitude) / 60
        return "UTC\(offset < 0 ? "-" : "+")\(WindowTimes.clock(minutes))"
    }
}
