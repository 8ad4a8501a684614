import Glibc
import Maintenance
import Outside
import Synchronization

/// How fast somebody may ask: what they have not used for a while they may use at once, up to a quarter of a minute's.
final class RequestRates: Sendable {
    /// Requests with a key that is none, of one address.
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

    /// A request of an address proved nothing; how long to wait where there were too many of them.
    func fail(_ peer: String, at now: Timestamp) -> Duration? {
        use("peer \(Self.place(peer))", perMinute: Self.failuresPerMinute, at: now)
    }

    /// Whoever has an IPv6 address has the 2^64 beside it too (RFC 6177), and one that is an IPv4 address is that.
    static func place(_ peer: String) -> String {
        var address = in6_addr()
        let text = peer.split(separator: "%").first.map(String.init) ?? peer
        guard inet_pton(AF_INET6, text, &address) == 1 else { return peer }
        let bytes = withUnsafeBytes(of: &address) { Array($0) }
        let isMapped = bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10] == 0xff && bytes[11] == 0xff
        return (isMapped ? bytes.suffix(4) : bytes.prefix(8)).map(String.init).joined(separator: isMapped ? "." : ":")
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
