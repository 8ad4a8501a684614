import Glibc
import Maintenance
import Outside
import Synchronization

/// The pipes that nobody has opened yet, in the order in which pg_restore is going to: the largest first, equals by the
/// number in their names. Tables that could not be made are left out by pg_restore, so a look at all of them follows
/// when none of the next ones is opened for a while.
final class FeedQueue: Sendable {
    private struct State {
        /// The next one is the last.
        var waiting: [RestoreFeed]
        var isOver = false
        var abandoned: [String] = []
        var failure: (any Error)?
    }

    private let state: Mutex<State>
    private let mirror: RestoreMirror
    private static let window = 16

    init(_ feeds: [RestoreFeed], _ mirror: RestoreMirror) {
        state = Mutex(
            State(waiting: feeds.sorted { $0.weight == $1.weight ? $0.number > $1.number : $0.weight < $1.weight }))
        self.mirror = mirror
    }

    /// pg_restore has ended.
    func end() { state.withLock { $0.isOver = true } }

    var isOver: Bool { state.withLock { $0.isOver } }

    /// A file cannot be handed over whole. Said while its pipe is still open: once that is closed, pg_restore takes what
    /// it got for all there was, and may end well.
    func fail(_ error: any Error) { state.withLock { $0.failure = $0.failure ?? error } }

    var failure: (any Error)? { state.withLock { $0.failure } }

    /// pg_restore stopped reading it before its end.
    func abandon(_ name: String) { state.withLock { $0.abandoned.append(name) } }

    /// What pg_restore never opened, and what it did not read to its end.
    var leftovers: (unread: [String], abandoned: [String]) {
        state.withLock { ($0.waiting.map(\.name).sorted(), $0.abandoned.sorted()) }
    }

    /// Waits until somebody reads one of them; nil when that will not happen any more.
    func next(_ cancellation: Blocking.Cancellation) throws -> (feed: RestoreFeed, pipe: Descriptor)? {
        var round = 0
        while true {
            try cancellation.check()
            round += 1
            let looksAtAll = round.isMultiple(of: 64)
            let answer = try state.withLock { state throws -> (isOver: Bool, found: (RestoreFeed, Descriptor)?) in
                if state.isOver || state.waiting.isEmpty { return (true, nil) }
                let first = looksAtAll ? 0 : max(0, state.waiting.count - Self.window)
                for index in (first..<state.waiting.count).reversed() {
                    if let pipe = try mirror.open(state.waiting[index].name) {
                        return (false, (state.waiting.remove(at: index), pipe))
                    }
                }
                return (false, nil)
            }
            if let found = answer.found { return (found.0, found.1) }
            if answer.isOver { return nil }
            Self.pause(round)
        }
    }

    /// Waits until this one is read; nil when pg_restore has ended.
    func open(_ name: String, _ cancellation: Blocking.Cancellation) throws -> Descriptor? {
        var round = 0
        while true {
            try cancellation.check()
            if let pipe = try mirror.open(name) { return pipe }
            if state.withLock({ $0.isOver }) { return nil }
            round += 1
            Self.pause(round)
        }
    }

    /// Short at first: pg_restore opens the next small table within a fraction of a millisecond.
    private static func pause(_ round: Int) { usleep(round < 20 ? 50 : 1_000) }
}
