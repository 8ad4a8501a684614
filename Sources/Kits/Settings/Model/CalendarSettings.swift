import Calendar
import Maintenance

/// A calendar as it is configured.
package struct CalendarSettings: Sendable, Equatable {
    package var source: CalendarSource
    package var location: SourceLocation

    package init(source: CalendarSource, location: SourceLocation) {
        self.source = source
        self.location = location
    }
}

extension Inventory {
    /// What schedules are understood in, with every calendar as its file is now. A calendar that cannot be read is in it
    /// as unavailable, so that whatever needs it starts nothing.
    package func scheduleContext(_ zones: ZoneDirectory) -> ScheduleContext {
        ScheduleContext(
            zones: zones, standardZone: timeZone ?? "UTC",
            calendars: Calendars(calendars.map { $0.source.current(zones: zones) }))
    }
}
