import Maintenance
import Outside
import MaintenanceTesting

@testable import Engine

/// Nights of a busy house: changes of random kinds and durations arrive, and the real packing decides which start. What a
/// change is expected to take is learned from the nights before, by the code that plans use.
struct WindowNights {
    struct Job {
        var id: String
        var kind: Int
        var priority: Severity
        var handedOn = 0
        var arrived: Int
        /// By which night it has to have started; known once nothing new comes before it any more.
        var latest: Int?
    }

    struct Start {
        var job: Job
        var night: Int
        var at: Timestamp
        var expected: Duration
        var took: Duration
        var end: Timestamp { at + took }
    }

    /// What a test wants otherwise.
    var seed: UInt64
    var isAged = true
    /// A change takes as long as it is expected to, at most.
    var keepsToEstimates = false

    static let window: Duration = .seconds(4 * 3_600)
    /// The longest any change takes, so that a night works off of what is before a change at least the rest.
    static let longest: Duration = .seconds(3_600)

    private(set) var starts: [Start] = []
    private(set) var closings: [Timestamp] = []
    private(set) var pending: [Job] = []
    private(set) var late: [String] = []
    private(set) var handedOn = 0

    init(seed: UInt64, isAged: Bool = true, keepsToEstimates: Bool = false) {
        self.seed = seed
        self.isAged = isAged
        self.keepsToEstimates = keepsToEstimates
    }

    mutating func run(nights: Int) {
        var generator = SeededGenerator(seed: seed)
        // From 2 to 20 minutes in the usual case.
        let drawn = (0..<12).map { _ in Double.random(in: 120...1_200, using: &generator) }
        // The same load for every seed.
        let usual = drawn.map { min($0 * 660 * 12 / drawn.reduce(0, +), 1_200) }
        var history: [[Duration]] = Array(repeating: [], count: usual.count)
        var expected = history.indices.map { Self.expected($0, []) }
        var lastID = 0
        for night in 0..<nights {
            let opens = Timestamp(seconds: 1_800_000_000 + Double(night) * 86_400)
            let closes = opens + Self.window
            closings.append(closes)
            // Now and then there is more than a night holds, for weeks, and most of it matters.
            let isRush = night % 200 < 30
            let most = isRush ? 52 : 20
            for _ in 0..<Int.random(in: 0...most, using: &generator) {
                lastID += 1
                let weight = Int.random(in: 0..<10, using: &generator)
                pending.append(
                    Job(
                        id: "job \(lastID)", kind: Int.random(in: 0..<usual.count, using: &generator),
                        priority: weight == 0 ? .critical : weight < (isRush ? 8 : 4) ? .warning : .info, arrived: night
                    ))
            }
            var now = opens
            promise(night, expected, usual, closes)
            while true {
                let packing = pack(closes, at: now, expected)
                guard let next = packing.next, let index = pending.firstIndex(where: { $0.id == next.id }) else {
                    break
                }
                let job = pending.remove(at: index)
                var took = Self.duration(usual[job.kind], &generator)
                if keepsToEstimates { took = min(took, next.expected) }
                starts.append(Start(job: job, night: night, at: now, expected: next.expected, took: took))
                if let latest = job.latest, night > latest {
                    late.append("\(job.id) (\(job.priority)) started in night \(night) and not by \(latest)")
                }
                history[job.kind] = Array(([took] + history[job.kind]).prefix(20))
                expected[job.kind] = Self.expected(job.kind, history[job.kind])
                now = now + took
            }
            for index in pending.indices {
                pending[index].handedOn += 1
                handedOn += 1
            }
        }
        late += pending.compactMap { job in
            job.latest.flatMap { $0 < nights ? "\(job.id) never started, and not by \($0)" : nil }
        }
    }

    private func pack(_ closes: Timestamp, at now: Timestamp, _ expected: [Duration]) -> WindowPacking {
        WindowPacking(
            pending.map { job in
                WindowPacking.Item(
                    id: job.id, priority: job.priority, handedOn: isAged ? job.handedOn : 0,
                    expected: expected[job.kind],
                    room: .until(closes))
            }, at: now)
    }

    /// From the night on in which nothing new comes before a change, what is before it is fixed, and every night works
    /// off of it at least the window without the longest change.
    private mutating func promise(
        _ night: Int, _ expected: [Duration], _ usual: [Double], _ closes: Timestamp
    ) {
        let order = pack(closes, at: closes, expected).places.map(\.item)
        let jobs = Dictionary(pending.map { ($0.id, $0) }) { first, _ in first }
        var before: Duration = .zero
        var promised: [String: Int] = [:]
        for item in order {
            guard let job = jobs[item.id] else { continue }
            if job.latest == nil, job.handedOn >= item.inviolableAfter {
                let nights = Int(before.inSeconds / (Self.window - Self.longest).inSeconds)
                promised[job.id] = night + nights
            }
            before += .seconds(min(usual[job.kind] * 3, Self.longest.inSeconds))
        }
        for index in pending.indices { pending[index].latest = promised[pending[index].id] ?? pending[index].latest }
    }

    private static func expected(_ kind: Int, _ history: [Duration]) -> Duration {
        let change = Change(
            kind: "\(kind)", object: "", action: .files(""), effect: .maintains, reversal: "", identity: [:],
            reason: "")
        let estimate = ExpectedDuration.estimate(change, own: [], here: history, anywhere: [])
        return .seconds(estimate.seconds)
    }

    /// Mostly near the usual; one in ten up to three times as long.
    private static func duration(_ usual: Double, _ generator: inout SeededGenerator) -> Duration {
        let isSlow = Int.random(in: 0..<10, using: &generator) == 0
        let factor =
            isSlow ? Double.random(in: 1.5...3, using: &generator) : Double.random(in: 0.5...1.5, using: &generator)
        return .seconds(min(usual * factor, longest.inSeconds))
    }
}
