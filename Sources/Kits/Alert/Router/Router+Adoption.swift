import Maintenance

extension Router {
    /// What is remembered of who was told, under the present rules. Climbs on routes that are gone stay until whoever was
    /// told has heard of the end.
    ///
    /// What older versions wrote by places in lists is turned into names once.
    mutating func adoptMemory(at now: Timestamp) {
        for (key, entries) in state.entries where entries.keys.contains(where: Self.isPlace) {
            let named = named(entries, of: key)
            state.entries[key] = named
        }
        turnRotations(at: now)
        for (key, climb) in state.climbs where climb.told == nil {
            let told = audiences(of: climb, at: now)
            state.climbs[key]?.told = told
        }
        state.climbs = state.climbs.filter { routes[$0.value.route] != nil || !$0.value.audiences.isEmpty }
    }

    /// `route 1|0`: a receiver's name and a place in its list. No channel's name has a stroke in it.
    private static func isPlace(_ slot: String) -> Bool { slot.utf8.contains(UInt8(ascii: "|")) }

    private func named(_ entries: [String: RouterState.Entry], of key: String) -> [String: RouterState.Entry] {
        // Keys of routes begin with those of the routes above them: the longest is meant.
        let route = routes.values.filter { key.hasPrefix("\($0.key):") }.max { $0.key.utf8.count < $1.key.utf8.count }
        var named = entries.filter { !Self.isPlace($0.key) }
        guard let route, let receiver = rules.receivers[route.receiver] else { return named }
        for (slot, entry) in entries where Self.isPlace(slot) {
            guard slot.hasPrefix("\(receiver.name)|"), let place = Int(slot.dropFirst(receiver.name.count + 1)),
                receiver.deliveries.indices.contains(place)
            else { continue }
            named[receiver.deliveries[place].channel] = named[receiver.deliveries[place].channel] ?? entry
        }
        return named
    }

    /// Whom a climb of an older version has told, as far as that is known now.
    private mutating func audiences(of climb: RouterState.Climb, at now: Timestamp) -> [RouterState.Audience] {
        guard let route = routes[climb.route], let alert = state.book[climb.alert] else { return [] }
        return route.escalation.prefix(climb.taken).enumerated().flatMap { step, escalation in
            (rules.receivers[escalation.receiver]?.deliveries ?? []).flatMap { delivery in
                let addresses =
                    addresses(of: delivery, about: [alert], escalation.receiver, route, at: now) ?? []
                return (addresses.isEmpty ? [nil] : addresses.map(Optional.some)).map {
                    RouterState.Audience(
                        step: step, key: "\(route.key)|escalation \(step + 1)", labels: [:],
                        receiver: escalation.receiver, channel: delivery.channel, address: $0,
                        sendsResolved: delivery.sendsResolved)
                }
            }
        }
    }
}
