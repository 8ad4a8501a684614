import Calendar
import Foundation
import Maintenance
import MaintenanceTesting
import Settings
import Testing

@Suite("schedules and calendars in the configuration", .temporaryDirectory)
struct ScheduleSettingsTests {
    @Test("are read into what they mean")
    func reads() throws {
        let inventory = try inventory(completeFile)
        let context = inventory.scheduleContext(vocabulary.zones)
        #expect(context.standardZone == "Europe/Berlin")
        #expect(context.calendars.names == ["holidays", "freeze", "moving"])
        let written = try #require(inventory.routines.first?.schedule)
        let schedule = try Schedule(written.value, in: context)
        // December 24 and 25 are left out, and the freeze ends on January 4.
        #expect(
            schedule.next(2, after: try #require(Timestamp(iso8601: "2026-12-18T00:00:00Z"))).map(\.description)
                == ["2026-12-18 01:00 UTC", "2027-01-05 01:00 UTC"])
    }

    struct Wrong: Sendable {
        var text: String
        var line: String
    }

    @Test(
        "are refused with their place where they cannot be honoured",
        arguments: [
            Wrong(
                text: "routines: { a: { schedule: Sundys 02:00, steps: [health check] } }",
                line: "mainstay.yaml:2:28: routines.a.schedule: 'Sundys' does not belong here (did you mean 'Sundays'?"),
            Wrong(
                text: "routines: { a: { schedule: daily 02:00 except holidays, steps: [health check] } }",
                line: "mainstay.yaml:2:28: routines.a.schedule: there is no calendar 'holidays'"),
            Wrong(
                text: "routines: { a: { schedule: 30th of February, steps: [health check] } }",
                line: "mainstay.yaml:2:28: routines.a.schedule: '30th of February' never starts anything"),
            Wrong(
                text: "routines: { a: { schedule: anytime, steps: [health check] } }",
                line: "mainstay.yaml:2:28: routines.a.schedule: 'anytime' never starts anything"),
            Wrong(
                text: "time-zone: Europe/Berln",
                line:
                    "mainstay.yaml:2:12: time-zone: there is no time zone 'Europe/Berln' (did you mean 'Europe/Berlin'?)"
            ),
            Wrong(
                text: "calendars: { daily: { days: [Sundays] } }",
                line: "mainstay.yaml:2:14: calendars.daily: 'daily' is a word of schedules, and no name for a calendar"),
            Wrong(
                text: "calendars: { x: { file: none.ics } }",
                line: "mainstay.yaml:2:19: calendars.x.file: '/etc/none.ics' is not there"),
            Wrong(
                text: "calendars: { x: { blackout: true } }",
                line: "mainstay.yaml:2:17: calendars.x: at least one of the keys 'days', 'file' is needed"),
            Wrong(
                text: "calendars: { x: { days: [Sundays], environments: [a] } }",
                line: "mainstay.yaml:2:36: calendars.x.environments: 'environments' belongs to a calendar"),
            Wrong(
                text: "calendars: { x: { days: [Sundays], blackout: true, environments: [b] } }",
                line: "mainstay.yaml:2:52: calendars.x.environments: there is no environment 'b'"),
            Wrong(
                text: "routines: { a: { steps: [{ task: health check, priority: critical }] } }",
                line: "mainstay.yaml:2:48: routines.a.steps[1].priority: what only looks waits for no window"),
            Wrong(
                text: "calendars: { x: { days: [Sundys] } }",
                line: "mainstay.yaml:2:26: calendars.x.days[1]: 'Sundys' does not belong here (did you mean 'Sundays'?"),
            Wrong(
                text: "calendars: { x: { days: [Febuary 1] } }",
                line: "mainstay.yaml:2:26: calendars.x.days[1]: 'Febuary' does not belong here "
                    + "(did you mean 'February'?"),
        ])
    func refuses(wrong: Wrong) throws {
        let text = "environments: { a: {} }\n\(wrong.text)"
        let error = #expect(throws: ConfigurationError.self) {
            try ConfigurationReader(vocabulary: vocabulary).read([("mainstay.yaml", text)], directory: "/etc")
        }
        #expect(error?.problems.count == 1)
        #expect(error?.problems.first?.line.hasPrefix(wrong.line) == true, "\(error?.problem ?? "")")
    }

    private func remarks(_ text: String) throws -> [String] {
        try ConfigurationReader(vocabulary: vocabulary).read([("mainstay.yaml", text)], directory: "/etc").remarks
            .map(\.line)
    }

    @Test(
        "business days of no calendar are told with their place, wherever a schedule stands",
        arguments: [
            (
                "routines: { a: { schedule: last business day 18:00, steps: [health check] } }",
                "2:28: routines.a.schedule: the business days of 'last business day 18:00' are"
            ),
            (
                "windows: [{ during: daily 02:00-04:00 except business days }]",
                "2:21: windows[1].during: the business days of 'daily 02:00-04:00 except business days' are"
            ),
            (
                "routines: { a: { steps: [{ task: health check, when: { during: business days 08:00-16:00 } }] } }",
                "2:64: routines.a.steps[1].when.during: the business days of 'business days 08:00-16:00' are"
            ),
        ])
    func tellsBusinessDays(text: String, line: String) throws {
        let found = try remarks("environments: { a: {} }\n\(text)")
        #expect(found.count == 1 && found.first?.hasPrefix("mainstay.yaml:\(line)") == true, "\(found)")
        #expect(try remarks("environments: { a: {} }\ncalendars: { holidays: { days: [May 1] } }\n\(text)").isEmpty)
        #expect(try remarks("environments: { a: {} }\n\(text.replacing("business day", with: "weekday"))").isEmpty)
    }

    @Test("what is wrong in a schedule is marked under its text")
    func marks() throws {
        let text = "environments: { a: {} }\nroutines: { a: { schedule: daily 02:00 UTZ, steps: [health check] } }"
        let error = #expect(throws: ConfigurationError.self) { try inventory(text) }
        #expect(
            error?.problem.hasSuffix("\n    daily 02:00 UTZ\n                ^^^") == true, "\(error?.problem ?? "")")
    }
}
