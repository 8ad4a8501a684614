import Maintenance
import Outside
import Testing

@testable import Monitor

@Suite("samples in few bytes")
struct SampleTests {
    private static let start = Timestamp(microseconds: 1_795_226_400_000_000)

    /// As a check leaves them: every twenty seconds and a little, mostly well, one value in a while missing.
    private func samples(_ count: Int, seed: UInt64) -> [CheckSample] {
        var random = SeededGenerator(seed: seed)
        var at = Self.start
        var state = CheckOutcome.State.passed
        return (0..<count).map { _ in
            at = at + .seconds(20) + .milliseconds(Int.random(in: -15...15, using: &random))
            if Int.random(in: 0..<40, using: &random) == 0 {
                state = CheckOutcome.State.allCases[Int.random(in: 0..<4, using: &random)]
            }
            let value =
                Int.random(in: 0..<30, using: &random) == 0 ? nil : Double.random(in: 0.0004...0.9, using: &random)
            return CheckSample(
                at: at, value: value, state: state, isPlanned: Int.random(in: 0..<50, using: &random) == 0)
        }
    }

    @Test("are read back as they were", arguments: 1...20 as ClosedRange<UInt64>)
    func roundTrip(seed: UInt64) throws {
        let all = samples(Int(seed) * 9, seed: seed)
        #expect(try SampleBlock.decode(SampleBlock.encode(all)) == all, "seed \(seed)")
        var ticks: [(Int64, CheckSample)] = []
        let pairs = all.enumerated().map { (series: Int64($0.offset % 7), sample: $0.element) }
        try SampleTick.decode(SampleTick.encode(pairs)) { ticks.append(($0, $1)) }
        #expect(ticks.map(\.0) == pairs.map(\.series))
        #expect(ticks.map(\.1) == all)
        let rollups = Rollup.make(all, every: .seconds(300))
        #expect(try RollupBlock.decode(RollupBlock.encode(rollups, hasSketches: true)) == rollups, "seed \(seed)")
    }

    @Test("none, one, and what lies before 1970 too")
    func edges() throws {
        #expect(try SampleBlock.decode(SampleBlock.encode([])).isEmpty)
        for at in [Int64(0), 1, -1, -86_400_000_001, 4_000_000_000_000_000] {
            let one = CheckSample(at: Timestamp(microseconds: at), value: -0.0, state: .warning, isPlanned: true)
            #expect(try SampleBlock.decode(SampleBlock.encode([one, one])) == [one, one])
        }
        let odd = CheckSample(at: Self.start, value: .infinity, state: .passed)
        #expect(odd.value == nil)
    }

    @Test("take six bytes each where values differ and two where they do not")
    func size() {
        let all = samples(180, seed: 7)
        #expect(SampleBlock.encode(all).count <= 180 * 8)
        let calm = (0..<180).map { CheckSample(at: Self.start + .seconds(20 * $0), value: 12, state: .passed) }
        #expect(SampleBlock.encode(calm).count <= 180 * 2 + 20)
        let fine = Rollup.make(all, every: .seconds(300))
        #expect(RollupBlock.encode(fine, hasSketches: false).count <= fine.count * 24)
    }

    @Test("whatever bytes there are, they are read or refused", arguments: [1, 2, 3] as [UInt64])
    func hostileBytes(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let good = [
            SampleBlock.encode(samples(60, seed: seed)),
            RollupBlock.encode(Rollup.make(samples(60, seed: seed), every: .seconds(300)), hasSketches: true),
            SampleTick.encode(samples(60, seed: seed).map { (series: 3, sample: $0) }),
        ]
        var refused = 0
        for _ in 0..<3_000 {
            var bytes = good[Int.random(in: 0..<3, using: &random)]
            switch Int.random(in: 0..<3, using: &random) {
            case 0: bytes.removeLast(Int.random(in: 1...bytes.count, using: &random))
            case 1: bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            default: bytes = (0..<40).map { _ in UInt8.random(in: 0...255, using: &random) }
            }
            do throws(SampleCorruption) {
                _ = try SampleBlock.decode(bytes)
            } catch {
                refused += 1
            }
            do throws(SampleCorruption) {
                _ = try RollupBlock.decode(bytes)
            } catch {
                refused += 1
            }
            do throws(SampleCorruption) {
                try SampleTick.decode(bytes) { _, _ in }
            } catch {
                refused += 1
            }
        }
        #expect(refused > 3_000)
    }

    @Test("percentiles are those of the sorted values, to one in 128", arguments: [1, 2, 3, 4] as [UInt64])
    func percentiles(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let values = (0..<1_000).map { _ in Double.random(in: 0...1, using: &random) * Double(1 << (seed * 7)) / 1_000 }
        var sketch = Sketch()
        for value in values { sketch.add(value) }
        let sorted = values.sorted()
        for percent in [0.0, 1, 25, 50, 90, 95, 99, 99.9, 100] {
            let exact = sorted[max(0, Int((1_000 * percent / 100).rounded(.up)) - 1)]
            let found = try #require(sketch.percentile(percent))
            #expect(abs(found - exact) <= exact / 128 + 0.000_001, "seed \(seed), \(percent) %: \(found), \(exact)")
        }
        #expect(Sketch().percentile(50) == nil)
    }

    @Test("buckets follow each other without a gap, and each value lies in its own")
    func buckets() {
        var last: UInt32 = 0
        for value in UInt64(0)...70_000 {
            let bucket = Sketch.bucket(value)
            #expect(bucket == last || bucket == last + 1)
            #expect(abs(Sketch.middle(bucket) - Double(value)) <= Double(value) / 128)
            last = bucket
        }
        #expect(Sketch.bucket(1 << 62) < 1 << 20)
    }

    @Test("parts put together are the whole", arguments: [1, 2, 3] as [UInt64])
    func merging(seed: UInt64) throws {
        let all = samples(2_000, seed: seed)
        let whole = Rollup.make(all, every: .seconds(3_600))
        let parts = Rollup.merge(Rollup.make(all, every: .seconds(300)), every: .seconds(3_600))
        #expect(whole.count == parts.count)
        for (a, b) in zip(whole, parts) {
            #expect(a.start == b.start)
            #expect(a.answers == b.answers)
            #expect(a.values == b.values)
            #expect((a.minimum, a.maximum) == (b.minimum, b.maximum))
            #expect(abs(a.mean - b.mean) < 0.000_01)
            #expect(a.sketch == b.sketch)
        }
        let sum = whole.reduce(UInt64(0)) { sum, rollup in
            let answers = rollup.answers
            return sum + answers.evidence + answers.unknown + answers.planned
        }
        #expect(sum == 2_000)
    }

    @Test("planned work and what nobody could see are no evidence of having been up or down")
    func uptime() {
        var rollup = Rollup(start: Self.start)
        #expect(rollup.answers.uptime == nil)
        func add(_ count: Int, _ state: CheckOutcome.State, isPlanned: Bool = false) {
            for _ in 0..<count {
                rollup.add(CheckSample(at: Self.start, value: 1, state: state, isPlanned: isPlanned))
            }
        }
        add(90, .passed)
        add(5, .warning)
        add(5, .critical)
        add(50, .unknown)
        add(50, .critical, isPlanned: true)
        #expect(rollup.answers.uptime == Percentage(95))
    }
}
