import Calendar
import Maintenance
import Outside
import Settings

/// A list of holidays whose last dated day is near or over: behind it every schedule that leaves them out starts on them,
/// and nothing else would say so.
package struct CalendarEnding: Sendable, Hashable {
    package var calendar: String
    /// When its last dated day ends, by the clock of its zone or the configuration's.
    package var endsAt: Timestamp
    package var hasEnded: Bool
    fileprivate var date: String
    fileprivate var left: Duration

    /// One clause.
    package var reason: String {
        guard !hasEnded else { return "its last dated day was \(date): schedules now start on holidays" }
        let days = Int(left.inSeconds / 86_400)
        return "no day of it is known after \(date), in \(days < 2 ? left.short : "\(days) days")"
    }

    /// What says more; days are added in the configuration or its file.
    package var resolve: String { "mainstay calendar explain \("daily except \(calendar)".shellQuoted)" }

    var finding: Finding {
        ScheduleFinding.ending.finding(
            calendar, "the calendar '\(calendar.printable)' \(hasEnded ? "has ended" : "ends soon"): \(reason)",
            evidence: ["last day": .text(date)], mend: resolve)
    }
}

extension Inventory {
    /// Those that end within the time their configuration names, or have ended. Blackouts are meant to end; a calendar
    /// that cannot be read is said by what needs it.
    package func endingCalendars(_ zones: ZoneDirectory, at now: Timestamp) -> [CalendarEnding] {
        calendars.compactMap { calendar in
            guard !calendar.source.isBlackout, calendar.remindsBefore > .zero,
                let day = calendar.source.current(zones: zones).lastDatedDay
            else { return nil }
            let endsAt = zone(named: calendar.source.zone ?? timeZone ?? "UTC", zones).midnight(ofDay: day + 1)
            guard endsAt - calendar.remindsBefore <= now else { return nil }
            return CalendarEnding(
                calendar: calendar.source.name, endsAt: endsAt, hasEnded: endsAt <= now,
                date: DayCalendar.date(day), left: max(.zero, endsAt - now))
        }
    }
}

extension Inventory {
    /// One that is gone is said by whatever needs it; a list then ends some hours earlier or later.
    private func zone(named name: String, _ zones: ZoneDirectory) -> Zone {
        do throws(CalendarError) { return try zones.zone(name) } catch { return .utc }
    }
}

extension Scheduler {
    /// Opens a finding for each list of days that ends, and ends those of lists that go on again.
    func judgeCalendars() async throws {
        let ending = work.book.inventory.endingCalendars(zones, at: clock.now())
        let names = Set(ending.map(\.calendar))
        for entry in ending {
            try await log.open(entry.finding)
            if !endingCalendars.contains(entry.calendar) { tell(.found(entry.finding)) }
        }
        endingCalendars = names
        let known = try await log.openFindings().map(\.finding).filter { $0.code == ScheduleFinding.ending.rawValue }
        for calendar in known.compactMap(\.object) where !names.contains(calendar) {
            try await log.resolve(.ending, of: calendar)
        }
    }
}
