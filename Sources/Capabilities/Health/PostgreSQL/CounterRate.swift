import Engine
import Maintenance
import Outside

/// How fast a counter of the server's statistics grows, in counts an hour.
///
/// Over the samples of the last day where there are any; else since the statistics were reset, as far as the server knows
/// when that was. A counter that went down was reset, and what was before counts no more.
struct CounterRate: Hashable {
    var perHour: Double
    var over: Duration

    /// A rate over less than this is chance.
    static let shortest: Duration = .seconds(60)

    /// Nil where nobody can tell over which time it was counted; a counter at zero has grown by nothing in any time.
    init?(_ counter: Double, series: String, _ context: CheckContext, reset: Timestamp?) async throws {
        let now = context.look.clock.now()
        let samples = try await context.look.log.samples(series, context.target, since: now - .seconds(86_400))
        var first: SampledSeries.Sample?
        for sample in samples.reversed() {
            guard sample.value <= (first?.value ?? counter) else { break }
            first = sample
        }
        if let first, now - first.at >= Self.shortest {
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

extension Reading {
    /// What a growing counter says, with its sample for the next time.
    ///
    /// - Parameter noun: what is counted: `deadlock`.
    init(
        counting counter: Double, _ noun: String, unit: Measurement.Unit = .count, series: String,
        reset: Timestamp?, _ context: CheckContext
    ) async throws {
        let rate = try await CounterRate(counter, series: series, context, reset: reset)
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
