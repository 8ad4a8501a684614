import Calendar
import Command
import Engine
import Maintenance
import Settings

/// Work that is announced, with its next times.
struct StatusAnnouncement: Hashable, Sendable {
    var key: String
    var name: String
    /// Names of the components it is about; none for all.
    var components: [String]
    /// Nil where they are not known: what they depend on cannot be read.
    var window: Window?

    /// Of each announcement.
    private static let most = 3
    /// Further ahead nothing is announced.
    private static let ahead: Duration = .seconds(31 * 86_400)

    /// Since when it may have been known; stays what it is.
    var announcedAt: Timestamp? { window.map { $0.start - Self.ahead } }

    var id: String { "\(key)/\(window?.start.iso8601 ?? "")" }

    static func all(
        _ settings: StatusPageSettings, _ site: Site, at now: Timestamp
    ) throws -> [StatusAnnouncement] {
        let names = Dictionary(settings.components.map { ($0.key, $0.name) }) { first, _ in first }
        let all = try settings.maintenance.flatMap { item in
            let components = (item.components ?? []).compactMap { names[$0] }
            guard let windows = try windows(of: item.time, site, at: now) else {
                return [StatusAnnouncement(key: item.key, name: item.name, components: components)]
            }
            return Set(windows).sorted { $0.start < $1.start }.filter { $0.end > now && $0.start < now + ahead }
                .prefix(most).map {
                    StatusAnnouncement(key: item.key, name: item.name, components: components, window: $0)
                }
        }
        return all.sorted { left, right in
            guard let first = left.window, let second = right.window else { return left.window != nil }
            return (first.start, left.key) < (second.start, right.key)
        }
    }

    /// Nil where what they depend on cannot be read.
    private static func windows(
        of time: StatusMaintenance.Time, _ site: Site, at now: Timestamp
    ) throws -> [Window]? {
        let inventory = site.inventory
        let application = site.session.application
        switch time {
        case .during(let written):
            return next(try Schedule(written.value, in: inventory.scheduleContext(application.zones)), at: now)
        case .windows(let environment):
            let context = inventory.scheduleContext(application.zones, environment: environment)
            var windows: [Window] = []
            for rule in inventory.windowRules(of: environment) where rule.kind == .primary {
                guard let during = rule.during else { continue }
                guard let next = next(try Schedule(during.value, in: context), at: now) else { return nil }
                windows += next
            }
            return windows
        case .routine(let name, let takes):
            let scheduled = try application.book(inventory).scheduled(application.zones)
            guard let schedule = scheduled.first(where: { $0.name == name })?.schedule else { return [] }
            guard schedule.closed == nil else { return nil }
            return schedule.next(most, after: now - takes).map { Window(start: $0, end: $0 + takes) }
        }
    }

    private static func next(_ schedule: Schedule, at now: Timestamp) -> [Window]? {
        guard schedule.closed == nil else { return nil }
        var windows = [schedule.window(containing: now)].compactMap(\.self)
        var after = windows.last?.end ?? now
        while windows.count < most, let window = schedule.window(after: after) {
            windows.append(window)
            after = window.end
        }
        return windows
    }
}
