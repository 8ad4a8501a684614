import Alert
import Maintenance

/// What ought to be sent, decided a second at a time by the shortest way to say it: nothing is scheduled, nothing is
/// remembered but what happened. It shares only the values of a configuration with the router.
struct ReferenceModel {
    struct Sent: Hashable, CustomStringConvertible {
        var second: Int
        var receiver: String
        var channel: String
        var recipients: Set<String>
        var isEscalation: Bool
        var firing: Set<Labels>
        var resolved: Set<Labels>

        var description: String {
            "\(second)s \(isEscalation ? "escalation " : "")\(channel) \(recipients.sorted()) firing \(firing.map(\.description).sorted()) resolved "
                + "\(resolved.map(\.description).sorted())"
        }
    }

    struct Group {
        var route: Route
        var labels: Labels
        var members: Set<Labels> = []
        var tick: Int
        var ticked = false
    }

    struct Told {
        var firing: Set<Labels>
        var resolved: Set<Labels>
        var second: Int
    }

    struct Slot: Hashable {
        var route: Route
        var labels: Labels
        var delivery: Int
    }

    let scenario: RandomScenario
    var rules: AlertRules { scenario.rules }
    var wrongSince: [Labels: Int] = [:]
    var firedAt: [Labels: Int] = [:]
    var silences: [String: Silence] = [:]
    /// Until when; `.max` as long as the alert lasts.
    var acknowledged: [Labels: Int] = [:]
    /// Since when something that flaps is well.
    var wellSince: [Labels: Int] = [:]
    var ends: [Labels: [Int]] = [:]
    var climbs: [Climb] = []
    var joins: [(second: Int, alert: Labels, route: Route)] = []
    var groups: [Group] = []
    var told: [Slot: [Told]] = [:]
    var sent: [Sent] = []

    init(_ scenario: RandomScenario) {
        self.scenario = scenario
        var sweep: Int?
        for second in 0...RandomScenario.length {
            for event in scenario.events[second] ?? [] { take(event, second) }
            for (alert, since) in wrongSince where firedAt[alert] == nil && second - since >= holdSeconds {
                fire(alert, second)
            }
            for (alert, since) in wellSince where second - since >= seconds(rules.terms.calm) { end(alert, second) }
            for join in joins where join.second <= second && firedAt[join.alert] != nil {
                self.join(join.alert, join.route, second)
            }
            joins.removeAll { join in join.second <= second || firedAt[join.alert] == nil }
            for index in groups.indices where groups[index].tick <= second { flush(index, second) }
            climb(second)
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

    var holdSeconds: Int { seconds(rules.terms.hold) }
    func seconds(_ duration: Duration) -> Int { Int(duration.microseconds / 1_000_000) }
    func contains(_ name: String, _ second: Int) -> Bool {
        rules.times[name]?.spans.contains { $0.contains(RandomScenario.at(second)) } ?? false
    }

    mutating func take(_ event: AlertEvent, _ second: Int) {
        switch event {
        case .wrong(let alert, _):
            wellSince[alert] = nil
            guard wrongSince[alert] == nil else { return }
            wrongSince[alert] = second
            acknowledged[alert] = nil
            if holdSeconds == 0 { fire(alert, second) }
        case .well(let alert):
            guard wrongSince[alert] != nil, wellSince[alert] == nil else { return }
            guard firedAt[alert] != nil else {
                wrongSince[alert] = nil
                return
            }
            let recent = (ends[alert] ?? []).count { $0 + seconds(rules.terms.flapWindow) > second }
            if rules.terms.flapLimit > 0, recent + 1 >= rules.terms.flapLimit {
                wellSince[alert] = second
            } else {
                end(alert, second)
            }
        case .acknowledged(let fingerprint, let acknowledgement):
            for alert in wrongSince.keys where alert.fingerprint == fingerprint {
                acknowledged[alert] = acknowledgement.until.map(Self.second) ?? .max
            }
        case .silenced(let silence): silences[silence.id] = silence
        case .unsilenced(let id):
            let now = RandomScenario.at(second)
            if let silence = silences[id], now < silence.ends { silences[id]?.ends = max(now, silence.starts) }
        }
    }

    static func second(_ instant: Timestamp) -> Int {
        Int((instant - RandomScenario.start).microseconds / 1_000_000)
    }

    func isAcknowledged(_ alert: Labels, _ second: Int) -> Bool {
        acknowledged[alert].map { second < $0 } ?? false
    }

    mutating func end(_ alert: Labels, _ second: Int) {
        wrongSince[alert] = nil
        firedAt[alert] = nil
        wellSince[alert] = nil
        ends[alert, default: []].append(second)
        joins.removeAll { $0.alert == alert }
    }

    mutating func fire(_ alert: Labels, _ second: Int) {
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
    func leaves(_ route: Route, _ alert: Labels) -> [Route] {
        guard route.matchers.allSatisfy({ $0.matches(alert) }) else { return [] }
        var result: [Route] = []
        for child in route.children {
            let below = leaves(child, alert)
            result += below
            if !below.isEmpty && !child.continues { return result }
        }
        return result.isEmpty ? [route] : result
    }

    mutating func join(_ alert: Labels, _ route: Route, _ second: Int) {
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

    func nextTick(_ route: Route, _ second: Int) -> Int {
        guard case .batched(.every(let length)) = route.timing else { return second + seconds(route.groupInterval) }
        return (second / seconds(length) + 1) * seconds(length)
    }

    mutating func flush(_ index: Int, _ second: Int) {
        let group = groups[index]
        let route = group.route
        groups[index].ticked = true
        groups[index].tick = nextTick(route, second)
        // Quiet hours are only asked where somebody would be told.
        if !group.members.isEmpty, let end = quietEnd(route, second) {
            if case .batched = route.timing {} else { groups[index].tick = min(groups[index].tick, end) }
        }
        let heard = group.members.filter { !isHidden($0, route, second) }
        for (place, delivery) in deliveries(route.receiver).enumerated() {
            let share = heard.filter { channels(of: $0, route.receiver).contains(delivery.channel) }
            guard !share.isEmpty else { continue }
            tell(
                group, place, firing: share.filter { firedAt[$0] != nil },
                resolved: share.filter { firedAt[$0] == nil }, second)
        }
        for alert in heard where !route.escalation.isEmpty && firedAt[alert] != nil {
            let isTold =
                deliveries(route.receiver).indices.contains { place in
                    told[Slot(route: route, labels: group.labels, delivery: place)]?.last?.firing.contains(alert)
                        ?? false
                }
            if isTold, !climbs.contains(where: { $0.alert == alert && $0.route == route }) {
                climbs.append(Climb(alert: alert, route: route, labels: group.labels, since: second))
            }
        }
        // Whoever was told that it fires is told that it is over, however long that is hidden.
        let owed = group.members.filter { alert in
            deliveries(route.receiver).indices.contains { place in
                let history = told[Slot(route: route, labels: group.labels, delivery: place)] ?? []
                return history.last { $0.firing.contains(alert) || $0.resolved.contains(alert) }?.firing.contains(alert)
                    ?? false
            }
        }
        groups[index].members = group.members.filter {
            firedAt[$0] != nil || (!heard.contains($0) && owed.contains($0))
        }
    }

    /// Those of a receiver, and behind them every other way there is.
    func deliveries(_ receiver: String) -> [Receiver.Delivery] {
        let own = rules.receivers[receiver]?.deliveries ?? []
        return own + rules.ways.filter { way in !own.contains { $0.channel == way.channel } }
    }

    /// By which channels a receiver hears of an alert: of a channel's trouble by its others, else by any other, and by
    /// that channel itself only where there is no other at all.
    func channels(of alert: Labels, _ receiver: String) -> Set<String> {
        let own = Set((rules.receivers[receiver]?.deliveries ?? []).map(\.channel))
        let words = alert["object"].split(separator: " ").map(String.init)
        guard rules.aboutChannels.contains(alert["alert"]), let about = words.first, own.contains(about) else {
            return own
        }
        if own.count > 1 { return own.filter { $0 != about } }
        let others = Set(rules.ways.map(\.channel)).filter { $0 != about }
        return others.isEmpty ? own : others
    }

    /// The same for groups and for whoever it climbs to.
    func isHidden(_ alert: Labels, _ route: Route, _ second: Int) -> Bool {
        let now = RandomScenario.at(second)
        let isSilenced = silences.values.contains {
            $0.starts <= now && now < $0.ends && $0.matchers.allSatisfy { $0.matches(alert) }
        }
        return isSilenced || isInhibited(alert)
            || !route.active.isEmpty && !route.active.contains { contains($0, second) }
            || route.mute.contains { contains($0, second) }
            || alert["severity"] != "critical" && quietEnd(route, second) != nil
    }

    func quietEnd(_ route: Route, _ second: Int) -> Int? {
        let now = RandomScenario.at(second)
        let ends = route.quiet.flatMap { rules.times[$0]?.spans ?? [] }.filter { $0.contains(now) }.map(\.upperBound)
        return ends.max().map { Int(($0 - RandomScenario.start).microseconds / 1_000_000) }
    }

    func isInhibited(_ alert: Labels) -> Bool {
        rules.inhibitions.contains { rule in
            rule.target.allSatisfy { $0.matches(alert) }
                && firedAt.keys.contains { source in
                    rule.source.allSatisfy { $0.matches(source) } && rule.equal.allSatisfy { source[$0] == alert[$0] }
                        && !(rule.source.allSatisfy { $0.matches(alert) }
                            && rule.target.allSatisfy { $0.matches(source) })
                }
        }
    }

    mutating func tell(
        _ group: Group, _ place: Int, firing: Set<Labels>, resolved: Set<Labels>, _ second: Int
    ) {
        guard let receiver = rules.receivers[group.route.receiver] else { return }
        let delivery = deliveries(receiver.name)[place]
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
                isDue = isOld && !firing.allSatisfy { isAcknowledged($0, second) }
            }
        } else {
            isDue = !firing.isEmpty
        }
        guard isDue else { return }
        told[slot, default: []].append(Told(firing: firing, resolved: resolved, second: second))
        let over = delivery.sendsResolved || isBatch ? resolved : []
        guard !firing.isEmpty || !over.isEmpty else { return }
        sent.append(
            Sent(
                second: second, receiver: receiver.name, channel: delivery.channel,
                recipients: people(delivery, second), isEscalation: false, firing: firing, resolved: over))
    }
}
