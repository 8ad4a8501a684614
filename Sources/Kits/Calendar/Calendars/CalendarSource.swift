import Glibc
import Maintenance
import Outside

/// A calendar as it is configured: where its days come from.
package struct CalendarSource: Sendable, Hashable {
    package var name: String
    package var isBlackout: Bool
    /// Nil for that of the schedule that asks.
    package var zone: String?
    /// Phrases, as behind `except`.
    package var days: [String]
    /// An iCalendar file; absolute.
    package var file: String?

    package init(name: String, isBlackout: Bool = false, zone: String? = nil, days: [String] = [], file: String? = nil)
    {
        self.name = name
        self.isBlackout = isBlackout
        self.zone = zone
        self.days = days
        self.file = file
    }

    /// Whether the language has this word already, so that no calendar can be called so.
    package static func isReserved(_ name: String, zones: ZoneDirectory) -> Bool {
        Vocabulary.words.contains(name.lowercased()) || zones.has(name)
    }

    /// Reads everything. Throws what is wrong: when the configuration is read that is refused.
    package func read(zones: ZoneDirectory) throws(CalendarError) -> DayCalendar {
        DayCalendar(
            name: name, isBlackout: isBlackout, zone: try readZone(zones), phrases: try readDays(zones),
            events: try readFile(zones))
    }

    /// Reads everything while Mainstay runs. What cannot be read makes the calendar unavailable, and schedules that need
    /// it start nothing.
    package func current(zones: ZoneDirectory) -> DayCalendar {
        do throws(CalendarError) {
            return try read(zones: zones)
        } catch {
            return DayCalendar(name: name, isBlackout: isBlackout, unavailable: error.problem)
        }
    }

    /// Of one phrase of `days`.
    package static func check(_ phrase: String, zones: ZoneDirectory) throws(CalendarError) {
        _ = try phrases(phrase, zones)
    }

    private func readZone(_ zones: ZoneDirectory) throws(CalendarError) -> Zone? {
        guard let zone else { return nil }
        return try zones.zone(zone)
    }

    private func readDays(_ zones: ZoneDirectory) throws(CalendarError) -> [ScheduleExpression.Exception] {
        var result: [ScheduleExpression.Exception] = []
        for phrase in days { result += try Self.phrases(phrase, zones) }
        return result
    }

    private static func phrases(
        _ phrase: String, _ zones: ZoneDirectory
    ) throws(CalendarError) -> [ScheduleExpression.Exception] {
        do throws(ScheduleProblem) {
            var parser = ScheduleParser(phrase, zones: zones)
            return try parser.days()
        } catch {
            throw .expression(error)
        }
    }

    private func readFile(_ zones: ZoneDirectory) throws(CalendarError) -> CalendarEvents {
        guard let file else { return CalendarEvents() }
        let limit = 4 << 20
        let bytes: [UInt8]
        do throws(FileError) {
            let descriptor = try Descriptor.open(file, flags: O_RDONLY | O_NONBLOCK | O_NOCTTY)
            guard try descriptor.status().kind == .file else { throw FileError.notFile(path: file) }
            guard let contents = try descriptor.contents(limit: limit) else {
                throw FileError.tooLong(path: file, limit: ByteCount(Int64(limit)))
            }
            bytes = contents
        } catch {
            throw .file(
                path: file, line: nil,
                reason: error.isMissing ? "is not there" : "cannot be read as a calendar: \(error.problem)")
        }
        return try ICalendarReader(path: file, zones: zones).read(bytes)
    }
}
