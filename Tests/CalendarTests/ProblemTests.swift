import Calendar
import Maintenance
import Testing

@Suite("schedules that are wrong")
struct ProblemTests {
    /// What stands under the caret, and what was probably meant.
    @Test(
        "are refused with the place, what is wrong, and what was probably meant",
        arguments: [
            ("", "the schedule is empty", "", nil), ("Sundys 02:00", "does not belong here", "Sundys", "Sundays"),
            ("Sundays 02:00 Europe/Berln", "no time zone", "Europe/Berln", "Europe/Berlin"),
            ("Sundays 02:00 Berlin", "does not belong here", "Berlin", "Europe/Berlin"),
            ("Sundays 25:00", "is no time", "25:00", nil), ("Sundays at", "ends too early", "", nil),
            ("daily 02:60", "is no time", "02:60", nil), ("daily 24:00", "24:00 only ends", "24:00", "00:00"),
            ("0 2 * *", "five fields, and this has 4", "", nil),
            ("0 0 2 * * *", "five fields, and this has 6", "*", nil),
            ("60 * * * *", "'60' is no minute", "60", nil), ("0 2 * * MOM", "no day of the week", "MOM", "MON"),
            ("0 22-2 * * *", "goes down", "22-2", "22-23,0-2"), ("*/90 * * * *", "'90' is no step", "90", "every 90m"),
            ("5/15 * * * *", "a step needs", "5/15", "5-59/15"), ("*/0 * * * *", "is no step", "0", nil),
            ("0 2 32 * *", "no day of the month", "32", nil), ("0 2 * 13 *", "no month", "13", nil),
            ("@dayly", "there is no '@dayly'", "@dayly", "@daily"), ("@reboot", "is no time", "@reboot", nil),
            ("@every 5m", "without '@'", "@every", "every 5m"),
            ("every 2d", "from 1s to 24h", "2d", "weekly Monday 02:00"),
            ("every 5x", "no interval", "5x", nil),
            ("every second Sunday", "every other week", "every", "second Sunday of month"),
            ("6th Sunday", "at most five", "6th", nil), ("first", "ends too early", "", nil),
            ("first Sunday of Januar", "does not belong here", "Januar", "January"),
            ("15th of quarter", "no such day", "quarter", nil), ("2026-02-30", "is no date", "2026-02-30", nil),
            ("2026-12-24 to 2026-12-20", "before the first", "2026-12-20", nil),
            ("Monday 06:00 and Thursday", "no time stands behind", "Thursday", nil),
            ("weekdays 09:00 exept holidays", "does not belong here", "exept", "except"),
            ("weekdays 09:00 except daily 12:00", "one moment", "12:00", nil),
            ("weekdays 09:00 except", "ends too early", "", nil),
            ("weekdays 09:00 except holidays", "no calendar 'holidays'", "holidays", nil),
            ("daily 02:00 UTC and daily 03:00 Europe/Berlin", "one zone", "Europe/Berlin", nil),
            ("never and daily", "'never' stands beside", "", nil),
            ("daily 02:00 02:30", "does not belong", "02:30", nil),
            ("02:00 on Monday 03:00", "its times once", "03:00", nil),
            ("Monday-Fryday", "no range of days", "Monday-Fryday", "monday-friday"),
            ("daily 22:00-25:00", "is no time", "22:00-25:00", nil),
            ("daily 22:00 for ever", "does not belong", "ever", "every"),
            ("dai\u{301}ly 02:00", "does not belong", "dai\u{301}ly", "daily"),
            ("daily\u{1b}[2J", "does not belong", "daily\u{1b}[2J", nil),
        ] as [(String, String, String, String?)])
    func refused(text: String, problem: String, marked: String, near: String?) throws {
        let error = #expect(throws: CalendarError.self) { try Schedule(text, in: plain) }
        guard case .expression(let found)? = error else {
            Issue.record("'\(text)' is refused otherwise: \(error?.problem ?? "not at all")")
            return
        }
        let scalars = Array(text.unicodeScalars)
        var part = ""
        part.unicodeScalars.append(contentsOf: scalars[found.range.clamped(to: scalars.indices)])
        #expect(found.text.contains(problem), "\(found.text)")
        #expect(part == marked)
        #expect(found.nearest == near)
        #expect(found.excerpt[0] == text.printable)
        #expect(!(error?.description.contains("\u{1b}") ?? true))
    }

    @Test("the caret stands under what is wrong")
    func caret() {
        let error = #expect(throws: CalendarError.self) { try Schedule("first Sunday 01:00 UTZ", in: plain) }
        #expect(
            error?.problem == """
                'UTZ' does not belong here
                    first Sunday 01:00 UTZ
                                       ^^^
                """)
        #expect(error?.exitStatus == .usage)
    }

    @Test("any text is either understood or refused, and quickly")
    func hostile() throws {
        for text in [
            String(repeating: "and ", count: 400), String(repeating: "daily and ", count: 199) + "daily",
            String(repeating: "1,", count: 900), "\u{0}", "🇩🇪 02:00", "0 2 * * *\u{301}",
            String(repeating: "x", count: 3_000),
        ] {
            _ = try? Schedule(text, in: plain)
        }
        #expect(throws: CalendarError.self) { try Schedule(String(repeating: "x", count: 3_000), in: plain) }
        #expect(throws: CalendarError.self) { try Schedule("0 2 * * *\u{301}", in: plain) }
    }
}
