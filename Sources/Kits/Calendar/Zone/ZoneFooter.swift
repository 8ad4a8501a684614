import Maintenance

/// The rule for all time after the last change that a zone file lists: POSIX's `TZ` (POSIX.1-2017, 8.3) with the hours
/// from -167 to 167 that RFC 9636, section 3.3.1 adds. `CET-1CEST,M3.5.0,M10.5.0/3`
struct ZoneFooter {
    var standard: Zone.Period
    var summer: (period: Zone.Period, begins: Moment, ends: Moment)?

    /// A time of each year, in the wall time before it.
    struct Moment {
        var day: Day
        /// Seconds after midnight; may be negative or beyond the day.
        var seconds = 7_200

        enum Day {
            /// From 1; February 29 is never counted.
            case julian(Int)
            /// From 0; February 29 is counted.
            case ordinal(Int)
            /// The `week`th such day of the month, 5 for the last; Sunday is 0.
            case weekday(month: Int, week: Int, day: Int)
        }
    }

    /// Nil for text that is no such rule, or whose summer time has no dates.
    init?(_ text: String) {
        var rest = Array(text.utf8)[...]
        guard let name = Self.name(&rest), let west = Self.time(&rest, hours: 24) else { return nil }
        standard = Zone.Period(offset: -west, abbreviation: name)
        guard !rest.isEmpty else { return }
        guard let summerName = Self.name(&rest) else { return nil }
        var offset = standard.offset + 3_600
        if rest.first != UInt8(ascii: ",") {
            guard let west = Self.time(&rest, hours: 24) else { return nil }
            offset = -west
        }
        guard let begins = Self.moment(&rest), let ends = Self.moment(&rest), rest.isEmpty else { return nil }
        summer = (Zone.Period(offset: offset, abbreviation: summerName), begins, ends)
    }

    /// Both changes of a year in the order of time. Where one summer time ends at the instant at which the next begins
    /// (a zone that has it all year), its beginning comes last and wins.
    func changes(of year: Int) -> [(at: Int, period: Zone.Period)] {
        guard let summer else { return [] }
        let begins = (at: summer.begins.seconds(of: year) - standard.offset, period: summer.period)
        let ends = (at: summer.ends.seconds(of: year) - summer.period.offset, period: standard)
        return begins.at < ends.at ? [begins, ends] : [ends, begins]
    }

    private static func name(_ rest: inout ArraySlice<UInt8>) -> String? {
        let name: ArraySlice<UInt8>
        if rest.first == UInt8(ascii: "<") {
            guard let end = rest.firstIndex(of: UInt8(ascii: ">")) else { return nil }
            name = rest[..<end].dropFirst()
            rest = rest[(end + 1)...]
        } else {
            name = rest.prefix { ($0 | 0x20) >= UInt8(ascii: "a") && ($0 | 0x20) <= UInt8(ascii: "z") }
            rest = rest.dropFirst(name.count)
        }
        return name.count >= 3 ? String(decoding: name, as: UTF8.self).printable : nil
    }

    /// `[+-]hh[:mm[:ss]]` in seconds.
    private static func time(_ rest: inout ArraySlice<UInt8>, hours: Int) -> Int? {
        let sign = rest.first == UInt8(ascii: "-") ? -1 : 1
        if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
        guard var seconds = number(&rest, 0...hours).map({ $0 * 3_600 }) else { return nil }
        for unit in [60, 1] where rest.first == UInt8(ascii: ":") {
            rest.removeFirst()
            guard let part = number(&rest, 0...59) else { return nil }
            seconds += part * unit
        }
        return sign * seconds
    }

    private static func number(_ rest: inout ArraySlice<UInt8>, _ range: ClosedRange<Int>) -> Int? {
        let digits = rest.prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
        rest = rest.dropFirst(digits.count)
        guard digits.count <= 3, let value = Int(String(decoding: digits, as: UTF8.self)) else { return nil }
        return range.contains(value) ? value : nil
    }

    /// `,M3.5.0/2`, `,J60`, `,59/-1`
    private static func moment(_ rest: inout ArraySlice<UInt8>) -> Moment? {
        guard rest.popFirst() == UInt8(ascii: ",") else { return nil }
        let day: Moment.Day
        switch rest.first {
        case UInt8(ascii: "M"):
            rest.removeFirst()
            guard let month = number(&rest, 1...12), rest.popFirst() == UInt8(ascii: "."),
                let week = number(&rest, 1...5), rest.popFirst() == UInt8(ascii: "."),
                let weekday = number(&rest, 0...6)
            else { return nil }
            day = .weekday(month: month, week: week, day: weekday)
        case UInt8(ascii: "J"):
            rest.removeFirst()
            guard let number = number(&rest, 1...365) else { return nil }
            day = .julian(number)
        default:
            guard let number = number(&rest, 0...365) else { return nil }
            day = .ordinal(number)
        }
        guard rest.first == UInt8(ascii: "/") else { return Moment(day: day) }
        rest.removeFirst()
        return time(&rest, hours: 167).map { Moment(day: day, seconds: $0) }
    }
}

extension ZoneFooter.Moment {
    /// Wall seconds since 1970.
    fileprivate func seconds(of year: Int) -> Int {
        let newYear = CivilTime.daysSince1970(year: year, month: 1, day: 1)
        let date: Int
        switch day {
        case .ordinal(let number): date = newYear + number
        case .julian(let number):
            let isLeap = CivilTime.daysSince1970(year: year + 1, month: 1, day: 1) - newYear == 366
            date = newYear + number - 1 + (isLeap && number >= 60 ? 1 : 0)
        case .weekday(let number, let week, let weekday):
            let month = Month(year: year, month: number)
            let first = (weekday - month.firstWeekday + 7) % 7
            let day = first + (week - 1) * 7
            date = month.firstDay + (day < month.length ? day : day - 7)
        }
        return date * 86_400 + seconds
    }
}
