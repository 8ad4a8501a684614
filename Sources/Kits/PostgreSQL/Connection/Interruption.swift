import CLibPQ
import Dispatch
import Glibc
import Synchronization

/// A descriptor that another thread makes readable, to end a `poll` (eventfd(2)).
final class WakeSignal: Sendable {
    let descriptor: Int32

    /// Nil when the process has no descriptor left.
    init?() {
        descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard descriptor >= 0 else { return nil }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    func raise() {
        // It only fails when the counter is full, and then it is readable already.
        var one: UInt64 = 1
        _ = write(descriptor, &one, 8)
    }

    func drain() {
        var count: UInt64 = 0
        _ = read(descriptor, &count, 8)
    }
}

/// One call's own flag that its task was cancelled; a late cancel of an earlier call only wakes, and finds this one's
/// flag down.
final class CallToken: Sendable {
    private let raised = Atomic<Bool>(false)
    private let wake: WakeSignal

    init(wake: WakeSignal) { self.wake = wake }

    var isCancelled: Bool { raised.load(ordering: .acquiring) }

    /// Called where the task is cancelled: returns at once.
    func cancel() {
        raised.store(true, ordering: .releasing)
        wake.raise()
    }
}

/// Asks the server, over a connection of its own, to cancel what a connection runs. It blocks, so it runs on its own
/// queue; the connection is not used again before it has returned, for a late one would hit the next statement.
///
/// `@unchecked`: libpq's cancel object is never changed after its creation and made to be used from any thread
/// (PostgreSQL manual, "Canceling Queries in Progress").
final class Canceller: @unchecked Sendable {
    private let object: OpaquePointer
    private let queue = DispatchQueue(label: "mainstay.postgresql.cancel")
    private let wake: WakeSignal
    private let running = Atomic<Bool>(false)

    init?(connection: OpaquePointer, wake: WakeSignal) {
        guard let object = PQgetCancel(connection) else { return nil }
        self.object = object
        self.wake = wake
    }

    deinit { PQfreeCancel(object) }

    var isRunning: Bool { running.load(ordering: .acquiring) }

    /// Does nothing while an earlier request is under way. That it fails does not matter: it is fired again until the
    /// call returns or the connection is given up.
    func fire() {
        guard running.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing).exchanged else {
            return
        }
        queue.async { [self] in
            withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
                _ = PQcancel(object, buffer.baseAddress, 256)
            }
            running.store(false, ordering: .releasing)
            wake.raise()
        }
    }
}
