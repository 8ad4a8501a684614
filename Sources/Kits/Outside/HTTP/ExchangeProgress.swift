import Maintenance
import NIOCore
import Synchronization

/// Where one exchange stands, shared by the event loop, the resolver's queue, the timer and the task that waits.
///
/// The first to call `finish` decides how it ends; whoever comes later changes nothing.
final class ExchangeProgress<Answer: Sendable>: Sendable {
    struct Result: Sendable {
        var times = HTTPObservation.Times()
        var tls: TLSFacts?
        /// Nil when only the handshake was wanted.
        var answer: Answer?
    }

    private struct State {
        var phase = HTTPError.Phase.resolving
        var phaseBegan: Duration
        var result = Result()
        var channel: (any Channel)?
        var continuation: CheckedContinuation<Result, any Error>?
        var isFinished = false
    }

    private let state: Mutex<State>
    private let clock: WallClock

    init(clock: WallClock) {
        self.clock = clock
        state = Mutex(State(phaseBegan: clock.monotonic()))
    }

    var phase: HTTPError.Phase { state.withLock { $0.phase } }

    /// False when it is over before it began; then the continuation has its error.
    func begin(_ continuation: CheckedContinuation<Result, any Error>) -> Bool {
        let isOver = state.withLock { state in
            if !state.isFinished { state.continuation = continuation }
            return state.isFinished
        }
        if isOver { continuation.resume(throwing: CancellationError()) }
        return !isOver
    }

    /// Notes how long the phase that ends took.
    func enter(_ phase: HTTPError.Phase) {
        let now = clock.monotonic()
        state.withLock { state in
            guard state.phase != phase else { return }
            let duration = now - state.phaseBegan
            switch state.phase {
            case .resolving: state.result.times.resolve = duration
            case .connecting: state.result.times.connect = duration
            case .handshake: state.result.times.handshake = duration
            case .waiting: state.result.times.firstByte = duration
            case .reading: break
            }
            state.phase = phase
            state.phaseBegan = now
        }
    }

    /// False when it is over: then the caller closes the channel.
    func opened(_ channel: any Channel) -> Bool {
        state.withLock { state in
            if !state.isFinished { state.channel = channel }
            return !state.isFinished
        }
    }

    func shookHands(_ facts: TLSFacts) {
        state.withLock { $0.result.tls = facts }
    }

    func finish(with answer: Answer?) {
        end { .success(($0, answer)) }
    }

    func finish(throwing error: any Error) {
        end { _ in .failure(error) }
    }

    private func end(_ make: (Result) -> Swift.Result<(Result, Answer?), any Error>) {
        let (continuation, channel, outcome) = state.withLock { state in
            guard !state.isFinished else {
                return (CheckedContinuation<Result, any Error>?.none, (any Channel)?.none, make(state.result))
            }
            state.isFinished = true
            defer { (state.continuation, state.channel) = (nil, nil) }
            return (state.continuation, state.channel, make(state.result))
        }
        channel?.close(promise: nil)
        switch outcome {
        case .failure(let error): continuation?.resume(throwing: error)
        case .success((var result, let answer)):
            result.answer = answer
            continuation?.resume(returning: result)
        }
    }
}
