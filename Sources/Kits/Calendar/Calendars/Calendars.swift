import Maintenance

/// Named sets of days and times that schedules leave out: holidays, freezes, blackouts.
package struct Calendars: Sendable, Hashable {
    /// In the order they were given.
    package let all: [DayCalendar]

    package init(_ all: [DayCalendar] = []) { self.all = all }

    package var names: [String] { all.map(\.name) }
    package subscript(name: String) -> DayCalendar? { all.first { $0.name == name } }
}

/// One calendar, as it was when it was read.
package struct DayCalendar: Sendable, Hashable {
    package let name: String
    /// Taken away from every schedule, whether it is named there or not.
    package let isBlackout: Bool
    /// What its days are days of; nil where each schedule has its own.
    let zone: Zone?
    /// Of configured phrases.
    let phrases: [ScheduleExpression.Exception]
    let events: CalendarEvents
    /// Why it cannot be used now: one clause. Whoever needs it starts nothing.
    package let unavailable: String?

    init(
        name: String, isBlackout: Bool = false, zone: Zone? = nil, phrases: [ScheduleExpression.Exception] = [],
        events: CalendarEvents = CalendarEvents(), unavailable: String? = nil
    ) {
        self.name = name
        self.isBlackout = isBlackout
        self.zone = zone
        self.phrases = phrases
        self.events = events
        self.unavailable = unavailable
    }

    /// The days it covers as a whole.
    var wholeDays: DaySet {
        .union(
            [.listed(events.days)]
                + phrases.compactMap { phrase in
                    guard case .days(let days, []) = phrase else { return nil }
                    return days
                })
    }

    /// The last of its days that stands there by its date, as days since 1970: behind it only what recurs is known, and
    /// whoever keeps the list has to go on with it. Nil where nothing has a date.
    package var lastDatedDay: Int? { [lastDatedPhrase, events.lastDatedDay].compactMap(\.self).max() }

    private var lastDatedPhrase: Int? {
        phrases.compactMap { phrase in
            switch phrase {
            case .days(let days, _): days.lastDated
            case .period(let period): (period.end - 1).floored(by: 86_400)
            case .calendar: nil
            }
        }.max()
    }

    /// `2026-12-24`.
    package static func date(_ day: Int) -> String {
        let civil = CivilTime.date(daysSince1970: day)
        return "\(civil.year.padded(4))-\(civil.month.padded(2))-\(civil.day.padded(2))"
    }

    /// All it covers, for a schedule in some zone.
    func sources(in zone: Zone) -> [SpanSource] {
        let zone = self.zone ?? zone
        func source(_ kind: SpanSource.Kind) -> SpanSource { SpanSource(zone: zone, kind: kind, holidays: Holidays()) }
        var sources = [source(.days(wholeDays, []))]
        for phrase in phrases {
            switch phrase {
            case .days(let days, let windows) where !windows.isEmpty: sources.append(source(.days(days, windows)))
            case .period(let period): sources.append(source(.periods([period])))
            default: break
            }
        }
        if !events.floating.isEmpty { sources.append(source(.periods(events.floating))) }
        if !events.spans.isEmpty { sources.append(source(.fixed(events.spans))) }
        return sources
    }

    /// `12 days and 1 time from a file, the last on 2026-12-26; 3 phrases`, for people.
    package var summary: String {
        if let unavailable { return unavailable }
        var parts: [String] = []
        let days = events.days.values.reduce(0) { $0 + $1.nonzeroBitCount }
        if days > 0, let last = events.days.max(by: { $0.key < $1.key }) {
            let day = 32 - last.value.leadingZeroBitCount
            parts.append(
                "\(days.grouped) \(days == 1 ? "day" : "days") of its file, the last on "
                    + "\((last.key / 12).padded(4))-\((last.key % 12 + 1).padded(2))-\(day.padded(2))")
        }
        let times = events.spans.count + events.floating.count
        if times > 0 { parts.append("\(times.grouped) \(times == 1 ? "time" : "times") of its file") }
        if !phrases.isEmpty {
            let last = lastDatedPhrase.map { ", the last with a date on \(Self.date($0))" } ?? ""
            parts.append("\(phrases.count) \(phrases.count == 1 ? "entry" : "entries")\(last)")
        }
        return parts.isEmpty ? "empty" : parts.joined(separator: ", ")
    }
}

/// What an iCalendar file says, expanded.
struct CalendarEvents: Sendable, Hashable {
    /// Whole days, by the month's index.
    var days: [Int: UInt32] = [:]
    /// Without a zone of their own.
    var floating: [WallPeriod] = []
    /// Merged.
    var spans: [Span] = []
    /// Of events that do not recur for ever.
    var lastDatedDay: Int?

    mutating func add(day: Int) {
        let month = Month(containing: day)
        days[month.index, default: 0] |= 1 << UInt32(day - month.firstDay)
    }
}
