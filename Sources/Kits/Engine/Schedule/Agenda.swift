import Maintenance

/// Names by the instant at which they want attention, the earliest first: finding what is due costs nothing while nothing
/// is, however many there are.
struct Agenda: Sendable {
    private struct Entry {
        var at: Timestamp
        var name: String
    }

    /// A binary heap. An entry that no longer agrees with `instants` is stale and skipped.
    private var heap: [Entry] = []
    private var instants: [String: Timestamp] = [:]

    /// Moves a name; nil takes it out.
    mutating func set(_ name: String, _ instant: Timestamp?) {
        guard instants[name] != instant else { return }
        instants[name] = instant
        guard let instant else { return }
        heap.append(Entry(at: instant, name: name))
        var child = heap.count - 1
        while child > 0, heap[child].at < heap[(child - 1) / 2].at {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// The earliest instant.
    mutating func next() -> Timestamp? {
        dropStale()
        return heap.first?.at
    }

    /// Takes out every name that is due, the earliest first.
    mutating func take(dueAt now: Timestamp) -> [String] {
        var due: [String] = []
        while let instant = next(), instant <= now {
            let name = removeFirst().name
            instants[name] = nil
            due.append(name)
        }
        return due
    }

    private mutating func dropStale() {
        while let first = heap.first, instants[first.name] != first.at { _ = removeFirst() }
    }

    private mutating func removeFirst() -> Entry {
        heap.swapAt(0, heap.count - 1)
        let first = heap.removeLast()
        var parent = 0
        while true {
            let children = [2 * parent + 1, 2 * parent + 2].filter { $0 < heap.count }
            guard let least = children.min(by: { heap[$0].at < heap[$1].at }), heap[least].at < heap[parent].at else {
                return first
            }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
