import Outside
import Synchronization

/// Lets changes that are being made come to their end while everything else of the process is cancelled.
///
/// A service manager stops and starts a service whenever something is installed. A program of a team that is interrupted
/// then leaves a person to find out how far it was; one that is let to its end and proved leaves nobody anything.
package final class Drain: Sendable {
    /// How long changes have after the first signal; below the hour after which the service manager kills.
    package static let grace: Duration = .seconds(55 * 60)

    private enum Stage { case off, ready, draining, over }

    private struct State {
        var stage: Stage = .off
        var waiting: [@Sendable () -> Void] = []
    }

    private let state = Mutex(State())
    /// Ends when draining begins; for one who waits for it.
    package let begun: AsyncStream<Void>
    private let beginning: AsyncStream<Void>.Continuation

    package init() {
        (begun, beginning) = AsyncStream.makeStream()
    }

    /// From now on the process drains before it ends.
    package func prepare() {
        state.withLock { if $0.stage == .off { $0.stage = .ready } }
    }

    /// To be called before everything is cancelled.
    ///
    /// - Returns: whether changes are let to their end; false where nobody prepared for it.
    package func begin() -> Bool {
        let begins = state.withLock { state in
            guard state.stage == .ready else { return false }
            state.stage = .draining
            return true
        }
        if begins { beginning.finish() }
        return begins
    }

    /// The time is over: what is still being changed is interrupted.
    package func end() {
        let waiting = state.withLock { state in
            defer { state.waiting = [] }
            if state.stage != .off { state.stage = .over }
            return state.waiting
        }
        for body in waiting { body() }
    }

    /// Carries out what a cancellation reaches only when draining is over, or at once where nothing drains.
    func sheltered(_ body: @escaping @Sendable () async throws -> Void) async throws {
        let (over, signal) = AsyncStream<Void>.makeStream()
        try await withTaskCancellationHandler {
            try await despiteCancellation {
                try await withThrowingTaskGroup(of: Bool.self) { group in
                    group.addTask {
                        try await body()
                        return true
                    }
                    group.addTask {
                        for await _ in over {}
                        return false
                    }
                    // Both a body that has ended and a time that is over end the other one.
                    while let isDone = try await group.next() {
                        group.cancelAll()
                        if isDone { return }
                    }
                }
            }
        } onCancel: {
            whenOver { signal.finish() }
        }
    }

    private func whenOver(_ body: @escaping @Sendable () -> Void) {
        let isOver = state.withLock { state in
            guard state.stage == .draining else { return true }
            state.waiting.append(body)
            return false
        }
        if isOver { body() }
    }
}
