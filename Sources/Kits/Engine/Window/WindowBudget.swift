import Maintenance
import Outside
import Settings

/// What of a step's changes may start: the windows, how long each change is expected to take, and how long it has waited.
/// Read once for a step; asked again, by the clock, before each change.
struct WindowBudget: Sendable {
    let rules: WindowRules
    let task: String
    var expected: [Change.ID: Change.Estimate]
    let handedOn: [Change.ID: Int]
    /// What else waits for this window and comes first where its rank is higher.
    let reserved: [WindowPacking.Item]
    /// People let it start now.
    var isEmergency = false

    /// Why something waits that nothing else keeps back.
    static let noWindow = "no window is open"

    /// Whether it is asked again how long changes take, now that so many were made: what was just seen of their kind counts
    /// for those of which nothing is known. After one, two, four, and so on, or a long plan would ask nothing else.
    func learns(after made: Int) -> Bool { made & (made - 1) == 0 }

    /// The one that starts first; nil where none may start now.
    func next(of changes: [Change], at now: Timestamp) -> Change.ID? {
        pack(changes, at: now).packing.next?.id
    }

    /// All of them, as plans show it.
    func plan(_ changes: [Change], at now: Timestamp) -> PlanPacking {
        let (packing, windows) = pack(changes, at: now)
        let byID = Dictionary(changes.map { ($0.id, $0) }) { first, _ in first }
        let entries = packing.places.compactMap { place -> PlanPacking.Entry? in
            guard !place.item.isReserved, let change = byID[place.item.id] else { return nil }
            var entry = PlanPacking.Entry(
                change: change.id, priority: place.item.priority, handedOn: place.item.handedOn,
                expected: estimate(change), window: windows[change.effect], startsAt: place.start)
            if place.start == nil { explain(&entry, change, now) }
            return entry
        }
        return PlanPacking(
            madeAt: now, entries: entries.filter { $0.startsAt != nil } + entries.filter { $0.startsAt == nil })
    }

    /// What is left of them when nothing more is started in this window.
    func leaving(_ changes: [Change], at now: Timestamp) -> PlanPacking {
        var packing = plan(changes, at: now)
        for index in packing.entries.indices {
            packing.entries[index].startsAt = nil
            guard packing.entries[index].reason == nil,
                let change = changes.first(where: { $0.id == packing.entries[index].change })
            else { continue }
            explain(&packing.entries[index], change, now)
        }
        return packing
    }

    private func pack(_ changes: [Change], at now: Timestamp) -> (
        packing: WindowPacking, windows: [Effect: PlanPacking.OpenWindow]
    ) {
        var rooms: [Effect: WindowPacking.Room] = [:]
        var windows: [Effect: PlanPacking.OpenWindow] = [:]
        for effect in Set(changes.map(\.effect)) {
            let opening = rules.opening(effect, of: task, at: now, isEmergency: isEmergency)
            rooms[effect] = opening.room
            if case .open(let window) = opening { windows[effect] = window }
        }
        let own = changes.map { change in
            WindowPacking.Item(
                id: change.id, priority: change.priority ?? .info, handedOn: handedOn[change.id] ?? 0,
                expected: .seconds(estimate(change).seconds), room: rooms[change.effect] ?? .closed)
        }
        // What people let start now takes nobody's turn into account.
        return (WindowPacking(isEmergency ? own : own + reserved, at: now), windows)
    }

    private func estimate(_ change: Change) -> Change.Estimate {
        expected[change.id]
            ?? Change.Estimate(seconds: ExpectedDuration.standard.inSeconds, source: "nothing is known of it")
    }

    private func explain(_ entry: inout PlanPacking.Entry, _ change: Change, _ now: Timestamp) {
        let length: Duration = .seconds(entry.expected.seconds)
        let next = rules.next(change.effect, of: task, lasting: length, after: now)
        entry.nextWindow = next.start
        if next.start == nil, let longest = next.longest {
            entry.isTooLong = true
            entry.reason = "it is expected to take \(length.short), and no window is longer than \(longest.short)"
        } else if let window = entry.window {
            let left = window.closes.map { max(.zero, $0 - now).short } ?? ""
            let isTooLong = window.closes.map { now + length > $0 } ?? false
            entry.reason =
                isTooLong
                ? "it is expected to take \(length.short), and \(left) are left"
                : "what comes before it takes the \(left) that are left"
        } else {
            entry.reason = rules.problem(change.effect, of: task, at: now) ?? Self.noWindow
        }
    }
}

extension PlanPacking {
    /// For each change that does not start, the window it was left out of: the one that is open, else one that has
    /// passed since it was planned (the run was killed, or nobody went on with it).
    ///
    /// - Parameter before: how it was packed last; nil for the first time.
    func missed(since before: PlanPacking?) -> [Change.ID: Timestamp] {
        var found: [Change.ID: Timestamp] = [:]
        for entry in left {
            let old = before?[entry.change]
            let passed = old?.startsAt == nil ? old?.nextWindow : old?.window?.opened
            guard let start = entry.window?.opened ?? passed.flatMap({ $0 <= madeAt ? $0 : nil }) else { continue }
            found[entry.change] = start
        }
        return found
    }
}

extension Plan {
    /// What people are to be told where changes start outside of a primary window; nil where nobody is.
    var notice: String? {
        let told = packing?.starting.filter { $0.window?.kind == WindowRule.Kind.anytime.rawValue } ?? []
        guard let first = told.first else { return nil }
        let others = told.count == 1 ? "" : " and \(told.count - 1) more"
        return "'\(first.change.printable)'\(others) at \(target) start outside of a primary window, with this notice"
    }
}
