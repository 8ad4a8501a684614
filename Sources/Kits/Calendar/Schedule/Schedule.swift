import Maintenance

/// When something starts or is open: an expression with its zone's rules and its calendars' days.
///
/// A value: what it answers only changes with `refreshed`, after which the present rules of the zone and the present
/// days of files count. The written rules are in docs/calendar.md.
package struct Schedule: Sendable, Hashable {
    package let expression: ScheduleExpression
    package let zone: Zone
    /// Why nothing starts at all although something is written: a calendar that cannot be read now.
    package let closed: ClosedReason?
    let rules: [ScheduleExpression.Rule]
    let holidays: Holidays
    /// What is taken away, blackouts included.
    let exceptions: [SpanSource]
    /// Of what is taken away, which calendar it is.
    let exceptionNames: [String?]

    package struct ClosedReason: Sendable, Hashable {
        package var calendar: String
        /// One clause.
        package var problem: String
    }

    /// How far ahead is looked for a start: in 40 years every date meets every day of the week.
    static let horizon = 40 * 366 * 86_400

    /// Throws where it names a calendar that is not configured, or a zone that is not there.
    package init(_ expression: ScheduleExpression, in context: ScheduleContext) throws(CalendarError) {
        self.expression = expression
        rules = expression.rules
        zone = try context.zones.zone(expression.zone ?? context.standardZone)
        var holidays = Holidays()
        var closed: ClosedReason?
        for reference in expression.references + [CalendarReference(name: Holidays.standard, offset: 0)] {
            guard let calendar = context.calendars[reference.name] else {
                // Where it is not named, 'holidays' need not exist.
                guard expression.calendarNames.contains(reference.name) else { continue }
                throw .expression(
                    ScheduleProblem(
                        text: "there is no calendar '\(reference.name.printable)'", expression: expression.text,
                        range: reference.offset..<(reference.offset + reference.name.unicodeScalars.count),
                        expected: context.calendars.names.isEmpty
                            ? "a calendar of the configuration, which has none"
                            : "one of \(context.calendars.names.joined(separator: ", "))",
                        nearest: nearest(
                            to: reference.name,
                            among: context.calendars.names + Vocabulary.beginning(as: reference.name))))
            }
            holidays.days[reference.name] = calendar.wholeDays
        }
        let usesStandard = expression.rules.compactMap(\.days).flatMap(\.references).contains { $0 == nil }
        for calendar in context.calendars.all {
            guard let reason = calendar.unavailable else { continue }
            let isNeeded =
                calendar.isBlackout || expression.calendarNames.contains(calendar.name)
                || usesStandard && calendar.name == Holidays.standard
            if isNeeded, closed == nil { closed = ClosedReason(calendar: calendar.name, problem: reason) }
        }
        self.holidays = holidays
        self.closed = closed
        var sources: [(SpanSource, String?)] = []
        for exception in expression.exceptions {
            switch exception {
            case .days(let days, let windows):
                sources.append((SpanSource(zone: zone, kind: .days(days, windows), holidays: holidays), nil))
            case .period(let period):
                sources.append((SpanSource(zone: zone, kind: .periods([period]), holidays: holidays), nil))
            case .calendar(let reference):
                guard let calendar = context.calendars[reference.name] else { continue }
                sources += calendar.sources(in: zone).map { ($0, reference.name) }
            }
        }
        for calendar in context.calendars.all where calendar.isBlackout {
            guard
                !expression.calendarNames.contains(calendar.name) || !sources.contains(where: { $0.1 == calendar.name })
            else { continue }
            sources += calendar.sources(in: zone).map { ($0, calendar.name) }
        }
        exceptions = sources.map(\.0)
        exceptionNames = sources.map(\.1)
    }

    /// The same without what calendars take away.
    init(withoutCalendars other: Schedule) {
        expression = other.expression
        zone = other.zone
        closed = nil
        rules = other.rules
        holidays = Holidays()
        let own = zip(other.exceptions, other.exceptionNames).filter { $0.1 == nil }
        exceptions = own.map(\.0)
        exceptionNames = own.map(\.1)
    }

    /// Reads a text and takes it together with a zone and calendars.
    package init(_ text: String, in context: ScheduleContext) throws(CalendarError) {
        try self.init(try ScheduleExpression(text, zones: context.zones), in: context)
    }

    /// With the zone's and the calendars' present state.
    package func refreshed(in context: ScheduleContext) throws(CalendarError) -> Schedule {
        try Schedule(expression, in: context)
    }

    /// Whether it has windows and not only moments.
    package var hasWindows: Bool { rules.contains(where: \.isWindow) }

    /// Whether people alone start it.
    package var isNever: Bool { rules == [.never] }
}

/// What expressions are understood in: zones, the zone of those that name none, and calendars.
package struct ScheduleContext: Sendable {
    package var zones: ZoneDirectory
    package var standardZone: String
    package var calendars: Calendars

    package init(zones: ZoneDirectory, standardZone: String = "UTC", calendars: Calendars = Calendars()) {
        self.zones = zones
        self.standardZone = standardZone
        self.calendars = calendars
    }
}
