import Calendar
import Maintenance
import Settings

/// The windows of one environment, less its blackouts, with the present rules of their zones and the present days of
/// their calendars.
struct WindowRules: Sendable {
    private struct Rule {
        var settings: WindowRule
        /// Nil for always, and where it cannot be understood any more.
        var schedule: Schedule?
        /// Why it never opens, one clause.
        var problem: String?

        /// The open window; it reaches a year and more where it does not close.
        func window(containing instant: Timestamp) -> Window? {
            guard problem == nil else { return nil }
            guard let schedule else {
                return Window(start: instant - WindowRules.sight, end: instant + WindowRules.sight)
            }
            return schedule.window(containing: instant)
        }
    }

    /// How a change stands.
    enum Opening: Sendable {
        /// No rule speaks of it.
        case unrestricted
        case open(PlanPacking.OpenWindow)
        case closed

        var room: WindowPacking.Room {
            switch self {
            case .unrestricted: .unlimited
            case .open(let window): window.closes.map { .until($0) } ?? .unlimited
            case .closed: .closed
            }
        }
    }

    /// A window that ends later than this does not close as far as anybody plans.
    static let sight: Duration = .seconds(366 * 86_400)
    /// How many windows are looked at for one that is long enough.
    private static let mostWindows = 60

    private let rules: [Rule]
    /// For changes that no rule speaks of, where blackouts of the environment restrict them too.
    private let otherwise: Rule?
    /// Each with the time that it leaves.
    private let blackouts: [(name: String, rest: Rule)]

    /// Of an environment; none for what concerns the whole estate.
    init(_ inventory: Inventory, environment: String, zones: ZoneDirectory) {
        let settings = inventory.windowRules(of: environment)
        let dark = inventory.blackouts(of: environment)
        guard !settings.isEmpty || !dark.isEmpty else {
            (rules, otherwise, blackouts) = ([], nil, [])
            return
        }
        let context = inventory.scheduleContext(zones, environment: environment)
        rules = settings.map { rule in
            // What is always open is closed by a blackout; what people approve for an emergency is not.
            guard rule.during != nil || dark.isEmpty || rule.kind == .emergency else {
                return Self.always(rule, context)
            }
            guard let written = rule.during else { return Rule(settings: rule) }
            return Self.rule(rule, context) { _ throws(CalendarError) in written.value }
        }
        otherwise = dark.first.map { Self.always(WindowRule(location: $0.location), context) }
        blackouts = dark.map { calendar in
            var alone = context
            alone.calendars = Calendars([calendar.source.current(zones: zones)])
            return (calendar.source.name, Self.always(WindowRule(location: calendar.location), alone))
        }
    }

    private static func always(_ settings: WindowRule, _ context: ScheduleContext) -> Rule {
        rule(settings, context) { zones throws(CalendarError) in try ScheduleExpression("anytime", zones: zones) }
    }

    private static func rule(
        _ settings: WindowRule, _ context: ScheduleContext,
        _ expression: (ZoneDirectory) throws(CalendarError) -> ScheduleExpression
    ) -> Rule {
        do throws(CalendarError) {
            let schedule = try Schedule(try expression(context.zones), in: context)
            let problem = schedule.closed.map {
                "the calendar '\($0.calendar.printable)' cannot be read: \($0.problem)"
            }
            return Rule(settings: settings, schedule: schedule, problem: problem)
        } catch {
            // It was understood when the configuration was read: a calendar or a zone is gone since. Then it is closed.
            return Rule(settings: settings, problem: error.problem)
        }
    }

    var isEmpty: Bool { rules.isEmpty && otherwise == nil }

    private func covering(_ effect: Effect, _ task: String) -> [Rule] {
        let own = rules.filter { $0.settings.covers(effect, of: task) }
        return own.isEmpty ? [otherwise].compactMap(\.self).filter { $0.settings.covers(effect, of: task) } : own
    }

    /// Whether something may start now. A primary window counts before one with notice, and that before an emergency.
    func opening(_ effect: Effect, of task: String, at now: Timestamp, isEmergency: Bool) -> Opening {
        let covering = covering(effect, task)
        guard !covering.isEmpty else { return .unrestricted }
        let kinds: [WindowRule.Kind] = isEmergency ? [.primary, .anytime, .emergency] : [.primary, .anytime]
        let usable = covering.filter { kinds.contains($0.settings.kind) }
        for kind in kinds {
            guard usable.contains(where: { $0.settings.kind == kind && $0.window(containing: now) != nil }),
                let window = Self.window(usable, containing: now)
            else { continue }
            return .open(
                PlanPacking.OpenWindow(
                    kind: kind.rawValue, opened: window.start,
                    closes: window.end - now >= Self.sight ? nil : window.end))
        }
        return .closed
    }

    /// The emergency window that is open for this now.
    func emergency(_ effect: Effect, of task: String, at now: Timestamp) -> WindowRule? {
        covering(effect, task).first { $0.settings.kind == .emergency && $0.window(containing: now) != nil }?.settings
    }

    /// The beginning of the next window in which something this long can end; and the longest window there is otherwise.
    func next(
        _ effect: Effect, of task: String, lasting length: Duration, after now: Timestamp
    ) -> (start: Timestamp?, longest: Duration?) {
        let usable = covering(effect, task).filter { $0.settings.kind != .emergency }
        var longest: Duration?
        var after = now
        for _ in 0..<Self.mostWindows {
            let opens = usable.compactMap { $0.problem == nil ? $0.schedule?.window(after: after)?.start : nil }.min()
            guard let opens else { break }
            after = opens
            // One that only makes the window of now longer is no other window.
            guard let window = Self.window(usable, containing: opens), window.start > now else { continue }
            if window.length >= length { return (window.start, window.length) }
            longest = max(longest ?? .zero, window.length)
        }
        return (nil, longest)
    }

    /// Why windows that should be open at an instant are not, one clause.
    func problem(_ effect: Effect, of task: String, at now: Timestamp) -> String? {
        let covering = covering(effect, task)
        if let problem = covering.compactMap(\.problem).first { return problem }
        guard !covering.isEmpty, let dark = blackouts.first(where: { $0.rest.window(containing: now) == nil }) else {
            return nil
        }
        return "the blackout '\(dark.name.printable)' lasts"
    }

    /// What is open around an instant, whole: windows of different rules that touch or overlap are one.
    private static func window(_ rules: [Rule], containing instant: Timestamp) -> Window? {
        var found: Window?
        // Each round may find that another rule begins where the last one ended.
        for _ in 0...rules.count {
            let before = found
            for rule in rules {
                let edges = found.map { [$0.start - .seconds(1), $0.end] } ?? [instant]
                for window in edges.compactMap(rule.window(containing:)) {
                    found = Window(
                        start: min(found?.start ?? window.start, window.start),
                        end: max(found?.end ?? window.end, window.end))
                }
            }
            if found == before { break }
        }
        return found
    }
}
