@testable import Calendar
import Foundation
import Maintenance
import Outside
import Testing

/// Against the brute force of `OracleSchedule`, whose rules were written down first in docs/calendar.md.
/// `scripts/soak` gives many more seeds (`MAINSTAY_SOAK` is their number).
@Suite("schedules against an oracle")
struct OracleTests {
    private static let count = ProcessInfo.processInfo.environment["MAINSTAY_SOAK"].flatMap(Int.init) ?? 300
    /// In portions, so that they run beside each other.
    private static let portions = Array(0..<12)
    private static let names = zones.names.filter { Foundation.TimeZone(identifier: $0) != nil }

    @Test("random schedules in random zones start and open when a minute-by-minute walk says", arguments: portions)
    func agree(portion: Int) async throws {
        var starts = 0
        for seed in stride(from: portion, to: Self.count, by: Self.portions.count) {
            starts += try compare(seed)
            // A minute of work: others want to get on meanwhile.
            await Task.yield()
        }
        #expect(starts > 0)
    }

    /// How many starts were compared. Every second seed has a change of the clock in its 40 days.
    private func compare(_ seed: Int) throws -> Int {
        var random = SeededGenerator(seed: UInt64(seed))
        let (name, zone, first) = try place(&random, withChange: seed % 2 == 0)
        let last = first + 40 * 1_440
        var generator = OracleGenerator(random: random, around: (first / 1_440 - 2)..<(last / 1_440 + 2))
        let made = generator.schedule()
        let expected = made.outcome(from: first, to: last, in: zone)
        let schedule: Schedule
        do {
            schedule = try Schedule(
                made.text,
                in: try context(
                    name, CalendarSource(name: "holidays", days: made.holidays.sorted()),
                    CalendarSource(
                        name: "freeze", isBlackout: true, days: made.blackout.isEmpty ? [] : made.blackout.sorted())))
        } catch {
            Issue.record("seed \(seed): '\(made.text)': \(error)")
            return 0
        }
        var found: [Int] = []
        var cursor = Timestamp(wholeSeconds: first * 60 - 1)
        let end = Timestamp(wholeSeconds: last * 60)
        while let next = schedule.next(after: cursor), next < end {
            found.append(next.wholeSeconds / 60)
            #expect(next.wholeSeconds % 60 == 0)
            cursor = next
        }
        let difference = Set(found).symmetricDifference(expected.starts).min()
        let detail = difference.map { Timestamp(wholeSeconds: $0 * 60).description } ?? "in their order"
        #expect(found == expected.starts, "seed \(seed), \(name): '\(made.text)' differs at \(detail)")
        for _ in 0..<40 {
            let minute = generator.number(first...last - 1)
            let window = schedule.window(containing: Timestamp(wholeSeconds: minute * 60))
            #expect(
                (window != nil) == expected.open.contains(minute), "seed \(seed), \(name): '\(made.text)' at \(minute)")
        }
        return found.count
    }

    /// A zone and the minute since 1970 at which 40 days begin, from 1997, since when all versions of the zones
    /// agree, to 2036.
    private func place(
        _ random: inout SeededGenerator, withChange: Bool
    ) throws -> (String, Foundation.TimeZone, Int) {
        while true {
            let name = Self.names[Int.random(in: 0..<Self.names.count, using: &random)]
            let zone = try foundationZone(name)
            let minute = Int.random(in: 14_201_280...35_000_000, using: &random)
            guard withChange else { return (name, zone, minute) }
            let from = Date(timeIntervalSince1970: Double(minute) * 60)
            guard let change = zone.nextDaylightSavingTimeTransition(after: from),
                change.timeIntervalSince1970 < 2_100_000_000
            else { continue }
            let days = Int.random(in: 1...39, using: &random)
            return (name, zone, Int(change.timeIntervalSince1970) / 60 - days * 1_440)
        }
    }
}
