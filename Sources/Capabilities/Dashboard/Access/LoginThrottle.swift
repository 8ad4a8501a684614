import Maintenance
import Synchronization

/// Slows down whoever guesses passwords. An attempt counts when it begins, so that many at once are not more than one
/// after the other, and what was right is forgotten again.
///
/// Whoever guesses from one address waits twice as long each time, up to 15 minutes, for the account they guess at and for
/// every other. For an account by itself the wait is short: nobody keeps its owner out from elsewhere.
final class LoginThrottle: Sendable {
    /// Failures that cost nothing.
    static let free = 5
    static let longest: Duration = .seconds(900)
    static let longestForAccount: Duration = .seconds(4)
    /// Names and addresses that are remembered; beyond it the one that failed longest ago is forgotten.
    static let most = 10_000

    private struct Attempts {
        var count: Int
        var last: Timestamp
    }

    private let attempts = Mutex<[String: Attempts]>([:])

    enum Answer: Equatable {
        /// How often in a row this was tried by now, this attempt included: the worse of account and address.
        case goOn(attempt: Int)
        case wait(Duration)
    }

    /// - Parameter peer: nil where addresses tell nobody apart, as behind a proxy.
    func begin(account: String, peer: String?, at now: Timestamp) -> Answer {
        attempts.withLock { attempts in
            let keys = Self.keys(account, peer)
            let left = keys.compactMap { key, longest -> Duration? in
                guard let known = attempts[key], now - known.last < .seconds(86_400) else { return nil }
                let left = known.last + Self.pause(known.count, longest) - now
                return left > .zero ? left : nil
            }.max()
            if let left { return .wait(left) }
            var worst = 0
            for (key, _) in keys {
                // Whoever was quiet for a day begins anew.
                let known = attempts[key].flatMap { now - $0.last < .seconds(86_400) ? $0.count : nil } ?? 0
                attempts[key] = Attempts(count: known + 1, last: now)
                worst = max(worst, known + 1)
            }
            if attempts.count > Self.most, let oldest = attempts.min(by: { $0.value.last < $1.value.last }) {
                attempts[oldest.key] = nil
            }
            return .goOn(attempt: worst)
        }
    }

    func succeeded(account: String, peer: String?) {
        attempts.withLock { attempts in
            for (key, _) in Self.keys(account, peer) { attempts[key] = nil }
        }
    }

    private static func keys(_ account: String, _ peer: String?) -> [(key: String, longest: Duration)] {
        [("account \(account)", longestForAccount)] + (peer.map { [("peer \($0)", longest)] } ?? [])
    }

    /// 1 s after the fifth, then 2, 4, 8, …
    private static func pause(_ count: Int, _ longest: Duration) -> Duration {
        guard count >= free else { return .zero }
        return min(longest, .seconds(1 << min(count - free, 20)))
    }
}
