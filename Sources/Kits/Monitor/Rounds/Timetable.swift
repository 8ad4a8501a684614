import Maintenance

/// When something that repeats is due, by a clock that only goes forward: a heap of instants.
///
/// The next instant is counted from the one that was due and never from now, so that nothing drifts; of several that have
/// passed meanwhile only one is made up for.
package struct Timetable<ID: Sendable>: Sendable {
    private struct Entry: Sendable {
        var due: Duration
        var every: Duration
        var id: ID
    }

    /// What is due, and how late it is by the time somebody asks.
    package struct Due: Sendable {
        package var id: ID
        package var due: Duration
        /// Instants that passed since, and are left out.
        package var missed: Int
    }

    /// The earliest first: each entry is due no sooner than the one at half its place.
    private var heap: [Entry] = []

    package init() {}

    package var count: Int { heap.count }

    /// The next instant; nil where nothing repeats.
    package var next: Duration? { heap.first?.due }

    /// - Parameter every: more than zero.
    package mutating func add(_ id: ID, first: Duration, every: Duration) {
        precondition(every > .zero, "something repeats without any time between")
        heap.append(Entry(due: first, every: every, id: id))
        var child = heap.count - 1
        while child > 0, heap[child].due < heap[(child - 1) / 2].due {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// What is due now, the earliest first; it is due again at its next instant after now.
    package mutating func take(at now: Duration) -> [Due] {
        var found: [Due] = []
        while let first = heap.first, first.due <= now {
            let late = (now - first.due).microseconds
            let every = max(1, first.every.microseconds)
            found.append(Due(id: first.id, due: first.due, missed: Int(late / every)))
            heap[0].due = first.due + .microseconds((late / every + 1) * every)
            sink()
        }
        return found
    }

    private mutating func sink() {
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child].due < heap[least].due
            {
                least = child
            }
            guard least != parent else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}

/// When the first round is, so that all that repeats does not begin at once.
package enum RoundSpread {
    /// At most so much is waited for before something is asked that is overdue.
    package static let longest: Duration = .seconds(60)

    /// From now on. What was asked before keeps its time; everything else is spread over a minute, or over its interval
    /// where that is shorter, by its name: always at the same place.
    ///
    /// - Parameters:
    ///   - name: what tells it from everything else.
    ///   - last: how long ago it was asked, by the machine's clock; nil where it never was or that is not known.
    package static func first(_ name: String, every: Duration, last: Duration?) -> Duration {
        if let last, last >= .zero, last < every { return every - last }
        let span = min(every, longest).microseconds
        return .microseconds(Int64(share(name) * Double(span)))
    }

    /// Rounds that would begin within so long begin together: what waits sleeps once for all of them, and most of what
    /// a single small round costs is waking up (1.1 ms of processor time each one by one, measured on two virtual cores).
    static let together: Duration = .milliseconds(500)

    /// The instant of the round that begins together with others, at `instant` or shortly after; what is asked often
    /// keeps its own.
    package static func grouped(_ instant: Duration, every: Duration) -> Duration {
        guard every >= together * 10 else { return instant }
        let (grain, at) = (together.microseconds, instant.microseconds)
        return .microseconds((at + grain - 1) / grain * grain)
    }

    /// From 0 up to 1, the same for the same name: FNV-1a (draft-eastlake-fnv), whose last bits are mixed once more.
    static func share(_ name: String) -> Double {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        hash = (hash ^ (hash >> 33)) &* 0xff51_afd7_ed55_8ccd
        hash ^= hash >> 33
        return Double(hash >> 11) / Double(1 << 53)
    }
}
