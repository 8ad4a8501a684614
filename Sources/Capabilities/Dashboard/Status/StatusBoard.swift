import Engine
import Maintenance
import Outside
import Page
import Settings

/// All that the public page says, as a value: names of the configuration, times, and how things stand. Nothing else of
/// the house is in it, so nothing else can be shown.
struct StatusBoard: Hashable, Sendable {
    var title: String
    var components: [Component]
    /// The latest first.
    var incidents: [StatusIncident]
    /// False where nobody decides about alerts, so that no incident is remembered.
    var remembersIncidents: Bool
    /// The next first.
    var announcements: [StatusAnnouncement]
    /// How many days are looked at.
    var days: Int
    /// When anything of it was looked at last; nil for never.
    var seenAt: Timestamp?

    struct Component: Hashable, Sendable {
        var key: String
        var name: String
        var description: String?
        var state: State
        var history: StatusHistory
    }

    /// How something stands for those who use it, the worst last.
    enum State: String, Hashable, Sendable, Comparable {
        case operational
        /// Mainstay itself works there.
        case maintenance
        case degraded
        /// Nobody has looked, or nobody could.
        case unknown
        case down

        private static let order: [State] = [.operational, .maintenance, .degraded, .unknown, .down]

        static func < (left: State, right: State) -> Bool {
            (order.firstIndex(of: left) ?? 0) < (order.firstIndex(of: right) ?? 0)
        }

        init(_ state: CheckOutcome.State) {
            switch state {
            case .passed: self = .operational
            case .warning: self = .degraded
            case .critical: self = .down
            case .unknown: self = .unknown
            }
        }

        var standing: Standing {
            switch self {
            case .operational: .good
            case .maintenance: .notice
            case .degraded: .warning
            case .unknown: .unknown
            case .down: .critical
            }
        }

        var words: String {
            switch self {
            case .operational: "works"
            case .maintenance: "under maintenance"
            case .degraded: "works with trouble"
            case .unknown: "not known"
            case .down: "down"
            }
        }
    }

    /// The worst of all components.
    var state: State { components.map(\.state).max() ?? .unknown }
}

extension StatusBoard {
    init(_ settings: StatusPageSettings, _ site: Site, _ histories: StatusHistories) async throws {
        let log = site.log
        let now = site.clock.now()
        let monitored = try await log.monitored()
        let work = try await log.plannedWork(from: now, until: now).filter { $0.ended == nil }
        let atWork = Set(work.map(\.target))
        let known = try await histories.history(of: settings, monitored, log, at: now)
        title = settings.title
        days = settings.days
        components = settings.components.map { component in
            let checks = component.chosen(of: monitored)
            return Component(
                key: component.key, name: component.name, description: component.description,
                state: Self.state(checks, atWork, isWhole: component.isSeen(in: checks), at: now),
                history: known[component.key] ?? StatusHistory())
        }
        remembersIncidents = site.inventory.alerts != nil
        incidents = try await StatusIncident.all(settings, monitored, log, at: now)
        announcements = try StatusAnnouncement.all(settings, site, at: now)
        let shown = settings.components.flatMap { $0.chosen(of: monitored) }
        seenAt = shown.map(\.seenAt).max()
    }

    /// What is under work says nothing; of the rest the worst counts.
    ///
    /// - Parameter isWhole: somebody has looked at everything that the configuration names.
    static func state(
        _ checks: [MonitoredCheck], _ atWork: Set<Target>, isWhole: Bool = true, at now: Timestamp
    ) -> State {
        let others = checks.filter { !atWork.contains($0.outcome.target) }
        var states = others.map { State($0.standing(at: now)) }
        if others.count < checks.count { states.append(.maintenance) }
        if !isWhole { states.append(.unknown) }
        return states.max() ?? .unknown
    }
}

extension StatusComponent {
    func chosen(of checks: [MonitoredCheck]) -> [MonitoredCheck] {
        checks.filter { check in
            covers(check.outcome.target) && (self.checks?.contains(check.outcome.check) ?? true)
        }
    }

    /// Whether each resource and each check that it names is among those that were looked at.
    func isSeen(in checks: [MonitoredCheck]) -> Bool {
        (resources ?? []).allSatisfy { name in checks.contains { $0.outcome.target.resource == name } }
            && (self.checks ?? []).allSatisfy { name in checks.contains { $0.outcome.check == name } }
    }
}
