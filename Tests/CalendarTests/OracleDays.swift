import Foundation

/// A date with what the oracle asks of it; worked out by Foundation's calendar in UTC, which shares nothing with ours.
struct OracleDate: Hashable {
    static let calendar = {
        var calendar = Foundation.Calendar(identifier: .gregorian)
        calendar.timeZone = Foundation.TimeZone(identifier: "GMT") ?? .gmt
        return calendar
    }()

    var year, month, day: Int
    /// Sunday is 0.
    var weekday: Int
    var instant: Date

    /// - Parameter number: Days since 1970.
    init(_ number: Int) { self.init(Date(timeIntervalSince1970: Double(number) * 86_400)) }

    private init(_ instant: Date) {
        let parts = Self.calendar.dateComponents([.year, .month, .day, .weekday], from: instant)
        year = parts.year ?? 0
        month = parts.month ?? 0
        day = parts.day ?? 0
        weekday = (parts.weekday ?? 1) - 1
        self.instant = instant
    }

    func moved(_ days: Int) -> OracleDate { OracleDate(instant.addingTimeInterval(Double(days) * 86_400)) }
    var isLastOfMonth: Bool { moved(1).month != month }
    var isWorkday: Bool { weekday != 0 && weekday != 6 }
    var text: String { String(format: "%04d-%02d-%02d", year, month, day) }
}

/// Which days, decided for one date at a time by walking from day to day.
indirect enum OracleDays {
    case every
    case weekdays(Set<Int>)
    case dayOfMonth(Set<Int>)
    case lastOfMonth
    /// `number` below 0 is the last. `months` is how long a term is.
    case nth(Int, OracleDays, months: Int)
    case business
    case range(OracleDate, OracleDate)
    case inMonths(Set<Int>, OracleDays)
    /// With whether the fields begin with a star.
    case cron(days: OracleDays, isDayStar: Bool, weekdays: OracleDays, isWeekdayStar: Bool, months: Set<Int>)
    case workdayNearest(Int)
    case any([OracleDays])

    func contains(_ date: OracleDate, holidays: Set<String>) -> Bool {
        switch self {
        case .every: return true
        case .weekdays(let days): return days.contains(date.weekday)
        case .dayOfMonth(let days): return days.contains(date.day)
        case .lastOfMonth: return date.isLastOfMonth
        case .business: return date.isWorkday && !holidays.contains(date.text)
        case .range(let first, let last): return first.instant <= date.instant && date.instant <= last.instant
        case .inMonths(let months, let days):
            return months.contains(date.month) && days.contains(date, holidays: holidays)
        case .any(let all): return all.contains { $0.contains(date, holidays: holidays) }
        case .cron(let days, let isDayStar, let weekdays, let isWeekdayStar, let months):
            guard months.contains(date.month) else { return false }
            let first = days.contains(date, holidays: holidays)
            let second = weekdays.contains(date, holidays: holidays)
            return isDayStar || isWeekdayStar ? first && second : first || second
        case .workdayNearest(let day):
            guard date.isWorkday else { return false }
            // The wanted day of this month, if there is one, decides by where it lies.
            for distance in [0, -1, 1, -2, 2] {
                let wanted = date.moved(distance)
                guard wanted.month == date.month, wanted.day == day else { continue }
                if wanted.isWorkday { return distance == 0 }
                let nearest = wanted.weekday == 6 ? wanted.moved(-1) : wanted.moved(1)
                let other = wanted.weekday == 6 ? wanted.moved(2) : wanted.moved(-2)
                return (nearest.month == wanted.month ? nearest : other).text == date.text
            }
            return false
        case .nth(let number, let days, let months):
            guard days.contains(date, holidays: holidays) else { return false }
            let step = number < 0 ? 1 : -1
            var count = 1
            var other = date.moved(step)
            while other.year == date.year, (other.month - 1) / months == (date.month - 1) / months {
                if days.contains(other, holidays: holidays) { count += 1 }
                if number < 0, count > 1 { return false }
                other = other.moved(step)
            }
            return number < 0 || count == number
        }
    }
}
