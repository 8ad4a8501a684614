import Maintenance

/// Which changes start in what is left of a window, and in which order: a value without a clock, so that a thousand
/// nights can be tried in a moment.
///
/// The higher rank goes first. A change that cannot end before its window closes is not started; what fits behind it
/// still may. Rank is what a change's priority weighs, and one for each window that it was left out of, so that waiting
/// counts: after `inviolableAfter` windows nothing that is new comes before it any more. What is before it then is fixed,
/// and each window works off of it at least its length without the longest change. From that follows how late it can be
/// (docs/windows.md).
package struct WindowPacking: Sendable {
    /// One change that wants to be made.
    package struct Item: Hashable, Sendable {
        package var id: String
        package var priority: Severity
        /// How many windows it was left out of.
        package var handedOn: Int
        package var expected: Duration
        package var room: Room
        /// It belongs to another step that waits for the same target: time is kept for it, and somebody else starts it.
        package var isReserved: Bool

        package init(
            id: String, priority: Severity, handedOn: Int, expected: Duration, room: Room, isReserved: Bool = false
        ) {
            self.id = id
            self.priority = priority
            self.handedOn = handedOn
            self.expected = expected
            self.room = room
            self.isReserved = isReserved
        }

        package var rank: Int { Self.weight(priority) + handedOn }

        /// How many windows after which a change comes before all that is new: the difference between its weight and the
        /// greatest one.
        package var inviolableAfter: Int { Self.weight(.critical) - Self.weight(priority) }

        private static func weight(_ priority: Severity) -> Int {
            switch priority {
            case .info: 0
            case .warning: 4
            case .critical: 8
            }
        }
    }

    package enum Room: Hashable, Sendable {
        /// No window restricts it.
        case unlimited
        case until(Timestamp)
        case closed

        func fits(from start: Timestamp, for length: Duration) -> Bool {
            switch self {
            case .unlimited: true
            case .until(let end): start + length <= end
            case .closed: false
            }
        }
    }

    package struct Place: Hashable, Sendable {
        package var item: Item
        /// When it is expected to start; nil where it does not fit.
        package var start: Timestamp?
    }

    /// In the order of rank, those left out included.
    package let places: [Place]

    /// - Parameter items: the most useful first; those of equal rank that waited equally long stay in this order.
    package init(_ items: [Item], at now: Timestamp) {
        let ranks = items.map(\.rank)
        let order = items.indices.sorted { left, right in
            if ranks[left] != ranks[right] { return ranks[left] > ranks[right] }
            let (before, after) = (items[left].handedOn, items[right].handedOn)
            return before == after ? left < right : before > after
        }
        var start = now
        places = order.map { index in
            let item = items[index]
            guard item.room.fits(from: start, for: item.expected) else { return Place(item: item) }
            defer { start = start + item.expected }
            return Place(item: item, start: start)
        }
    }

    /// What is started first of one's own; nil where nothing may be.
    package var next: Item? { places.first { $0.start != nil && !$0.item.isReserved }?.item }
}
