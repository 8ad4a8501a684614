import Maintenance

extension ScheduleParser {
    /// Whether days begin here.
    var isDay: Bool {
        guard let written = present, written.cron.isEmpty else { return false }
        if Vocabulary.weekday(word) != nil || Vocabulary.ordinal(word) != nil || ClockText.date(word) != nil {
            return true
        }
        if let range = word.split(separator: "-").first, word.contains("-"), Vocabulary.weekday(String(range)) != nil {
            return true
        }
        if ClockText.looksLikeDate(word) { return true }
        if dayNumber(word) != nil, Vocabulary.month(word(after: 1)) != nil { return true }
        if Vocabulary.month(word) != nil, dayNumber(word(after: 1)) != nil { return true }
        return [
            "the", "daily", "day", "days", "weekday", "weekdays", "weekend", "weekends", "business", "weekly",
            "monthly",
            "quarterly", "yearly", "annually", "every", "week", "month", "quarter", "year",
        ].contains(word)
    }

    /// `Monday, Wednesday and first Sunday of quarter`
    mutating func dayList() throws(ScheduleProblem) -> DaySet {
        var sets = [try day()]
        while takeJoint(if: { $0.isDay }) { sets.append(try day()) }
        return sets.count == 1 ? sets[0] : .union(sets)
    }

    private mutating func day() throws(ScheduleProblem) -> DaySet {
        skip("on", "the", "every")
        guard let written = present, written.cron.isEmpty, isDay else {
            throw unexpected("a day such as 'Sundays', 'weekdays', 'first Sunday' or '2026-12-24'")
        }
        if Vocabulary.ordinal(word) != nil { return try ordinal(each: .month) }
        if let date = try date() { return date }
        if let weekdays = try weekdayRange() { return .weekdays(weekdays) }
        let first = word
        switch first {
        case "weekday", "weekdays":
            advance()
            return .workdays
        case "weekend", "weekends":
            advance()
            return .weekdays(0b100_0001)
        case "business":
            advance()
            return .businessDays(try businessCalendar(isSingular: false))
        case "weekly", "week":
            advance()
            skip("on")
            guard Vocabulary.weekday(word) != nil || word.contains("-") && !isTime else { return .weekdays(1) }
            return try dayList()
        case "monthly", "month": return try term(.month, .dayOfMonth(1))
        case "quarterly", "quarter": return try term(.quarter, .nth(1, of: .every, each: .quarter))
        case "yearly", "annually", "year": return try term(.year, .nth(1, of: .every, each: .year))
        case "day", "days":
            guard let number = dayNumber(word(after: 1)) else {
                advance()
                return .every
            }
            advance(2)
            return try ofPeriod([.dayOfMonth(number)], each: .month)
        default:
            // 'daily'
            advance()
            return .every
        }
    }

    /// What stands behind `monthly`, or the first day.
    private mutating func term(_ term: DaySet.Term, _ standard: DaySet) throws(ScheduleProblem) -> DaySet {
        advance()
        let before = self
        skip("on", "the")
        if Vocabulary.ordinal(word) != nil { return try ordinal(each: term) }
        if word == "day", dayNumber(word(after: 1)) != nil, term == .month { return try day() }
        self = before
        return standard
    }

    /// `first Sunday`, `second and fourth Sunday of month`, `last business day of quarter`, `15th of March`
    private mutating func ordinal(each term: DaySet.Term) throws(ScheduleProblem) -> DaySet {
        var numbers: [(number: Int, isWord: Bool, written: ScheduleWord?)] = []
        repeat {
            skip("the")
            guard let ordinal = Vocabulary.ordinal(word) else {
                throw unexpected("'first' to 'fifth', 'last', or '15th'")
            }
            numbers.append((ordinal.number, ordinal.isWord, present))
            advance()
        } while takeJoint { parser in
            var further = parser
            further.skip("the")
            return Vocabulary.ordinal(further.word)?.isWord == numbers[0].isWord
        }
        let kind: DaySet
        if let weekday = Vocabulary.weekday(word) {
            advance()
            kind = .weekdays(1 << UInt8(weekday))
            if term == .month, let wrong = numbers.first(where: { $0.number > 5 }), !isTermAhead {
                throw problem("a month has at most five of them", at: wrong.written)
            }
        } else if take("day", "days") {
            kind = .every
        } else if take("weekday", "weekdays") {
            kind = .workdays
        } else if take("business") {
            // The calendar stands behind the period.
            guard take("day", "days") else { throw unexpected("'day'") }
            return try businessOrdinal(numbers.map(\.number), each: term)
        } else if let word = numbers.first(where: \.isWord), self.word != "of" {
            throw unexpected(
                "what is meant by '\(word.written?.text.printable ?? "")': a day of the week, 'day' or 'business day'")
        } else {
            return try ofPeriod(numbers.map { .dayOfMonth($0.number) }, each: .month)
        }
        return try ofPeriod(numbers.map { .nth($0.number, of: kind, each: term) }, each: term)
    }

    private var isTermAhead: Bool {
        guard word == "of" else { return false }
        return ["quarter", "year", "the", "each", "every"].contains(word(after: 1))
    }

    private mutating func businessOrdinal(_ numbers: [Int], each term: DaySet.Term) throws(ScheduleProblem) -> DaySet {
        var sets: [DaySet] = numbers.map { .nth($0, of: .businessDays(nil), each: term) }
        if word == "of", isPeriod(after: 1) { sets = [try ofPeriod(sets, each: term)] }
        guard word == "of" else { return sets.count == 1 ? sets[0] : .union(sets) }
        advance()
        let calendar = try calendarName()
        let named = sets.map { $0.naming(calendar) }
        return named.count == 1 ? named[0] : .union(named)
    }

    /// `days`, `day`, and a calendar behind `of`.
    private mutating func businessCalendar(isSingular: Bool) throws(ScheduleProblem) -> CalendarReference? {
        guard take("day", "days") else { throw unexpected("'days'") }
        return take("of") ? try calendarName() : nil
    }

    private mutating func calendarName() throws(ScheduleProblem) -> CalendarReference {
        skip("calendar")
        guard let written = present, written.cron.isEmpty, !Vocabulary.words.contains(word), Self.isName(written.text)
        else { throw unexpected("the name of a calendar") }
        advance()
        return CalendarReference(name: written.text, offset: written.offset)
    }

    // MARK: Of what

    private func isPeriod(after count: Int) -> Bool {
        let next = word(after: count)
        return ["the", "each", "every", "month", "quarter", "year"].contains(next) || Vocabulary.month(next) != nil
    }

    /// `of the month`, `of quarter`, `of January and July`; nothing stands for `term`.
    private mutating func ofPeriod(_ sets: [DaySet], each term: DaySet.Term) throws(ScheduleProblem) -> DaySet {
        let days: DaySet = sets.count == 1 ? sets[0] : .union(sets)
        guard word == "of" else { return days }
        advance()
        skip("the", "each", "every")
        switch word {
        case "month", "months":
            advance()
            return try ofMonths(days.each(.month))
        case "quarter", "year":
            let term: DaySet.Term = word == "quarter" ? .quarter : .year
            guard !days.isDayOfMonth else {
                throw problem("a \(word) has no such day by its number", expected: "'month', or a month by name")
            }
            advance()
            return days.each(term)
        default:
            guard Vocabulary.month(word) != nil else {
                throw unexpected("'month', 'quarter', 'year' or months by name")
            }
            return try ofMonths(days.each(.month), isNeeded: true)
        }
    }

    private mutating func ofMonths(_ days: DaySet, isNeeded: Bool = false) throws(ScheduleProblem) -> DaySet {
        guard isNeeded else { return days }
        var months: UInt16 = 0
        repeat {
            guard let month = Vocabulary.month(word) else { break }
            months |= 1 << UInt16(month - 1)
            advance()
        } while takeJoint { Vocabulary.month($0.word) != nil && $0.dayNumber($0.word(after: 1)) == nil }
        return .both(.months(months), days)
    }

    // MARK: Dates and weekdays

    func dayNumber(_ word: String) -> Int? {
        guard word.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), word.utf8.count <= 2, let number = Int(word),
            (1...31).contains(number)
        else { return nil }
        return number
    }

    /// `2026-12-24`, `2026-12-24 to 2027-01-01`, `December 24`, `24 December`
    private mutating func date() throws(ScheduleProblem) -> DaySet? {
        if let first = ClockText.date(word) {
            advance()
            guard ["to", "-", "–"].contains(word), ClockText.looksLikeDate(word(after: 1)) else {
                return .dates(first...first)
            }
            advance()
            guard let last = ClockText.date(word) else { throw unexpected("a date") }
            guard first <= last else { throw problem("this is before the first day of the range") }
            advance()
            return .dates(first...last)
        }
        if ClockText.looksLikeDate(word) { throw unexpected("a date") }
        let pair: (Int, Int)? =
            if let month = Vocabulary.month(word), let day = dayNumber(word(after: 1)) {
                (month, day)
            } else if let day = dayNumber(word), let month = Vocabulary.month(word(after: 1)) { (month, day) } else {
                nil
            }
        guard let (month, day) = pair else { return nil }
        advance(2)
        return .both(.months(1 << UInt16(month - 1)), .dayOfMonth(day))
    }

    /// `Monday`, `Mon-Fri`, `Monday to Friday`; over the end of the week too.
    private mutating func weekdayRange() throws(ScheduleProblem) -> UInt8? {
        let halves = word.split(whereSeparator: { $0 == "-" || $0 == "–" }).map(String.init)
        if halves.count == 2, let first = Vocabulary.weekday(halves[0]), let written = present {
            guard let last = Vocabulary.weekday(halves[1]) else {
                throw problem(
                    "'\(written.text.printable)' is no range of days", expected: "such as Monday-Friday",
                    nearest: nearest(to: halves[1], among: Vocabulary.weekdays).map { "\(halves[0])-\($0)" })
            }
            advance()
            return Self.week(first, last)
        }
        guard let first = Vocabulary.weekday(word) else { return nil }
        advance()
        guard ["to", "-", "–"].contains(word), let last = Vocabulary.weekday(word(after: 1)) else {
            return 1 << UInt8(first)
        }
        advance(2)
        return Self.week(first, last)
    }

    private static func week(_ first: Int, _ last: Int) -> UInt8 {
        var days: UInt8 = 0
        for offset in 0...((last - first + 7) % 7) { days |= 1 << UInt8((first + offset) % 7) }
        return days
    }
}

extension DaySet {
    /// The same counted in another period.
    fileprivate func each(_ term: Term) -> DaySet {
        switch self {
        case .nth(let number, let days, _): .nth(number, of: days, each: term)
        case .union(let sets): .union(sets.map { $0.each(term) })
        default: self
        }
    }

    fileprivate var isDayOfMonth: Bool {
        switch self {
        case .dayOfMonth: true
        case .union(let sets): sets.contains(where: \.isDayOfMonth)
        default: false
        }
    }

    /// With its business days by a calendar's.
    fileprivate func naming(_ calendar: CalendarReference) -> DaySet {
        switch self {
        case .businessDays: .businessDays(calendar)
        case .nth(let number, let days, let term): .nth(number, of: days.naming(calendar), each: term)
        case .union(let sets): .union(sets.map { $0.naming(calendar) })
        case .both(let left, let right): .both(left.naming(calendar), right.naming(calendar))
        default: self
        }
    }
}
