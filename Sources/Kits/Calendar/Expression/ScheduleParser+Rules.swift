import Maintenance

extension ScheduleParser {
    typealias Rule = ScheduleExpression.Rule
    typealias Exception = ScheduleExpression.Exception

    /// One part of a schedule; more than one rule where it has times and windows.
    mutating func rule() throws(ScheduleProblem) -> [Rule] {
        skip("on", "at", "the")
        guard let written = present else { throw unexpected(Self.parts) }
        if !written.cron.isEmpty {
            advance()
            return [try CronLine(written.cron, in: text).rule(on: try filter())]
        }
        if let macro = Vocabulary.macros[word] {
            advance()
            return [try CronLine(ScheduleWord.all(in: macro)[0].cron, in: macro).rule(on: try filter())]
        }
        switch word {
        case "never":
            advance()
            return [.never]
        case "anytime", "24/7":
            advance()
            return [.windows(.every, [.wholeDay])]
        case "hourly":
            advance()
            return [try CronLine(ScheduleWord.all(in: "0 * * * *")[0].cron, in: text).rule(on: try filter())]
        case "every":
            if let number = Vocabulary.ordinal(word(after: 1))?.number, number > 1, word(after: 2) != "",
                word(after: 3) != "of", word(after: 4) != "of"
            {
                throw problem(
                    "'every \(spelled(after: 1).printable)' may mean every other week or the second in each month",
                    expected: "what it is counted in", nearest: "\(spelled(after: 1)) \(spelled(after: 2)) of month")
            }
            if let seconds = try interval() { return [try intervalRule(seconds)] }
            advance()
        default: break
        }
        if let period = try period() { return [.period(period)] }
        if isTime {
            let times = try times()
            let hadOn = take("on")
            guard hadOn || isDay else { return rules(.every, times) }
            let days = try dayList()
            if isTime { throw problem("a part has its times once, and these are its second") }
            return rules(days, times)
        }
        let days = try dayList()
        let before = self
        skip(",", "at")
        guard isTime else {
            if word(after: -1) == "at" { throw unexpected("a time such as 02:00") }
            self = before
            isBare = true
            return [.wall(days, [0])]
        }
        return rules(days, try times())
    }

    /// Days, a window, or a calendar's name.
    mutating func exception() throws(ScheduleProblem) -> [Exception] {
        skip("on", "the", "every")
        if let period = try period() { return [.period(period)] }
        if isTime { return [.days(.every, try windows())] }
        if isDay {
            let days = try dayList()
            let before = self
            skip(",", "at")
            guard isTime else {
                self = before
                return [.days(days, [])]
            }
            return [.days(days, try windows())]
        }
        guard let written = present, written.cron.isEmpty, !Vocabulary.words.contains(word), Self.isName(written.text)
        else { throw unexpected("a day, a window such as 12:00-13:00, or the name of a calendar") }
        advance()
        return [.calendar(CalendarReference(name: written.text, offset: written.offset))]
    }

    private static let parts = "a time such as 02:00, a day such as 'Sundays', 'every 5m', or a cron line"

    private func rules(_ days: DaySet, _ times: [TimePhrase]) -> [Rule] {
        var minutes: Set<Int> = []
        var windows: [WindowTimes] = []
        for time in times {
            switch time {
            case .point(let minute): minutes.insert(minute)
            case .window(let window): windows.append(window)
            }
        }
        var rules: [Rule] = []
        if !minutes.isEmpty { rules.append(.wall(days, minutes.sorted())) }
        if !windows.isEmpty { rules.append(.windows(days, windows)) }
        return rules
    }

    /// `on weekdays` behind a cron line.
    private mutating func filter() throws(ScheduleProblem) -> DaySet? { take("on") ? try dayList() : nil }

    // MARK: Intervals

    /// Seconds of `every 5m`, `every 2 hours`, `every hour`; nil where days follow.
    private mutating func interval() throws(ScheduleProblem) -> Int? {
        let units = ["second": 1, "minute": 60, "hour": 3_600]
        if let seconds = units[word(after: 1)] {
            advance(2)
            return seconds
        }
        guard word(after: 1).utf8.first.map({ $0 >= 0x30 && $0 <= 0x39 }) == true else { return nil }
        guard Vocabulary.ordinal(word(after: 1)) == nil, ClockText.minute(word(after: 1)) == nil else { return nil }
        advance()
        let first = word
        var length = 1
        var duration = Duration(first)
        if duration == nil, let both = Duration("\(first) \(word(after: 1))") {
            duration = both
            length = 2
        }
        guard let duration else {
            throw problem("'\(first.printable)' is no interval", expected: "such as 30s, 5m or 2h")
        }
        let micro = duration.microseconds
        guard micro >= 1_000_000, micro <= 86_400_000_000, micro % 1_000_000 == 0 else {
            let isLong = micro > 86_400_000_000
            throw problem(
                "an interval is whole seconds from 1s to 24h", expected: isLong ? "days by name" : nil,
                nearest: isLong ? "weekly Monday 02:00" : nil)
        }
        advance(length)
        return Int(micro / 1_000_000)
    }

    private mutating func intervalRule(_ seconds: Int) throws(ScheduleProblem) -> Rule {
        let days = try filter() ?? .every
        skip(",")
        guard isTime else { return .interval(seconds, days, [.wholeDay]) }
        return .interval(seconds, days, try windows())
    }

    // MARK: Times

    enum TimePhrase {
        case point(Int)
        case window(WindowTimes)
    }

    var isTime: Bool { canRead { parser throws(ScheduleProblem) in try parser.timeOrRange() != nil } }

    /// `09:00 and 21:00`, `22:00-23:00`, `22:00 for 8h`
    private mutating func times() throws(ScheduleProblem) -> [TimePhrase] {
        var times: [TimePhrase] = []
        repeat {
            guard let time = try timeOrRange() else { throw unexpected("a time such as 02:00") }
            times.append(time)
        } while takeJoint { $0.isTime }
        return times
    }

    private mutating func windows() throws(ScheduleProblem) -> [WindowTimes] {
        let place = present
        return try times().map { time throws(ScheduleProblem) in
            guard case .window(let window) = time else {
                throw problem(
                    "a window is needed here, and this is one moment", at: place, expected: "such as 12:00-13:00")
            }
            return window
        }
    }

    private mutating func timeOrRange() throws(ScheduleProblem) -> TimePhrase? {
        guard let written = present, written.cron.isEmpty else { return nil }
        let halves = written.lowered.split(whereSeparator: { $0 == "-" || $0 == "–" })
        if halves.count == 2, let start = ClockText.minute(String(halves[0])),
            let end = ClockText.minute(String(halves[1]))
        {
            advance()
            return try window(start, end, at: written)
        }
        guard let start = moment() else {
            if written.text.contains(":"), written.text.utf8.first.map({ $0 >= 0x30 && $0 <= 0x39 }) == true {
                throw problem(
                    "'\(written.text.printable)' is no time",
                    expected: "hours and minutes from 00:00 to 24:00, or 2:00 AM")
            }
            return nil
        }
        let behind = self
        if take("-", "–", "to") {
            guard let end = moment() else {
                self = behind
                throw unexpected("an end such as 23:00")
            }
            return try window(start, end, at: written)
        }
        if take("for") {
            let first = word
            let two = Duration(first) == nil
            guard let duration = Duration(first) ?? Duration("\(first) \(word(after: 1))") else {
                throw unexpected("how long, such as 2h or 90m")
            }
            guard duration >= .seconds(60), duration <= .seconds(7 * 86_400),
                duration.microseconds % 1_000_000 == 0, start < 1_440
            else { throw problem("a window is from 1m to 7d long") }
            advance(two ? 2 : 1)
            return .window(WindowTimes(start: start, end: .after(Int(duration.microseconds / 1_000_000))))
        }
        guard start < 1_440 else {
            throw problem("24:00 only ends a window", at: written, nearest: "00:00")
        }
        return .point(start)
    }

    private func window(_ start: Int, _ end: Int, at word: ScheduleWord) throws(ScheduleProblem) -> TimePhrase {
        guard start < 1_440 else { throw problem("24:00 only ends a window", at: word, nearest: "00:00") }
        return .window(WindowTimes(start: start, end: .at(end > start ? end : end + 1_440)))
    }

    /// Minutes after midnight.
    private mutating func moment() -> Int? {
        guard let written = present, written.cron.isEmpty else { return nil }
        if ["am", "pm"].contains(word(after: 1)), let minute = ClockText.minute(word, word(after: 1)) {
            advance(2)
            return minute
        }
        guard let minute = ClockText.minute(word) else { return nil }
        advance()
        return minute
    }

    /// `2026-12-24 22:00 to 2026-12-25 06:00`
    private mutating func period() throws(ScheduleProblem) -> WallPeriod? {
        guard let first = ClockText.date(word), let start = ClockText.minute(word(after: 1)),
            ["to", "-", "–"].contains(word(after: 2)), let last = ClockText.date(word(after: 3))
        else { return nil }
        guard let end = ClockText.minute(word(after: 4)) else {
            advance(4)
            throw unexpected("a time such as 06:00")
        }
        let period = WallPeriod(start: first * 86_400 + start * 60, end: last * 86_400 + end * 60)
        guard period.start < period.end else { throw problem("this ends before it begins") }
        advance(5)
        return period
    }

    static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= 63 else { return false }
        func isPlain(_ byte: UInt8) -> Bool {
            (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7a) || (byte >= 0x30 && byte <= 0x39)
        }
        return isPlain(first) && text.utf8.allSatisfy { isPlain($0) || "._-".utf8.contains($0) }
    }
}
