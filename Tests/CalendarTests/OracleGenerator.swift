import Foundation
import Outside

/// Makes schedules at random: the text for the program and the same meaning for the oracle.
struct OracleGenerator {
    var random: SeededGenerator
    /// Days around which dates are chosen, since 1970.
    let around: Range<Int>

    private static let dayNames = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
    private static let monthNames = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]

    mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
    mutating func chance(_ percent: Int) -> Bool { number(1...100) <= percent }
    mutating func pick<Item>(_ items: [Item]) -> Item { items[number(0...items.count - 1)] }

    mutating func schedule() -> OracleSchedule {
        var rules: [OracleSchedule.Rule] = []
        var texts: [String] = []
        for _ in 0..<pick([1, 1, 1, 2, 3]) {
            let (found, text) = rule(isFirst: texts.isEmpty)
            rules += found
            texts.append(text)
            // Days that end a part would go together with those of the next one.
            if text.contains(" on ") { break }
        }
        var exceptions: [OracleSchedule.Exception] = []
        var left: [String] = []
        if chance(45) {
            for _ in 0..<pick([1, 1, 2]) {
                let (exception, text) = exception()
                exceptions.append(exception)
                left.append(text)
            }
        }
        // A list of days belongs to the times behind it, so those without come last.
        let order = left.indices.sorted {
            !left[$0].contains(":") == left[$1].contains(":") ? left[$0].contains(":") : $0 < $1
        }
        left = order.map { left[$0] }
        exceptions = order.map { exceptions[$0] }
        let text = texts.joined(separator: " and ") + (left.isEmpty ? "" : " except \(left.joined(separator: " and "))")
        return OracleSchedule(
            text: text, rules: rules, exceptions: exceptions, holidays: dates(), blackout: chance(25) ? dates() : [])
    }

    private mutating func dates() -> Set<String> {
        Set((0..<number(1...6)).map { _ in OracleDate(number(around.lowerBound...around.upperBound)).text })
    }

    // MARK: Rules

    private mutating func rule(isFirst: Bool) -> ([OracleSchedule.Rule], String) {
        switch number(1...10) {
        case 1...3: return cron()
        case 4: return interval()
        case 5...6:
            let (days, text) = days()
            let times = times()
            return ([.window(days, times)], "\(text) \(times.text)")
        default:
            let (days, text) = days()
            let minutes = Set((0..<pick([1, 1, 2, 3])).map { _ in minute() })
            let shown = minutes.sorted().map(OracleSchedule.Times.clock).joined(separator: " and ")
            return ([.points(days, minutes)], !isFirst || chance(60) ? "\(text) \(shown)" : "\(shown) on \(text)")
        }
    }

    /// Mostly at night, when the clocks change.
    private mutating func minute() -> Int {
        chance(60) ? number(0...4) * 60 + pick([0, 1, 15, 30, 59, number(0...59)]) : number(0...1_439)
    }

    private mutating func times() -> OracleSchedule.Times {
        let start = minute()
        var end = chance(30) ? 1_440 : minute()
        if end == start { end = (start + 60) % 1_440 }
        return .init(start: start, end: end)
    }

    private mutating func interval() -> ([OracleSchedule.Rule], String) {
        let minutes = pick([5, 7, 15, 30, 60, 90, 120, 360, 1_440])
        let text = minutes % 60 == 0 ? "every \(minutes / 60)h" : "every \(minutes)m"
        guard chance(60) else { return ([.interval(minutes, .every, nil)], text) }
        let (days, words) = days()
        guard chance(60) else { return ([.interval(minutes, days, nil)], "\(text) on \(words)") }
        let times = times()
        return ([.interval(minutes, days, times)], "\(text) on \(words) \(times.text)")
    }

    private mutating func exception() -> (OracleSchedule.Exception, String) {
        switch number(1...4) {
        case 1: return (.holidays, "holidays")
        case 2:
            let (days, text) = days()
            let times = times()
            return (.window(days, times), "\(text) \(times.text)")
        default:
            let (days, text) = days()
            return (.days(days), text)
        }
    }

    // MARK: Days

    private mutating func days() -> (OracleDays, String) {
        if chance(15) {
            let (first, one) = oneDay()
            let (second, two) = oneDay()
            return (.any([first, second]), "\(one) and \(two)")
        }
        return oneDay()
    }

    private mutating func oneDay() -> (OracleDays, String) {
        let weekday = number(0...6)
        let name = Self.dayNames[weekday]
        switch number(1...12) {
        case 1, 2: return (.every, "daily")
        case 3: return (.weekdays([weekday]), "\(name)s")
        case 4: return (.weekdays([1, 2, 3, 4, 5]), "weekdays")
        case 5:
            let last = number(0...6)
            var days: Set<Int> = []
            var day = weekday
            while days.insert(day).inserted, day != last { day = (day + 1) % 7 }
            return (.weekdays(days), "\(name.prefix(3))-\(Self.dayNames[last])")
        case 6:
            let day = number(1...31)
            return (.dayOfMonth([day]), pick(["day \(day) of month", "\(day)th of the month"]))
        case 7: return (.lastOfMonth, "last day of month")
        case 8: return (.business, "business days")
        case 9:
            let first = number(around.lowerBound...around.upperBound)
            let last = first + number(0...9)
            return (
                .range(OracleDate(first), OracleDate(last)), "\(OracleDate(first).text) to \(OracleDate(last).text)"
            )
        case 10:
            let month = OracleDate(number(around.lowerBound...around.upperBound)).month
            let day = number(1...31)
            guard day <= 28 else { return (.lastOfMonth, "last day of month") }
            return (.inMonths([month], .dayOfMonth([day])), "\(Self.monthNames[month - 1]) \(day)")
        default:
            let ordinals = ["first", "second", "third", "fourth", "last"]
            let index = number(0...4)
            let number = index == 4 ? -1 : index + 1
            let (kind, words): (OracleDays, String) = pick([
                (.weekdays([weekday]), name), (.weekdays([weekday]), name), (.business, "business day"),
                (.weekdays([1, 2, 3, 4, 5]), "weekday"), (.every, "day"),
            ])
            let (months, term) = pick([(1, ""), (1, " of month"), (3, " of quarter"), (12, " of the year")])
            return (.nth(number, kind, months: months), "\(ordinals[index]) \(words)\(term)")
        }
    }

    // MARK: Cron

    private mutating func cron() -> ([OracleSchedule.Rule], String) {
        let (minutes, minuteText) = field(0, 59)
        let (hours, hourText) = field(0, 23)
        let (months, monthText) = chance(70) ? (Set(1...12), "*") : field(1, 12)
        var days: OracleDays = .every
        var dayText = pick(["*", "*", "?", "*"])
        switch number(1...10) {
        case 1: (days, dayText) = (.lastOfMonth, "L")
        case 2:
            let day = number(1...28)
            (days, dayText) = (.workdayNearest(day), "\(day)W")
        case 3...5:
            let (set, text) = field(1, 31)
            (days, dayText) = (.dayOfMonth(set), text)
        default: break
        }
        var weekdays: OracleDays = .every
        var weekdayText = "*"
        switch number(1...10) {
        case 1:
            let (day, number) = (number(0...6), number(1...5))
            (weekdays, weekdayText) = (.nth(number, .weekdays([day]), months: 1), "\(day)#\(number)")
        case 2:
            let day = number(0...6)
            (weekdays, weekdayText) = (.nth(-1, .weekdays([day]), months: 1), "\(day)L")
        case 3...5:
            let (set, text) = field(0, 7)
            (weekdays, weekdayText) = (.weekdays(Set(set.map { $0 % 7 })), text)
        default: break
        }
        let all = OracleDays.cron(
            days: days, isDayStar: dayText.hasPrefix("*") || dayText == "?", weekdays: weekdays,
            isWeekdayStar: weekdayText.hasPrefix("*"), months: months)
        let text = "\(minuteText) \(hourText) \(dayText) \(monthText) \(weekdayText)"
        if minuteText.hasPrefix("*") || hourText.hasPrefix("*") {
            return ([.clock(minutes: minutes, hours: hours, all)], text)
        }
        let points = Set(hours.flatMap { hour in minutes.map { hour * 60 + $0 } })
        return ([.points(all, points)], text)
    }

    private mutating func field(_ low: Int, _ high: Int) -> (Set<Int>, String) {
        switch number(1...6) {
        case 1: return (Set(low...high), "*")
        case 2:
            let step = number(1...(high - low) / 2)
            // Of the day of the week 7 is Sunday again, and '*' goes to 6.
            let top = high == 7 ? 6 : high
            return (Set(stride(from: low, through: top, by: step)), "*/\(step)")
        case 3:
            let first = number(low...high)
            let last = number(first...high)
            return (Set(first...last), "\(first)-\(last)")
        case 4:
            let first = number(low...high)
            let last = number(first...high)
            let step = number(1...(high - low) / 2)
            return (Set(stride(from: first, through: last, by: step)), "\(first)-\(last)/\(step)")
        default:
            let values = (0..<number(1...3)).map { _ in number(low...high) }
            return (Set(values), values.map(String.init).joined(separator: ","))
        }
    }
}
