import Calendar
import Foundation
import Maintenance
import MaintenanceTesting
import Testing

@Suite("calendars", .temporaryDirectory)
struct CalendarFileTests {
    private var path: String { "\(TemporaryDirectory.current)/days.ics" }

    private func source(_ events: String..., blackout: Bool = false, zone: String? = nil) throws -> CalendarSource {
        let lines =
            ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x"] + events.map { "BEGIN:VEVENT\n\($0)\nEND:VEVENT" } + [
                "END:VCALENDAR", "",
            ]
        try lines.joined(separator: "\n").replacing("\n", with: "\r\n").write(
            toFile: path, atomically: true, encoding: .utf8)
        return CalendarSource(name: "holidays", isBlackout: blackout, zone: zone, file: path)
    }

    /// The days between two dates on which a daily schedule does not start.
    private func missing(_ source: CalendarSource, _ first: String, _ last: String) throws -> [String] {
        let schedule = try Schedule("daily 12:00 except holidays", in: try context("UTC", source))
        let all = try Schedule("daily 12:00", in: plain)
        let range = at("\(first)T00:00Z")..<at("\(last)T23:59Z")
        func days(_ schedule: Schedule) -> [String] {
            schedule.next(800, after: range.lowerBound).prefix { range.contains($0) }.map {
                String($0.iso8601.prefix(10))
            }
        }
        let left = Set(days(schedule))
        return days(all).filter { !left.contains($0) }
    }

    @Test(
        "events are the days their rules say",
        arguments: [
            ("DTSTART;VALUE=DATE:20261225\nSUMMARY:Christmas\\, first\n day", ["2026-12-25"]),
            (
                "DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261227\nTRANSP:TRANSPARENT",
                ["2026-12-24", "2026-12-25", "2026-12-26"]
            ),
            ("DTSTART;VALUE=DATE:20261224\nDURATION:P2D", ["2026-12-24", "2026-12-25"]),
            ("DTSTART;VALUE=DATE:20200101\nRRULE:FREQ=YEARLY", ["2027-01-01"]),
            ("DTSTART;VALUE=DATE:20201126\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", ["2026-11-26"]),
            ("DTSTART;VALUE=DATE:20200525\nRRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO", ["2027-05-31"]),
            (
                "DTSTART;VALUE=DATE:20201124\nRRULE:FREQ=YEARLY;BYMONTH=11;BYMONTHDAY=23,24,25,26,27,28,29;BYDAY=TU",
                ["2026-11-24"]
            ),
            ("DTSTART;VALUE=DATE:20260131\nRRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", nil),
            (
                "DTSTART;VALUE=DATE:20260130\nRRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;UNTIL=20270131",
                ["2026-11-30", "2026-12-31", "2027-01-29"]
            ),
            (
                "DTSTART;VALUE=DATE:20261102\nRRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=3\nEXDATE;VALUE=DATE:20261116",
                ["2026-11-02", "2026-11-30"]
            ),
            (
                "DTSTART;VALUE=DATE:20261102\nRRULE:FREQ=DAILY;INTERVAL=10;COUNT=2\nRDATE;VALUE=DATE:20261201,20261202",
                ["2026-11-02", "2026-11-12", "2026-12-01", "2026-12-02"]
            ),
            (
                "DTSTART;VALUE=DATE:20260131\nRRULE:FREQ=MONTHLY;BYMONTHDAY=-1;BYMONTH=1,12",
                ["2026-12-31", "2027-01-31"]
            ),
            ("DTSTART;VALUE=DATE:20261225\nSTATUS:CANCELLED", []),
            ("DTSTART:20261225T110000Z\nDTEND:20261225T130000Z", ["2026-12-25"]),
            ("DTSTART:20261225T130000Z\nDTEND:20261225T140000Z", []),
            ("DTSTART;TZID=Europe/Berlin:20261225T123000\nDURATION:PT45M", ["2026-12-25"]),
            ("DTSTART:20261225T115900\nDURATION:PT2M", ["2026-12-25"]),
            (
                "DTSTART;TZID=\"America/New_York\":20261225T063000\nDTEND;TZID=America/New_York:20261225T073000\nRRULE:FREQ=DAILY;COUNT=2",
                ["2026-12-25", "2026-12-26"]
            ),
        ] as [(String, [String]?)])
    func understood(event: String, days: [String]?) throws {
        let source = try source(event)
        guard let days else {
            #expect(throws: CalendarError.self) { try source.read(zones: zones) }
            return
        }
        #expect(try missing(source, "2026-11-01", "2027-06-30") == days)
    }

    @Test(
        "what is not understood is refused with its line",
        arguments: [
            ("DTSTART;VALUE=DATE:20261232", 5, "no date"), ("SUMMARY:x", 6, "no DTSTART"),
            ("DTSTART;VALUE=DATE:20261225\nRRULE:FREQ=YEARLY;BYWEEKNO=20", 6, "'BYWEEKNO=20' is not understood"),
            ("DTSTART;VALUE=DATE:20261225\nRRULE:FREQ=HOURLY", 6, "'FREQ=HOURLY' is not understood"),
            ("DTSTART;VALUE=DATE:20261225\nRRULE:FREQ=YEARLY;COUNT=0", 6, "'COUNT=0'"),
            ("DTSTART;VALUE=DATE:20261225\nRECURRENCE-ID;VALUE=DATE:20261225", 6, "RECURRENCE-ID"),
            (
                "DTSTART;TZID=W. Europe Standard Time:20261225T000000\nDURATION:PT1H", 5,
                "no time zone 'W. Europe Standard Time'"
            ),
            ("DTSTART:20261225T000000Z", 5, "no end"),
            ("DTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20261225", 6, "not after"),
            ("DTSTART;VALUE=DATE:20261225\nDTEND:20261226T000000Z", 6, "another kind"),
            ("DTSTART;VALUE=DATE:20261225\nDTSTART;VALUE=DATE:20261226", 6, "a second DTSTART"),
            ("DTSTART;VALUE=DATE:20261224\nRRULE:FREQ=YEARLY;BYMONTHDAY=25", 5, "no day of its RRULE"),
            ("DTSTART;VALUE=DATE:20261225\nDURATION:PT1H", 6, "no duration"), ("garbage", 5, "no line of iCalendar"),
        ])
    func refused(event: String, line: Int, words: String) throws {
        let source = try source(event)
        let error = #expect(throws: CalendarError.self) { try source.read(zones: zones) }
        #expect(
            error?.problem.contains("line \(line): ") == true && error?.problem.contains(words) == true,
            "\(error?.problem ?? "")")
    }

    @Test(
        "a file that is no calendar, or half of one, is refused",
        arguments: [
            "", "hello", "BEGIN:VCALENDAR\nBEGIN:VEVENT\n", "BEGIN:VEVENT\nEND:VEVENT", "BEGIN:VCALENDAR\nEND:VEVENT",
            "BEGIN:VCALENDAR\nX:\u{0}\nEND:VCALENDAR",
        ])
    func noCalendar(text: String) throws {
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        #expect(throws: CalendarError.self) { try CalendarSource(name: "x", file: path).read(zones: zones) }
    }

    @Test("a file that vanishes while Mainstay runs starts nothing, and says why; when it is back, so are the starts")
    func vanishing() throws {
        let source = try source("DTSTART;VALUE=DATE:20261225")
        let noon = at("2026-12-24T12:00Z")
        let schedules = try [
            "daily 06:00 except holidays", "business days 06:00", "weekdays 06:00-08:00 except holidays",
        ].map { try Schedule($0, in: try context("UTC", source)) }
        #expect(schedules.allSatisfy { $0.next(after: noon) != nil && $0.closed == nil })
        try FileManager.default.removeItem(atPath: path)
        var now = plain
        now.calendars = Calendars([source.current(zones: zones)])
        for schedule in schedules {
            let later = try schedule.refreshed(in: now)
            #expect(later.next(after: noon) == nil && later.window(after: noon) == nil)
            #expect(later.closed?.calendar == "holidays")
            #expect(later.closed?.problem.hasSuffix("days.ics' is not there") == true, "\(later.closed?.problem ?? "")")
        }
        let other = try Schedule("daily 06:00", in: now)
        #expect(other.next(after: noon) != nil)
        _ = try self.source("DTSTART;VALUE=DATE:20261225")
        now.calendars = Calendars([source.current(zones: zones)])
        #expect(try schedules[0].refreshed(in: now).next(after: noon) == at("2026-12-26T06:00Z"))
    }

    @Test("a blackout is taken away from every schedule, and closes all where it cannot be read")
    func blackouts() throws {
        let freeze = CalendarSource(name: "freeze", isBlackout: true, days: ["2026-12-18 18:00 to 2027-01-04 06:00"])
        let schedule = try Schedule("daily 12:00", in: try context("UTC", freeze))
        #expect(schedule.next(2, after: at("2026-12-18T00:00Z")) == [at("2026-12-18T12:00Z"), at("2027-01-04T12:00Z")])
        let window = try Schedule("Friday 17:00 for 2h", in: try context("UTC", freeze))
        #expect(window.window(after: at("2026-12-18T00:00Z"))?.length == .seconds(3_600))
        var now = plain
        now.calendars = Calendars([
            CalendarSource(name: "freeze", isBlackout: true, file: "/nowhere.ics").current(zones: zones)
        ])
        #expect(try Schedule("daily 12:00", in: now).closed?.calendar == "freeze")
    }

    @Test("a calendar's days are days of the schedule's zone, or of its own")
    func zonesOfDays() throws {
        let floating = CalendarSource(name: "holidays", days: ["2026-12-25"])
        var fixed = floating
        fixed.zone = "UTC"
        let text = "every 1h Asia/Tokyo except holidays"
        _ = text
        let own = try Schedule("every 1h except holidays Asia/Tokyo", in: try context("UTC", floating))
        #expect(own.next(after: at("2026-12-24T14:00Z")) == at("2026-12-25T15:00Z"))
        let utc = try Schedule("every 1h except holidays Asia/Tokyo", in: try context("UTC", fixed))
        #expect(utc.next(after: at("2026-12-24T23:00Z")) == at("2026-12-26T00:00Z"))
    }

    @Test("business days are those of a calendar that is named, and of 'holidays' where none is")
    func businessDays() throws {
        let german = CalendarSource(name: "germany", days: ["2026-12-25", "2026-12-31"])
        let own = CalendarSource(
            name: "holidays",
            days: ["2026-12-30", "2026-12-31 12:00-13:00"].filter { !$0.contains("12:00") } + ["December 24"])
        let context = try context("UTC", german, own)
        #expect(
            try Schedule("last business day of month of germany 18:00", in: context).locals(
                1, after: "2026-12-01T00:00Z") == ["Wed 2026-12-30 18:00 UTC"])
        #expect(
            try Schedule("last business day of germany 18:00", in: context).locals(1, after: "2026-12-01T00:00Z") == [
                "Wed 2026-12-30 18:00 UTC"
            ])
        #expect(
            try Schedule("last business day 18:00", in: context).locals(1, after: "2026-12-01T00:00Z") == [
                "Thu 2026-12-31 18:00 UTC"
            ])
        #expect(
            try Schedule("09:00 on business days of germany", in: context).locals(2, after: "2026-12-24T12:00Z") == [
                "Mon 2026-12-28 09:00 UTC", "Tue 2026-12-29 09:00 UTC",
            ])
        #expect(throws: CalendarError.self) { try Schedule("business days of france 09:00", in: context) }
    }

    @Test("what is written is folded at 75 bytes, escaped, and read again as the same")
    func writer() throws {
        let event = ICalendarWriter.Event(
            uid: "a-1@mainstay", start: at("2026-12-25T02:00Z"), end: at("2026-12-25T03:00Z"),
            summary: "Über; \\ und, \u{7}\n" + String(repeating: "é漢😀", count: 30), description: "x")
        let text = ICalendarWriter(name: "M", events: [event], writtenAt: at("2026-11-21T00:00Z")).text
        for line in text.split(separator: "\r\n") {
            #expect(line.utf8.count <= 75)
        }
        #expect(!text.replacing("\r\n", with: "").unicodeScalars.contains { $0.value < 0x20 })
        #expect(text.contains("DTSTART:20261225T020000Z\r\nDTEND:20261225T030000Z\r\n"))
        #expect(text.replacing("\r\n ", with: "").contains("SUMMARY:Über\\; \\\\ und\\, \\\\u{7}\\né漢"))
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        let read = try Schedule("every 1h except x", in: try context("UTC", CalendarSource(name: "x", file: path)))
        #expect(read.next(after: at("2026-12-25T01:00Z")) == at("2026-12-25T03:00Z"))
    }
}
