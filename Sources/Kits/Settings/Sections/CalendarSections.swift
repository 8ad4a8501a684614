import Calendar
import Maintenance

/// The `calendars` mapping, and what only shows once all of it is read.
struct CalendarSections: Sendable {
    var zones: ZoneDirectory

    var format: Format<[CalendarSettings]> {
        let section = Section<Draft>(
            prototype: { _ in Draft() },
            keys: [
                Key("days", \.days, .list(of: .days(zones)), "Days and windows, written as in schedules."),
                Key("file", \.file, .path, "An iCalendar file whose events are further days and times."),
                Key(
                    "blackout", \.isBlackout, .boolean, standard: false,
                    "Whether it is taken away from every schedule, also where it is not named."),
                Key(
                    "time-zone", \.zone, .zone(zones),
                    "What its days are days of; without it, the zone of the schedule that asks."),
                Key(
                    "environments", \.environments, .list(of: .name),
                    "Of a blackout: the environments in which no change is made while it lasts, whatever starts it; "
                        + "schedules then go on, and so does what only looks."),
                Key(
                    "remind-before", \.remindsBefore, .duration(.zero...(.seconds(366 * 86_400))),
                    standard: CalendarSettings.standardReminder,
                    "How long before its last dated day that is a finding, so that somebody adds the next ones; 0s for "
                        + "not at all. Blackouts end without one."),
            ],
            later: ["url", "environment", "refresh", "kind", "windows"],
            rules: [.atLeastOne(["days", "file"])])
        return Format<[Named<Draft>]>.named("calendar", section.format).map(
            { items, _, keyPath, reading in
                let reserved = items.filter { CalendarSource.isReserved($0.name, zones: zones) }
                for item in reserved {
                    reading.report(
                        "'\(item.name)' is a word of schedules, and no name for a calendar", at: item.location,
                        keyPath.appending(key: item.name))
                }
                return !reserved.isEmpty
                    ? nil
                    : items.map {
                        CalendarSettings(
                            source: CalendarSource(
                                name: $0.name, isBlackout: $0.value.isBlackout, zone: $0.value.zone,
                                days: $0.value.days,
                                file: $0.value.file),
                            environments: $0.value.environments, remindsBefore: $0.value.remindsBefore,
                            location: $0.location)
                    }
            },
            writing: { calendars in
                calendars.map {
                    Named(
                        name: $0.source.name,
                        value: Draft(
                            days: $0.source.days, file: $0.source.file, isBlackout: $0.source.isBlackout,
                            zone: $0.source.zone, environments: $0.environments, remindsBefore: $0.remindsBefore),
                        location: $0.location)
                }
            })
    }

    /// Files that cannot be read, calendars that are named and not there, and schedules that never start anything.
    func judge(_ inventory: Inventory, _ reading: Reading) {
        for calendar in inventory.calendars {
            do throws(CalendarError) {
                _ = try calendar.source.read(zones: zones)
            } catch {
                let keyPath = "calendars.\(calendar.source.name)".appending(key: "file")
                reading.report(error, at: reading.locations[keyPath] ?? calendar.location, keyPath)
            }
            judgeEnvironments(of: calendar, inventory, reading)
        }
        let context = inventory.scheduleContext(zones)
        for routine in inventory.routines {
            guard let written = routine.schedule else { continue }
            let keyPath = "routines.\(routine.name).schedule"
            do throws(CalendarError) {
                let schedule = try Schedule(written.value, in: context)
                if schedule.closed == nil, !schedule.canStart {
                    reading.report("'\(written.value.text)' never starts anything", at: written.location, keyPath)
                }
            } catch {
                reading.report(error, at: written.location, keyPath)
            }
        }
    }

    private func judgeEnvironments(of calendar: CalendarSettings, _ inventory: Inventory, _ reading: Reading) {
        guard let names = calendar.environments else { return }
        let keyPath = "calendars.\(calendar.source.name)".appending(key: "environments")
        let location = reading.locations[keyPath] ?? calendar.location
        guard calendar.source.isBlackout else {
            return reading.report("'environments' belongs to a calendar with 'blackout: true'", at: location, keyPath)
        }
        let known = inventory.environments.map(\.name)
        for name in names where !known.contains(name) {
            reading.report(
                "there is no environment '\(name)'", at: location, keyPath, allowed: known.joined(separator: ", "),
                nearest: nearest(to: name, among: known))
        }
        if names.isEmpty { reading.report("it names no environment", at: location, keyPath) }
    }

    private struct Draft: Sendable {
        var days: [String] = []
        var file: String?
        var isBlackout = false
        var zone: String?
        var environments: [String]?
        var remindsBefore = CalendarSettings.standardReminder
    }
}
