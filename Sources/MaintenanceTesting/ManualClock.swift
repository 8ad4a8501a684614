import Maintenance
import Outside
import Synchronization

/// A clock that stands still until a test moves it. Sleepers wake in the order of their time.
package final class ManualClock: Sendable {
    private struct Sleeper {
        var id: Int
        var wakes: Duration
        var continuation: CheckedContinuation<Void, any Error>
    }

    private struct Watcher {
        var id: Int
        var count: Int
        var continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var now: Timestamp
        var elapsed: Duration = .zero
        var sleepers: [Sleeper] = []
        var cancelled: Set<Int> = []
        var lastID = 0
        var watchers: [Watcher] = []
    }

    private let state: Mutex<State>

    /// 2026-11-21 02:00 UTC unless said otherwise.
    package init(now: Timestamp = Timestamp(microseconds: 1_795_226_400_000_000)) {
        state = Mutex(State(now: now))
    }

    package var clock: WallClock {
        WallClock(
            now: { self.state.withLock { $0.now } }, monotonic: { self.state.withLock { $0.elapsed } },
            sleep: { try await self.sleep(for: $0) })
    }

    /// Moves both times forward and wakes who is due.
    package func advance(by duration: Duration) {
        let due = state.withLock { state in
            state.now = state.now + duration
            state.elapsed += duration
            let due = state.sleepers.filter { $0.wakes <= state.elapsed }.sorted { $0.wakes < $1.wakes }
            state.sleepers.removeAll { $0.wakes <= state.elapsed }
            return due
        }
        for sleeper in due { sleeper.continuation.resume() }
    }

    /// Sets the time of day without letting time pass, as an administrator or NTP does.
    package func set(_ now: Timestamp) {
        state.withLock { $0.now = now }
    }

    /// Returns when at least `count` tasks sleep on this clock, so that a test knows that `advance` will reach them;
    /// also when the waiting task is cancelled.
    package func sleepers(atLeast count: Int) async {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.cancelled.remove(id) != nil || state.sleepers.count >= count { return true }
                    state.watchers.append(Watcher(id: id, count: count, continuation: continuation))
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            let watcher = state.withLock { state -> Watcher? in
                guard let index = state.watchers.firstIndex(where: { $0.id == id }) else {
                    state.cancelled.insert(id)
                    return nil
                }
                return state.watchers.remove(at: index)
            }
            watcher?.continuation.resume()
        }
    }

    private func sleep(for duration: Duration) async throws {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let (isCancelled, arrived) = state.withLock { state -> (Bool, [CheckedContinuation<Void, Never>]) in
                    if state.cancelled.remove(id) != nil { return (true, []) }
                    state.sleepers.append(
                        Sleeper(id: id, wakes: state.elapsed + duration, continuation: continuation))
                    let arrived = state.watchers.filter { $0.count <= state.sleepers.count }
                    state.watchers.removeAll { $0.count <= state.sleepers.count }
                    return (false, arrived.map(\.continuation))
                }
                if isCancelled { continuation.resume(throwing: CancellationError()) }
                for watcher in arrived { watcher.resume() }
            }
        } onCancel: {
            let sleeper = state.withLock { state -> Sleeper? in
                guard let index = state.sleepers.firstIndex(where: { $0.id == id }) else {
                    state.cancelled.insert(id)
                    return nil
                }
                return state.sleepers.remove(at: index)
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }
}
