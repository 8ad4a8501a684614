import Calendar
import Maintenance
import Testing

@Suite("phrases of schedules")
struct PhraseTests {
    /// Saturday, 2026-11-21, at noon.
    private static let now = "2026-11-21T12:00Z"

    struct Phrase: Sendable, CustomTestStringConvertible {
        var text: String
        var starts: [String]
        var zone: String

        init(_ text: String, _ starts: String..., zone: String = "UTC") {
            self.text = text
            self.starts = starts
            self.zone = zone
        }

        var testDescription: String { "\(text) (\(zone))" }
    }

    /// Every schedule phrase and cron line of the five maintenance guides.
    static let guides: [Phrase] = [
        // agentic-ecosystem.md
        Phrase("2:00 AM UTC", "Sun 2026-11-22 02:00 UTC", "Mon 2026-11-23 02:00 UTC"),
        Phrase("Sundays 3:00 AM UTC", "Sun 2026-11-22 03:00 UTC", "Sun 2026-11-29 03:00 UTC"),
        Phrase("First Sunday of month, 2:00 AM UTC", "Sun 2026-12-06 02:00 UTC", "Sun 2027-01-03 02:00 UTC"),
        Phrase("daily", "Sun 2026-11-22 00:00 UTC"), Phrase("weekly", "Sun 2026-11-22 00:00 UTC"),
        Phrase("monthly", "Tue 2026-12-01 00:00 UTC", "Fri 2027-01-01 00:00 UTC"),
        Phrase("quarterly", "Fri 2027-01-01 00:00 UTC", "Thu 2027-04-01 00:00 UTC"),
        // contribux.md
        Phrase("daily at 00:00 UTC", "Sun 2026-11-22 00:00 UTC"), Phrase("00:00 UTC", "Sun 2026-11-22 00:00 UTC"),
        Phrase("09:00 UTC", "Sun 2026-11-22 09:00 UTC"), Phrase("21:00 UTC", "Sat 2026-11-21 21:00 UTC"),
        Phrase("Sundays 02:00 UTC", "Sun 2026-11-22 02:00 UTC"),
        Phrase("Sundays at 02:00 UTC", "Sun 2026-11-22 02:00 UTC"),
        Phrase("Saturdays 03:00 UTC", "Sat 2026-11-28 03:00 UTC"),
        Phrase("First Sunday 01:00 UTC", "Sun 2026-12-06 01:00 UTC", "Sun 2027-01-03 01:00 UTC"),
        Phrase("first Sunday at 01:00 UTC", "Sun 2026-12-06 01:00 UTC"),
        Phrase("Second Sunday 02:00 UTC", "Sun 2026-12-13 02:00 UTC", "Sun 2027-01-10 02:00 UTC"),
        Phrase("First Sunday of Quarter", "Sun 2027-01-03 00:00 UTC", "Sun 2027-04-04 00:00 UTC"),
        // environment-management.md: frequency, day and time
        Phrase("daily 08:00", "Sun 2026-11-22 08:00 UTC"), Phrase("weekly monday 09:00", "Mon 2026-11-23 09:00 UTC"),
        Phrase("monthly day 1 10:00", "Tue 2026-12-01 10:00 UTC"),
        // event-manager.md
        Phrase("Sunday 02:00-04:00 UTC", "Sun 2026-11-22 02:00 UTC"),
        Phrase("Daily 22:00-23:00 UTC", "Sat 2026-11-21 22:00 UTC"),
        // next-portal.md
        Phrase("every hour", "Sat 2026-11-21 13:00 UTC"), Phrase("0 2 * * *", "Sun 2026-11-22 02:00 UTC"),
        Phrase("0 3 * * *", "Sun 2026-11-22 03:00 UTC"), Phrase("0 4 * * 0", "Sun 2026-11-22 04:00 UTC"),
    ]

    static let others: [Phrase] = [
        Phrase(
            "Monday and Thursday 06:00", "Mon 2026-11-23 06:00 UTC", "Thu 2026-11-26 06:00 UTC",
            "Mon 2026-11-30 06:00 UTC"),
        Phrase(
            "Mon, Wed, Fri 6:30 and 18:00", "Mon 2026-11-23 06:30 UTC", "Mon 2026-11-23 18:00 UTC",
            "Wed 2026-11-25 06:30 UTC"),
        Phrase("Mon-Fri 9:00", "Mon 2026-11-23 09:00 UTC"),
        Phrase(
            "Friday to Monday noon", "Sun 2026-11-22 12:00 UTC", "Mon 2026-11-23 12:00 UTC", "Fri 2026-11-27 12:00 UTC"),
        Phrase("Monday 06:00 and Thursday 18:00", "Mon 2026-11-23 06:00 UTC", "Thu 2026-11-26 18:00 UTC"),
        Phrase("09:00 on weekdays", "Mon 2026-11-23 09:00 UTC"), Phrase("02:00 daily", "Sun 2026-11-22 02:00 UTC"),
        Phrase("weekdays 09:00", "Mon 2026-11-23 09:00 UTC"), Phrase("weekends 10:00", "Sun 2026-11-22 10:00 UTC"),
        Phrase("last day of month 23:00", "Mon 2026-11-30 23:00 UTC", "Thu 2026-12-31 23:00 UTC"),
        Phrase(
            "last business day 18:00 Europe/Berlin", "Mon 2026-11-30 18:00 CET", "Thu 2026-12-31 18:00 CET",
            "Fri 2027-01-29 18:00 CET"),
        Phrase("second and fourth Tuesday 04:00", "Tue 2026-11-24 04:00 UTC", "Tue 2026-12-08 04:00 UTC"),
        Phrase("1st and 15th of month 05:00", "Tue 2026-12-01 05:00 UTC", "Tue 2026-12-15 05:00 UTC"),
        Phrase("15th of March and September", "Mon 2027-03-15 00:00 UTC", "Wed 2027-09-15 00:00 UTC"),
        Phrase("first of January", "Fri 2027-01-01 00:00 UTC"), Phrase("December 24 14:00", "Thu 2026-12-24 14:00 UTC"),
        Phrase("24 December 14:00", "Thu 2026-12-24 14:00 UTC"),
        Phrase("2026-12-24 and 2026-12-31 14:00", "Thu 2026-12-24 14:00 UTC", "Thu 2026-12-31 14:00 UTC"),
        Phrase("last Friday of quarter 20:00", "Fri 2026-12-25 20:00 UTC", "Fri 2027-03-26 20:00 UTC"),
        Phrase("quarterly first Sunday 03:00", "Sun 2027-01-03 03:00 UTC"),
        Phrase("yearly 06:00", "Fri 2027-01-01 06:00 UTC"),
        Phrase("every Sunday 02:00", "Sun 2026-11-22 02:00 UTC"),
        Phrase("every weekday 07:00", "Mon 2026-11-23 07:00 UTC"),
        Phrase("every 5m", "Sat 2026-11-21 12:05 UTC"), Phrase("every 90 minutes", "Sat 2026-11-21 13:30 UTC"),
        Phrase("every 30s", "Sat 2026-11-21 12:00:30 UTC"), Phrase("every minute", "Sat 2026-11-21 12:01 UTC"),
        Phrase("every 15m on weekdays 08:00-09:00", "Mon 2026-11-23 08:00 UTC", "Mon 2026-11-23 08:15 UTC"),
        Phrase("daily 22:00 for 90m", "Sat 2026-11-21 22:00 UTC"),
        Phrase("daily 22:00 to 02:00", "Sat 2026-11-21 22:00 UTC"),
        Phrase("@daily", "Sun 2026-11-22 00:00 UTC"), Phrase("@hourly", "Sat 2026-11-21 13:00 UTC"),
        Phrase("@weekly Europe/Berlin", "Sun 2026-11-22 00:00 CET"), Phrase("@monthly", "Tue 2026-12-01 00:00 UTC"),
        Phrase("@annually", "Fri 2027-01-01 00:00 UTC"), Phrase("hourly", "Sat 2026-11-21 13:00 UTC"),
        Phrase("*/15 9-17 * * MON-FRI", "Mon 2026-11-23 09:00 UTC", "Mon 2026-11-23 09:15 UTC"),
        Phrase("0 2 * * * except Sundays", "Mon 2026-11-23 02:00 UTC"),
        Phrase("0 2 * * * on first Monday", "Mon 2026-12-07 02:00 UTC"),
        Phrase(
            "0 0 13 * FRI", "Fri 2026-11-27 00:00 UTC", "Fri 2026-12-04 00:00 UTC", "Fri 2026-12-11 00:00 UTC",
            "Sun 2026-12-13 00:00 UTC"),
        Phrase("0 0 */2 * MON", "Mon 2026-11-23 00:00 UTC", "Mon 2026-12-07 00:00 UTC"),
        Phrase("0 0 L * ?", "Mon 2026-11-30 00:00 UTC"), Phrase("0 0 L-2 * ?", "Sat 2026-11-28 00:00 UTC"),
        Phrase("0 0 15W * ?", "Tue 2026-12-15 00:00 UTC", "Fri 2027-01-15 00:00 UTC", "Mon 2027-02-15 00:00 UTC"),
        Phrase("0 0 1W 5 ?", "Mon 2027-05-03 00:00 UTC"), Phrase("0 0 LW 1 ?", "Fri 2027-01-29 00:00 UTC"),
        Phrase("0 0 * * 5L", "Fri 2026-11-27 00:00 UTC"), Phrase("0 0 ? * MON#2", "Mon 2026-12-14 00:00 UTC"),
        Phrase("0 0 29 2 *", "Tue 2028-02-29 00:00 UTC", "Sun 2032-02-29 00:00 UTC"),
        Phrase("daily 02:00 except Sundays and December 24 and 2026-12-28 to 2027-01-03", "Mon 2026-11-23 02:00 UTC"),
        Phrase("every 10m except daily 12:05-23:55", "Sun 2026-11-22 00:00 UTC"),
    ]

    @Test("start when their words say", arguments: guides + others)
    func starts(phrase: Phrase) throws {
        let schedule = try Schedule(phrase.text, in: try context(phrase.zone))
        #expect(schedule.locals(phrase.starts.count, after: Self.now) == phrase.starts)
        #expect(schedule.canStart)
    }

    @Test(
        "what the guides say beside the time is refused, and why",
        arguments: [
            ("24/7 with approval", "who agrees or gets to know"),
            ("Anytime with notification", "who agrees or gets to know"),
        ])
    func guideRefusals(text: String, words: String) throws {
        let error = #expect(throws: CalendarError.self) { try Schedule(text, in: plain) }
        #expect(error?.problem.contains(words) == true)
        let bare = try Schedule(String(text.prefix { $0 != " " }), in: plain)
        #expect(bare.window(containing: at(Self.now)) != nil)
    }

    @Test("'never' starts nothing and may, what cannot happen does not")
    func never() throws {
        let never = try Schedule("never", in: plain)
        #expect(never.isNever && never.canStart && never.next(after: at(Self.now)) == nil)
        for text in [
            "30th of February", "0 0 31 4 *", "0 0 31W 6 ?", "daily 02:00 except daily", "every 5m except daily",
            "anytime", "fifth Sunday of February except daily 00:00-01:00",
        ] {
            let schedule = try Schedule(text, in: plain)
            #expect(!schedule.canStart, "\(text)")
            #expect(schedule.next(after: at(Self.now)) == nil, "\(text)")
        }
    }

    @Test("windows that touch are one, exceptions cut them, and the rest opens again")
    func windows() throws {
        func spans(_ text: String, _ count: Int) throws -> [String] {
            let schedule = try Schedule(text, in: plain)
            return schedule.next(count, after: at(Self.now)).compactMap { start in
                schedule.window(containing: start).map { "\($0.start) \($0.length.short)" }
            }
        }
        #expect(
            try spans("daily 22:00-24:00 and daily 00:00-02:00", 2) == [
                "2026-11-21 22:00 UTC 4 h", "2026-11-22 22:00 UTC 4 h",
            ])
        #expect(
            try spans("daily 22:00-02:00 except daily 23:00-23:30", 2) == [
                "2026-11-21 22:00 UTC 1 h", "2026-11-21 23:30 UTC 2 h 30 min",
            ])
        #expect(try spans("Friday 22:00 for 60h", 1) == ["2026-11-27 22:00 UTC 2 d 12 h"])
        let open = try Schedule("2026-11-20 18:00 to 2026-11-23 06:00", in: plain)
        #expect(open.window(containing: at(Self.now))?.end == at("2026-11-23T06:00Z"))
        #expect(open.window(containing: at("2026-11-23T06:00Z")) == nil)
        #expect(open.window(after: at(Self.now)) == nil)
        #expect(
            try Schedule("anytime", in: plain).window(containing: at(Self.now)).map {
                $0.length > .seconds(500 * 86_400)
            } == true)
    }
}

@Suite("when the clocks change")
struct ClockChangeTests {
    @Test(
        "every schedule does what docs/calendar.md says",
        arguments: [
            // Forward at 02:00 on 2027-03-28.
            ("daily 02:30", "2027-03-27T12:00Z", ["Sun 2027-03-28 03:00 CEST", "Mon 2027-03-29 02:30 CEST"]),
            ("0 2 * * *", "2027-03-27T12:00Z", ["Sun 2027-03-28 03:00 CEST", "Mon 2027-03-29 02:00 CEST"]),
            (
                "daily 02:15 and 02:45 and 03:00", "2027-03-27T12:00Z",
                ["Sun 2027-03-28 03:00 CEST", "Mon 2027-03-29 02:15 CEST"]
            ),
            ("*/30 * * * *", "2027-03-28T00:30Z", ["Sun 2027-03-28 03:00 CEST", "Sun 2027-03-28 03:30 CEST"]),
            ("*/30 2 * * *", "2027-03-27T12:00Z", ["Mon 2027-03-29 02:00 CEST"]),
            ("every 30m", "2027-03-28T00:30Z", ["Sun 2027-03-28 03:00 CEST", "Sun 2027-03-28 03:30 CEST"]),
            ("daily 02:00-02:30", "2027-03-27T12:00Z", ["Mon 2027-03-29 02:00 CEST"]),
            // Back at 03:00 on 2027-10-31.
            ("daily 02:30", "2027-10-30T12:00Z", ["Sun 2027-10-31 02:30 CEST", "Mon 2027-11-01 02:30 CET"]),
            (
                "30 * * * *", "2027-10-31T00:00Z",
                ["Sun 2027-10-31 02:30 CEST", "Sun 2027-10-31 02:30 CET", "Sun 2027-10-31 03:30 CET"]
            ),
            ("every 1h", "2027-10-30T23:30Z", ["Sun 2027-10-31 02:00 CEST", "Sun 2027-10-31 02:00 CET"]),
        ])
    func berlin(text: String, after: String, starts: [String]) throws {
        #expect(try Schedule(text, in: try context("Europe/Berlin")).locals(starts.count, after: after) == starts)
    }

    @Test("a start that is moved or shown twice says so")
    func notes() throws {
        let schedule = try Schedule("daily 02:30 Europe/Berlin", in: plain)
        #expect(schedule.note(at: at("2027-03-28T01:00Z")) == "02:30 is skipped that day")
        #expect(schedule.note(at: at("2027-10-31T00:30Z")) == "the clock shows it twice; the first")
        #expect(schedule.note(at: at("2027-10-30T00:30Z")) == nil)
    }

    @Test("a day that is left out, as in Samoa, has its starts at the beginning of the next, and is no exception")
    func samoa() throws {
        let schedule = try Schedule("daily 09:00", in: try context("Pacific/Apia"))
        #expect(
            schedule.locals(3, after: "2011-12-29T00:00Z") == [
                "Thu 2011-12-29 09:00 -10", "Sat 2011-12-31 00:00 +14", "Sat 2011-12-31 09:00 +14",
            ])
    }
}
