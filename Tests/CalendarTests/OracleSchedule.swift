import Foundation
import Maintenance

/// A schedule as the oracle has it: not parsed, but made together with its text. It is worked out minute by minute, as
/// docs/calendar.md has it, with Foundation's time zones.
struct OracleSchedule {
    enum Rule {
        case points(OracleDays, Set<Int>)
        case clock(minutes: Set<Int>, hours: Set<Int>, OracleDays)
        /// Minutes; nil for all day long.
        case interval(Int, OracleDays, Times?)
        case window(OracleDays, Times)
    }

    enum Exception {
        case days(OracleDays)
        case window(OracleDays, Times)
        case holidays
    }

    struct Times {
        /// Minutes after midnight; an end that is not later is on the next day.
        var start, end: Int
        var length: Int { end > start ? end - start : end + 1_440 - start }
        var text: String { "\(Self.clock(start))-\(Self.clock(end))" }
        static func clock(_ minute: Int) -> String { String(format: "%02d:%02d", minute / 60, minute % 60) }
    }

    var text: String
    var rules: [Rule]
    var exceptions: [Exception]
    /// Dates as text.
    var holidays: Set<String>
    /// Taken away from everything.
    var blackout: Set<String>

    /// A window's state while the clock runs: which wall minutes it still has to reach.
    private struct Opened {
        var ends: [Int] = []
        mutating func reach(_ minute: Int, starts: Bool, length: Int) {
            ends.removeAll { $0 <= minute }
            if starts { ends.append(minute + length) }
        }
    }

    struct Outcome {
        /// Minutes since 1970.
        var starts: [Int] = []
        var open: Set<Int> = []
    }

    /// Every minute from three days before `first` to `last`, in minutes since 1970; starts before `first` do not count.
    func outcome(from first: Int, to last: Int, in zone: Foundation.TimeZone) -> Outcome {
        var outcome = Outcome()
        var offsets = OffsetReader(zone: zone)
        let begin = first - 4_320
        var reached = begin - 1 + offsets.minutes(at: begin - 1)
        var opened = Array(repeating: Opened(), count: rules.count + exceptions.count)
        var known: (number: Int, matches: [Bool])?
        /// Whether a date belongs to each rule and exception.
        func matches(_ number: Int) -> [Bool] {
            if let known, known.number == number { return known.matches }
            let date = OracleDate(number)
            let found =
                rules.map { rule in
                    switch rule {
                    case .points(let days, _), .clock(_, _, let days), .interval(_, let days, _), .window(let days, _):
                        days.contains(date, holidays: holidays)
                    }
                }
                + exceptions.map { exception in
                    switch exception {
                    case .days(let days), .window(let days, _): days.contains(date, holidays: holidays)
                    case .holidays: holidays.contains(date.text)
                    }
                } + [blackout.contains(date.text)]
            known = (number, found)
            return found
        }
        var wasOpen = false
        for minute in begin..<last {
            let wall = minute + offsets.minutes(at: minute)
            var isStart = false
            while reached < wall {
                reached += 1
                let day = Self.floor(reached, 1_440)
                let time = reached - day * 1_440
                let matching = matches(day)
                for (index, rule) in rules.enumerated() {
                    switch rule {
                    case .points(_, let minutes): if matching[index], minutes.contains(time) { isStart = true }
                    case .window(_, let times), .interval(_, _, .some(let times)):
                        opened[index].reach(
                            reached, starts: matching[index] && time == times.start, length: times.length)
                    default: break
                    }
                }
                for (index, exception) in exceptions.enumerated() {
                    guard case .window(_, let times) = exception else { continue }
                    let place = rules.count + index
                    opened[place].reach(reached, starts: matching[place] && time == times.start, length: times.length)
                }
            }
            let today = matches(Self.floor(reached, 1_440))
            let clockDay = Self.floor(wall, 1_440)
            let clockToday = matches(clockDay)
            var isOpen = false
            for (index, rule) in rules.enumerated() {
                switch rule {
                case .clock(let minutes, let hours, _):
                    let time = wall - clockDay * 1_440
                    if clockToday[index], hours.contains(time / 60), minutes.contains(time % 60) {
                        isStart = true
                    }
                case .interval(let length, _, let times):
                    let isWithin = times == nil ? today[index] : !opened[index].ends.isEmpty
                    if minute % length == 0, isWithin { isStart = true }
                case .window: if !opened[index].ends.isEmpty { isOpen = true }
                case .points: break
                }
            }
            var isCovered = today[rules.count + exceptions.count]
            for (index, exception) in exceptions.enumerated() {
                switch exception {
                case .days, .holidays: if today[rules.count + index] { isCovered = true }
                case .window: if !opened[rules.count + index].ends.isEmpty { isCovered = true }
                }
            }
            isOpen = isOpen && !isCovered
            if isStart && !isCovered || isOpen && !wasOpen, minute >= first { outcome.starts.append(minute) }
            if isOpen, minute >= first { outcome.open.insert(minute) }
            wasOpen = isOpen
        }
        return outcome
    }

    /// Of numbers that are not negative: all of this is after 1970.
    static func floor(_ value: Int, _ divisor: Int) -> Int { value / divisor }
}

/// Foundation's offset of each minute, asked for every quarter of an hour and within one only where it changes.
struct OffsetReader {
    let zone: Foundation.TimeZone
    private var quarter = Int.min
    private var offset: Int?

    init(zone: Foundation.TimeZone) { self.zone = zone }

    mutating func minutes(at minute: Int) -> Int {
        let wanted = OracleSchedule.floor(minute, 15)
        if wanted != quarter {
            quarter = wanted
            let first = read(wanted * 15)
            offset = first == read(wanted * 15 + 15) ? first : nil
        }
        return offset ?? read(minute)
    }

    private func read(_ minute: Int) -> Int {
        zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(minute) * 60)) / 60
    }
}
