import Maintenance
import Synchronization

/// How many rounds are at work at once. Whoever finds no place waits in turn.
///
/// A round that only waits for its target gives its place back before it has ended, so that a hundred servers that hang
/// keep nobody else from being asked; it cannot pile up, since a group has one round at a time.
final class RoundSlots: Sendable {
    private struct State {
        var free: Int
        var lastID = 0
        var waiting: [(id: Int, continuation: CheckedContinuation<Bool, Never>)] = []
        var cancelled: Set<Int> = []
        /// Places that are taken, and since when.
        var taken: [Int: Duration] = [:]
    }

    private let state: Mutex<State>

    init(_ count: Int) { state = Mutex(State(free: max(1, count))) }

    /// A place, taken until it is given back.
    struct Place: Sendable {
        fileprivate var id: Int
    }

    /// - Throws: `CancellationError`.
    func take(at now: @Sendable () -> Duration) async throws -> Place {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        let isGranted = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: Bool? = state.withLock { state in
                    if state.cancelled.remove(id) != nil { return false }
                    guard state.free > 0 else {
                        state.waiting.append((id, continuation))
                        return nil
                    }
                    state.free -= 1
                    return true
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            let waiter = state.withLock { state -> CheckedContinuation<Bool, Never>? in
                guard let index = state.waiting.firstIndex(where: { $0.id == id }) else {
                    state.cancelled.insert(id)
                    return nil
                }
                return state.waiting.remove(at: index).continuation
            }
            waiter?.resume(returning: false)
        }
        guard isGranted else { throw CancellationError() }
        let begin = now()
        state.withLock { state in
            state.cancelled.remove(id)
            state.taken[id] = begin
        }
        return Place(id: id)
    }

    /// Once is enough; again does nothing.
    func giveBack(_ place: Place) {
        let next = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            guard state.taken.removeValue(forKey: place.id) != nil else { return nil }
            guard !state.waiting.isEmpty else {
                state.free += 1
                return nil
            }
            return state.waiting.removeFirst().continuation
        }
        next?.resume(returning: true)
    }

    /// Gives back the places of all who took theirs before an instant.
    func giveBack(takenBefore instant: Duration) {
        let old = state.withLock { $0.taken.filter { $0.value < instant }.map(\.key) }
        for id in old { giveBack(Place(id: id)) }
    }

    /// Who waits for a place.
    var queue: Int { state.withLock { $0.waiting.count } }
}
