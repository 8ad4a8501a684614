import Maintenance

extension Router {
    /// Says to those who keep incidents themselves that somebody has taken on all that fires of a group, once for as long
    /// as it is the same. It is nobody's page, so nothing keeps it back.
    mutating func tellTaken(at now: Timestamp) {
        let hearing = rules.receivers.filter { $0.value.deliveries.contains(where: \.hearsAcknowledgement) }
        guard !hearing.isEmpty else { return }
        for (key, group) in state.groups.sorted(by: { $0.key < $1.key }) {
            guard let route = routes[group.route], let receiver = hearing[route.receiver] else { continue }
            for delivery in receiver.deliveries where delivery.hearsAcknowledgement {
                guard let entry = state.entries[key]?[delivery.channel] else { continue }
                let firing = entry.open.sorted().compactMap { state.book[$0] }.filter(\.isFiring)
                let taken = Set(firing.map(\.fingerprint))
                guard entry.taken != taken, firing.allSatisfy({ $0.isAcknowledged(at: now) }),
                    let last = firing.compactMap(\.acknowledgement).max(by: { $0.at < $1.at }),
                    let addresses = addresses(of: delivery, about: firing, receiver.name, route, at: now)
                else { continue }
                state.entries[key]?[delivery.channel]?.taken = taken
                send(
                    delivery, addresses, receiver.name, key, group.labels, firing: firing, resolved: [],
                    .takenOn(by: last.by, comment: last.comment), route, at: now)
            }
        }
    }
}
