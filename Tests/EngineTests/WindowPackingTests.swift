import Maintenance
import Testing

@testable import Engine

@Suite("packing changes into a window")
struct WindowPackingTests {
    private let opens = Timestamp(seconds: 1_800_000_000)

    private func item(
        _ id: String, _ minutes: Int, _ priority: Severity = .info, handedOn: Int = 0, until: Int? = 60,
        isReserved: Bool = false
    ) -> WindowPacking.Item {
        WindowPacking.Item(
            id: id, priority: priority, handedOn: handedOn, expected: .seconds(minutes * 60),
            room: until.map { .until(opens + .seconds($0 * 60)) } ?? .unlimited, isReserved: isReserved)
    }

    /// `b@0 a@20 -c`: in order, with the minute of its start, or left out.
    private func packed(_ items: WindowPacking.Item...) -> String {
        WindowPacking(items, at: opens).places.map { place in
            place.start.map { "\(place.item.id)@\(Int(($0 - opens).inSeconds) / 60)" } ?? "-\(place.item.id)"
        }.joined(separator: " ")
    }

    @Test("what matters more goes first, and of equals what was proposed first")
    func orders() {
        #expect(packed(item("a", 10), item("b", 10, .critical), item("c", 10)) == "b@0 a@10 c@20")
    }

    @Test("what cannot end in time is left out, and what fits behind it is not")
    func leavesOut() {
        #expect(packed(item("a", 50), item("b", 20), item("c", 10)) == "a@0 -b c@50")
        #expect(packed(item("a", 60)) == "a@0")
        #expect(packed(item("a", 61)) == "-a")
    }

    @Test("waiting counts: after four windows before a new warning, after eight before everything new")
    func ages() {
        #expect(packed(item("new", 40, .warning), item("old", 40, handedOn: 3)) == "new@0 -old")
        #expect(packed(item("new", 40, .warning), item("old", 40, handedOn: 4)) == "old@0 -new")
        #expect(packed(item("new", 40, .critical), item("old", 40, handedOn: 7)) == "new@0 -old")
        #expect(packed(item("new", 40, .critical), item("old", 40, handedOn: 8)) == "old@0 -new")
        #expect(packed(item("new", 40, .critical), item("old", 40, .warning, handedOn: 4)) == "old@0 -new")
    }

    @Test("time is kept for what others wait with and matters more; it is not ours to start")
    func reserves() {
        let packing = WindowPacking(
            [item("ours", 30), item("more", 20), item("theirs", 40, .critical, isReserved: true)], at: opens)
        #expect(packing.next?.id == "more")
        #expect(WindowPacking([item("ours", 30), item("theirs", 40, isReserved: true)], at: opens).next?.id == "ours")
        #expect(WindowPacking([item("theirs", 40, isReserved: true)], at: opens).next == nil)
    }

    @Test("each change has the end of its own window, and some have none")
    func hasRooms() {
        #expect(packed(item("a", 30, until: 20), item("b", 30, until: nil), item("c", 30, until: 60)) == "-a b@0 c@30")
        let closed = WindowPacking.Item(
            id: "a", priority: .critical, handedOn: 9, expected: .zero, room: .closed)
        #expect(WindowPacking([closed], at: opens).next == nil)
    }

    @Test(
        "the 90th percentile is the nearest rank",
        arguments: [([5], 5), ([1, 2], 2), (Array(1...10), 9), (Array(1...20), 18), (Array(1...11), 10)])
    func percentile(seconds: [Int], expected: Int) {
        #expect(ExpectedDuration.p90(seconds.shuffled().map { .seconds($0) }) == .seconds(expected))
        #expect(ExpectedDuration.p90([]) == nil)
    }

    @Test("what is expected comes from the nearest history there is, and says so")
    func estimates() {
        var change = Change(
            kind: "analyze", object: "a", action: .sql([]), effect: .maintains, reversal: "", identity: [:], reason: "")
        func source(_ own: [Int], _ here: [Int], _ anywhere: [Int]) -> String {
            let estimate = ExpectedDuration.estimate(
                change, own: own.map { .seconds($0) }, here: here.map { .seconds($0) },
                anywhere: anywhere.map { .seconds($0) })
            return "\(Int(estimate.seconds)): \(estimate.source)"
        }
        #expect(source([1, 3], [9], [9]) == "3: p90 of its last 2 runs")
        #expect(source([4], [9], [9]) == "4: its last run")
        #expect(source([], [9], [7]) == "9: p90 of the last 1 of 'analyze' at this target")
        #expect(source([], [], [7]) == "7: p90 of the last 1 of 'analyze' anywhere")
        #expect(source([], [], []) == "600: nothing is known of it")
        change.estimate = Change.Estimate(seconds: 30, source: "its size")
        #expect(source([], [], []) == "30: its size")
    }

    @Test("a thousand nights: no night overruns by more than its running change, and no change is later than its bound")
    func thousandNights() {
        for seed in [20_261_121, UInt64.random(in: 0 ... .max)] {
            var nights = WindowNights(seed: seed)
            nights.run(nights: 1_000)
            #expect(nights.late.isEmpty, "seed \(seed): \(nights.late.prefix(5))")
            let lateStarts = nights.starts.filter { $0.at + $0.expected > nights.closings[$0.night] }
            #expect(lateStarts.isEmpty, "seed \(seed): started too late: \(lateStarts.prefix(5))")
            let overruns = nights.starts.filter { $0.end > nights.closings[$0.night] }
            let lastStarts = Dictionary(nights.starts.map { ($0.night, $0.at) }) { max($0, $1) }
            let wrong = overruns.filter { $0.took <= $0.expected || lastStarts[$0.night] != $0.at }
            #expect(wrong.isEmpty, "seed \(seed): \(wrong.prefix(5))")
            // The nights are full and long changes happen, or this would show nothing.
            #expect(nights.starts.count > 8_000 && nights.handedOn > 5_000 && overruns.count > 10, "seed \(seed)")
            let longer = nights.starts.count { $0.took > $0.expected }
            #expect(longer * 100 < nights.starts.count * 20, "seed \(seed): the p90 is none: \(longer)")
        }
    }

    @Test("where changes keep to what is expected of them, no night overruns at all")
    func keepsToEstimates() {
        var nights = WindowNights(seed: 3, keepsToEstimates: true)
        nights.run(nights: 300)
        #expect(nights.starts.allSatisfy { $0.end <= nights.closings[$0.night] })
    }

    @Test("without raising what waits, changes come later than their bound: the bound is a bound")
    func needsAgeing() {
        var nights = WindowNights(seed: 1, isAged: false)
        nights.run(nights: 150)
        #expect(!nights.late.isEmpty)
    }
}
