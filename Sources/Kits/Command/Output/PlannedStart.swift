import Calendar
import Engine
import Maintenance
import Outside
import Settings

/// What starts by a schedule: a routine, or an expression somebody asks about.
struct PlannedSchedule: Sendable {
    /// Of the routine; nil for an expression.
    var name: String?
    var summary: String
    var schedule: Schedule
    /// Of a routine: whether it starts then by itself, and what of it.
    var mode: RoutineMode = .automatic

    var title: String { name ?? schedule.expression.text }

    /// Why there is no start after an instant.
    func silence(after instant: Timestamp) -> String {
        if let closed = schedule.closed {
            return "nothing starts, since the calendar '\(closed.calendar.printable)' cannot be read: \(closed.problem)"
        }
        if let window = schedule.window(containing: instant) {
            let closes = window.end - instant < .seconds(366 * 86_400) ? "until \(window.end)" : "and does not close"
            return "it is open \(closes), and does not open again"
        }
        return schedule.isNever ? "people start it" : "no start within 40 years"
    }

    func starts(_ count: Int, after instant: Timestamp) -> [PlannedStart] {
        schedule.next(count, after: instant).map { start in
            let notes = [mode.note, schedule.note(at: start)].compactMap(\.self)
            return PlannedStart(
                name: name, schedule: schedule.expression.text, timeZone: schedule.zone.name, at: start,
                local: schedule.local(start), until: schedule.window(containing: start)?.end,
                note: notes.isEmpty ? nil : notes.joined(separator: "; "))
        }
    }
}

extension RoutineMode {
    /// What somebody who reads when a routine comes has to know; nil where it simply starts.
    fileprivate var note: String? {
        switch self {
        case .automatic: nil
        case .semiAutomatic: "what may destroy waits for approval"
        case .manual: "people start it"
        }
    }
}

/// One start, as `calendar next` shows it.
struct PlannedStart: Sendable, Encodable {
    var name: String?
    var schedule: String
    var timeZone: String
    var at: Timestamp
    /// As the clock of its zone shows it.
    var local: String
    /// Where a window opens, when it closes.
    var until: Timestamp?
    var note: String?

    private enum CodingKeys: String, CodingKey {
        case name = "routine"
        case schedule, timeZone, at, local, until, note
    }

    /// `Sun 2026-11-22 02:00 UTC, in 14 h 3 min, for 1 h`
    func words(after instant: Timestamp) -> String {
        var text = "\(local), in \((at - instant).short)"
        if let until { text += ", for \((until - at).short)" }
        return note.map { "\(text) (\($0))" } ?? text
    }

    /// With the columns that say something.
    static func listing(_ starts: [PlannedStart], after instant: Timestamp) -> Listing {
        let hasNames = starts.contains { $0.name != nil }
        let hasZones = starts.contains { $0.timeZone != "UTC" }
        let hasWindows = starts.contains { $0.until != nil }
        let hasNotes = starts.contains { $0.note != nil }
        var columns: [Listing.Column] = ["start"]
        if hasZones { columns.append("UTC") }
        columns.append("in")
        if hasWindows { columns.append("for") }
        if hasNames { columns.append("routine") }
        if hasNotes { columns.append("note") }
        return Listing(
            "Starts", columns,
            starts.map { start in
                var row: [Scalar] = [.text(start.local)]
                if hasZones { row.append(.text(String(start.at.description.dropLast(4)))) }
                row.append(.text((start.at - instant).short))
                if hasWindows { row.append(start.until.map { .text(($0 - start.at).short) } ?? .null) }
                if hasNames { row.append(start.name.map { .text($0) } ?? .null) }
                if hasNotes { row.append(start.note.map { .text($0) } ?? .null) }
                return row
            })
    }
}

/// The configuration's schedules, and what others are understood in.
struct PlannedCalendar: Sendable {
    var application: Application
    /// Nil without a configuration.
    var inventory: Inventory?
    var context: ScheduleContext
    var after: Timestamp

    /// Every routine that has a schedule, by name.
    func routines() throws -> [PlannedSchedule] {
        let names = Set(application.routines.map(\.name)).union(inventory?.routines.map(\.name) ?? [])
        return try names.sorted().compactMap { try routine($0) }
    }

    /// A routine by its name, otherwise an expression.
    func planned(_ text: String) throws -> PlannedSchedule {
        let names = application.routines.map(\.name) + (inventory?.routines.map(\.name) ?? [])
        guard names.contains(text) else {
            return PlannedSchedule(name: nil, summary: "", schedule: try Schedule(text, in: context))
        }
        guard let routine = try routine(text) else { throw CommandError.noSchedule(routine: text) }
        return routine
    }

    /// Nil for one without a schedule.
    private func routine(_ name: String) throws -> PlannedSchedule? {
        let own = inventory?[routine: name]
        let shipped = application.routines.first { $0.name == name }
        let expression: ScheduleExpression
        if let written = own?.schedule?.value {
            expression = written
        } else if let text = shipped?.schedule {
            expression = try ScheduleExpression(text, zones: context.zones)
        } else {
            return nil
        }
        return PlannedSchedule(
            name: name, summary: own?.summary ?? shipped?.summary ?? name,
            schedule: try Schedule(expression, in: context), mode: own?.mode ?? shipped?.mode ?? .automatic)
    }
}

extension Application {
    /// An expression needs no configuration; where there is one it has to be right.
    func calendar(_ place: PlaceOptions, _ options: CalendarOptions) throws -> PlannedCalendar {
        var inventory: Inventory?
        do {
            inventory = try readConfiguration(place).inventory
        } catch let error as CommandError {
            guard case .noConfiguration = error, place.config == nil else { throw error }
        }
        var context = inventory?.scheduleContext(zones) ?? ScheduleContext(zones: zones)
        if let named = options.timeZone { context.standardZone = try zones.zone(named).name }
        return PlannedCalendar(
            application: self, inventory: inventory, context: context, after: options.after ?? clock.now())
    }
}
