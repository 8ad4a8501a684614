import Maintenance
import Outside
import Settings

extension WindowBudget {
    /// How many windows ahead are filled.
    private static let mostWindows = 60

    /// A plan that is shown while no window is open, packed into those that come: which change goes into which, and when
    /// it is expected to start there, if nothing else wants them.
    ///
    /// - Parameter taken: what the earlier steps of the run are expected to take of each window, by its beginning.
    func foreseen(_ packing: PlanPacking, _ changes: [Change], taken: [Timestamp: Duration]) -> PlanPacking {
        guard packing.entries.allSatisfy({ $0.window == nil && $0.startsAt == nil }) else { return packing }
        let effects = Dictionary(changes.map { ($0.id, $0.effect) }) { first, _ in first }
        var entries = Dictionary(packing.entries.map { ($0.change, $0) }) { first, _ in first }
        var open = packing.entries.filter { $0.nextWindow != nil }.map(\.change)
        for _ in 0..<Self.mostWindows {
            guard let begins = open.compactMap({ entries[$0]?.nextWindow }).min() else { break }
            let items = open.compactMap { id -> WindowPacking.Item? in
                guard let entry = entries[id], entry.nextWindow == begins, let effect = effects[id] else { return nil }
                return WindowPacking.Item(
                    id: id, priority: entry.priority, handedOn: entry.handedOn,
                    expected: .seconds(entry.expected.seconds),
                    room: rules.opening(effect, of: task, at: begins, isEmergency: false).room)
            }
            for place in WindowPacking(items, at: begins + (taken[begins] ?? .zero)).places {
                let id = place.item.id
                guard let effect = effects[id] else { continue }
                if let start = place.start {
                    let why = entries[id]?.reason.flatMap { $0 == Self.noWindow ? nil : "\($0); " } ?? ""
                    entries[id]?.reason = "\(why)it is expected to start at \(start)"
                    open.removeAll { $0 == id }
                } else {
                    let next = rules.next(effect, of: task, lasting: place.item.expected, after: begins).start
                    entries[id]?.nextWindow = next
                    entries[id]?.reason = "what comes before it fills the window that opens \(begins)"
                    if next == nil { open.removeAll { $0 == id } }
                }
            }
        }
        var foreseen = packing
        foreseen.entries = packing.entries.map { entries[$0.change] ?? $0 }
        return foreseen
    }
}
