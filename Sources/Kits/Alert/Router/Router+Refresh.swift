import Maintenance

extension Router {
    /// Says again what goes on to those who take it for over where they do not hear of it: another Alertmanager. It is
    /// nobody's page, so neither an acknowledgement nor a silence keeps it back.
    mutating func refreshDue(at now: Timestamp) {
        for (key, slot, due, delivery) in refreshes where due <= now {
            guard let group = state.groups[key], let route = routes[group.route],
                let entry = state.entries[key]?[slot]
            else { continue }
            let open = entry.open.sorted().compactMap { state.book[$0] }.filter(\.isFiring)
            state.entries[key]?[slot]?.refreshed = now
            guard let addresses = addresses(of: delivery, about: open, route.receiver, route, at: now) else { continue }
            send(
                delivery, addresses, route.receiver, key, group.labels, firing: open, resolved: [],
                .refreshed(last: entry.refreshed ?? entry.at), route, at: now)
        }
    }

    /// What has to be said again, and when.
    var refreshes: [(key: String, slot: String, due: Timestamp, delivery: Receiver.Delivery)] {
        let beating = (rules.receivers.values.flatMap(\.deliveries) + rules.ways).contains { $0.refresh != nil }
        guard beating else { return [] }
        var found: [(key: String, slot: String, due: Timestamp, delivery: Receiver.Delivery)] = []
        for (key, group) in state.groups.sorted(by: { $0.key < $1.key }) {
            guard let route = routes[group.route], let receiver = rules.receivers[route.receiver] else { continue }
            let own = Set(receiver.deliveries.map(\.channel))
            for delivery in receiver.deliveries + rules.ways.filter({ !own.contains($0.channel) }) {
                guard let refresh = delivery.refresh, let entry = state.entries[key]?[delivery.channel],
                    entry.open.contains(where: { state.book[$0]?.isFiring ?? false })
                else { continue }
                found.append((key, delivery.channel, (entry.refreshed ?? entry.at) + refresh, delivery))
            }
        }
        return found
    }
}
