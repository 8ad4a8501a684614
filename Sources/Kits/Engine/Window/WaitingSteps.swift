import Calendar
import Maintenance
import Outside
import Settings

/// A step of which something waits for a window, as it stands now.
struct WaitingStep: Sendable {
    var step: StepRecord
    /// The window that is open for what it waits with; nil where none is, or where it needs none any more.
    var window: PlanPacking.OpenWindow?
    /// Something of it fits into what is left of that window, or needs no window any more.
    var mayStart: Bool
    /// The same where it was approved to start in an emergency.
    var mayStartInEmergency: Bool
    /// When the next window opens that will do; nil where none does.
    var opens: Timestamp?
    /// How urgent the most urgent of its changes is.
    var rank: Int
    /// Why windows that should open do not, one clause.
    var problem: String?

    init(_ step: StepRecord, _ rules: WindowRules, handedOn: [Change.ID: Int], at now: Timestamp) {
        self.step = step
        let left = step.plan?.packing?.left ?? []
        var items: [WindowPacking.Item] = []
        var emergencies: [WindowPacking.Item] = []
        for entry in left {
            guard let effect = step.plan?.changes.first(where: { $0.id == entry.change })?.effect else { continue }
            let opening = rules.opening(effect, of: step.task, at: now, isEmergency: false)
            if case .open(let open) = opening { window = window ?? open }
            let length: Duration = .seconds(entry.expected.seconds)
            var item = WindowPacking.Item(
                id: entry.change, priority: entry.priority, handedOn: handedOn[entry.change] ?? 0, expected: length,
                room: opening.room)
            items.append(item)
            item.room = rules.opening(effect, of: step.task, at: now, isEmergency: true).room
            emergencies.append(item)
            let next = rules.next(effect, of: step.task, lasting: length, after: now).start
            opens = [opens, next].compactMap(\.self).min()
            problem = problem ?? rules.problem(effect, of: step.task, at: now)
        }
        rank = items.map(\.rank).max() ?? 0
        mayStart = WindowPacking(items, at: now).next != nil
        mayStartInEmergency = WindowPacking(emergencies, at: now).next != nil
    }

    /// Whether it is worth going on with it: something fits, and it was not left out of this very window before.
    var isDue: Bool {
        let tried = step.plan?.packing?.left.compactMap(\.window?.opened) ?? []
        return mayStart && (window.map { !tried.contains($0.opened) } ?? true)
    }
}

/// What waits for windows, for those who look and for those who go on with it.
struct WaitingForWindows: Sendable {
    let steps: [WaitingStep]

    /// Reads it from the state; nothing is written.
    init(_ log: RunLog, _ inventory: Inventory, _ zones: ZoneDirectory) async throws {
        let now = log.clock.now()
        var rules: [String: WindowRules] = [:]
        var found: [WaitingStep] = []
        for step in try await log.waitingForWindows() {
            let environment = step.target.environment
            let own = rules[environment] ?? WindowRules(inventory, environment: environment, zones: zones)
            rules[environment] = own
            let handedOn = try await log.handedOn(step.task, at: step.target)
            found.append(WaitingStep(step, own, handedOn: handedOn, at: now))
        }
        steps = found
    }

    subscript(run id: String) -> [WaitingStep] { steps.filter { $0.step.runID == id } }
}
