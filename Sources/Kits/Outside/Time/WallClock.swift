import Glibc
import Maintenance

/// The time of day, the time that only goes forward, and waiting: passed down, so that a test can hold all three.
package struct WallClock: Sendable {
    private let readNow: @Sendable () -> Timestamp
    private let readMonotonic: @Sendable () -> Duration
    private let wait: @Sendable (Duration) async throws -> Void

    package init(
        now: @escaping @Sendable () -> Timestamp, monotonic: @escaping @Sendable () -> Duration,
        sleep: @escaping @Sendable (Duration) async throws -> Void
    ) {
        readNow = now
        readMonotonic = monotonic
        wait = sleep
    }

    /// The instant by the machine's clock, which can be set back.
    package func now() -> Timestamp { readNow() }

    /// Time since an unnamed start; only differences mean something. Goes on while the machine is suspended, so that a
    /// time limit does not outlive a night (clock_gettime(2), CLOCK_BOOTTIME).
    package func monotonic() -> Duration { readMonotonic() }

    /// Throws `CancellationError` at once when the task is cancelled.
    package func sleep(for duration: Duration) async throws {
        try Task.checkCancellation()
        if duration > .zero { try await wait(duration) }
    }

    /// Returns at once for an instant that has passed.
    package func sleep(until instant: Timestamp) async throws {
        try await sleep(for: instant - now())
    }

    package static let system = WallClock(
        now: { Timestamp(microseconds: reading(CLOCK_REALTIME).microseconds) },
        monotonic: { reading(CLOCK_BOOTTIME) },
        sleep: { try await Task.sleep(for: $0) })

    private static func reading(_ clock: clockid_t) -> Duration {
        var time = timespec()
        guard clock_gettime(clock, &time) == 0 else {
            preconditionFailure("the kernel has no clock \(clock)")
        }
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
