import Maintenance

extension Router {
    /// Counts handovers on from the last one that was counted. The days of a calendar that are changed afterwards move no
    /// turn that was given, and neither does a new configuration with the same beginning and the same handovers.
    mutating func turnRotations(at now: Timestamp) {
        state.turns = state.turns.filter { rules.rotations[$0.key] != nil }
        for (name, rotation) in rules.rotations { state.turns[name] = rotation.turn(after: state.turns[name], at: now) }
    }

    /// Whom a delivery reaches now; empty where the channel itself is the addressee. Nil where it names people and nobody
    /// is left, which is said.
    ///
    /// Who is on call and cannot be reached through this channel keeps nobody from being told: then it is those whom the
    /// channel tells anyway.
    mutating func addresses(
        of delivery: Receiver.Delivery, about alerts: [AlertRecord], _ receiver: String, _ route: Route,
        at now: Timestamp
    ) -> [String]? {
        guard !delivery.recipients.isEmpty else { return [] }
        var addresses: [String] = []
        var others: [String] = []
        for recipient in delivery.recipients {
            let address: String? =
                switch recipient {
                case .address(let address): address
                case .onCall(let name):
                    rules.rotations[name].flatMap { $0.standIn(at: now) ?? state.turns[name]?.member }
                }
            guard let address else { continue }
            guard delivery.addressing.understands(address) else {
                others.append(address)
                continue
            }
            if !addresses.contains(address) { addresses.append(address) }
        }
        guard addresses.isEmpty else { return addresses }
        guard !delivery.standard.isEmpty else { return nil }
        decide(
            alerts.map(\.fingerprint), .standIns(for: others), route: route, receiver: receiver,
            channel: delivery.channel)
        return delivery.standard
    }
}
