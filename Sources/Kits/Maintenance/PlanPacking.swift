/// How a plan's changes fit into the windows of their environment: which start when, and which are left to a later window
/// and why. Shown and stored with the plan, never digested.
package struct PlanPacking: Codable, Hashable, Sendable {
    package var madeAt: Timestamp
    /// Those that start now first, in their order; then those that do not.
    package var entries: [Entry]

    package init(madeAt: Timestamp, entries: [Entry]) {
        self.madeAt = madeAt
        self.entries = entries
    }

    package struct Entry: Codable, Hashable, Sendable {
        package var change: Change.ID
        package var priority: Severity
        /// How many windows it was left out of so far.
        package var handedOn: Int
        package var expected: Change.Estimate
        /// The window that is open for it now; nil where none is, or where it needs none.
        package var window: OpenWindow?
        /// When it is expected to start; nil where it does not start in this window.
        package var startsAt: Timestamp?
        /// The beginning of the first window it is left to; nil where it starts now, or where no window will do.
        package var nextWindow: Timestamp?
        /// Why it does not start now, one clause.
        package var reason: String?
        /// No window of those to come is long enough for it.
        package var isTooLong = false

        package init(
            change: Change.ID, priority: Severity, handedOn: Int, expected: Change.Estimate,
            window: OpenWindow? = nil, startsAt: Timestamp? = nil, nextWindow: Timestamp? = nil,
            reason: String? = nil
        ) {
            self.change = change
            self.priority = priority
            self.handedOn = handedOn
            self.expected = expected
            self.window = window
            self.startsAt = startsAt
            self.nextWindow = nextWindow
            self.reason = reason
        }
    }

    /// A window that is open.
    package struct OpenWindow: Codable, Hashable, Sendable {
        /// `primary`, `emergency` or `anytime`.
        package var kind: String
        package var opened: Timestamp
        /// Nil where it does not close within a year.
        package var closes: Timestamp?

        package init(kind: String, opened: Timestamp, closes: Timestamp?) {
            self.kind = kind
            self.opened = opened
            self.closes = closes
        }
    }

    package var starting: [Entry] { entries.filter { $0.startsAt != nil } }
    package var left: [Entry] { entries.filter { $0.startsAt == nil } }

    /// The first window that anything is left to.
    package var nextWindow: Timestamp? { left.compactMap(\.nextWindow).min() }

    package subscript(change: Change.ID) -> Entry? { entries.first { $0.change == change } }
}
