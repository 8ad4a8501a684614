import Maintenance
import Monitor
import Outside
import Testing

@Suite("when rounds are due, and what becomes of what they find")
struct RoundTests {
    @Test("what repeats is due at its instants, whatever the order it was added in")
    func order() {
        var table = Timetable<String>()
        table.add("b", first: .seconds(3), every: .seconds(10))
        table.add("a", first: .seconds(1), every: .seconds(2))
        #expect(table.next == .seconds(1))
        #expect(table.take(at: .milliseconds(500)).isEmpty)
        #expect(table.take(at: .seconds(3)).map(\.id) == ["a", "b"])
        #expect(table.next == .seconds(5))
    }

    @Test("of instants that have passed one is made up for, and the next keeps its place")
    func missed() throws {
        var table = Timetable<String>()
        table.add("a", first: .seconds(1), every: .seconds(10))
        let due = try #require(table.take(at: .seconds(3_605)).first)
        #expect(due.due == .seconds(1))
        #expect(due.missed == 360)
        #expect(table.next == .seconds(3_611))
    }

    @Test("agrees with a list that is searched", arguments: [1, 2, 3, 4] as [UInt64])
    func heap(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var table = Timetable<Int>()
        var list: [(due: Int64, every: Int64)] = []
        for id in 0..<50 {
            let first = Int64.random(in: 0...100, using: &random)
            let every = Int64.random(in: 1...40, using: &random)
            table.add(id, first: .microseconds(first), every: .microseconds(every))
            list.append((first, every))
        }
        var now: Int64 = 0
        for _ in 0..<200 {
            now += Int64.random(in: 0...30, using: &random)
            var expected: [Int] = []
            for id in list.indices where list[id].due <= now {
                expected.append(id)
                while list[id].due <= now { list[id].due += list[id].every }
            }
            #expect(Set(table.take(at: .microseconds(now)).map(\.id)) == Set(expected), "seed \(seed)")
            #expect(table.next == list.map(\.due).min().map { .microseconds($0) }, "seed \(seed)")
        }
    }

    @Test("what was asked before keeps its time, and everything else begins within a minute, not all at once")
    func spread() {
        #expect(RoundSpread.first("a", every: .seconds(3_600), last: .seconds(3_000)) == .seconds(600))
        #expect(RoundSpread.first("a", every: .seconds(3_600), last: .seconds(4_000)) < .seconds(60))
        // The clock was set back.
        #expect(RoundSpread.first("a", every: .seconds(3_600), last: .seconds(-5)) < .seconds(60))
        let firsts = (0..<1_200).map { RoundSpread.first("production/web-\($0)", every: .seconds(20), last: nil) }
        #expect(firsts.allSatisfy { $0 >= .zero && $0 < .seconds(20) })
        let perSecond = Dictionary(grouping: firsts) { $0.components.seconds }.mapValues(\.count)
        #expect(perSecond.count == 20)
        // 60 a second on average; a fair spread stays within five times its own deviation.
        #expect(perSecond.values.allSatisfy { (20...100).contains($0) }, "\(perSecond)")
    }

    @Test("rounds begin in company, at their time or half a second after, and what is asked often keeps its own")
    func company() {
        let begin: Duration = .microseconds(7_123_456)
        let instants = (0..<1_200).map { number in
            let own = begin + RoundSpread.first("production/web-\(number)", every: .seconds(20), last: nil)
            let instant = RoundSpread.grouped(own, every: .seconds(20))
            #expect(instant >= own && instant - own < .milliseconds(500))
            return instant
        }
        #expect(Set(instants).count <= 41)
        #expect(RoundSpread.grouped(.seconds(8), every: .seconds(20)) == .seconds(8))
        #expect(RoundSpread.grouped(begin, every: .seconds(2)) == begin)
    }

    private static let finding = Finding(
        code: "HC003", severity: .critical, target: Target(environment: "production", resource: "main"), summary: "x")

    @Test("what is believed is open, as bad as it is believed to be")
    func publishes() {
        let critical = Publication(
            [Self.finding], seen: .critical, standing: .critical, isComplete: true, isPlanned: false)
        #expect(critical?.open.map(\.severity) == [.critical])
        let warning = Publication(
            [Self.finding], seen: .critical, standing: .warning, isComplete: true, isPlanned: false)
        #expect(warning?.open.map(\.severity) == [.warning])
        let well = Publication([], seen: .passed, standing: .passed, isComplete: true, isPlanned: false)
        #expect(well == Publication([], seen: .passed, standing: .passed, isComplete: true, isPlanned: true))
        #expect(well?.endsOthers == true)
        #expect(
            Publication([], seen: .passed, standing: .passed, isComplete: false, isPlanned: false)?.endsOthers == false)
    }

    @Test("what is not believed, could not be seen, or was our own doing changes nothing")
    func keepsStill() {
        let cases: [(CheckOutcome.State, CheckOutcome.State, Bool)] = [
            (.critical, .passed, false), (.warning, .passed, false), (.passed, .critical, false),
            (.warning, .critical, false), (.unknown, .critical, false), (.unknown, .passed, false),
            (.critical, .critical, true), (.warning, .warning, true),
        ]
        for (seen, standing, isPlanned) in cases {
            #expect(
                Publication(
                    [Self.finding], seen: seen, standing: standing, isComplete: true, isPlanned: isPlanned) == nil,
                "seen \(seen), standing \(standing)")
        }
    }
}
