import Foundation
import Maintenance

/// The time, passed down as a value so that a test can hold it.
package struct WallClock: Sendable {
    /// The wall clock, which may step.
    package var now: @Sendable () -> Timestamp
    /// Time since an arbitrary point, which never goes back: for measuring how long something took.
    package var elapsed: @Sendable () -> Duration
    /// Throws `CancellationError` when the task is cancelled.
    package var sleep: @Sendable (Duration) async throws -> Void

    package init(
        now: @escaping @Sendable () -> Timestamp, elapsed: @escaping @Sendable () -> Duration,
        sleep: @escaping @Sendable (Duration) async throws -> Void
    ) {
        self.now = now
        self.elapsed = elapsed
        self.sleep = sleep
    }

    package static var system: WallClock {
        let start = ContinuousClock.now
        return WallClock(
            now: { Timestamp(seconds: Date().timeIntervalSince1970) },
            elapsed: { start.duration(to: .now) },
            sleep: { try await Task.sleep(for: $0) })
    }
}
