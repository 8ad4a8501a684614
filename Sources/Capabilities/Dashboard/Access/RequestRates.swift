import Maintenance
import Outside
import Synchronization

/// How fast somebody may ask: what they have not used for a while they may use at once, up to a quarter of a minute's.
final class RequestRates: Sendable {
    /// Requests without a valid token, of one address.
    private static let failuresPerMinute = 60
    /// Callers that are remembered.
    private static let most = 10_000

    private struct Bucket {
        var left: Double
        var at: Timestamp
    }

    private let buckets = Mutex<[String: Bucket]>([:])

    /// Takes one request of a caller's; how long to wait where there is none left.
    func take(_ account: String, perMinute: Int, at now: Timestamp) -> Duration? {
        use("account \(account)", perMinute: perMinute, at: now)
    }

    /// A request of an address was worth nothing.
    func fail(_ peer: String, at now: Timestamp) {
        _ = use("peer \(peer)", perMinute: Self.failuresPerMinute, at: now)
    }

    /// How long an address has to wait because of what it sent before.
    func failures(of peer: String, at now: Timestamp) -> Duration? {
        buckets.withLock { buckets in
            let bucket = Self.filled(buckets["peer \(peer)"], Self.failuresPerMinute, at: now)
            return Self.wait(bucket, Self.failuresPerMinute)
        }
    }

    private func use(_ key: String, perMinute: Int, at now: Timestamp) -> Duration? {
        buckets.withLock { buckets in
            var bucket = Self.filled(buckets[key], perMinute, at: now)
            let wait = Self.wait(bucket, perMinute)
            if wait == nil { bucket.left -= 1 }
            buckets[key] = bucket
            if buckets.count > Self.most, let oldest = buckets.min(by: { $0.value.at < $1.value.at }) {
                buckets[oldest.key] = nil
            }
            return wait
        }
    }

    private static func filled(_ bucket: Bucket?, _ perMinute: Int, at now: Timestamp) -> Bucket {
        let full = max(5, Double(perMinute) / 4)
        guard let bucket else { return Bucket(left: full, at: now) }
        let passed = max(0, (now - bucket.at).inSeconds)
        return Bucket(left: min(full, bucket.left + passed * Double(perMinute) / 60), at: now)
    }

    private static func wait(_ bucket: Bucket, _ perMinute: Int) -> Duration? {
        bucket.left >= 1 ? nil : .milliseconds(Int64(((1 - bucket.left) * 60_000 / Double(perMinute)).rounded(.up)))
    }
}
