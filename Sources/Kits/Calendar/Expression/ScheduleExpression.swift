import Maintenance

/// A schedule as it was written, taken apart: what has been understood without knowing the calendars it names.
package struct ScheduleExpression: Sendable, Hashable, CustomStringConvertible {
    /// As written.
    package let text: String
    let rules: [Rule]
    let exceptions: [Exception]
    /// Nil where none was written.
    package let zone: String?

    package var description: String { text }

    enum Rule: Sendable, Hashable {
        case never
        /// At minutes after midnight, ascending and each once.
        case wall(DaySet, [Int])
        /// Compared with the clock minute by minute.
        case clock(CronClock)
        /// Each so many seconds since 1970, only within the windows.
        case interval(Int, DaySet, [WindowTimes])
        case windows(DaySet, [WindowTimes])
        case period(WallPeriod)
    }

    enum Exception: Sendable, Hashable {
        case calendar(CalendarReference)
        /// Whole days where there are no times.
        case days(DaySet, [WindowTimes])
        case period(WallPeriod)
    }

    /// The calendars it names; those that are needed in every case.
    package var calendarNames: [String] { references.map(\.name) }

    /// Whether it opens windows, beside or in place of moments.
    package var hasWindows: Bool { rules.contains(where: \.isWindow) }

    /// The calendar that 'business days' means where none is named.
    package static var standardHolidays: String { Holidays.standard }

    /// Whether it says 'business days' without naming a calendar. Where none is configured as `standardHolidays`, these are
    /// Monday to Friday.
    package var usesStandardHolidays: Bool { sets.flatMap(\.references).contains { $0 == nil } }

    private var sets: [DaySet] { rules.compactMap(\.days) + exceptions.compactMap(\.days) }

    var references: [CalendarReference] {
        let named = exceptions.compactMap { exception -> CalendarReference? in
            guard case .calendar(let reference) = exception else { return nil }
            return reference
        }
        return named + sets.flatMap(\.references).compactMap(\.self)
    }
}

extension ScheduleExpression.Rule {
    var days: DaySet? {
        switch self {
        case .never, .period: nil
        case .wall(let days, _), .interval(_, let days, _), .windows(let days, _): days
        case .clock(let clock): clock.days
        }
    }

    var isWindow: Bool {
        switch self {
        case .windows, .period: true
        default: false
        }
    }
}

extension ScheduleExpression.Exception {
    fileprivate var days: DaySet? {
        guard case .days(let days, _) = self else { return nil }
        return days
    }
}

/// From a time of day to another, or for some time.
struct WindowTimes: Sendable, Hashable {
    /// Minutes after midnight.
    var start: Int
    var end: End

    enum End: Sendable, Hashable {
        /// Minutes after the midnight before the start; above 1,440 on the next day.
        case at(Int)
        /// Seconds of real time.
        case after(Int)
    }

    /// From 00:00 to 24:00.
    static let wholeDay = WindowTimes(start: 0, end: .at(1_440))

    /// How many days after its own it may reach.
    var reach: Int {
        switch end {
        case .at(let minute): minute / 1_440
        case .after(let seconds): (start * 60 + seconds) / 86_400 + 1
        }
    }
}

/// From one date and time to another.
struct WallPeriod: Sendable, Hashable {
    /// Wall seconds since 1970.
    var start, end: Int
}

/// A cron line that follows the clock: bits of minutes and hours.
struct CronClock: Sendable, Hashable {
    var minutes: UInt64
    var hours: UInt32
    var days: DaySet
}
