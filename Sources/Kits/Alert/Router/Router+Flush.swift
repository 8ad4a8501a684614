import Maintenance

extension Router {
    /// Looks at every group whose time has come, the longest waiting first.
    mutating func flushDue(at now: Timestamp, _ mutes: Mutes) {
        let due = state.groups.filter { $0.value.next <= now }
        for (key, _) in due.sorted(by: { ($0.value.next, $0.key) < ($1.value.next, $1.key) }) {
            flush(key, at: now, mutes)
        }
    }

    private mutating func flush(_ key: String, at now: Timestamp, _ mutes: Mutes) {
        guard let group = state.groups[key], let route = routes[group.route] else { return }
        state.groups[key]?.hasFlushed = true
        let next = next(route, after: now)
        state.groups[key]?.next = next
        let members = group.members.sorted().compactMap { state.book[$0] }
        guard !members.isEmpty else {
            state.groups[key]?.members = []
            return
        }
        let audible = audible(members, key, route, at: now, mutes)
        let heard = Set(audible.map(\.fingerprint))
        if !audible.isEmpty, let receiver = rules.receivers[route.receiver] {
            let hidden = Set(members.lazy.filter { $0.isFiring && !heard.contains($0.fingerprint) }.map(\.fingerprint))
            let open = (state.entries[key] ?? [:]).mapValues(\.open)
            for (delivery, share) in rules.shares(audible, of: receiver, open: open) {
                if !share.isEmpty {
                    tell(delivery, of: receiver, share, hidden: hidden, key, group, route, at: now)
                }
                guard share.count < audible.count else { continue }
                let own = audible.filter { rules.channel(of: $0.labels) == delivery.channel && !share.contains($0) }
                guard !own.isEmpty else { continue }
                withhold(
                    own, .aboutItsChannel, key, slot: "about \(delivery.channel)", route, receiver: receiver.name,
                    channel: delivery.channel)
            }
            if receiver.deliveries.isEmpty {
                withhold(audible, .nobody(receiver: receiver.name), key, slot: "nobody", route)
            }
            startClimbs(audible, key, group.labels, route, at: now)
        }
        // What is over goes, unless somebody was told that it fires and could not be told its end yet.
        let open = told(key, \.open)
        let over = members.filter { alert in
            !alert.isFiring && (heard.contains(alert.fingerprint) || !open.contains(alert.fingerprint))
        }
        state.groups[key]?.members = Set(members.map(\.fingerprint)).subtracting(over.map(\.fingerprint))
    }

    /// What the channels of a group have in their last entries.
    func told(_ key: String, _ part: KeyPath<RouterState.Entry, Set<String>>) -> Set<String> {
        (state.entries[key] ?? [:]).values.reduce(into: []) { $0.formUnion($1[keyPath: part]) }
    }

    /// Those that nothing hides.
    private mutating func audible(
        _ members: [AlertRecord], _ key: String, _ route: Route, at now: Timestamp, _ mutes: Mutes
    ) -> [AlertRecord] {
        let times = RouteTimes(route, rules, at: now)
        // Who sleeps is told when the night is over, and not at some tick after it.
        if let quiet = times.quiet, let next = state.groups[key]?.next, !isBatched(route) {
            state.groups[key]?.next = min(next, quiet.until)
        }
        var audible: [AlertRecord] = []
        for alert in members {
            if let reason = mutes.hides(alert, times) {
                withhold([alert], reason, key, slot: alert.fingerprint, route)
            } else {
                // What hides it next is said again, also where it is the same.
                state.withheld[key]?[alert.fingerprint] = nil
                audible.append(alert)
            }
        }
        return audible
    }

    /// Tells one channel, or says why not.
    private mutating func tell(
        _ delivery: Receiver.Delivery, of receiver: Receiver, _ alerts: [AlertRecord], hidden: Set<String>,
        _ key: String, _ group: RouterState.Group, _ route: Route, at now: Timestamp
    ) {
        let slot = delivery.channel
        let entry = state.entries[key]?[slot]
        let firing = alerts.filter(\.isFiring)
        let resolved = alerts.filter { !$0.isFiring }
        let update = Update(entry, firing: firing, resolved: resolved, hidden: hidden, delivery, route, at: now)
        func not(_ reason: Reason, _ router: inout Router) {
            router.withhold(
                alerts, reason, key, slot: "channel \(slot)", route, receiver: receiver.name, channel: slot)
        }
        guard case .tell(let reason) = update.verdict else {
            if case .withhold(let reason) = update.verdict { not(reason, &self) }
            return
        }
        guard let addresses = addresses(of: delivery, about: alerts, receiver.name, route, at: now) else {
            return not(.nobody(receiver: receiver.name), &self)
        }
        let told = Set(firing.map(\.fingerprint))
        let over = Set(resolved.map(\.fingerprint))
        let wasOpen = entry.map { !$0.open.isEmpty } ?? false
        state.entries[key, default: [:]][slot] = RouterState.Entry(
            firing: told, resolved: over, open: (entry?.open ?? []).union(told).subtracting(over), at: now,
            // Alertmanager's retention: long enough for the next repetition to find it.
            expires: now + route.repeatInterval * 2, refreshed: wasOpen ? entry?.refreshed ?? entry?.at : now)
        let ended = delivery.sendsResolved || isBatched(route) ? resolved : []
        guard !firing.isEmpty || !ended.isEmpty else { return not(.resolvedUnwanted, &self) }
        send(
            delivery, addresses, receiver.name, key, group.labels, firing: firing, resolved: ended, reason, route,
            at: now)
        state.withheld[key]?["channel \(slot)"] = nil
    }

    func isBatched(_ route: Route) -> Bool {
        if case .batched = route.timing { true } else { false }
    }

    mutating func send(
        _ delivery: Receiver.Delivery, _ addresses: [String], _ receiver: String, _ key: String, _ labels: Labels,
        firing: [AlertRecord], resolved: [AlertRecord], _ reason: Reason, _ route: Route, at now: Timestamp
    ) {
        state.count += 1
        var digest = CanonicalDigest()
        digest.add([String(state.count), key, receiver, delivery.channel, String(now.microseconds)])
        let notification = AlertNotification(
            id: String(digest.hexadecimal.prefix(32)), decidedAt: now, receiver: receiver, channel: delivery.channel,
            recipients: addresses, groupKey: key, groupLabels: labels, firing: firing, resolved: resolved,
            reason: reason)
        outcome.notifications.append(notification)
        outcome.decisions.append(
            AlertDecision(
                at: now, route: route.key, receiver: receiver, channel: delivery.channel,
                alerts: (firing + resolved).map(\.fingerprint), outcome: .sent(notification.id), reason: reason))
    }

    /// Says why something is not sent, once for as long as it stays so.
    ///
    /// - Parameter slot: of what it is said, within the group or the climb that `key` names.
    mutating func withhold(
        _ alerts: [AlertRecord], _ reason: Reason, _ key: String, slot: String, _ route: Route,
        receiver: String? = nil, channel: String? = nil
    ) {
        let whom = alerts.map(\.fingerprint)
        var digest = CanonicalDigest()
        digest.add(["\(reason)"] + whom)
        let said = String(digest.hexadecimal.prefix(16))
        guard state.withheld[key]?[slot] != said else { return }
        state.withheld[key, default: [:]][slot] = said
        decide(whom, reason, route: route, receiver: receiver ?? route.receiver, channel: channel)
    }
}
