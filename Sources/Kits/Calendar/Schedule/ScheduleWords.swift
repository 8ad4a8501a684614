import Maintenance

extension DaySet {
    /// In words that stand behind a time: `every day`, `the first Sunday of every month`.
    var words: String {
        switch self {
        case .every: return "every day"
        case .weekdays(let days): return Self.weekdayWords(days)
        case .months(let months): return "every day in \(Self.monthWords(months))"
        case .dayOfMonth(-1): return "the last day of every month"
        case .dayOfMonth(let day) where day < 0:
            return "the day \(-1 - day) before the last of every month"
        case .dayOfMonth(let day): return "day \(day) of every month"
        case .workdayNearest(-1): return "the last Monday to Friday of every month"
        case .workdayNearest(let day): return "the Monday to Friday nearest to day \(day) of every month"
        case .nth(let number, let days, let term):
            let names = ["first", "second", "third", "fourth", "fifth"]
            let ordinal = number < 0 ? "last" : number <= 5 ? names[number - 1] : "\(number)th"
            return "the \(ordinal) \(days.unit) of every \(term)"
        case .businessDays: return "business days (\(businessWords))"
        case .dates(let range):
            let first = Self.date(range.lowerBound)
            return range.count == 1 ? first : "\(first) to \(Self.date(range.upperBound))"
        case .listed: return "listed days"
        case .union(let sets): return Self.unionWords(sets)
        case .both(.months(let months), .dayOfMonth(let day)) where day > 0:
            return months.nonzeroBitCount == 1
                ? "\(Self.monthWords(months)) \(day)" : "day \(day) of \(Self.monthWords(months))"
        case .both(.months(let months), let days):
            return days == .every
                ? "every day in \(Self.monthWords(months))" : "\(days.words), in \(Self.monthWords(months))"
        case .both(.every, let days), .both(let days, .every): return days.words
        case .both(let days, .weekdays(0x7f)): return days.words
        case .both(let left, let right): return "\(left.words) where it is one of \(right.words)"
        }
    }

    private var businessWords: String {
        guard case .businessDays(let calendar) = self else { return "" }
        return "Monday to Friday without the calendar '\((calendar?.name ?? Holidays.standard).printable)'"
    }

    /// What an ordinal counts.
    private var unit: String {
        switch self {
        case .every: "day"
        case Self.workdays: "Monday to Friday"
        case .weekdays(let days) where days.nonzeroBitCount == 1: Self.name(days.trailingZeroBitCount)
        case .businessDays: "business day (\(businessWords))"
        default: words
        }
    }

    private static func unionWords(_ sets: [DaySet]) -> String {
        let numbers = sets.compactMap { set -> Int? in
            guard case .dayOfMonth(let day) = set, day > 0 else { return nil }
            return day
        }
        let others = sets.filter { set in
            guard case .dayOfMonth(let day) = set else { return true }
            return day < 0
        }.map(\.words)
        let days: [String]
        switch numbers.count {
        case 0: days = []
        case 1: days = ["day \(numbers[0]) of every month"]
        default: days = ["days \(joined(runs(numbers))) of every month"]
        }
        return joined(days + others)
    }

    /// `1 to 5`, `9`
    static func runs(_ numbers: [Int]) -> [String] {
        var runs: [ClosedRange<Int>] = []
        for number in numbers.sorted() {
            if let last = runs.last, last.upperBound + 1 == number {
                runs[runs.count - 1] = last.lowerBound...number
            } else {
                runs.append(number...number)
            }
        }
        return runs.flatMap { run in
            run.count > 2 ? ["\(run.lowerBound) to \(run.upperBound)"] : run.map(String.init)
        }
    }

    private static func weekdayWords(_ days: UInt8) -> String {
        switch days {
        case 0x7f: return "every day"
        case 0b011_1110: return "Mondays to Fridays"
        case 0b100_0001: return "Saturdays and Sundays"
        default:
            // The week begins on Monday.
            let order = [1, 2, 3, 4, 5, 6, 0].filter { days >> UInt8($0) & 1 == 1 }
            return joined(order.map { "\(name($0))s" })
        }
    }

    private static func monthWords(_ months: UInt16) -> String {
        joined((0..<12).filter { months >> UInt16($0) & 1 == 1 }.map { capitalized(Vocabulary.months[$0]) })
    }

    private static func name(_ weekday: Int) -> String { capitalized(Vocabulary.weekdays[weekday]) }
    private static func capitalized(_ word: String) -> String { word.prefix(1).uppercased() + word.dropFirst() }

    static func joined(_ parts: [String]) -> String {
        guard parts.count > 1 else { return parts.first ?? "no day" }
        return "\(parts.dropLast().joined(separator: ", ")) and \(parts[parts.count - 1])"
    }

    static func date(_ day: Int) -> String {
        let date = CivilTime.date(daysSince1970: day)
        return "\(date.year.padded(4))-\(date.month.padded(2))-\(date.day.padded(2))"
    }
}

extension WindowTimes {
    /// `22:00 to 23:00`, `22:00 for 8 h`
    var words: String {
        switch end {
        case .at(let minute):
            let next = minute > 1_440 ? " the next day" : ""
            return "\(Self.clock(start)) to \(Self.clock(minute > 1_440 ? minute - 1_440 : minute))\(next)"
        case .after(let seconds): return "\(Self.clock(start)) for \(Duration.seconds(seconds).short)"
        }
    }

    /// `02:00`
    static func clock(_ minute: Int) -> String { "\((minute / 60).padded(2)):\((minute % 60).padded(2))" }
}

extension WallPeriod {
    var words: String {
        func text(_ wall: Int) -> String {
            let day = wall.floored(by: 86_400)
            return "\(DaySet.date(day)) \(WindowTimes.clock((wall - day * 86_400) / 60))"
        }
        return "\(text(start)) to \(text(end))"
    }
}

extension ScheduleExpression.Rule {
    /// What stands behind a label such as `starts`.
    var words: (label: String, text: String) {
        switch self {
        case .never: return ("starts", "never by itself: people start it")
        case .wall(let days, let minutes):
            let times = minutes.map(WindowTimes.clock)
            let shown = times.count > 8 ? times.prefix(6) + ["… (\(times.count) times a day)"] : times
            return ("starts", "at \(DaySet.joined(Array(shown))) on \(days.words)")
        case .clock(let clock):
            let minutes = (0..<60).filter { clock.minutes >> UInt64($0) & 1 == 1 }
            let hours = (0..<24).filter { clock.hours >> UInt32($0) & 1 == 1 }
            let minute = minutes.count == 60 ? "in every minute" : "in minute \(DaySet.joined(DaySet.runs(minutes)))"
            let hour = hours.count == 24 ? "of every hour" : "of hour \(DaySet.joined(DaySet.runs(hours)))"
            return ("starts", "\(minute) \(hour) on \(clock.days.words), as the clock shows it")
        case .interval(let seconds, let days, let windows):
            var text = "every \(Duration.seconds(seconds).short) of real time"
            if windows != [.wholeDay] { text += ", from \(DaySet.joined(windows.map(\.words)))" }
            if days != .every { text += ", on \(days.words)" }
            return ("starts", text)
        case .windows(let days, let windows):
            if days == .every, windows == [.wholeDay] { return ("open", "always") }
            return ("open", "from \(DaySet.joined(windows.map(\.words))) on \(days.words)")
        case .period(let period): return ("open", "from \(period.words)")
        }
    }
}
