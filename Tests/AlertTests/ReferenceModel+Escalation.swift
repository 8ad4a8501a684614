import Alert
import Maintenance

/// Who is told where nobody acknowledges: looked at every second, climb by climb.
extension ReferenceModel {
    /// Somebody who hears of an escalation, for one step of one group.
    struct Listener: Hashable {
        var route: Route
        var labels: Labels
        var step: Int
        var receiver: String
        var channel: String
        /// Nil where it is the channel itself.
        var name: String?
        var sendsResolved: Bool
    }

    struct Climb {
        var alert: Labels
        var route: Route
        var labels: Labels
        var since: Int
        var taken = 0
        /// When what was hidden is looked at again: a step, and the end.
        var stepLook = 0
        var endLook = 0
        var listeners: Set<Listener> = []
    }

    /// When something that is hidden now is looked at again: at the end of the night where that is what hides it, and
    /// nothing that is asked before.
    func look(_ alert: Labels, _ route: Route, _ second: Int) -> Int {
        let next = second + seconds(route.groupInterval)
        let isActive = route.active.isEmpty || route.active.contains { contains($0, second) }
        guard !isInhibited(alert), isActive, !route.mute.contains(where: { contains($0, second) }),
            alert["severity"] != "critical", let end = quietEnd(route, second)
        else { return next }
        return min(next, end)
    }

    mutating func climb(_ second: Int) {
        var news: [[Listener]: Set<Labels>] = [:]
        var over: [Listener: Set<Labels>] = [:]
        var stays: [Climb] = []
        for var climb in climbs {
            let route = climb.route
            guard firedAt[climb.alert] != nil else {
                guard !climb.listeners.isEmpty else { continue }
                if second >= climb.endLook, !isHidden(climb.alert, route, second) {
                    for listener in climb.listeners { over[listener, default: []].insert(climb.alert) }
                    continue
                }
                if second >= climb.endLook { climb.endLook = look(climb.alert, route, second) }
                stays.append(climb)
                continue
            }
            climb.endLook = 0
            if climb.taken < route.escalation.count, second >= climb.stepLook,
                second >= climb.since + seconds(route.escalation[climb.taken].after),
                !isAcknowledged(climb.alert, second)
            {
                if isHidden(climb.alert, route, second) {
                    climb.stepLook = look(climb.alert, route, second)
                } else {
                    for channel in listeners(climb, second) {
                        climb.listeners.formUnion(channel)
                        news[channel, default: []].insert(climb.alert)
                    }
                    climb.taken += 1
                }
            }
            stays.append(climb)
        }
        climbs = stays
        for listeners in news.keys { tell(listeners, [:], second) }
        let channels = Dictionary(grouping: over.keys) { listener in
            var channel = listener
            channel.name = nil
            return channel
        }
        for listeners in channels.values { tell(listeners, over, second) }
    }

    /// Who hears of a climb's next step now, by channel.
    func listeners(_ climb: Climb, _ second: Int) -> [[Listener]] {
        let name = climb.route.escalation[climb.taken].receiver
        let channels = channels(of: climb.alert, name)
        return deliveries(name).filter { channels.contains($0.channel) }.map { delivery in
            let names = people(delivery, second)
            return (names.isEmpty ? [nil] : names.sorted().map(Optional.some)).map {
                Listener(
                    route: climb.route, labels: climb.labels, step: climb.taken, receiver: name,
                    channel: delivery.channel, name: $0, sendsResolved: delivery.sendsResolved)
            }
        }
    }

    func people(_ delivery: Receiver.Delivery, _ second: Int) -> Set<String> {
        Set(
            delivery.recipients.compactMap { recipient in
                switch recipient {
                case .address(let name): return name
                case .onCall(let name):
                    guard let rotation = rules.rotations[name], case .every(let length) = rotation.handover else {
                        return nil
                    }
                    let now = RandomScenario.at(second)
                    if let other = rotation.overrides.last(where: { ($0.from..<$0.until).contains(now) }) {
                        return other.member
                    }
                    let start = Int(rotation.since.microseconds / 1_000_000)
                    let turns = (start + second) / seconds(length) - start / seconds(length)
                    return rotation.members[turns % rotation.members.count]
                }
            })
    }

    /// Each of them hears what is over and what of all it was told of fires and is not hidden; equal news go out once.
    mutating func tell(_ listeners: [Listener], _ over: [Listener: Set<Labels>], _ second: Int) {
        var contents: [[Set<Labels>]: [Listener]] = [:]
        for listener in listeners {
            let firing = climbs.filter {
                $0.listeners.contains(listener) && firedAt[$0.alert] != nil && !isHidden($0.alert, $0.route, second)
            }
            contents[[Set(firing.map(\.alert)), over[listener] ?? []], default: []].append(listener)
        }
        for (content, listeners) in contents where content[1].isEmpty || listeners[0].sendsResolved {
            sent.append(
                Sent(
                    second: second, receiver: listeners[0].receiver, channel: listeners[0].channel,
                    recipients: Set(listeners.compactMap(\.name)), isEscalation: true, firing: content[0],
                    resolved: content[1]))
        }
    }
}
