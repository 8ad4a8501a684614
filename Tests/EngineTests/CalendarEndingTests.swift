import Calendar
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Settings
import Testing

@testable import Engine

@Suite("lists of days that end", .temporaryDirectory)
struct CalendarEndingTests {
    private let zones = ZoneDirectory(environment: [:])

    /// Reasons at 2026-11-21 02:00 UTC.
    private func reasons(_ days: [String], before: Duration = CalendarSettings.standardReminder, blackout: Bool = false)
        -> [String]
    {
        ending(CalendarSource(name: "holidays", isBlackout: blackout, days: days), before).map(\.reason)
    }

    private func ending(_ source: CalendarSource, _ before: Duration = CalendarSettings.standardReminder)
        -> [CalendarEnding]
    {
        var inventory = Inventory(Environment("test", []))
        inventory.calendars = [CalendarSettings(source: source, remindsBefore: before, location: .test)]
        return inventory.endingCalendars(zones, at: ManualClock().clock.now())
    }

    @Test("are told of before their last dated day, and after it")
    func areTold() {
        let near = ["January 1", "2026-12-26"]
        #expect(reasons(near) == ["no day of it is known after 2026-12-26, in 35 days"])
        #expect(reasons(near, before: .seconds(30 * 86_400)).isEmpty)
        #expect(reasons(["2026-10-03"]) == ["its last dated day was 2026-10-03: schedules now start on holidays"])
        #expect(
            reasons(["2026-12-24 and 2026-12-26, 2026-12-25"]) == ["no day of it is known after 2026-12-26, in 35 days"]
        )
        #expect(reasons(["2026-11-20 to 2026-11-21"]) == ["no day of it is known after 2026-11-21, in 22 h"])
    }

    @Test(
        "what recurs for ever has no end, nobody is told who does not want to be, and blackouts are meant to end",
        arguments: [
            (["January 1", "December 25", "first Sunday of quarter"], 45, false), (["2026-12-26"], 0, false),
            (["2026-12-26"], 45, true), ([], 45, false),
        ])
    func areNotTold(days: [String], before: Int, blackout: Bool) {
        #expect(reasons(days, before: .seconds(before * 86_400), blackout: blackout).isEmpty)
    }

    @Test(
        "in a file those events count that do not go on for ever",
        arguments: [
            ("DTSTART;VALUE=DATE:20201225\nRRULE:FREQ=YEARLY", nil),
            ("DTSTART;VALUE=DATE:20201225\nRRULE:FREQ=YEARLY;COUNT=7", "2026-12-25"),
            ("DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261227", "2026-12-26"),
            ("DTSTART;VALUE=DATE:20261224\nRRULE:FREQ=DAILY;UNTIL=20261228\nEXDATE;VALUE=DATE:20261228", "2026-12-27"),
            ("DTSTART:20261231T220000Z\nDTEND:20270101T060000Z", "2026-12-31"),
        ] as [(String, String?)])
    func files(event: String, last: String?) throws {
        let file = TemporaryDirectory.current + "/days.ics"
        let christmas = "BEGIN:VEVENT\nDTSTART;VALUE=DATE:20200101\nRRULE:FREQ=YEARLY\nEND:VEVENT"
        let text =
            "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n\(christmas)\nBEGIN:VEVENT\n\(event)\nEND:VEVENT\nEND:VCALENDAR\n"
        try text.replacing("\n", with: "\r\n").write(toFile: file, atomically: true, encoding: .utf8)
        let ending = ending(CalendarSource(name: "holidays", file: file))
        #expect(ending.map(\.finding.evidence["last day"]) == (last.map { [.text($0)] } ?? []))
    }

    @Test("an ended one makes the status red and names what says more; one that goes on again ends the finding")
    func status() async throws {
        var inventory = Inventory(Environment("test", []))
        let source = CalendarSource(name: "holidays", days: ["2026-10-03"])
        inventory.calendars = [CalendarSettings(source: source, location: .test)]
        let harness = try TaskHarness([], inventory: inventory, clock: ManualClock().clock)
        let standing = try await ScheduleStanding(harness.log, inventory, [], zones)
        let attention = try #require(standing.attentions.first { $0.kind == .ended })
        #expect(attention.subject == "holidays" && attention.kind.exitStatus == .failure)
        #expect(attention.resolve == "mainstay calendar explain 'daily except holidays'")
        try await scheduler(harness, inventory).judgeCalendars()
        #expect(try await harness.log.openFindings().map(\.finding.code) == ["SC007"])
        inventory.calendars[0].source.days.append("2027-12-25")
        try await scheduler(harness, inventory).judgeCalendars()
        #expect(try await harness.log.openFindings().isEmpty)
    }

    @Test("a rule about classes that no command declares is said, and only while that is so")
    func idleRules() async throws {
        var inventory = Inventory(Environment("test", []))
        var rule = ApprovalRule(location: .test)
        rule.classes = [.major, .kernel]
        inventory.approvals.rules = [rule]
        var command = CommandSettings.shell("true")
        command.changeClass = .minor
        func idle() async throws -> [ScheduleStanding.Attention] {
            inventory.routines = [
                RoutineSettings(
                    name: "updates", steps: [RoutineStep(.command(command), location: .test)], location: .test)
            ]
            let harness = try TaskHarness([], inventory: inventory, clock: ManualClock().clock)
            return try await ScheduleStanding(harness.log, inventory, [], zones).attentions.filter { $0.kind == .idle }
        }
        let said = try #require(try await idle().first)
        #expect(said.subject == "approvals" && said.kind.exitStatus == .success)
        #expect(said.reason.contains("'class: major, kernel'") && said.reason.contains("test.yaml:1"))
        command.changeClass = .kernel
        #expect(try await idle().isEmpty)
    }

    private func scheduler(_ harness: TaskHarness, _ inventory: Inventory) -> Scheduler {
        let requester = Requester(user: "mainstay", host: "here", processID: 7, service: Scheduler.serviceName)
        let book = RoutineBook(inventory: inventory, catalog: harness.catalog, shipped: [])
        return Scheduler(
            Scheduler.Work(book: book, runner: harness.runner), log: harness.log, clock: harness.clock, zones: zones,
            requester: requester, tell: { _ in })
    }
}
