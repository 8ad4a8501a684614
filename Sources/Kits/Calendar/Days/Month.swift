import Maintenance

/// A month of the Gregorian calendar. Days are counted from 1970-01-01, which is 0; a set of a month's days is a mask
/// whose lowest bit is the first.
struct Month: Hashable, Sendable {
    let year, month: Int
    let firstDay: Int
    let length: Int

    init(year: Int, month: Int) {
        self.year = year
        self.month = month
        firstDay = CivilTime.daysSince1970(year: year, month: month, day: 1)
        switch month {
        case 4, 6, 9, 11: length = 30
        case 2: length = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        default: length = 31
        }
    }

    init(containing day: Int) {
        let date = CivilTime.date(daysSince1970: day)
        self.init(year: date.year, month: date.month)
    }

    /// Counts up by one a month.
    var index: Int { year * 12 + month - 1 }
    var next: Month { month == 12 ? Month(year: year + 1, month: 1) : Month(year: year, month: month + 1) }
    var all: UInt32 { (1 << UInt32(length)) - 1 }
    /// Sunday is 0.
    var firstWeekday: Int { weekday(ofDay: firstDay) }

    /// The days on certain days of the week; Sunday is the lowest bit.
    func mask(weekdays: UInt8) -> UInt32 {
        let first = firstWeekday
        var mask: UInt32 = 0
        for day in 0..<7 where weekdays >> UInt8((first + day) % 7) & 1 == 1 {
            // Days 1, 8, 15, 22 and 29.
            mask |= 0x1020_4081 << UInt32(day)
        }
        return mask & all
    }
}

/// Sunday is 0.
func weekday(ofDay day: Int) -> Int {
    let rest = (day + 4) % 7
    return rest < 0 ? rest + 7 : rest
}

extension UInt32 {
    /// Without the lowest `count` bits that are set.
    func droppingLowest(_ count: Int) -> UInt32 {
        var rest = self
        for _ in 0..<count { rest &= rest &- 1 }
        return rest
    }

    /// The highest bit alone.
    var highest: UInt32 { self == 0 ? 0 : 1 << UInt32(31 - leadingZeroBitCount) }
}
