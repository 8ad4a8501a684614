import Maintenance

extension Router {
    /// What was told on a route that escalates, and nobody has taken on, begins to climb.
    mutating func startClimbs(
        _ alerts: [AlertRecord], _ key: String, _ labels: Labels, _ route: Route, at now: Timestamp
    ) {
        guard !route.escalation.isEmpty else { return }
        let told = told(key, \.firing)
        for alert in alerts where alert.isFiring && told.contains(alert.fingerprint) {
            let climb = "\(route.key)|\(alert.fingerprint)"
            guard state.climbs[climb] == nil else { continue }
            state.climbs[climb] = RouterState.Climb(
                alert: alert.fingerprint, route: route.key, group: key, labels: labels, taken: 0, since: now, told: [])
        }
    }

    /// When something has to be done about a climb; nil where that waits for the alert's end or for a person.
    func due(_ climb: RouterState.Climb) -> Timestamp? {
        guard let alert = state.book[climb.alert] else { return state.now }
        guard alert.isFiring else { return climb.endLook }
        guard let step = nextStep(climb) else { return nil }
        guard step <= state.now, alert.isAcknowledged(at: state.now) else { return step }
        return alert.acknowledgement?.until
    }

    /// When the next step is due where nobody has taken the alert on; nil where there is none any more.
    private func nextStep(_ climb: RouterState.Climb) -> Timestamp? {
        guard let route = routes[climb.route], climb.taken < route.escalation.count else { return nil }
        let planned = climb.since + route.escalation[climb.taken].after
        return max(planned, climb.look ?? planned)
    }

    /// Takes the steps that are due, and comes down from where an alert is over. Alerts of one group that take the same
    /// step are told together, and so are their ends: whoever was told by a step hears each time of everything that the
    /// step has told of and that still fires, so that an incident is over with the last of them.
    mutating func climbDue(at now: Timestamp, _ mutes: Mutes) {
        guard !state.climbs.isEmpty else { return }
        var times: [String: RouteTimes] = [:]
        for (key, route) in routes where !route.escalation.isEmpty { times[key] = RouteTimes(route, rules, at: now) }
        var stepping: [RouterState.Climb] = []
        var ended: [RouterState.Climb] = []
        for (key, climb) in state.climbs.sorted(by: { $0.key < $1.key }) {
            guard let alert = state.book[climb.alert], routes[climb.route] != nil || !climb.audiences.isEmpty else {
                state.climbs[key] = nil
                continue
            }
            guard alert.isFiring else {
                if comesDown(key, climb, alert, times[climb.route], at: now, mutes) { ended.append(climb) }
                continue
            }
            state.climbs[key]?.endLook = nil
            guard let route = routes[climb.route], let step = nextStep(climb), step <= now else { continue }
            if alert.isAcknowledged(at: now), let taken = alert.acknowledgement {
                withhold(
                    [alert], .acknowledged(by: taken.by, comment: taken.comment), key, slot: key, route,
                    receiver: route.escalation[climb.taken].receiver)
            } else if let reason = mutes.hides(alert, times[climb.route]) {
                state.climbs[key]?.look = Self.lookAgain(after: reason, now, route)
                withhold(
                    [alert], reason, key, slot: key, route, receiver: route.escalation[climb.taken].receiver)
            } else {
                stepping.append(climb)
                state.climbs[key]?.taken = climb.taken + 1
                state.withheld[key] = nil
            }
        }
        let news = takeSteps(stepping, at: now) + ends(ended)
        guard !news.isEmpty else { return }
        let firing = stillFiring(times, mutes)
        for item in news { tell(item, firing: firing, at: now) }
    }

    /// What audiences of one step and channel are to hear.
    private struct News {
        var audiences: [RouterState.Audience]
        var over: [RouterState.Audience: [AlertRecord]] = [:]
        var reason: Reason
        var route: Route
    }

    /// What each audience was told of, still fires and is not hidden.
    private func stillFiring(_ times: [String: RouteTimes], _ mutes: Mutes) -> [RouterState.Audience: [AlertRecord]] {
        var firing: [RouterState.Audience: [AlertRecord]] = [:]
        for (_, climb) in state.climbs.sorted(by: { $0.key < $1.key }) where !climb.audiences.isEmpty {
            guard let alert = state.book[climb.alert], alert.isFiring, mutes.hides(alert, times[climb.route]) == nil
            else { continue }
            for audience in climb.audiences { firing[audience, default: []].append(alert) }
        }
        return firing
    }

    private static func lookAgain(after reason: Reason, _ now: Timestamp, _ route: Route?) -> Timestamp {
        let next = now + (route?.groupInterval ?? .seconds(300))
        if case .quiet(_, let until) = reason { return min(next, until) }
        return next
    }

    /// True where whoever was told can be told the end now; it goes with it.
    private mutating func comesDown(
        _ key: String, _ climb: RouterState.Climb, _ alert: AlertRecord, _ times: RouteTimes?, at now: Timestamp,
        _ mutes: Mutes
    ) -> Bool {
        if let look = climb.endLook, now < look { return false }
        if !climb.audiences.isEmpty, let reason = mutes.hides(alert, times) {
            let route = routes[climb.route]
            state.climbs[key]?.endLook = Self.lookAgain(after: reason, now, route)
            if let route { withhold([alert], reason, key, slot: "end", route, receiver: route.receiver) }
            return false
        }
        state.climbs[key] = nil
        state.withheld[key] = nil
        return !climb.audiences.isEmpty
    }

    /// Notes who is told by each step, one item for each group and channel.
    private mutating func takeSteps(_ stepping: [RouterState.Climb], at now: Timestamp) -> [News] {
        var news: [News] = []
        let groups = Dictionary(grouping: stepping) { "\($0.taken) \($0.group ?? $0.route)" }
        for (_, climbs) in groups.sorted(by: { $0.key < $1.key }) {
            guard let first = climbs.first, let route = routes[first.route] else { continue }
            let alerts = climbs.compactMap { state.book[$0.alert] }
            let name = route.escalation[first.taken].receiver
            guard let receiver = rules.receivers[name], !receiver.deliveries.isEmpty else {
                decide(alerts.map(\.fingerprint), .nobody(receiver: name), route: route, receiver: name)
                continue
            }
            let reason = Reason.escalated(step: first.taken + 1, since: climbs.map(\.since).min() ?? now)
            for (delivery, alerts) in rules.shares(alerts, of: receiver) where !alerts.isEmpty {
                let shared = Set(alerts.map(\.fingerprint))
                guard let addresses = addresses(of: delivery, about: alerts, name, route, at: now) else {
                    decide(
                        alerts.map(\.fingerprint), .nobody(receiver: name), route: route, receiver: name,
                        channel: delivery.channel)
                    continue
                }
                let audiences = (addresses.isEmpty ? [nil] : addresses.map(Optional.some)).map {
                    RouterState.Audience(
                        step: first.taken, key: "\(first.group ?? route.key)|escalation \(first.taken + 1)",
                        labels: first.labels ?? [:], receiver: name, channel: delivery.channel, address: $0,
                        sendsResolved: delivery.sendsResolved)
                }
                for climb in climbs where shared.contains(climb.alert) {
                    let key = "\(climb.route)|\(climb.alert)"
                    let told = (state.climbs[key]?.audiences ?? []) + audiences
                    state.climbs[key]?.told = told
                }
                news.append(News(audiences: audiences, reason: reason, route: route))
            }
        }
        return news
    }

    /// What those who were told hear of the ends.
    private func ends(_ ended: [RouterState.Climb]) -> [News] {
        var over: [RouterState.Audience: [AlertRecord]] = [:]
        var routesTold: [RouterState.Audience: Route] = [:]
        for climb in ended {
            guard let alert = state.book[climb.alert] else { continue }
            for audience in climb.audiences {
                over[audience, default: []].append(alert)
                routesTold[audience] = routes[climb.route]
            }
        }
        let groups = Dictionary(grouping: over.keys) { "\($0.key)|\($0.receiver)|\($0.channel)" }
        return groups.sorted { $0.key < $1.key }.compactMap { _, audiences in
            let audiences = audiences.sorted { ($0.address ?? "") < ($1.address ?? "") }
            return audiences.first.map { first in
                News(
                    audiences: audiences, over: over, reason: .escalationOver(step: first.step + 1),
                    route: routesTold[first] ?? rules.route)
            }
        }
    }

    /// Those of its audiences that hear the same are told in one notification.
    private mutating func tell(
        _ news: News, firing: [RouterState.Audience: [AlertRecord]], at now: Timestamp
    ) {
        var contents: [(audiences: [RouterState.Audience], firing: [AlertRecord], resolved: [AlertRecord])] = []
        for audience in news.audiences {
            let firing = firing[audience] ?? []
            let resolved = news.over[audience] ?? []
            if let place = contents.firstIndex(where: { $0.firing == firing && $0.resolved == resolved }) {
                contents[place].audiences.append(audience)
            } else {
                contents.append(([audience], firing, resolved))
            }
        }
        for content in contents {
            guard let first = content.audiences.first else { continue }
            guard content.resolved.isEmpty || first.sendsResolved else {
                decide(
                    content.resolved.map(\.fingerprint), .resolvedUnwanted, route: news.route,
                    receiver: first.receiver, channel: first.channel)
                continue
            }
            send(
                Receiver.Delivery(channel: first.channel), content.audiences.compactMap(\.address), first.receiver,
                first.key, first.labels, firing: content.firing, resolved: content.resolved, news.reason, news.route,
                at: now)
        }
    }
}
