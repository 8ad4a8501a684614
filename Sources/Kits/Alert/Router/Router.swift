import Maintenance

/// Decides who is told what and when: events and the time in, notifications and every reason out.
///
/// A pure state machine with Alertmanager's semantics (dispatch/dispatch.go and notify/notify.go of 0.25): group_wait,
/// group_interval and repeat_interval, inhibition, silences, time intervals, and a log of what each channel was told last.
/// It reads no clock and sends nothing. Whoever runs it writes `state` and the notifications in one transaction and sends
/// afterwards, so that a crash between any two steps loses nothing and decides nothing twice.
/// Where it differs on purpose is written in docs/alerts.md.
package struct Router: Sendable {
    /// How often groups without alerts are forgotten (Alertmanager's dispatcher does so every 30 s).
    static let sweepEvery: Duration = .seconds(30)
    /// How long a silence that is over is still shown.
    static let silenceMemory: Duration = .seconds(7 * 86_400)

    package private(set) var rules: AlertRules
    package internal(set) var state: RouterState
    var routes: [String: Route]
    var outcome = AlertOutcome()

    package init(_ rules: AlertRules, state: RouterState = RouterState()) {
        self.rules = rules
        self.state = state
        routes = Self.byKey(rules.route)
    }

    private static func byKey(_ root: Route) -> [String: Route] {
        Dictionary(root.all.map { ($0.key, $0) }) { first, _ in first }
    }

    /// Takes events that come at the same moment, and does what is due by then. Time does not run backwards here: after
    /// the clock was set back a little, what comes counts as coming at the last moment there was.
    package mutating func take(_ events: [AlertEvent] = [], at instant: Timestamp) -> AlertOutcome {
        catchUp(to: instant)
        let now = state.now
        outcome = AlertOutcome()
        turnRotations(at: now)
        sweepMissed(until: now)
        for event in events {
            switch event {
            case .silenced, .unsilenced, .acknowledged: state.note(event, at: now)
            case .wrong, .well:
                if let turn = state.book.take(event, at: now, rules.terms) { follow(turn, at: now) }
            }
        }
        for turn in state.book.advance(to: now, rules.terms) { follow(turn, at: now) }
        endWaits(at: now)
        let mutes = Mutes(rules, state, at: now)
        flushDue(at: now, mutes)
        climbDue(at: now, mutes)
        refreshDue(at: now)
        tellTaken(at: now)
        noteUse(of: mutes, at: now)
        sweep(at: now)
        return outcome
    }

    /// When something is due without any event; nil where nothing is.
    package var nextDue: Timestamp? {
        var due = [state.book.next(rules.terms)]
        due += state.groups.values.map(\.next)
        due += state.waits.values.map(\.until)
        due += state.climbs.values.map { self.due($0) }
        due += refreshes.map(\.due)
        if state.groups.values.contains(where: \.members.isEmpty) { due.append(state.sweepAt) }
        return due.compactMap(\.self).min()
    }

    /// Goes on with other rules: what fires is routed anew, what each channel was told still counts, and a group that is
    /// the same group keeps its clock.
    package mutating func adopt(_ rules: AlertRules, at instant: Timestamp) {
        let old = state.groups
        self.rules = rules
        routes = Self.byKey(rules.route)
        catchUp(to: instant)
        state.groups = [:]
        state.waits = [:]
        adoptMemory(at: state.now)
        let members = Set(old.values.flatMap(\.members)).union(state.book.firing.map(\.fingerprint))
        for fingerprint in members.sorted() {
            guard let alert = state.book[fingerprint] else { continue }
            for route in rules.route.matching(alert.labels) {
                let key = Self.groupKey(route, alert.labels)
                if let known = old[key], state.groups[key] == nil {
                    state.groups[key] = known
                    state.groups[key]?.members = []
                    // Its clock goes on, but nobody waits longer than where it began now.
                    let first = first(route, at: state.now)
                    state.groups[key]?.next = min(known.next, first)
                }
                let wasMember = old[key]?.members.contains(fingerprint) ?? false
                if alert.isFiring, !wasMember {
                    insert(alert, route, at: state.now)
                } else if wasMember {
                    state.groups[key]?.members.insert(fingerprint)
                }
            }
        }
    }

    static func groupKey(_ route: Route, _ labels: Labels) -> String {
        "\(route.key):\(route.groupLabels(labels).description)"
    }

    private mutating func follow(_ turn: AlertBook.Turn, at now: Timestamp) {
        outcome.turns.append(turn)
        switch turn {
        case .pends(let alert): decide([alert.fingerprint], .pending(until: alert.since + rules.terms.hold))
        case .passed(let alert): decide([alert.fingerprint], .passed)
        case .flaps(let alert): decide([alert.fingerprint], .flapping(calm: rules.terms.calm))
        case .fires(let alert): for route in rules.route.matching(alert.labels) { insert(alert, route, at: now) }
        case .resolves(let alert):
            for (key, wait) in state.waits where wait.alert == alert.fingerprint {
                state.waits[key] = nil
                decide([alert.fingerprint], .overWithinDelay, route: routes[wait.route])
            }
        }
    }

    private mutating func endWaits(at now: Timestamp) {
        for (key, wait) in state.waits.sorted(by: { $0.key < $1.key }) where wait.until <= now {
            state.waits[key] = nil
            guard let alert = state.book[wait.alert], let route = routes[wait.route], alert.isFiring else { continue }
            join(alert, route, at: now)
        }
    }

    private mutating func insert(_ alert: AlertRecord, _ route: Route, at now: Timestamp) {
        if case .delayed(let delay) = route.timing, let firedAt = alert.firedAt, firedAt + delay > now {
            let until = firedAt + delay
            state.waits["\(route.key)|\(alert.fingerprint)"] = RouterState.Wait(
                alert: alert.fingerprint, route: route.key, until: until)
            return decide([alert.fingerprint], .waiting(until: until), route: route)
        }
        join(alert, route, at: now)
    }

    /// Makes the alert a member of its group, and the group where it is the first one.
    private mutating func join(_ alert: AlertRecord, _ route: Route, at now: Timestamp) {
        let key = Self.groupKey(route, alert.labels)
        if state.groups[key] == nil {
            state.groups[key] = RouterState.Group(
                route: route.key, labels: route.groupLabels(alert.labels), members: [], next: first(route, at: now))
        }
        // In its place: a copy of a group of thousands for each of them would take minutes.
        state.groups[key]?.members.insert(alert.fingerprint)
        switch route.timing {
        case .immediate: state.groups[key]?.next = now
        case .standard, .delayed:
            // What has waited for its group already, in another one or before a restart, does not wait again.
            let hasWaited = alert.firedAt.map { $0 + route.groupWait < now } ?? false
            if hasWaited, state.groups[key]?.hasFlushed == false { state.groups[key]?.next = now }
        case .batched: break
        }
        if let next = state.groups[key]?.next, next > now {
            decide([alert.fingerprint], .waiting(until: next), route: route)
        }
        if state.sweepAt == nil { state.sweepAt = now + Self.sweepEvery }
    }

    func first(_ route: Route, at now: Timestamp) -> Timestamp {
        switch route.timing {
        case .immediate: now
        case .standard, .delayed: now + route.groupWait
        case .batched: next(route, after: now)
        }
    }

    func next(_ route: Route, after now: Timestamp) -> Timestamp {
        guard case .batched(let beat) = route.timing else { return now + route.groupInterval }
        // A batch that never comes would swallow alerts; the group's own interval is the way out.
        return beat.next(after: now) ?? now + route.groupInterval
    }

    /// A sweep nobody was awake for is made up for as of its time, before anything new is looked at.
    private mutating func sweepMissed(until now: Timestamp) {
        guard let sweepAt = state.sweepAt, sweepAt < now else { return }
        let missed = ((now - sweepAt).microseconds - 1) / Self.sweepEvery.microseconds
        state.sweepAt = sweepAt + Self.sweepEvery * Int(missed)
        sweep(at: state.sweepAt ?? now)
    }

    private mutating func sweep(at now: Timestamp) {
        guard let sweepAt = state.sweepAt, sweepAt <= now else { return }
        state.groups = state.groups.filter { !$0.value.members.isEmpty }
        // What a group was told of counts as long as the group lasts: what is acknowledged is not told again as new.
        for (key, entries) in state.entries where state.groups[key] == nil {
            let left = entries.filter { now < $0.value.expires }
            state.entries[key] = left.isEmpty ? nil : left
        }
        state.silences = state.silences.filter { now < $0.value.ends + Self.silenceMemory }
        state.silencesUsed = state.silencesUsed.filter { state.silences[$0.key] != nil }
        state.withheld = state.withheld.filter { state.groups[$0.key] != nil || state.climbs[$0.key] != nil }
        state.sweepAt = sweepAt + Self.sweepEvery
    }

    private mutating func noteUse(of mutes: Mutes, at now: Timestamp) {
        for silence in mutes.silences where mutes.firing.contains(where: { silence.covers($0.labels) }) {
            state.silencesUsed[silence.id] = now
        }
    }

    mutating func decide(
        _ alerts: [String], _ reason: Reason, route: Route? = nil, receiver: String? = nil, channel: String? = nil
    ) {
        outcome.decisions.append(
            AlertDecision(
                at: state.now, route: route?.key, receiver: receiver, channel: channel, alerts: alerts,
                outcome: .withheld, reason: reason))
    }
}
