import Maintenance
import Synchronization

/// Slows down whoever guesses passwords: after a few failures one has to wait, twice as long each time. An account and
/// an address are counted apart, so that neither many guesses at one account nor one guess at many accounts are free;
/// waiting is for the pair of guessers and owner alike, and short enough not to lock the owner out.
final class LoginThrottle: Sendable {
    /// Failures that cost nothing.
    static let free = 5
    static let longest: Duration = .seconds(900)
    /// Names and addresses that are remembered; beyond it the one that failed longest ago is forgotten.
    static let most = 10_000

    private struct Failures {
        var count: Int
        var last: Timestamp
    }

    private let failures = Mutex<[String: Failures]>([:])

    /// How long this has still to wait; nil where it may try.
    func wait(account: String, peer: String, at now: Timestamp) -> Duration? {
        failures.withLock { failures in
            Self.keys(account, peer).compactMap { key -> Duration? in
                guard let known = failures[key] else { return nil }
                let left = known.last + Self.pause(known.count) - now
                return left > .zero ? left : nil
            }.max()
        }
    }

    /// - Returns: how often in a row the account was tried in vain by now.
    @discardableResult
    func failed(account: String, peer: String, at now: Timestamp) -> Int {
        failures.withLock { failures in
            for key in Self.keys(account, peer) {
                // Whoever was quiet for a day begins anew.
                let known = failures[key].flatMap { now - $0.last < .seconds(86_400) ? $0.count : nil } ?? 0
                failures[key] = Failures(count: known + 1, last: now)
            }
            if failures.count > Self.most, let oldest = failures.min(by: { $0.value.last < $1.value.last }) {
                failures[oldest.key] = nil
            }
            return failures["account \(account)"]?.count ?? 0
        }
    }

    func succeeded(account: String, peer: String) {
        failures.withLock { failures in
            for key in Self.keys(account, peer) { failures[key] = nil }
        }
    }

    private static func keys(_ account: String, _ peer: String) -> [String] {
        ["account \(account)", "peer \(peer)"]
    }

    /// 1 s after the fifth, then 2, 4, 8, … up to 15 min.
    private static func pause(_ count: Int) -> Duration {
        guard count >= free else { return .zero }
        return min(longest, .seconds(1 << min(count - free, 20)))
    }
}
