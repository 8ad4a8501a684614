import Maintenance

/// The five fields of a cron line, read strictly (crontab(5) of Vixie cron, with Quartz' `L`, `W` and `#`).
struct CronLine {
    private let expression: String
    private let fields: [ScheduleWord]

    private static let monthNames = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]
    private static let dayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]

    private struct Kind {
        var name: String
        var range: ClosedRange<Int>
        var names: [String] = []
        /// What the first name stands for.
        var firstName = 0
    }

    private static let kinds = [
        Kind(name: "minute", range: 0...59), Kind(name: "hour", range: 0...23),
        Kind(name: "day of the month", range: 1...31),
        Kind(name: "month", range: 1...12, names: monthNames, firstName: 1),
        Kind(name: "day of the week", range: 0...7, names: dayNames),
    ]

    init(_ fields: [ScheduleWord], in expression: String) throws(ScheduleProblem) {
        self.fields = fields
        self.expression = expression
        guard fields.count == 5 else {
            let last = fields[fields.count - 1].range.upperBound
            throw ScheduleProblem(
                text: "a cron line has five fields, and this has \(fields.count)", expression: expression,
                range: fields.count > 5 ? fields[5].offset..<last : last..<last,
                expected: "minute, hour, day of the month, month, day of the week")
        }
    }

    /// What it means; `filter` is what stands behind `on`.
    func rule(on filter: DaySet?) throws(ScheduleProblem) -> ScheduleExpression.Rule {
        let minutes = try bits(0, fields[0])
        let hours = try bits(1, fields[1])
        let months = try bits(3, fields[3])
        let dates = try daysOfMonth()
        let weekdays = try daysOfWeek()
        // Vixie cron: where both are restricted either is enough, and a field that begins with '*' restricts nothing.
        var days: DaySet =
            isStar(2) || isStar(4) ? .both(dates, weekdays) : .union([dates, weekdays])
        if isStar(2), isStar(4), dates == .every, weekdays == .weekdays(0x7f) { days = .every }
        if months != 0x1ffe { days = .both(.months(UInt16(months >> 1)), days) }
        if let filter { days = .both(days, filter) }
        if isStar(0) || isStar(1) {
            return .clock(CronClock(minutes: minutes, hours: UInt32(hours), days: days))
        }
        let times = (0..<1_440).filter { hours >> UInt64($0 / 60) & 1 == 1 && minutes >> UInt64($0 % 60) & 1 == 1 }
        return .wall(days, times)
    }

    private func isStar(_ number: Int) -> Bool { fields[number].text.hasPrefix("*") || fields[number].text == "?" }

    private func daysOfMonth() throws(ScheduleProblem) -> DaySet {
        var sets: [DaySet] = []
        var mask: UInt64 = 0
        for part in fields[2].parts {
            let text = part.text.uppercased()
            if text == "L" {
                sets.append(.dayOfMonth(-1))
            } else if text == "LW" {
                sets.append(.workdayNearest(-1))
            } else if text.hasPrefix("L-") {
                let before = try number(part.dropping(first: 2), 1...30, Self.kinds[2])
                sets.append(.dayOfMonth(-1 - before))
            } else if text.hasSuffix("W"), text != "W" {
                sets.append(.workdayNearest(try number(part.droppingLast, 1...31, Self.kinds[2])))
            } else {
                mask |= try bits(2, part)
            }
        }
        if sets.isEmpty, mask == 0xffff_fffe { return .every }
        return .union(sets + (1...31).filter { mask >> UInt64($0) & 1 == 1 }.map { .dayOfMonth($0) })
    }

    private func daysOfWeek() throws(ScheduleProblem) -> DaySet {
        var sets: [DaySet] = []
        var mask: UInt64 = 0
        let kind = Self.kinds[4]
        for part in fields[4].parts {
            let text = part.text.uppercased()
            if let mark = text.unicodeScalars.firstIndex(of: "#") {
                let length = text.unicodeScalars.distance(from: text.startIndex, to: mark)
                let day = try number(part.prefix(length), 0...7, kind) % 7
                let count = try number(part.dropping(first: length + 1), 1...5, Self.kinds[2])
                sets.append(.nth(count, of: .weekdays(1 << UInt8(day)), each: .month))
            } else if text.hasSuffix("L"), text != "L" {
                let day = try number(part.droppingLast, 0...7, kind) % 7
                sets.append(.nth(-1, of: .weekdays(1 << UInt8(day)), each: .month))
            } else {
                mask |= try bits(4, part)
            }
        }
        let days = UInt8((mask | mask >> 7) & 0x7f)
        return sets.isEmpty ? .weekdays(days) : .union(sets + (days == 0 ? [] : [.weekdays(days)]))
    }

    /// A list of numbers, ranges and steps, as bits.
    private func bits(_ field: Int, _ word: ScheduleWord) throws(ScheduleProblem) -> UInt64 {
        let kind = Self.kinds[field]
        var bits: UInt64 = 0
        for part in word.parts {
            let halves = part.split("/")
            guard halves.count <= 2 else { throw problem(part, kind) }
            let bounds = try range(halves[0], kind)
            var step = 1
            if halves.count == 2 {
                let size = kind.range.upperBound - kind.range.lowerBound
                guard halves[0].text == "*" || halves[0].text.utf8.contains(UInt8(ascii: "-")) else {
                    throw problem(
                        part, kind, "a step needs '*' or a range before it",
                        nearest: "\(halves[0].text)-\(kind.range.upperBound)/\(halves[1].text)")
                }
                guard let given = Int(halves[1].text), given >= 1, given <= size else {
                    let isTooLong = field == 0 && (Int(halves[1].text) ?? 0) > size
                    throw problem(
                        halves[1], kind, "'\(halves[1].text)' is no step of a \(kind.name)",
                        expected: "a step from 1 to \(size)", nearest: isTooLong ? "every \(halves[1].text)m" : nil)
                }
                step = given
            }
            for value in stride(from: bounds.lowerBound, through: bounds.upperBound, by: step) {
                bits |= 1 << UInt64(value)
            }
        }
        return bits
    }

    private func range(_ part: ScheduleWord, _ kind: Kind) throws(ScheduleProblem) -> ClosedRange<Int> {
        if part.text == "*" || part.text == "?" {
            return kind.range.lowerBound...(kind.range.upperBound == 7 ? 6 : kind.range.upperBound)
        }
        let halves = part.split("-")
        guard halves.count <= 2 else { throw problem(part, kind) }
        let first = try number(halves[0], kind.range, kind)
        guard halves.count == 2 else { return first...first }
        var last = try number(halves[1], kind.range, kind)
        // A week that ends on Sunday.
        if last == 0, kind.range.upperBound == 7, first > 0 { last = 7 }
        guard first <= last else {
            throw problem(
                part, kind, "the range '\(part.text)' goes down",
                nearest: "\(halves[0].text)-\(kind.range.upperBound == 7 ? 6 : kind.range.upperBound),"
                    + "\(kind.range.lowerBound)-\(halves[1].text)")
        }
        return first...last
    }

    private func number(_ part: ScheduleWord, _ range: ClosedRange<Int>, _ kind: Kind) throws(ScheduleProblem) -> Int {
        if let index = kind.names.firstIndex(of: part.lowered) { return index + kind.firstName }
        guard !part.text.isEmpty, part.text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let value = Int(part.text),
            range.contains(value)
        else { throw problem(part, kind) }
        return value
    }

    private func problem(
        _ part: ScheduleWord, _ kind: Kind, _ text: String? = nil, expected: String? = nil, nearest: String? = nil
    ) -> ScheduleProblem {
        var allowed = "\(kind.range.lowerBound) to \(kind.range.upperBound)"
        if let first = kind.names.first, let last = kind.names.last {
            allowed += ", or \(first.uppercased()) to \(last.uppercased())"
        }
        return ScheduleProblem(
            text: text ?? "'\(part.text.printable)' is no \(kind.name)", expression: expression, range: part.range,
            expected: expected ?? "\(allowed), with '*', lists, ranges and steps",
            nearest: nearest ?? Maintenance.nearest(to: part.text, among: kind.names).map { $0.uppercased() })
    }
}

extension ScheduleWord {
    fileprivate var parts: [ScheduleWord] { split(",") }

    fileprivate func split(_ separator: Unicode.Scalar) -> [ScheduleWord] {
        var words = [ScheduleWord(text: "", offset: offset)]
        for (index, scalar) in text.unicodeScalars.enumerated() {
            if scalar == separator {
                words.append(ScheduleWord(text: "", offset: offset + index + 1))
            } else {
                words[words.count - 1].text.unicodeScalars.append(scalar)
            }
        }
        return words
    }

    fileprivate func prefix(_ count: Int) -> ScheduleWord {
        ScheduleWord(text: String(text.unicodeScalars.prefix(count)), offset: offset)
    }

    fileprivate func dropping(first count: Int) -> ScheduleWord {
        ScheduleWord(text: String(text.unicodeScalars.dropFirst(count)), offset: offset + count)
    }

    fileprivate var droppingLast: ScheduleWord { prefix(text.unicodeScalars.count - 1) }
}
