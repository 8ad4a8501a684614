import Maintenance

/// Reads the events of an iCalendar file (RFC 5545) as days and times. Whatever would change when an event is and is not
/// understood is refused with its line; nothing of the kind is left out silently.
struct ICalendarReader {
    let path: String
    let zones: ZoneDirectory

    /// Occurrences are known up to the end of 2100.
    static let lastDay = 47_846
    static let mostOccurrences = 200_000

    func read(_ bytes: [UInt8]) throws(CalendarError) -> CalendarEvents {
        do throws(ICalendarLine.Broken) {
            return try events(try ICalendarLine.all(in: bytes))
        } catch {
            throw .file(path: path, line: error.line, reason: error.reason)
        }
    }

    private func events(_ lines: [ICalendarLine]) throws(ICalendarLine.Broken) -> CalendarEvents {
        var events = CalendarEvents()
        var components: [String] = []
        var own: [ICalendarLine] = []
        var hasCalendar = false
        var count = 0
        for line in lines {
            switch (line.name, line.value.uppercased()) {
            case ("BEGIN", let component):
                guard !components.isEmpty || component == "VCALENDAR" else {
                    throw .init(reason: "this is no iCalendar file", line: line.number)
                }
                guard component != "VFREEBUSY" else {
                    throw .init(reason: "VFREEBUSY is not understood", line: line.number)
                }
                components.append(component)
                hasCalendar = true
                if component == "VEVENT" { own = [] }
            case ("END", let component):
                guard components.popLast() == component else {
                    throw .init(reason: "END:\(component.printable) has no beginning", line: line.number)
                }
                if component == "VEVENT" {
                    count += try ICalendarEvent(own, zones: zones, end: line.number).add(to: &events)
                    guard count <= Self.mostOccurrences else {
                        throw .init(
                            reason: "the events have over \(Self.mostOccurrences.grouped) occurrences",
                            line: line.number)
                    }
                }
            case ("CALSCALE", let scale) where scale != "GREGORIAN":
                throw .init(reason: "the calendar '\(scale.printable)' is not understood", line: line.number)
            case ("METHOD", "CANCEL"):
                throw .init(reason: "this takes events back, which is not understood", line: line.number)
            default:
                guard !components.isEmpty else {
                    throw .init(reason: "this is no iCalendar file", line: line.number)
                }
                if components.last == "VEVENT" { own.append(line) }
            }
        }
        guard hasCalendar else { throw .init(reason: "is no iCalendar file: it has no VCALENDAR", line: nil) }
        guard components.isEmpty else {
            throw .init(reason: "ends within \(components[components.count - 1].printable)", line: nil)
        }
        events.spans = events.spans.merged
        return events
    }
}

/// A date or time of an iCalendar property.
enum ICalendarTime: Hashable {
    case date(Int)
    /// Wall seconds since 1970, in whatever zone is looked from.
    case floating(Int)
    case zoned(Int, Zone)

    var day: Int {
        switch self {
        case .date(let day): day
        case .floating(let wall), .zoned(let wall, _): wall.floored(by: 86_400)
        }
    }

    /// What two of the same kind are compared by.
    var key: Int {
        switch self {
        case .date(let day): day
        case .floating(let wall): wall
        case .zoned(let wall, let zone): zone.instant(ofWall: wall)
        }
    }

    /// The same time of day on another day.
    func on(_ other: Int) -> ICalendarTime {
        switch self {
        case .date: .date(other)
        case .floating(let wall): .floating(wall + (other - day) * 86_400)
        case .zoned(let wall, let zone): .zoned(wall + (other - day) * 86_400, zone)
        }
    }

    /// `20261224`, `20261224T220000`, `20261224T220000Z`
    static func read(
        _ text: some StringProtocol, _ line: ICalendarLine, _ zones: ZoneDirectory
    ) throws(ICalendarLine.Broken) -> ICalendarTime {
        let bytes = Array(text.utf8)
        func number(_ range: Range<Int>) -> Int? {
            guard range.upperBound <= bytes.count, bytes[range].allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else {
                return nil
            }
            return bytes[range].reduce(0) { $0 * 10 + Int($1 - 0x30) }
        }
        let broken = ICalendarLine.Broken(reason: "'\(String(text).printable)' is no date or time", line: line.number)
        guard let year = number(0..<4), let month = number(4..<6), let day = number(6..<8), (1...12).contains(month),
            year >= 1900
        else { throw broken }
        let whole = Month(year: year, month: month)
        guard (1...whole.length).contains(day) else { throw broken }
        let date = whole.firstDay + day - 1
        if bytes.count == 8 {
            guard line.parameters["VALUE"]?.uppercased() != "DATE-TIME" else { throw broken }
            return .date(date)
        }
        guard line.parameters["VALUE"]?.uppercased() != "DATE", bytes[8] == UInt8(ascii: "T"),
            let hour = number(9..<11),
            let minute = number(11..<13), let second = number(13..<15), hour < 24, minute < 60, second <= 60
        else { throw broken }
        let wall = date * 86_400 + hour * 3_600 + minute * 60 + min(second, 59)
        if bytes.count == 16, bytes[15] == UInt8(ascii: "Z") { return .zoned(wall, .utc) }
        guard bytes.count == 15 else { throw broken }
        guard let name = line.parameters["TZID"] else { return .floating(wall) }
        do throws(CalendarError) {
            return .zoned(wall, try zones.zone(name))
        } catch {
            throw .init(reason: "\(error.problem), and the file's own VTIMEZONE is not used", line: line.number)
        }
    }
}
