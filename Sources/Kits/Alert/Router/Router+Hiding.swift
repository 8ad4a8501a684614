import Maintenance

/// What the times of a route say at one moment, made once for all alerts that are looked at then.
struct RouteTimes {
    private let rest: Reason?
    /// What is not critical waits until then.
    let quiet: (times: String, until: Timestamp)?

    init(_ route: Route, _ rules: AlertRules, at now: Timestamp) {
        // A calendar that cannot be read keeps nobody from being told: what it would open counts as open here.
        let isActive = route.active.contains { name in
            rules.times[name].map { $0.contains(now) || $0.isUnreadable } ?? false
        }
        if !route.active.isEmpty, !isActive {
            rest = .inactive(times: route.active)
        } else {
            rest = route.mute.first { rules.times[$0]?.contains(now) ?? false }.map { .muted(times: $0) }
        }
        let open = route.quiet.compactMap { name in rules.times[name]?.end(containing: now).map { (name, $0) } }
        quiet = open.max { $0.1 < $1.1 }
    }

    func hides(_ alert: AlertRecord) -> Reason? {
        if let rest { return rest }
        guard let quiet, alert.labels.severity != .critical else { return nil }
        return .quiet(times: quiet.times, until: quiet.until)
    }
}

extension Mutes {
    /// Why nothing is said of an alert now, of its groups as of whoever it has climbed to; nil where nothing hides it. In
    /// Alertmanager's order: inhibition, active times, muted times, silences.
    ///
    /// - Parameter times: nil where its route is not there any more.
    func hides(_ alert: AlertRecord, _ times: RouteTimes?) -> Reason? {
        inhibition(of: alert.labels) ?? times?.hides(alert) ?? silence(of: alert.labels)
    }
}
