import Maintenance

/// Everything a configuration says about alerts, as values that need nothing more from outside.
package struct AlertRules: Sendable {
    package var route: Route
    package var receivers: [String: Receiver]
    package var inhibitions: [Inhibition]
    package var times: [String: Times]
    package var rotations: [String: Rotation]
    package var terms: AlertTerms
    /// Alerts, by their name, whose object begins with the channel that they are about.
    package var aboutChannels: Set<String> = []
    /// Every channel there is, for what is about all those of a receiver.
    package var ways: [Receiver.Delivery] = []

    package init(
        route: Route, receivers: [Receiver], inhibitions: [Inhibition] = [], times: [Times] = [],
        rotations: [Rotation] = [], terms: AlertTerms = AlertTerms()
    ) {
        self.route = route
        self.receivers = Dictionary(receivers.map { ($0.name, $0) }) { _, last in last }
        self.inhibitions = inhibitions
        self.times = Dictionary(times.map { ($0.name, $0) }) { _, last in last }
        self.rotations = Dictionary(rotations.map { ($0.name, $0) }) { _, last in last }
        self.terms = terms
    }
}

extension AlertRules {
    /// The channel that an alert is about; nil for most.
    package func channel(of labels: Labels) -> String? {
        guard aboutChannels.contains(labels[Labels.Name.alert]) else { return nil }
        return labels[Labels.Name.object].split(separator: " ", maxSplits: 1).first.map(String.init)
    }

    /// Through what a receiver tells some alerts, and what through each: the trouble of a channel is told by the others,
    /// and where the receiver has no other by all that there are. Only where there is none at all it is that channel.
    ///
    /// - Parameter open: what each channel has told and not ended, which it ends as well.
    func shares(
        _ alerts: [AlertRecord], of receiver: Receiver, open: [String: Set<String>] = [:]
    ) -> [(delivery: Receiver.Delivery, alerts: [AlertRecord])] {
        let channels = Set(receiver.deliveries.map(\.channel))
        var others: [String: Set<String>] = [:]
        for alert in alerts {
            guard let channel = channel(of: alert.labels), channels.contains(channel) else { continue }
            let mine = channels.subtracting([channel])
            let every = mine.isEmpty ? Set(ways.map(\.channel)).subtracting([channel]) : mine
            others[alert.fingerprint] = every.isEmpty ? channels : every
        }
        guard !others.isEmpty else { return receiver.deliveries.map { ($0, alerts) } }
        let deliveries = receiver.deliveries + ways.filter { !channels.contains($0.channel) }
        return deliveries.map { delivery in
            let told = alerts.filter { alert in
                guard let others = others[alert.fingerprint] else { return channels.contains(delivery.channel) }
                let isEnd = !alert.isFiring && open[delivery.channel]?.contains(alert.fingerprint) ?? false
                return others.contains(delivery.channel) || isEnd
            }
            return (delivery, told)
        }
    }
}
