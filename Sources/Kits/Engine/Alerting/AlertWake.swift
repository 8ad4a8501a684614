import Synchronization

/// Tells whoever decides about alerts in this process that something else may be open, after it was written. What other
/// processes write is seen by looking from time to time.
package final class AlertWake: Sendable {
    private let listeners = Mutex<[AsyncStream<Void>.Continuation]>([])

    package init() {}

    package func ring() {
        // Whoever does not listen any more is forgotten.
        listeners.withLock { listeners in
            listeners.removeAll { if case .terminated = $0.yield() { true } else { false } }
        }
    }

    /// One for each ring; several that nobody has listened to yet are one.
    package func rings() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        listeners.withLock { $0.append(continuation) }
        return stream
    }
}
