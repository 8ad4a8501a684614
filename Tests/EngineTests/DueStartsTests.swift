import Calendar
import Maintenance
import Outside
import Testing

@testable import Engine

@Suite("what is due")
struct DueStartsTests {
    private static let zones = ZoneDirectory(environment: [:])

    private func time(_ text: String) throws -> Timestamp { try #require(Timestamp(iso8601: "2026-11-\(text)Z")) }

    @Test(
        "follows from the schedule, from what was decided before, and from how late a start may be",
        arguments: [
            ("daily 02:00", "20T02:00:00", "21T01:59:59", "1h", "none 2026-11-21 02:00 UTC"),
            ("daily 02:00", "20T02:00:00", "21T02:00:00", "1h", "start 2026-11-21 02:00 UTC"),
            ("daily 02:00", "20T02:00:00", "21T03:00:00", "1h", "start 2026-11-21 02:00 UTC"),
            ("daily 02:00", "20T02:00:00", "21T03:00:01", "1h", "missed 2026-11-21 02:00 UTC"),
            ("daily 02:00", "21T02:00:00", "21T02:00:00", "1h", "none 2026-11-22 02:00 UTC"),
            // The clock was set back after the start.
            ("daily 02:00", "21T02:00:00", "21T01:10:00", "1h", "none 2026-11-22 02:00 UTC"),
            // Days without anybody: one start makes up for all of them, or all of them are missed.
            ("daily 02:00", "18T02:00:00", "21T02:30:00", "1h", "start 2026-11-21 02:00 UTC"),
            ("daily 02:00", "18T02:00:00", "21T05:00:00", "1h", "missed 2026-11-19 02:00 UTC"),
            ("daily 02:00", "18T02:00:00", "21T05:00:00", "4h", "start 2026-11-21 02:00 UTC"),
            ("every 1m", "21T01:00:30", "21T09:30:59", "1h", "start 2026-11-21 09:30 UTC"),
            ("never", "20T02:00:00", "21T02:00:00", "1h", "none nothing"),
        ])
    func follows(schedule: String, decided: String, now: String, late: String, expected: String) throws {
        let due = DueStarts(
            try Schedule(schedule, in: ScheduleContext(zones: Self.zones)), decidedUntil: try time(decided),
            now: try time(now), lateWithin: try #require(Duration(late)))
        let words =
            switch due {
            case .none(let next): "none \(next?.description ?? "nothing")"
            case .start(let start): "start \(start)"
            case .missed(let first): "missed \(first)"
            }
        #expect(words == expected)
    }

    @Test("an agenda gives what is due in the order of its time, whatever was moved or taken out", arguments: 1...20)
    func agendaKeepsOrder(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        var agenda = Agenda()
        var expected: [String: Timestamp] = [:]
        for _ in 0..<400 {
            let name = "r\(Int.random(in: 0..<30, using: &generator))"
            let instant = Timestamp(microseconds: .random(in: 0..<1_000, using: &generator))
            switch Int.random(in: 0..<10, using: &generator) {
            case 0:
                agenda.set(name, nil)
                expected[name] = nil
            case 1:
                let due = expected.filter { $0.value <= instant }
                let taken = agenda.take(dueAt: instant)
                #expect(Set(taken) == Set(due.keys))
                #expect(taken.count == due.count)
                #expect(zip(taken, taken.dropFirst()).allSatisfy { (due[$0] ?? instant) <= (due[$1] ?? instant) })
                for name in taken { expected[name] = nil }
            default:
                agenda.set(name, instant)
                expected[name] = instant
            }
            #expect(agenda.next() == expected.values.min())
        }
    }
}
