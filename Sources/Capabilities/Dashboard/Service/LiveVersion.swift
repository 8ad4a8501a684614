import Engine
import Maintenance
import Outside
import Synchronization

/// Tells everybody who watches that something was written, at most `period` after it was, whichever process wrote it.
final class LiveVersion: Sendable {
    /// How often the store is asked; a look into shared memory.
    static let period: Duration = .milliseconds(250)

    private struct State {
        /// Counts up; what a client has seen last.
        var number: Int64 = 1
        var watchers: [Int: AsyncStream<Int64>.Continuation] = [:]
        var next = 0
    }

    private let state = Mutex(State())

    var number: Int64 { state.withLock { $0.number } }
    var watchers: Int { state.withLock { $0.watchers.count } }

    /// Every later number, as long as it is iterated; who is slow gets the last one.
    func changes() -> AsyncStream<Int64> {
        let (stream, continuation) = AsyncStream.makeStream(of: Int64.self, bufferingPolicy: .bufferingNewest(1))
        let place = state.withLock { state in
            state.next += 1
            state.watchers[state.next] = continuation
            return state.next
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { state in state.watchers[place] = nil }
        }
        return stream
    }

    func tell() {
        let (number, watchers) = state.withLock { state in
            state.number += 1
            return (state.number, Array(state.watchers.values))
        }
        for watcher in watchers { watcher.yield(number) }
    }

    /// Watches the store until it is cancelled or cannot be read. While nobody watches, nobody is told, and the store is
    /// not asked: whoever comes back is told to look in any case.
    func watch(_ log: RunLog, clock: WallClock) async throws {
        var last = try await log.version()
        while true {
            try await clock.sleep(for: Self.period)
            guard watchers > 0 else { continue }
            let now = try await log.version()
            guard now != last else { continue }
            last = now
            tell()
        }
    }
}
