import Maintenance

extension Router {
    /// What was told on a route that escalates, and nobody has taken on, begins to climb.
    mutating func startClimbs(_ alerts: [AlertRecord], _ key: String, _ route: Route, at now: Timestamp) {
        guard let first = route.escalation.first else { return }
        let told = told(key, \.firing)
        for alert in alerts where alert.isFiring && told.contains(alert.fingerprint) {
            let climb = "\(route.key)|\(alert.fingerprint)"
            guard state.climbs[climb] == nil else { continue }
            state.climbs[climb] = RouterState.Climb(
                alert: alert.fingerprint, route: route.key, taken: 0, since: now, due: now + first.after)
        }
    }

    /// Takes the steps that are due; alerts that take the same step at once are told together.
    mutating func climbDue(at now: Timestamp, _ mutes: Mutes) {
        var steps: [Int: [String: [AlertRecord]]] = [:]
        var since: [String: Timestamp] = [:]
        for (key, climb) in state.climbs.sorted(by: { $0.key < $1.key }) {
            guard let route = routes[climb.route], let alert = state.book[climb.alert] else {
                state.climbs[key] = nil
                continue
            }
            guard alert.isFiring else {
                comeDown(key, climb, alert, route, at: now)
                continue
            }
            guard let due = climb.due, due <= now, climb.taken < route.escalation.count else { continue }
            if alert.isAcknowledged(at: now), let taken = alert.acknowledgement {
                // One that ends is asked about again then; the others wait for the end of the alert.
                state.climbs[key]?.due = taken.until
                decide([alert.fingerprint], .acknowledged(by: taken.by, comment: taken.comment), route: route)
            } else if let hidden = mutes.inhibition(of: alert.labels) ?? mutes.silence(of: alert.labels) {
                state.climbs[key]?.due = now + route.groupInterval
                withhold([alert], hidden, key, route, at: now)
            } else {
                steps[climb.taken, default: [:]][route.key, default: []].append(alert)
                since[route.key] = min(since[route.key] ?? climb.since, climb.since)
                let taken = climb.taken + 1
                state.climbs[key]?.taken = taken
                state.climbs[key]?.due =
                    taken < route.escalation.count ? max(climb.since + route.escalation[taken].after, now) : nil
            }
        }
        for (step, byRoute) in steps.sorted(by: { $0.key < $1.key }) {
            for (key, alerts) in byRoute.sorted(by: { $0.key < $1.key }) {
                guard let route = routes[key] else { continue }
                tell(
                    step: step, of: route, firing: alerts, resolved: [],
                    .escalated(step: step + 1, since: since[key] ?? now), at: now)
            }
        }
    }

    /// An alert that is over: whoever it climbed to is told.
    private mutating func comeDown(
        _ key: String, _ climb: RouterState.Climb, _ alert: AlertRecord, _ route: Route, at now: Timestamp
    ) {
        state.climbs[key] = nil
        for step in 0..<min(climb.taken, route.escalation.count) {
            tell(step: step, of: route, firing: [], resolved: [alert], .escalationOver(step: step + 1), at: now)
        }
    }

    private mutating func tell(
        step: Int, of route: Route, firing: [AlertRecord], resolved: [AlertRecord], _ reason: Reason,
        at now: Timestamp
    ) {
        let name = route.escalation[step].receiver
        let alerts = (firing + resolved).map(\.fingerprint)
        guard let receiver = rules.receivers[name], !receiver.deliveries.isEmpty else {
            return decide(alerts, .nobody(receiver: name), route: route, receiver: name)
        }
        for delivery in receiver.deliveries {
            guard !firing.isEmpty || delivery.sendsResolved else {
                decide(alerts, .resolvedUnwanted, route: route, receiver: name, channel: delivery.channel)
                continue
            }
            let addresses = rules.addresses(delivery.recipients, at: now)
            guard !addresses.isEmpty || delivery.recipients.isEmpty else {
                decide(alerts, .nobody(receiver: name), route: route, receiver: name, channel: delivery.channel)
                continue
            }
            send(
                delivery, addresses, name, "\(route.key)|escalation \(step + 1)", [:], firing: firing,
                resolved: resolved, reason, route, at: now)
        }
    }
}
