import Maintenance

/// An RRULE whose parts are days (RFC 5545, 3.3.10).
struct RecurrenceRule {
    private var frequency = Frequency.yearly
    private var interval = 1
    private var count: Int?
    /// The last day.
    private var until: Int?
    private var months: Set<Int> = []
    private var monthDays: [Int] = []
    /// With the number of the day within the month or year, or 0 for each.
    private var weekdays: [(number: Int, day: Int)] = []
    private var positions: [Int] = []
    /// Sunday is 0.
    private var weekStart = 1

    /// Whether it goes on for ever.
    var isEndless: Bool { count == nil && until == nil }

    private enum Frequency: String {
        case daily = "DAILY"
        case weekly = "WEEKLY"
        case monthly = "MONTHLY"
        case yearly = "YEARLY"
    }

    private static let dayNames = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"]

    init(_ line: ICalendarLine, start: ICalendarTime, zones: ZoneDirectory) throws(ICalendarLine.Broken) {
        var seen: Set<String> = []
        for part in line.value.uppercased().split(separator: ";") {
            let halves = part.split(separator: "=", maxSplits: 1).map(String.init)
            let broken = ICalendarLine.Broken(
                reason: "'\(String(part).printable)' is not understood", line: line.number)
            guard halves.count == 2, seen.insert(halves[0]).inserted else { throw broken }
            let values = halves[1].split(separator: ",").map(String.init)
            func numbers(_ range: ClosedRange<Int>, isSigned: Bool) throws(ICalendarLine.Broken) -> [Int] {
                let numbers = values.compactMap { Int($0) }.filter {
                    range.contains($0.magnitude == 0 ? 0 : isSigned ? abs($0) : $0)
                }
                guard numbers.count == values.count, !numbers.isEmpty else { throw broken }
                return numbers
            }
            switch halves[0] {
            case "FREQ":
                guard let known = Frequency(rawValue: halves[1]) else { throw broken }
                frequency = known
            case "INTERVAL": interval = try numbers(1...1_000, isSigned: false)[0]
            case "COUNT": count = try numbers(1...100_000, isSigned: false)[0]
            case "UNTIL": until = try Self.until(halves[1], line, start, zones)
            case "BYMONTH": months = Set(try numbers(1...12, isSigned: false))
            case "BYMONTHDAY": monthDays = try numbers(1...31, isSigned: true)
            case "BYSETPOS": positions = try numbers(1...366, isSigned: true)
            case "BYDAY":
                for value in values {
                    guard let day = Self.dayNames.firstIndex(of: String(value.suffix(2))),
                        let number = value.count == 2 ? 0 : Int(value.dropLast(2)), abs(number) <= 53,
                        value.count == 2 || number != 0
                    else { throw broken }
                    weekdays.append((number, day))
                }
            case "WKST":
                guard let day = Self.dayNames.firstIndex(of: halves[1]) else { throw broken }
                weekStart = day
            default: throw broken
            }
        }
        let broken = { (reason: String) in ICalendarLine.Broken(reason: reason, line: line.number) }
        guard seen.contains("FREQ") else { throw broken("the RRULE has no FREQ") }
        guard count == nil || until == nil else { throw broken("the RRULE has COUNT and UNTIL") }
        let isNumbered = weekdays.contains { $0.number != 0 }
        guard !isNumbered || frequency == .monthly || frequency == .yearly && monthDays.isEmpty else {
            throw broken("a numbered BYDAY is not understood here")
        }
        guard monthDays.isEmpty || frequency != .weekly else { throw broken("BYMONTHDAY does not go with WEEKLY") }
        guard positions.isEmpty || seen.contains(where: { $0.hasPrefix("BY") && $0 != "BYSETPOS" }) else {
            throw broken("BYSETPOS needs another BY part")
        }
    }

    /// The last day on which it can be: the event's own time of day may have passed at the end.
    private static func until(
        _ text: String, _ line: ICalendarLine, _ start: ICalendarTime, _ zones: ZoneDirectory
    ) throws(ICalendarLine.Broken) -> Int {
        var bare = line
        bare.parameters = [:]
        let end = try ICalendarTime.read(text, bare, zones)
        switch (start, end) {
        case (.zoned(let wall, let zone), .zoned(let instant, _)):
            let last = instant + zone.offset(at: instant)
            let timeOfDay = wall - wall.floored(by: 86_400) * 86_400
            return (last - timeOfDay).floored(by: 86_400)
        case (.floating(let wall), .floating(let last)):
            return (last - (wall - wall.floored(by: 86_400) * 86_400)).floored(by: 86_400)
        default: return end.day
        }
    }

    /// Ascending, up to the last day that is known.
    func days(from start: Int, most: Int) -> [Int] {
        var result: [Int] = []
        var number = 0
        let first = Month(containing: start)
        while true {
            let (period, candidates) = candidates(number, start, first)
            guard period <= ICalendarReader.lastDay else { return result }
            number += interval
            for day in chosen(candidates) where day >= start {
                if day > ICalendarReader.lastDay || until.map({ day > $0 }) == true { return result }
                result.append(day)
                if result.count == count ?? most { return result }
            }
        }
    }

    private func chosen(_ days: [Int]) -> [Int] {
        guard !positions.isEmpty else { return days }
        let indexes = positions.map { $0 > 0 ? $0 - 1 : days.count + $0 }.filter(days.indices.contains)
        return Set(indexes).sorted().map { days[$0] }
    }

    /// When a period begins, and the days in it that fit, ascending.
    private func candidates(_ number: Int, _ start: Int, _ first: Month) -> (Int, [Int]) {
        switch frequency {
        case .daily:
            let day = start + number
            return (day, fitsMonth(day) && fitsMonthDay(day) && fitsWeekday(day) ? [day] : [])
        case .weekly:
            let begin = start - (weekday(ofDay: start) - weekStart + 7) % 7 + number * 7
            let wanted = weekdays.isEmpty ? [weekday(ofDay: start)] : weekdays.map(\.day)
            return (begin, (begin..<begin + 7).filter { wanted.contains(weekday(ofDay: $0)) && fitsMonth($0) })
        case .monthly:
            let index = first.index + number
            let month = Month(year: index / 12, month: index % 12 + 1)
            return (month.firstDay, months.isEmpty || months.contains(month.month) ? days(of: month, start) : [])
        case .yearly:
            let year = first.year + number
            let begin = Month(year: year, month: 1).firstDay
            if months.isEmpty, monthDays.isEmpty, !weekdays.isEmpty {
                return (begin, numbered(begin..<Month(year: year + 1, month: 1).firstDay))
            }
            let standard: Set<Int> = monthDays.isEmpty || !months.isEmpty ? [first.month] : Set(1...12)
            let chosen = (months.isEmpty ? standard : months).sorted()
            return (begin, chosen.flatMap { days(of: Month(year: year, month: $0), start) })
        }
    }

    private func days(of month: Month, _ start: Int) -> [Int] {
        let all = month.firstDay..<(month.firstDay + month.length)
        if !monthDays.isEmpty { return all.filter { fitsMonthDay($0) && fitsWeekday($0) } }
        if !weekdays.isEmpty { return numbered(all) }
        let own = start - Month(containing: start).firstDay
        return own < month.length ? [month.firstDay + own] : []
    }

    /// Days of the week within a month or year, those with a number once.
    private func numbered(_ all: Range<Int>) -> [Int] {
        var result: Set<Int> = []
        for wanted in weekdays {
            let days = all.filter { weekday(ofDay: $0) == wanted.day }
            if wanted.number == 0 {
                result.formUnion(days)
            } else {
                let index = wanted.number > 0 ? wanted.number - 1 : days.count + wanted.number
                if days.indices.contains(index) { result.insert(days[index]) }
            }
        }
        return result.sorted()
    }

    private func fitsMonth(_ day: Int) -> Bool { months.isEmpty || months.contains(Month(containing: day).month) }
    private func fitsWeekday(_ day: Int) -> Bool {
        weekdays.isEmpty || weekdays.contains { $0.day == weekday(ofDay: day) }
    }
    private func fitsMonthDay(_ day: Int) -> Bool {
        let month = Month(containing: day)
        let number = day - month.firstDay
        return monthDays.isEmpty || monthDays.contains { ($0 > 0 ? $0 - 1 : month.length + $0) == number }
    }
}
