import Foundation
import MaintenanceTesting
import Testing

/// What `mainstay calendar` says of schedules, at a moment that is given.
@Suite("the calendar's commands", .temporaryDirectory)
struct CalendarTests {
    private func program() throws -> Program {
        let program = Program()
        try program.configure(
            """
            calendars:
              holidays: {days: [December 25, 2026-12-24]}
            environments:
              test: {}
            routines:
              nightly:
                description: what, is done; at night
                schedule: business days 02:30 Europe/Berlin
                steps: [report prune]
            """)
        return program
    }

    @Test("what starts only after the span that is exported, and what is always open, is said as it is")
    func saysWhyNothingStarts() async throws {
        let late = try await program().run(
            ["calendar", "export", "--after", "2026-12-22T12:00:00Z", "--ahead", "1h"])
        #expect(late.exitCode == 0 && late.errors.contains("the next is 2026-12-23 01:30 UTC"), "\(late.errors)")
        #expect(!late.errors.contains("40 years"))
        let open = try await program().run(["calendar", "next", "3", "24/7", "--after", "2026-12-22T12:00:00Z"])
        #expect(open.errors.contains("it is open and does not close"), "\(open.errors)")
    }

    @Test("a schedule is explained in words, with its zone, its calendar and its next starts")
    func explains() async throws {
        let result = try await program().run(
            ["calendar", "explain", "nightly", "--after", "2026-12-22T12:00:00Z"])
        #expect(result.exitCode == 0)
        let lines = result.output.split(separator: "\n").map(String.init)
        #expect(
            lines.contains {
                $0.contains("at 02:30 on business days (Monday to Friday without the calendar 'holidays')")
            })
        #expect(
            lines.contains { $0.contains("the calendar 'holidays' has 2 entries, the last with a date on 2026-12-24") })
        #expect(lines.contains { $0.contains("on 2027-03-28 the clock goes from 02:00 to 03:00") })
        let starts = lines.compactMap { line in
            line.range(of: "[A-Z][a-z]{2} 2026-12-[0-9]{2} 02:30 CET", options: .regularExpression).map {
                String(line[$0])
            }
        }
        // Not on the 24th and the 25th, which are holidays, nor at the weekend behind them.
        #expect(
            starts.prefix(3) == ["Wed 2026-12-23 02:30 CET", "Mon 2026-12-28 02:30 CET", "Tue 2026-12-29 02:30 CET"])
        #expect(lines.allSatisfy { $0.count <= 80 || $0.contains("holidays") || $0.contains("zone") })
    }

    @Test("config check has a note about business days while no holidays are configured, and is fine with them")
    func notesBusinessDays() async throws {
        let program = try program()
        let known = try await program.run("config", "check")
        #expect(known.exitCode == 0 && !known.output.contains("note:"), "\(known.output)")
        let text = try String(contentsOfFile: "\(program.directory)/mainstay.yaml", encoding: .utf8)
        try program.configure(text.replacing("holidays:", with: "feasts:"))
        let unknown = try await program.run("config", "check")
        #expect(unknown.exitCode == 0)
        let lines = unknown.output.split(separator: "\n")
        #expect(lines.count == 2 && lines.first?.contains(": routines.nightly.schedule: the business days of") == true)
        #expect(lines.last?.contains("the configuration is fine") == true)
    }

    @Test("what is mistyped is named with its place and what is probably meant")
    func refuses() async throws {
        let result = try await program().run(["calendar", "explain", "first Sunday 02:30 Europe/Berln"])
        #expect(result.exitCode == 2)
        #expect(result.errors.contains("Europe/Berlin"))
        #expect(result.errors.contains("first Sunday 02:30 Europe/Berln\n"))
        #expect(result.errors.split(separator: "\n").contains { $0.trimmingCharacters(in: [" "]).hasPrefix("^") })
    }

    @Test("every start is an event in UTC that keeps its name, in lines that any calendar program reads")
    func exports() async throws {
        let program = try program()
        let words = ["calendar", "export", "--after", "2026-12-22T12:00:00Z", "--ahead", "7d"]
        let result = try await program.run(words)
        #expect(result.exitCode == 0)
        let text = result.output
        #expect(text.hasPrefix("BEGIN:VCALENDAR\r\n") && text.hasSuffix("END:VCALENDAR\r\n"))
        // Folded at 75 bytes (RFC 5545, 3.1).
        #expect(text.components(separatedBy: "\r\n").allSatisfy { $0.utf8.count <= 75 })
        let unfolded = text.replacingOccurrences(of: "\r\n ", with: "").components(separatedBy: "\r\n")
        let nightly = unfolded.filter { $0.hasPrefix("UID:nightly-") }
        #expect(
            nightly.map { $0.dropFirst(12).prefix(16) } == ["2026-12-23T01:30", "2026-12-28T01:30", "2026-12-29T01:30"])
        #expect(unfolded.contains("DTSTART:20261223T013000Z"))
        #expect(unfolded.contains { $0.hasPrefix("DESCRIPTION:what\\, is done\\; at night") })
        let again = try await program.run(words)
        #expect(
            again.output.components(separatedBy: "\r\n").filter { $0.hasPrefix("UID:") }
                == text.components(separatedBy: "\r\n").filter { $0.hasPrefix("UID:") })
    }
}
