import Calendar
import Foundation
import Maintenance
import Outside
import Testing

/// The zones of this machine, and no calendars.
let zones = ZoneDirectory(environment: [:])
let plain = ScheduleContext(zones: zones)

/// `2026-11-21T02:00Z`, with or without seconds.
func at(_ text: String) -> Timestamp {
    let whole = text.count == 17 ? text.dropLast() + ":00Z" : text[...]
    guard let time = Timestamp(iso8601: String(whole)) else { preconditionFailure("'\(text)' is no time") }
    return time
}

func context(_ zone: String = "UTC", _ sources: CalendarSource...) throws -> ScheduleContext {
    ScheduleContext(
        zones: zones, standardZone: zone, calendars: Calendars(try sources.map { try $0.read(zones: zones) }))
}

extension Schedule {
    /// In the zone of its clock: `Sun 2026-11-22 02:00 CET`.
    func locals(_ count: Int, after instant: String) -> [String] { next(count, after: at(instant)).map(local) }
}

extension Timestamp {
    var foundation: Date { Date(timeIntervalSince1970: seconds) }
}

/// The same zone of the oracle's data.
func foundationZone(_ name: String) throws -> Foundation.TimeZone {
    let zone = Foundation.TimeZone(identifier: name)
    return try #require(zone)
}
