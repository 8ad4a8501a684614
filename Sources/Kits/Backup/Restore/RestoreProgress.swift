import Maintenance
import Outside
import Synchronization

/// How far a restore is, for whoever waits: said when another hundredth is done, at most once every few seconds.
final class RestoreProgress: Sendable {
    private let total: ByteCount
    private let began: Duration
    private let clock: WallClock
    private let told: @Sendable (String) -> Void
    private let last = Mutex(Duration.zero)

    /// How long it says nothing new.
    private static let pause: Duration = .seconds(5)

    init(total: ByteCount, began: Duration, clock: WallClock, tell: @escaping @Sendable (String) -> Void) {
        self.total = total
        self.began = began
        self.clock = clock
        told = tell
    }

    /// - Parameter given: what pg_restore has been given of the rows so far.
    func tell(given: ByteCount) {
        let spent = clock.monotonic() - began
        let isDue = last.withLock { last in
            guard spent - last >= Self.pause else { return false }
            last = spent
            return true
        }
        guard isDue else { return }
        told(Self.line(given: given, of: total, after: spent))
    }

    /// Rows come before indexes and constraints, of which nobody knows how long they take.
    static func line(given: ByteCount, of total: ByteCount, after spent: Duration) -> String {
        guard given.bytes < total.bytes else { return "all rows are restored; building indexes and constraints" }
        guard given.bytes > 0, total.bytes > 0 else { return "waiting for the first rows" }
        let share = Double(given.bytes) / Double(total.bytes)
        let left = Duration.seconds(spent.inSeconds / share - spent.inSeconds)
        return
            "\(given) of \(total) of rows restored (\(Percentage(share * 100))), about \(left.short) left, then indexes"
    }
}
