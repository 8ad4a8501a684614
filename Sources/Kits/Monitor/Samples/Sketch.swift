/// How values are spread, in buckets of a relative width: the layout of an HdrHistogram with two significant digits, of
/// which only the buckets that hold something are kept.
///
/// The package hdrhistogram-swift 0.2.0 builds here and counts the same; but a histogram of it takes 27 KB and cannot be
/// written but as all its counters, and here are a hundred thousand of them, most with a dozen values.
package struct Sketch: Hashable, Sendable {
    /// Buckets to each doubling; a value is known to one in 128 of itself.
    private static let half: UInt64 = 128
    /// What one unit of a value counts as: a millionth part is the smallest that is told apart.
    private static let scale = 1_000_000.0

    /// How many values each bucket holds, by its number.
    private(set) var counts: [UInt32: UInt32] = [:]
    package private(set) var count: UInt64 = 0

    package init() {}

    /// What is below zero counts as zero.
    package mutating func add(_ value: Double) {
        let scaled = min(max(value, 0) * Self.scale, 0x1p62)
        guard scaled.isFinite else { return }
        add(bucket: Self.bucket(UInt64(scaled.rounded())), 1)
    }

    package mutating func merge(_ other: Sketch) {
        for (bucket, number) in other.counts { add(bucket: bucket, number) }
    }

    mutating func add(bucket: UInt32, _ number: UInt32) {
        let (sum, isFull) = counts[bucket, default: 0].addingReportingOverflow(number)
        counts[bucket] = isFull ? .max : sum
        count += UInt64(number)
    }

    /// The smallest value that so many percent of all are not above, as the middle of its bucket; nil where there is none.
    package func percentile(_ percent: Double) -> Double? {
        guard count > 0 else { return nil }
        let rank = max(1, (Double(count) * min(max(percent, 0), 100) / 100).rounded(.up))
        var sum: UInt64 = 0
        for (bucket, number) in counts.sorted(by: { $0.key < $1.key }) {
            sum += UInt64(number)
            if Double(sum) >= rank { return Self.middle(bucket) / Self.scale }
        }
        return nil
    }

    /// The first 256 numbers have a bucket each; from there on each doubling has 128.
    static func bucket(_ value: UInt64) -> UInt32 {
        guard value >= 2 * half else { return UInt32(value) }
        let shift = UInt64(63 - value.leadingZeroBitCount) - 7
        return UInt32(shift * half + (value >> shift))
    }

    static func middle(_ bucket: UInt32) -> Double {
        let number = UInt64(bucket)
        guard number >= 2 * half else { return Double(number) }
        let shift = number / half - 1
        return Double((number - shift * half) << shift) + Double((UInt64(1) << shift) - 1) / 2
    }
}
