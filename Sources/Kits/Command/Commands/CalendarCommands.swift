import ArgumentParser
import Calendar
import Engine
import Maintenance
import Outside
import Settings

/// `mainstay calendar …`
package enum CalendarGroup: CommandFamily {
    package static let name = "calendar"
    package static let summary = "Say when things start, and what a schedule means."
    package static var commands: [any ParsableCommand.Type] {
        [CalendarNextCommand.self, CalendarExplainCommand.self, CalendarExportCommand.self]
    }
}

/// When to begin, and in which zone.
package struct CalendarOptions: ParsableArguments, Sendable {
    @Option(
        help: ArgumentHelp(
            "Count from this instant, such as 2026-12-24T00:00:00Z, and not from now.", valueName: "time"))
    package var after: Timestamp?

    @Option(
        help: ArgumentHelp("The zone of schedules that name none, over the configuration's.", valueName: "zone"))
    package var timeZone: String?

    package init() {}
}

extension Timestamp: ExpressibleByArgument {
    package init?(argument: String) { self.init(iso8601: argument) }
}

/// `mainstay calendar next [COUNT] [ROUTINE|EXPRESSION]`
package struct CalendarNextCommand: HouseCommand {
    package static let configuration = CommandConfiguration.house(
        "next", "List the next starts of a routine or of a schedule, or of all routines.",
        """
        Words that are the name of a routine mean its schedule, any others are a schedule themselves; quote it where a \
        shell would read a '*'. Times are those of the schedule's zone. See docs/calendar.md for the language.
        """)

    @Argument(
        help: "How many (10), and a routine's name or a schedule: '20 daily', '5 first Sunday 01:00 UTC'.",
        completion: .known)
    package var words: [String] = []
    @OptionGroup(title: "When") package var options: CalendarOptions
    @OptionGroup(title: "Output") package var output: OutputOptions
    @OptionGroup(title: "Configuration") package var place: PlaceOptions

    package init() {}

    package func run(in application: Application) async throws -> ExitStatus {
        let calendar = try application.calendar(place, options)
        var words = words
        var count = 10
        if let first = words.first, first.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let given = Int(first) {
            guard (1...10_000).contains(given) else { throw CommandError.countOfStarts }
            count = given
            words.removeFirst()
        }
        let planned = words.isEmpty ? try calendar.routines() : [try calendar.planned(words.joined(separator: " "))]
        var starts: [PlannedStart] = []
        for item in planned { starts += item.starts(count, after: calendar.after) }
        starts.sort { ($0.at, $0.name ?? "") < ($1.at, $1.name ?? "") }
        starts = Array(starts.prefix(count))
        for item in planned where item.starts(1, after: calendar.after).isEmpty {
            application.console.note("\(item.title.printable): \(item.silence(after: calendar.after))")
        }
        try application.console.print(
            PlannedStart.listing(starts, after: calendar.after), document: starts, as: output.format, empty: "")
        return .success
    }
}

/// `mainstay calendar explain EXPRESSION`
package struct CalendarExplainCommand: HouseCommand {
    package static let configuration = CommandConfiguration.house(
        "explain", "Say in words what a routine's schedule or an expression means, and what comes of it.",
        "See docs/calendar.md for the language.")

    @Argument(help: "A schedule, or the name of a routine.", completion: .known)
    package var words: [String]
    @OptionGroup(title: "When") package var options: CalendarOptions
    @OptionGroup(title: "Output") package var output: OutputOptions
    @OptionGroup(title: "Configuration") package var place: PlaceOptions

    package init() {}

    package func run(in application: Application) async throws -> ExitStatus {
        let calendar = try application.calendar(place, options)
        let planned = try calendar.planned(words.joined(separator: " "))
        let explanation = ScheduleExplanation(
            planned.schedule, calendars: calendar.context.calendars, after: calendar.after)
        let starts = planned.starts(5, after: calendar.after)
        if output.format == .json {
            application.console.print(
                try JSONText.make(
                    ExplanationDocument(
                        routine: planned.name, schedule: planned.schedule.expression.text, lines: explanation.lines,
                        next: starts)))
            return .success
        }
        let listing = Listing(
            "Schedule", ["", "meaning"],
            [["schedule", .text(planned.schedule.expression.text)]]
                + explanation.lines.map { [.text($0.label), .text($0.text)] }
                + (starts.isEmpty ? [["next", .text(planned.silence(after: calendar.after))]] : [])
                + starts.enumerated().map { [$0 == 0 ? "next" : "", .text($1.words(after: calendar.after))] })
        try application.console.print(listing, document: starts, as: output.format, empty: "")
        return .success
    }

    private struct ExplanationDocument: Encodable {
        var routine: String?
        var schedule: String
        var lines: [ScheduleExplanation.Line]
        var next: [PlannedStart]
    }
}

/// `mainstay calendar export`
package struct CalendarExportCommand: HouseCommand {
    package static let configuration = CommandConfiguration.house(
        "export", "Print the starts of all routines as an iCalendar file, for any calendar program.",
        """
        Every start is an event of its own in UTC, with the same UID each time, so that a calendar program that reads it \
        again changes what it has.
        """)
    package static let aliases = [TaskDeclaration.Alias("maintenance:docs:create-schedules")]

    @Option(help: ArgumentHelp("How far ahead.", valueName: "duration"))
    package var ahead: Duration = .seconds(90 * 86_400)

    @Option(help: ArgumentHelp("At most so many events of one routine.", valueName: "count"))
    package var most = 1_000

    @OptionGroup(title: "When") package var options: CalendarOptions
    @OptionGroup(title: "Configuration") package var place: PlaceOptions

    package init() {}

    package func validate() throws {
        guard (1...100_000).contains(most) else { throw ValidationError("'--most' is between 1 and 100,000") }
        guard ahead > .zero, ahead <= .seconds(3_660 * 86_400) else {
            throw ValidationError("'--ahead' is between 1s and 3660d")
        }
    }

    package func run(in application: Application) async throws -> ExitStatus {
        let calendar = try application.calendar(place, options)
        // Every line has its own end.
        application.console.write(try calendar.export(ahead: ahead, most: most) { application.console.note($0) })
        return .success
    }
}

extension PlannedCalendar {
    /// All starts as an iCalendar file.
    ///
    /// - Parameters:
    ///   - most: of one routine.
    ///   - note: is told of what is not in it.
    func export(ahead: Duration, most: Int, note: (String) -> Void) throws -> String {
        var events: [ICalendarWriter.Event] = []
        for item in try routines() {
            let starts = item.starts(most + 1, after: after).filter { $0.at <= after + ahead }
            if starts.count > most {
                note("\(item.title): only the first \(most.grouped) starts are in it; '--most' allows more")
            }
            if starts.isEmpty {
                let next = item.starts(1, after: after).first.map {
                    "no start within \(ahead.short); the next is \($0.at)"
                }
                note("\(item.title): \(next ?? item.silence(after: after))")
            }
            events += starts.prefix(most).map { start in
                ICalendarWriter.Event(
                    uid: "\(item.title)-\(start.at.iso8601)@mainstay", start: start.at, end: start.until,
                    summary: item.title, description: "\(item.summary)\nSchedule: \(start.schedule)")
            }
        }
        events.sort { ($0.start, $0.uid) < ($1.start, $1.uid) }
        return ICalendarWriter(name: "Mainstay", events: events, writtenAt: application.clock.now()).text
    }
}

extension Application {
    /// The starts of all routines of a configuration as an iCalendar file.
    package func calendarExport(_ inventory: Inventory, ahead: Duration, most: Int) throws -> String {
        try PlannedCalendar(
            application: self, inventory: inventory, context: inventory.scheduleContext(zones), after: clock.now()
        ).export(ahead: ahead, most: most) { _ in }
    }
}
