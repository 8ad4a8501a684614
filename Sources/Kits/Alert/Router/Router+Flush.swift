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
        if !audible.isEmpty, let receiver = rules.receivers[route.receiver] {
            for (place, delivery) in receiver.deliveries.enumerated() {
                tell(delivery, place, of: receiver, audible, key, group, route, at: now)
            }
            if receiver.deliveries.isEmpty {
                withhold(audible, .nobody(receiver: receiver.name), key, route, at: now)
            }
            startClimbs(audible, key, route, at: now)
        }
        // What is over goes, unless somebody was told that it fires and could not be told its end yet.
        let heard = Set(audible.map(\.fingerprint))
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

    /// Those that nothing hides, in Alertmanager's order: inhibition, active times, muted times, silences.
    private mutating func audible(
        _ members: [AlertRecord], _ key: String, _ route: Route, at now: Timestamp, _ mutes: Mutes
    ) -> [AlertRecord] {
        var left = remove(members, key, route, at: now) { mutes.inhibition(of: $0.labels) }
        if !route.active.isEmpty, !route.active.contains(where: { rules.times[$0]?.contains(now) ?? false }) {
            left = remove(left, key, route, at: now) { _ in .inactive(times: route.active) }
        }
        if let times = route.mute.first(where: { rules.times[$0]?.contains(now) ?? false }) {
            left = remove(left, key, route, at: now) { _ in .muted(times: times) }
        }
        if let quiet = quietEnd(route, at: now) {
            left = remove(left, key, route, at: now) { alert in
                alert.labels.severity == .critical ? nil : .quiet(times: quiet.times, until: quiet.until)
            }
            // Who sleeps is told when the night is over, and not at some tick after it.
            if let next = state.groups[key]?.next, !isBatched(route) {
                state.groups[key]?.next = min(next, quiet.until)
            }
        }
        return remove(left, key, route, at: now) { mutes.silence(of: $0.labels) }
    }

    private func quietEnd(_ route: Route, at now: Timestamp) -> (times: String, until: Timestamp)? {
        let open = route.quiet.compactMap { name in rules.times[name]?.end(containing: now).map { (name, $0) } }
        return open.max { $0.1 < $1.1 }
    }

    private mutating func remove(
        _ alerts: [AlertRecord], _ key: String, _ route: Route, at now: Timestamp,
        _ reason: (AlertRecord) -> Reason?
    ) -> [AlertRecord] {
        var left: [AlertRecord] = []
        for alert in alerts {
            if let reason = reason(alert) { withhold([alert], reason, key, route, at: now) } else { left.append(alert) }
        }
        return left
    }

    /// Tells one channel, or says why not.
    private mutating func tell(
        _ delivery: Receiver.Delivery, _ place: Int, of receiver: Receiver, _ alerts: [AlertRecord], _ key: String,
        _ group: RouterState.Group, _ route: Route, at now: Timestamp
    ) {
        let slot = "\(receiver.name)|\(place)"
        let entry = state.entries[key]?[slot]
        let firing = alerts.filter(\.isFiring)
        let resolved = alerts.filter { !$0.isFiring }
        let verdict = Update(entry, firing: firing, resolved: resolved, delivery, route, at: now).verdict
        guard case .tell(let reason) = verdict else {
            if case .withhold(let reason) = verdict {
                withhold(alerts, reason, key, route, at: now, receiver: receiver.name, delivery, place)
            }
            return
        }
        let addresses = rules.addresses(delivery.recipients, at: now)
        guard !addresses.isEmpty || delivery.recipients.isEmpty else {
            return withhold(
                alerts, .nobody(receiver: receiver.name), key, route, at: now, receiver: receiver.name, delivery, place)
        }
        let told = Set(firing.map(\.fingerprint))
        let over = Set(resolved.map(\.fingerprint))
        state.entries[key, default: [:]][slot] = RouterState.Entry(
            firing: told, resolved: over, open: (entry?.open ?? []).union(told).subtracting(over), at: now,
            // Alertmanager's retention: long enough for the next repetition to find it.
            expires: now + route.repeatInterval * 2)
        let ended = delivery.sendsResolved || isBatched(route) ? resolved : []
        guard !firing.isEmpty || !ended.isEmpty else {
            return withhold(
                alerts, .resolvedUnwanted, key, route, at: now, receiver: receiver.name, delivery, place)
        }
        send(
            delivery, addresses, receiver.name, key, group.labels, firing: firing, resolved: ended, reason, route,
            at: now)
        state.withheld[key]?[slot] = nil
    }

    private func isBatched(_ route: Route) -> Bool {
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
    mutating func withhold(
        _ alerts: [AlertRecord], _ reason: Reason, _ key: String, _ route: Route, at now: Timestamp,
        receiver: String? = nil, _ delivery: Receiver.Delivery? = nil, _ place: Int? = nil
    ) {
        let whom = alerts.map(\.fingerprint)
        let slot = receiver.map { "\($0)|\(place ?? 0)" } ?? whom.joined(separator: ",")
        var digest = CanonicalDigest()
        digest.add(["\(reason)"] + whom)
        let said = String(digest.hexadecimal.prefix(16))
        guard state.withheld[key]?[slot] != said else { return }
        state.withheld[key, default: [:]][slot] = said
        decide(whom, reason, route: route, receiver: receiver ?? route.receiver, channel: delivery?.channel)
    }
}
