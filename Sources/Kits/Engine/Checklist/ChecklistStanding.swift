import Maintenance
import Settings

/// How a checklist stands in one environment at one instant.
package struct ChecklistStanding: Codable, Sendable, Hashable {
    package var checklist: String
    package var summary: String
    package var cadence: Checklist.Cadence
    package var environment: String
    /// When it was asked.
    package var at: Timestamp
    package var items: [ItemStanding]

    package func items(_ state: ItemState) -> [ItemStanding] { items.filter { $0.state == state } }

    /// Whether every item is green. Until `countsUntil`, that is.
    package var isComplete: Bool { !items.isEmpty && items.allSatisfy { $0.state == .green } }

    /// When the first of the green items stops being that; nil where none is green.
    package var countsUntil: Timestamp? { items(.green).compactMap(\.countsUntil).min() }

    /// Those that wait for somebody's signature: nobody signed, or it counts no more.
    package var unsigned: [ItemStanding] { items.filter { $0.isManual && $0.state == .unknown } }
}

/// How one item stands, and what it rests on.
package struct ItemStanding: Codable, Sendable, Hashable {
    package var item: String
    /// Hostile text.
    package var text: String
    /// `'db update-stats'`, `the check host.disk`, `a person`.
    package var answeredBy: String
    package var isManual: Bool
    package var state: ItemState
    /// One clause. Hostile text.
    package var reason: String
    /// When it was looked at, or signed; nil where nobody did.
    package var at: Timestamp?
    /// From when on the answer counts no more; nil where there is none that counts.
    package var countsUntil: Timestamp?
    /// The run it rests on; of several, the oldest or the one that is in the way.
    package var runID: String?
    /// The last signature, whether it counts or not.
    package var signOff: SignOff?
    /// Remarks since the last signature, the newest first.
    package var remarks: [SignOff]
    /// The command that answers it.
    package var resolve: String
}
