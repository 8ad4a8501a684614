import Maintenance

/// Which days: of the language's phrases, of a cron line, or of a calendar.
indirect enum DaySet: Hashable, Sendable {
    case every
    /// Sunday is the lowest bit.
    case weekdays(UInt8)
    /// January is the lowest bit.
    case months(UInt16)
    /// From 1; negative ones count from the end: -1 is the last.
    case dayOfMonth(Int)
    /// The Monday to Friday that is nearest to a day, within the month; -1 for the last.
    case workdayNearest(Int)
    /// The `number`th (from 1; -1 for the last) of these days in each month, quarter or year.
    case nth(Int, of: DaySet, each: Term)
    /// Monday to Friday that are no day of a calendar; without one, of the calendar `holidays` if there is one.
    case businessDays(CalendarReference?)
    /// First and last.
    case dates(ClosedRange<Int>)
    /// By the month's index.
    case listed([Int: UInt32])
    case union([DaySet])
    case both(DaySet, DaySet)

    /// The last day that stands in it by its date; nil where all of it recurs.
    var lastDated: Int? {
        switch self {
        case .dates(let range): range.upperBound
        case .union(let parts): parts.compactMap(\.lastDated).max()
        case .both(let one, let other): [one.lastDated, other.lastDated].compactMap(\.self).min()
        case .every, .weekdays, .months, .dayOfMonth, .workdayNearest, .nth, .businessDays, .listed: nil
        }
    }

    enum Term: Int, Sendable, Hashable {
        case month = 1
        case quarter = 3
        case year = 12
    }

    static let workdays = DaySet.weekdays(0b011_1110)

    /// The days of one month, the first in the lowest bit.
    /// - Parameter holidays: The days of a calendar in a month; nil for the calendar `holidays`.
    func mask(_ month: Month, _ holidays: (CalendarReference?, Month) -> UInt32) -> UInt32 {
        switch self {
        case .every: return month.all
        case .weekdays(let days): return month.mask(weekdays: days)
        case .months(let months): return months >> UInt16(month.month - 1) & 1 == 1 ? month.all : 0
        case .dayOfMonth(let day):
            let index = day > 0 ? day - 1 : month.length + day
            return index >= 0 && index < month.length ? 1 << UInt32(index) : 0
        case .workdayNearest(let day):
            let index = day > 0 ? day - 1 : month.length + day
            guard index >= 0, index < month.length else { return 0 }
            let moved: Int
            switch weekday(ofDay: month.firstDay + index) {
            case 6: moved = index == 0 ? 2 : index - 1
            case 0: moved = index == month.length - 1 ? index - 2 : index + 1
            default: moved = index
            }
            return 1 << UInt32(moved)
        case .nth(let number, let days, let term):
            return Self.nth(number, days, term, month, holidays)
        case .businessDays(let calendar):
            return month.mask(weekdays: 0b011_1110) & ~holidays(calendar, month)
        case .dates(let range):
            let first = max(range.lowerBound, month.firstDay) - month.firstDay
            let last = min(range.upperBound, month.firstDay + month.length - 1) - month.firstDay
            guard first <= last else { return 0 }
            return (UInt32.max << UInt32(first)) & (UInt32.max >> UInt32(31 - last))
        case .listed(let days): return days[month.index] ?? 0
        case .union(let sets): return sets.reduce(0) { $0 | $1.mask(month, holidays) }
        case .both(let left, let right):
            let mask = left.mask(month, holidays)
            return mask == 0 ? 0 : mask & right.mask(month, holidays)
        }
    }

    private static func nth(
        _ number: Int, _ days: DaySet, _ term: Term, _ month: Month, _ holidays: (CalendarReference?, Month) -> UInt32
    ) -> UInt32 {
        let own = days.mask(month, holidays)
        let length = term.rawValue
        let place = (month.month - 1) % length
        if number < 0 {
            for further in place + 1..<max(length, place + 1)
            where days.mask(Month(year: month.year, month: month.month - place + further), holidays) != 0 { return 0 }
            return own.highest
        }
        var before = 0
        for earlier in 0..<place {
            before += days.mask(Month(year: month.year, month: month.month - place + earlier), holidays).nonzeroBitCount
            if before >= number { return 0 }
        }
        let rest = own.droppingLowest(number - 1 - before)
        return rest & (~rest &+ 1)
    }

    /// Whether it changes with a calendar.
    var references: [CalendarReference?] {
        switch self {
        case .businessDays(let calendar): [calendar]
        case .nth(_, let days, _): days.references
        case .union(let sets): sets.flatMap(\.references)
        case .both(let left, let right): left.references + right.references
        default: []
        }
    }
}

/// A calendar's name as a schedule writes it.
struct CalendarReference: Hashable, Sendable {
    var name: String
    /// Where it stands, in Unicode scalars from the beginning.
    var offset: Int
}
