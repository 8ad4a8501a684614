import Alert
import Engine
import Maintenance
import Settings

/// A time in which a component was down, put together of the critical alerts of its checks.
struct StatusIncident: Hashable, Sendable {
    /// Of the component.
    var key: String
    var component: String
    var began: Timestamp
    /// When somebody took it on.
    var takenOnAt: Timestamp?
    var end: End

    enum End: Hashable, Sendable {
        case goesOn
        case at(Timestamp)
        /// Nobody has seen it end, and it does not go on.
        case unknown
    }

    /// More alerts than that are not looked at.
    static let mostAlerts = 5_000
    /// What begins so soon after an end is the same one.
    private static let pause: Duration = .seconds(300)

    /// What knows it everywhere and for good, and says nothing that is not public.
    var id: String { "\(key)/\(began.iso8601)" }

    /// When something was said about it last: that it began, began again, was taken on or ended.
    private(set) var updatedAt: Timestamp

    static func all(
        _ settings: StatusPageSettings, _ monitored: [MonitoredCheck], _ log: RunLog, at now: Timestamp
    ) async throws -> [StatusIncident] {
        let first = StatusHistory.firstDay(of: settings.days, at: now)
        let lives = try await log.alertLives(since: first, most: mostAlerts).filter { $0.labels.severity == .critical }
        guard !lives.isEmpty else { return [] }
        let book = try await log.alertState().book
        let incidents = settings.components.flatMap { component in
            let codes = Set(component.chosen(of: monitored).map(\.outcome.code))
            let own = lives.filter { life in
                let target = Target(
                    environment: life.labels[Labels.Name.environment], resource: life.labels[Labels.Name.resource])
                return component.covers(target) && codes.contains(life.labels[Labels.Name.alert])
            }
            // One that nobody has seen end is no news for ever.
            return merged(own.map { StatusIncident($0, of: component, book) }).filter {
                $0.end != .unknown || $0.updatedAt >= first
            }
        }
        return incidents.sorted { ($1.began, $0.key) < ($0.began, $1.key) }
    }

    private init(_ life: AlertLife, of component: StatusComponent, _ book: AlertBook) {
        key = component.key
        self.component = component.name
        began = life.firedAt
        takenOnAt = life.acknowledgedAt
        updatedAt = [life.firedAt, life.acknowledgedAt, life.resolvedAt].compactMap(\.self).max() ?? life.firedAt
        if let resolvedAt = life.resolvedAt {
            end = .at(resolvedAt)
        } else {
            let alert = book[life.fingerprint]
            end = alert?.isFiring == true && alert?.firedAt == life.firedAt ? .goesOn : .unknown
        }
    }

    /// Those of one component, put together where they overlap.
    private static func merged(_ incidents: [StatusIncident]) -> [StatusIncident] {
        var result: [StatusIncident] = []
        for incident in incidents.sorted(by: { $0.began < $1.began }) {
            guard var last = result.last, last.reaches(incident.began) else {
                result.append(incident)
                continue
            }
            last.takenOnAt = [last.takenOnAt, incident.takenOnAt].compactMap(\.self).min()
            last.updatedAt = max(last.updatedAt, incident.updatedAt)
            switch (last.end, incident.end) {
            case (.goesOn, _), (_, .goesOn): last.end = .goesOn
            case (.at(let first), .at(let second)): last.end = .at(max(first, second))
            case (_, .at(let end)), (.at(let end), _): last.end = .at(end)
            case (.unknown, .unknown): break
            }
            result[result.count - 1] = last
        }
        return result
    }

    private func reaches(_ instant: Timestamp) -> Bool {
        switch end {
        case .goesOn: true
        case .at(let end): instant <= end + Self.pause
        case .unknown: instant <= began + Self.pause
        }
    }
}
