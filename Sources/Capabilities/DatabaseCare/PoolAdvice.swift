import Engine
import Maintenance
import Outside

/// How many sessions a database has at one moment, and how many of them need their connection.
struct PoolUse: Sendable, Hashable {
    var open: Int
    /// Working, or inside a transaction.
    var busy: Int

    static let openSeries = "connections.open"
    static let busySeries = "connections.busy"

    func measurements(at target: Target) -> [Measurement] {
        [
            Measurement(Self.openSeries, target, unit: .count, value: Double(open)),
            Measurement(Self.busySeries, target, unit: .count, value: Double(busy)),
        ]
    }
}

/// What earlier runs recorded of the use of a database's connections.
struct PoolHistory: Sendable, Hashable {
    var looks: Int
    var peakOpen: Int
    var peakBusy: Int
    /// From the first look to the last.
    var span: Duration

    static func read(_ look: Look, since: Timestamp) async throws -> PoolHistory {
        let busy = try await look.log.samples(PoolUse.busySeries, look.target, since: since)
        let open = try await look.log.samples(PoolUse.openSeries, look.target, since: since)
        guard let first = busy.first, let last = busy.last else {
            return PoolHistory(looks: 0, peakOpen: 0, peakBusy: 0, span: .zero)
        }
        return PoolHistory(
            looks: busy.count, peakOpen: Int(open.map(\.value).max() ?? 0), peakBusy: Int(busy.map(\.value).max() ?? 0),
            span: last.at - first.at)
    }
}

/// The size of a pool that serves what was seen: the highest number busy at once, a quarter more, and never fewer
/// than five, since one look between two peaks sees neither.
struct PoolAdvice: Sendable {
    /// Fewer looks over a shorter time say nothing about a peak.
    static let leastLooks = 20
    static let leastSpan: Duration = .seconds(86_400)

    let now: PoolUse
    let history: PoolHistory

    /// Nil where too little was seen.
    var size: Int? {
        guard history.looks >= Self.leastLooks, history.span >= Self.leastSpan else { return nil }
        let peak = max(now.busy, history.peakBusy)
        return max(5, Int((Double(peak) * 1.25).rounded(.up)))
    }

    var text: String {
        let seen = "\(now.open) open, \(now.busy) busy now"
        guard let size else {
            let looks = history.looks == 0 ? "one look only" : "\(history.looks + 1) looks over \(history.span.short)"
            return "\(seen); \(looks): too few for advice on the pool's size (\(Self.leastLooks) over a day)"
        }
        return "\(seen); at most \(max(now.busy, history.peakBusy)) busy at once in \(history.looks + 1) looks over "
            + "\(history.span.short): a pool of \(size) serves that"
    }

    /// Where at least twice as many connections were kept open as the advice needs, and at least 20 more.
    func finding(at target: Target) -> Finding? {
        let open = max(now.open, history.peakOpen)
        guard let size, open >= size * 2, open - size >= 20 else { return nil }
        return Finding(
            code: "DB011", severity: .info, target: target,
            summary: "the pools keep up to \(open) connections open, and never more than "
                + "\(max(now.busy, history.peakBusy)) were busy at once",
            evidence: [
                "open at most": Scalar(open), "busy at most": Scalar(max(now.busy, history.peakBusy)),
                "looks": Scalar(history.looks + 1), "advised size": Scalar(size),
            ],
            mend: "set the pools of this database to \(size) connections together")
    }
}
