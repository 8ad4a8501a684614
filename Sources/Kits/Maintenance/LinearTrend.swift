/// A straight line through samples over time, by the median of the slopes between all pairs (Theil and Sen's estimator,
/// Sen 1968): up to 29 % of outliers do not move it.
package struct LinearTrend: Hashable, Sendable {
    /// Change of the value in a second.
    package let slope: Double
    /// The line's value at the last sample.
    package let value: Double
    /// The instant of the last sample.
    package let at: Timestamp

    /// Fewer samples, or a shorter time, say nothing about the future.
    package static let leastSamples = 5
    package static let leastTime: Duration = .seconds(3 * 86_400)
    /// More samples than these are thinned out evenly: all pairs of them are looked at.
    private static let most = 300

    /// Nil where there is too little to say anything.
    package init?(_ samples: [(at: Timestamp, value: Double)]) {
        let all = samples.filter(\.value.isFinite).sorted { $0.at < $1.at }
        guard all.count >= Self.leastSamples, let first = all.first, let last = all.last,
            last.at - first.at >= Self.leastTime
        else { return nil }
        let step = max(1, all.count / Self.most)
        let kept = stride(from: all.count - 1, through: 0, by: -step).map { all[$0] }
        var slopes: [Double] = []
        for (index, later) in kept.enumerated() {
            for earlier in kept[(index + 1)...] where later.at > earlier.at {
                slopes.append((later.value - earlier.value) / (later.at - earlier.at).inSeconds)
            }
        }
        guard let slope = slopes.median else { return nil }
        self.slope = slope
        at = last.at
        let offsets = kept.map { $0.value + slope * (last.at - $0.at).inSeconds }
        value = offsets.median ?? last.value
    }

    /// When the line comes to a limit from below; nil where it never does, or in more than ten years.
    package func reaches(_ limit: Double) -> Timestamp? {
        guard value < limit else { return at }
        guard slope > 0 else { return nil }
        let seconds = (limit - value) / slope
        guard seconds < 10 * 366 * 86_400 else { return nil }
        return at + .seconds(seconds)
    }
}

extension [Double] {
    fileprivate var median: Double? {
        guard !isEmpty else { return nil }
        let sorted = sorted()
        let middle = sorted.count / 2
        return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    }
}
