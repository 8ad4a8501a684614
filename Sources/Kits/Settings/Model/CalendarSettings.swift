import Calendar
import Maintenance

/// A calendar as it is configured.
package struct CalendarSettings: Sendable, Equatable {
    package var source: CalendarSource
    /// Of a blackout: where no change is made while it lasts; nil for one that is taken away from every schedule.
    package var environments: [String]?
    /// How long before its last dated day somebody is to be told; zero for not at all.
    package var remindsBefore = standardReminder
    package var location: SourceLocation

    package static let standardReminder: Duration = .seconds(45 * 86_400)

    package init(
        source: CalendarSource, environments: [String]? = nil, remindsBefore: Duration = standardReminder,
        location: SourceLocation
    ) {
        self.source = source
        self.environments = environments
        self.remindsBefore = remindsBefore
        self.location = location
    }

    /// As it counts for an environment, or for the schedules of all.
    func source(in environment: String?) -> CalendarSource {
        guard source.isBlackout, let environments else { return source }
        var source = source
        source.isBlackout = environment.map(environments.contains) ?? false
        return source
    }
}

extension Inventory {
    /// What schedules are understood in, with every calendar as its file is now. A calendar that cannot be read is in it
    /// as unavailable, so that whatever needs it starts nothing.
    ///
    /// - Parameter environment: whose blackouts count beside those of all; nil for what concerns no single one.
    package func scheduleContext(_ zones: ZoneDirectory, environment: String? = nil) -> ScheduleContext {
        ScheduleContext(
            zones: zones, standardZone: timeZone ?? "UTC",
            calendars: Calendars(calendars.map { $0.source(in: environment).current(zones: zones) }))
    }

    /// The blackouts in which no change is made in an environment.
    package func blackouts(of environment: String) -> [CalendarSettings] {
        calendars.filter { $0.source.isBlackout && $0.environments?.contains(environment) == true }
    }
}
