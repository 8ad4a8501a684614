import Alert
import Maintenance

/// What ought to be sent, decided a second at a time by the shortest way to say it: nothing is scheduled, nothing is
/// remembered but what happened. It shares only the values of a configuration with the router.
struct ReferenceModel {
    struct Sent: Hashable, CustomStringConvertible {
        var second: Int
        var receiver: String
        var channel: String
        var firing: Set<Labels>
        var resolved: Set<Labels>

        var description: String {
            "\(second)s \(channel) firing \(firing.map(\.description).sorted()) resolved "
                + "\(resolved.map(\.description).sorted())"
        }
    }

    private struct Group {
        var route: Route
        var labels: Labels
        var members: Set<Labels> = []
        var tick: Int
        var ticked = false
    }

    private struct Told {
        var firing: Set<Labels>
        var resolved: Set<Labels>
        var second: Int
    }

    private struct Slot: Hashable {
        var route: Route
        var labels: Labels
        var delivery: Int
    }

    let scenario: RandomScenario
    private var rules: AlertRules { scenario.rules }
    private var wrongSince: [Labels: Int] = [:]
    private var firedAt: [Labels: Int] = [:]
    private var silences: [String: Silence] = [:]
    private var acknowledged: Set<Labels> = []
    private var joins: [(second: Int, alert: Labels, route: Route)] = []
    private var groups: [Group] = []
    private var told: [Slot: [Told]] = [:]
    private(set) var sent: [Sent] = []

    init(_ scenario: RandomScenario) {
        self.scenario = scenario
        var sweep: Int?
        for second in 0...RandomScenario.length {
            for event in scenario.events[second] ?? [] { take(event, second) }
            for (alert, since) in wrongSince where firedAt[alert] == nil && second - since >= holdSeconds {
                fire(alert, second)
            }
            for join in joins where join.second <= second && firedAt[join.alert] != nil {
                self.join(join.alert, join.route, second)
            }
            joins.removeAll { join in join.second <= second || firedAt[join.alert] == nil }
            for index in groups.indices where groups[index].tick <= second { flush(index, second) }
            if sweep == nil, !groups.isEmpty { sweep = second + 30 }
            if second == sweep {
                groups.removeAll(where: \.members.isEmpty)
                // What was told to a group that is gone counts for a while only.
                for (slot, history) in told {
                    let isThere = groups.contains { $0.route == slot.route && $0.labels == slot.labels }
                    if !isThere, let last = history.last, second - last.second >= 2 * seconds(slot.route.repeatInterval)
                    {
                        told[slot] = []
                    }
                }
                sweep = second + 30
            }
        }
    }

    private var holdSeconds: Int { seconds(rules.terms.hold) }
    private func seconds(_ duration: Duration) -> Int { Int(duration.microseconds / 1_000_000) }
    private func contains(_ name: String, _ second: Int) -> Bool {
        rules.times[name]?.spans.contains { $0.contains(RandomScenario.at(second)) } ?? false
    }

    private mutating func take(_ event: AlertEvent, _ second: Int) {
        switch event {
        case .wrong(let alert, _):
            guard wrongSince[alert] == nil else { return }
            wrongSince[alert] = second
            acknowledged.remove(alert)
            if holdSeconds == 0 { fire(alert, second) }
        case .well(let alert):
            wrongSince[alert] = nil
            firedAt[alert] = nil
            joins.removeAll { $0.alert == alert }
        case .acknowledged(let fingerprint, _):
            for alert in wrongSince.keys where alert.fingerprint == fingerprint { acknowledged.insert(alert) }
        case .silenced(let silence): silences[silence.id] = silence
        case .unsilenced(let id):
            let now = RandomScenario.at(second)
            if let silence = silences[id], now < silence.ends { silences[id]?.ends = max(now, silence.starts) }
        }
    }

    private mutating func fire(_ alert: Labels, _ second: Int) {
        firedAt[alert] = second
        for route in leaves(rules.route, alert) {
            if case .delayed(let delay) = route.timing {
                joins.append((second + seconds(delay), alert, route))
            } else {
                join(alert, route, second)
            }
        }
    }

    /// Depth first; a node is meant where none of its children is.
    private func leaves(_ route: Route, _ alert: Labels) -> [Route] {
        guard route.matchers.allSatisfy({ $0.matches(alert) }) else { return [] }
        var result: [Route] = []
        for child in route.children {
            let below = leaves(child, alert)
            result += below
            if !below.isEmpty && !child.continues { return result }
        }
        return result.isEmpty ? [route] : result
    }

    private mutating func join(_ alert: Labels, _ route: Route, _ second: Int) {
        let labels: Labels =
            switch route.grouping {
            case .all: alert
            case .labels(let names): Labels(alert.values.filter { names.contains($0.key) })
            }
        if !groups.contains(where: { $0.route == route && $0.labels == labels }) {
            groups.append(Group(route: route, labels: labels, tick: second + seconds(route.groupWait)))
            if case .batched = route.timing { groups[groups.count - 1].tick = nextTick(route, second) }
        }
        for index in groups.indices where groups[index].route == route && groups[index].labels == labels {
            groups[index].members.insert(alert)
            switch route.timing {
            case .immediate: groups[index].tick = second
            case .batched: break
            case .standard, .delayed:
                let hasWaited = (firedAt[alert] ?? second) + seconds(route.groupWait) < second
                if hasWaited && !groups[index].ticked { groups[index].tick = second }
            }
        }
    }

    private func nextTick(_ route: Route, _ second: Int) -> Int {
        guard case .batched(.every(let length)) = route.timing else { return second + seconds(route.groupInterval) }
        return (second / seconds(length) + 1) * seconds(length)
    }

    private mutating func flush(_ index: Int, _ second: Int) {
        let group = groups[index]
        let route = group.route
        groups[index].ticked = true
        groups[index].tick = nextTick(route, second)
        var heard = group.members.filter { !isInhibited($0) }
        if !route.active.isEmpty, !route.active.contains(where: { contains($0, second) }) { heard = [] }
        if route.mute.contains(where: { contains($0, second) }) { heard = [] }
        // Quiet hours are only asked where somebody would be told.
        if !group.members.isEmpty, let end = quietEnd(route, second) {
            heard = heard.filter { $0["severity"] == "critical" }
            if case .batched = route.timing {} else { groups[index].tick = min(groups[index].tick, end) }
        }
        let now = RandomScenario.at(second)
        heard = heard.filter { alert in
            !silences.values.contains {
                $0.starts <= now && now < $0.ends && $0.matchers.allSatisfy { $0.matches(alert) }
            }
        }
        for place in rules.receivers[route.receiver]?.deliveries.indices ?? 0..<0 where !heard.isEmpty {
            tell(
                group, place, firing: heard.filter { firedAt[$0] != nil },
                resolved: heard.filter { firedAt[$0] == nil }, second)
        }
        // Whoever was told that it fires is told that it is over, however long that is hidden.
        let owed = group.members.filter { alert in
            rules.receivers[route.receiver]?.deliveries.indices.contains { place in
                let history = told[Slot(route: route, labels: group.labels, delivery: place)] ?? []
                return history.last { $0.firing.contains(alert) || $0.resolved.contains(alert) }?.firing.contains(alert)
                    ?? false
            } ?? false
        }
        groups[index].members = group.members.filter {
            firedAt[$0] != nil || (!heard.contains($0) && owed.contains($0))
        }
    }

    private func quietEnd(_ route: Route, _ second: Int) -> Int? {
        let now = RandomScenario.at(second)
        let ends = route.quiet.flatMap { rules.times[$0]?.spans ?? [] }.filter { $0.contains(now) }.map(\.upperBound)
        return ends.max().map { Int(($0 - RandomScenario.start).microseconds / 1_000_000) }
    }

    private func isInhibited(_ alert: Labels) -> Bool {
        rules.inhibitions.contains { rule in
            rule.target.allSatisfy { $0.matches(alert) }
                && firedAt.keys.contains { source in
                    rule.source.allSatisfy { $0.matches(source) } && rule.equal.allSatisfy { source[$0] == alert[$0] }
                        && !(rule.source.allSatisfy { $0.matches(alert) }
                            && rule.target.allSatisfy { $0.matches(source) })
                }
        }
    }

    private mutating func tell(
        _ group: Group, _ place: Int, firing: Set<Labels>, resolved: Set<Labels>, _ second: Int
    ) {
        guard let receiver = rules.receivers[group.route.receiver] else { return }
        let delivery = receiver.deliveries[place]
        let slot = Slot(route: group.route, labels: group.labels, delivery: place)
        let history = told[slot] ?? []
        var isBatch = false
        if case .batched = group.route.timing { isBatch = true }
        let isDue: Bool
        if isBatch {
            isDue = true
        } else if let last = history.last {
            let isOpen = resolved.contains { alert in
                history.last { $0.firing.contains(alert) || $0.resolved.contains(alert) }?.firing.contains(alert)
                    ?? false
            }
            if !firing.isSubset(of: last.firing) {
                isDue = true
            } else if firing.isEmpty {
                isDue = !last.firing.isEmpty || isOpen
            } else if delivery.sendsResolved && !resolved.isSubset(of: last.resolved) {
                isDue = true
            } else {
                let isOld = second - last.second > seconds(group.route.repeatInterval)
                isDue = isOld && !firing.isSubset(of: acknowledged)
            }
        } else {
            isDue = !firing.isEmpty
        }
        guard isDue else { return }
        told[slot, default: []].append(Told(firing: firing, resolved: resolved, second: second))
        let over = delivery.sendsResolved || isBatch ? resolved : []
        guard !firing.isEmpty || !over.isEmpty else { return }
        sent.append(
            Sent(second: second, receiver: receiver.name, channel: delivery.channel, firing: firing, resolved: over))
    }
}
