import Maintenance

/// One VEVENT (RFC 5545, 3.6.1): when it is, as often as it recurs.
struct ICalendarEvent {
    private let begin: ICalendarTime
    private let length: Length
    private let rule: RecurrenceRule?
    private let added: [ICalendarTime]
    private let excluded: Set<Int>
    private let isCancelled: Bool
    private let line: Int

    private enum Length {
        case days(Int)
        case seconds(Int)
    }

    /// - Parameter end: The line of its end, for what is missing.
    init(_ lines: [ICalendarLine], zones: ZoneDirectory, end: Int) throws(ICalendarLine.Broken) {
        func only(_ name: String) throws(ICalendarLine.Broken) -> ICalendarLine? {
            let found = lines.filter { $0.name == name }
            guard found.count <= 1 else { throw .init(reason: "a second \(name)", line: found[1].number) }
            return found.first
        }
        for name in ["RECURRENCE-ID", "EXRULE"] {
            if let line = try only(name) { throw .init(reason: "\(name) is not understood", line: line.number) }
        }
        guard let start = try only("DTSTART") else { throw .init(reason: "this event has no DTSTART", line: end) }
        line = start.number
        isCancelled = try only("STATUS")?.value.uppercased() == "CANCELLED"
        let begin = try ICalendarTime.read(start.value, start, zones)
        self.begin = begin
        length = try Self.length(begin, try only("DTEND"), try only("DURATION"), start, zones)
        if let line = try only("RRULE") {
            rule = try RecurrenceRule(line, start: begin, zones: zones)
        } else {
            rule = nil
        }
        func times(_ name: String) throws(ICalendarLine.Broken) -> [ICalendarTime] {
            var times: [ICalendarTime] = []
            for line in lines where line.name == name {
                guard line.parameters["VALUE"]?.uppercased() != "PERIOD" else {
                    throw .init(reason: "\(name) of periods is not understood", line: line.number)
                }
                for part in line.value.split(separator: ",") {
                    let time = try ICalendarTime.read(part, line, zones)
                    guard time.isSameKind(as: begin) else {
                        throw .init(reason: "\(name) is of another kind than DTSTART", line: line.number)
                    }
                    times.append(time)
                }
            }
            return times
        }
        added = try times("RDATE")
        excluded = Set(try times("EXDATE").map(\.key))
    }

    private static func length(
        _ begin: ICalendarTime, _ end: ICalendarLine?, _ duration: ICalendarLine?, _ start: ICalendarLine,
        _ zones: ZoneDirectory
    ) throws(ICalendarLine.Broken) -> Length {
        var isDate = false
        if case .date = begin { isDate = true }
        if let end {
            guard duration == nil else { throw .init(reason: "an event has DTEND or DURATION", line: end.number) }
            let time = try ICalendarTime.read(end.value, end, zones)
            guard time.isSameKind(as: begin) else {
                throw .init(reason: "DTEND is of another kind than DTSTART", line: end.number)
            }
            guard time.key > begin.key else { throw .init(reason: "DTEND is not after DTSTART", line: end.number) }
            return isDate ? .days(time.key - begin.key) : .seconds(time.key - begin.key)
        }
        if let duration {
            guard let seconds = seconds(duration.value), seconds > 0, !isDate || seconds % 86_400 == 0 else {
                throw .init(reason: "'\(duration.value.printable)' is no duration of this event", line: duration.number)
            }
            return isDate ? .days(seconds / 86_400) : .seconds(seconds)
        }
        guard isDate else {
            throw .init(reason: "this event has no end, so that it covers nothing", line: start.number)
        }
        return .days(1)
    }

    /// RFC 5545, 3.3.6: `P1W`, `P2DT3H`, `PT30M`
    private static func seconds(_ text: String) -> Int? {
        var rest = text.uppercased().utf8[...]
        if rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
        guard rest.popFirst() == UInt8(ascii: "P"), !rest.isEmpty else { return nil }
        var seconds = 0
        var isTime = false
        while !rest.isEmpty {
            if rest.first == UInt8(ascii: "T") {
                isTime = true
                rest = rest.dropFirst()
            }
            let digits = rest.prefix { $0 >= 0x30 && $0 <= 0x39 }
            rest = rest.dropFirst(digits.count)
            guard digits.count <= 6, let number = Int(String(decoding: digits, as: UTF8.self)),
                let unit = rest.popFirst()
            else { return nil }
            switch (unit, isTime) {
            case (UInt8(ascii: "W"), false): seconds += number * 604_800
            case (UInt8(ascii: "D"), false): seconds += number * 86_400
            case (UInt8(ascii: "H"), true): seconds += number * 3_600
            case (UInt8(ascii: "M"), true): seconds += number * 60
            case (UInt8(ascii: "S"), true): seconds += number
            default: return nil
            }
        }
        return seconds
    }

    /// How many occurrences it has.
    func add(to events: inout CalendarEvents) throws(ICalendarLine.Broken) -> Int {
        guard !isCancelled else { return 0 }
        var days = [begin.day]
        if let rule {
            days = rule.days(from: begin.day, most: ICalendarReader.mostOccurrences)
            guard days.first == begin.day else {
                throw .init(reason: "DTSTART is no day of its RRULE, so it is not clear when it begins", line: line)
            }
        }
        let times = days.map(begin.on) + added
        var count = 0
        for time in times where !excluded.contains(time.key) {
            count += 1
            switch (time, length) {
            case (.date(let day), .days(let length)):
                guard length <= 3_660 else { throw .init(reason: "this event is over 10 years long", line: line) }
                for offset in 0..<length { events.add(day: day + offset) }
                count += length - 1
            case (.floating(let wall), .seconds(let seconds)):
                events.floating.append(WallPeriod(start: wall, end: wall + seconds))
            case (_, .seconds(let seconds)):
                events.spans.append(Span(start: time.key, end: time.key + seconds))
            default: break
            }
        }
        if rule?.isEndless != true, let last = times.filter({ !excluded.contains($0.key) }).map(\.day).max() {
            let further = if case .days(let length) = length { length - 1 } else { 0 }
            events.lastDatedDay = max(events.lastDatedDay ?? .min, last + further)
        }
        return count
    }
}

extension ICalendarTime {
    fileprivate func isSameKind(as other: ICalendarTime) -> Bool {
        switch (self, other) {
        case (.date, .date), (.floating, .floating), (.zoned, .zoned): true
        default: false
        }
    }
}
