import Engine
import Maintenance
import Outside

/// How fast a counter of the server's statistics grows, in counts an hour.
///
/// Over the last day as far as it was looked at; else since the statistics were reset, as far as the server knows
/// when that was. A counter that went down was reset, and what was before counts no more.
struct CounterRate: Hashable {
    var perHour: Double
    var over: Duration

    /// A rate over less than this is chance.
    static let shortest: Duration = .seconds(60)

    /// Nil where nobody can tell over which time it was counted; a counter at zero has grown by nothing in any time.
    ///
    /// - Parameter points: what it was before.
    init?(_ counter: Double, after points: CounterPoints, at now: Timestamp, reset: Timestamp?) {
        if let first = points.first(before: counter), now - first.at >= Self.shortest {
            self.init(counter - first.value, over: now - first.at)
        } else if let reset, now - reset >= Self.shortest {
            self.init(counter, over: now - reset)
        } else if counter == 0 {
            self.init(perHour: 0, over: .zero)
        } else {
            return nil
        }
    }

    private init(_ growth: Double, over: Duration) {
        self.init(perHour: growth / over.inSeconds * 3_600, over: over)
    }

    private init(perHour: Double, over: Duration) {
        self.perHour = perHour
        self.over = over
    }
}

/// What a counter was in the last day: a point for every hour in which somebody looked.
struct CounterPoints: Hashable {
    struct Point: Hashable {
        var at: Timestamp
        var value: Double
    }

    private static let memory: Duration = .seconds(86_400)
    private static let pace: Duration = .seconds(3_600)

    /// Oldest first.
    private var points: [Point] = []

    init(_ facts: Facts) {
        guard case .text(let text)? = facts["points"] else { return }
        points = text.split(separator: " ").compactMap { part in
            let words = part.split(separator: "=")
            guard words.count == 2, let at = Int64(words[0]), let value = Double(words[1]) else { return nil }
            return Point(at: Timestamp(microseconds: at), value: value)
        }
    }

    var facts: Facts {
        ["points": .text(points.map { "\($0.at.microseconds)=\($0.value)" }.joined(separator: " "))]
    }

    /// The oldest from which the counter has only grown until it came to this value.
    func first(before counter: Double) -> Point? {
        var first: Point?
        for point in points.reversed() {
            guard point.value <= (first?.value ?? counter) else { break }
            first = point
        }
        return first
    }

    /// False where that has changed nothing that is worth remembering.
    mutating func note(_ counter: Double, at now: Timestamp) -> Bool {
        let isReset = points.last.map { $0.value > counter } ?? true
        // A clock that was set back leaves points in the future.
        let isDue = points.last.map { now - $0.at >= Self.pace || $0.at == now } ?? true
        guard isReset || isDue || points.contains(where: { $0.at > now }) else { return false }
        points.removeAll { now - $0.at > Self.memory || $0.at >= now }
        points.append(Point(at: now, value: counter))
        return true
    }
}

extension Reading {
    /// What a growing counter says, with its sample for the next time.
    ///
    /// - Parameter noun: what is counted: `deadlock`.
    init(
        counting counter: Double, _ noun: String, unit: Measurement.Unit = .count, series: String,
        reset: Timestamp?, _ context: CheckContext
    ) async throws {
        let log = context.look.log
        let now = context.look.clock.now()
        var points = CounterPoints(try await log.memory(of: series, at: context.target))
        let rate = CounterRate(counter, after: points, at: now, reset: reset)
        if points.note(counter, at: now) {
            try await log.remember(points.facts, of: series, at: context.target)
        }
        self.init(value: rate?.perHour)
        let total = unit == .bytes ? ByteCount(Int64(counter)).description : Int64(counter).grouped
        if let rate {
            let grown =
                unit == .bytes ? ByteCount(Int64(rate.perHour)).description : rate.perHour.formatted(decimals: 1)
            summary =
                counter == 0
                ? "no \(noun) was counted"
                : "\(grown) of \(noun)s an hour over \(rate.over.short) (\(context.limits.text))"
        } else {
            state = .unknown
            summary = "\(total) of \(noun)s since nobody knows when; the next check will tell how many are new"
        }
        evidence["counted"] = .number(counter)
        measurements = [Measurement(series, context.target, unit: unit, value: counter)]
    }
}
