import Alert
import Calendar
import Maintenance
import Settings

extension Inventory {
    /// What the configuration says about alerts, ready to decide by; nil where it says nothing.
    ///
    /// A blackout is for changes and not for alerts, which somebody may need most while it lasts: the days of a calendar
    /// count only where it is named.
    ///
    /// - Throws: where a calendar that a window names is not there any more.
    package func alertRules(_ zones: ZoneDirectory) throws(CalendarError) -> AlertRules? {
        guard let alerts else { return nil }
        var making = RulesMaking(alerts: alerts, context: alertContext(zones))
        var root = RouteDraft(receiver: RulesMaking.nobody)
        root.grouping = .labels([Labels.Name.environment])
        for (index, route) in alerts.routes.enumerated() {
            root.children.append(try making.draft(route, named: "route \(index + 1)", match: route.match))
        }
        for (severity, route) in [
            (Severity.critical, alerts.critical), (.warning, alerts.warning), (.info, alerts.info),
        ] {
            guard let route else { continue }
            let match = [Matcher(Labels.Name.severity, is: severity.rawValue)] + route.match
            root.children.append(try making.draft(route, named: severity.rawValue, match: match))
        }
        var terms = AlertTerms(hold: alerts.hold ?? .zero)
        if let flapping = alerts.flapping {
            terms.flapLimit = flapping.limit
            terms.flapWindow = flapping.within
            terms.calm = flapping.calm
        }
        let inhibitions = alerts.inhibitions.enumerated().map { index, rule in
            Inhibition(name: "inhibit \(index + 1)", source: rule.source, target: rule.target, equal: rule.equal)
        }
        let dependencies = alerts.dependencies.sorted { $0.key < $1.key }.flatMap {
            Inhibition.dependencies($0.value, environment: $0.key)
        }
        var rules = AlertRules(
            route: root.tree(receiver: RulesMaking.nobody), receivers: making.receivers,
            inhibitions: inhibitions + dependencies, times: making.times, rotations: try making.rotations(),
            terms: terms)
        rules.aboutChannels = ChannelTrouble.codes
        rules.ways = making.ways
        return rules
    }
}

extension Inventory {
    /// What schedules of alerts are understood in, with every calendar as its file is now.
    func alertContext(_ zones: ZoneDirectory) -> ScheduleContext {
        ScheduleContext(
            zones: zones, standardZone: timeZone ?? "UTC",
            calendars: Calendars(
                calendars.map { calendar in
                    var source = calendar.source
                    source.isBlackout = false
                    return source.current(zones: zones)
                }))
    }
}

/// Receivers and times come up while routes are made.
private struct RulesMaking {
    /// Of what no route matches: decided, told to nobody, and found by `alerts why`.
    static let nobody = "nobody"

    let alerts: AlertSettings
    let context: ScheduleContext
    var receivers = [Receiver(name: nobody, deliveries: [])]
    var times: [Times] = []

    /// - Parameter outer: the route around it, with those who are told.
    mutating func draft(
        _ route: AlertRouteSettings, named name: String, match: [Matcher], within outer: AlertRouteSettings? = nil
    ) throws(CalendarError) -> RouteDraft {
        var draft = RouteDraft(matchers: match)
        if route.hasOwnReceiver {
            draft.receiver = name
            let whole = outer.map(route.receiving) ?? route
            receivers.append(
                receiver(name, whole.channels, whole.recipients, sendsResolved: whole.sendsResolved ?? true))
        }
        draft.grouping = route.groupBy.map { $0 == ["..."] ? .all : .labels($0) }
        draft.groupWait = route.groupWait
        draft.groupInterval = route.groupInterval
        draft.repeatInterval = route.repeatInterval
        draft.timing = try timing(route)
        draft.continues = route.continues
        // An empty list is none, and not that of the route around it.
        switch route.quiet {
        case .given(let window)?: draft.quiet = [try add("\(name), quiet", window)]
        case .off?: draft.quiet = []
        case nil: break
        }
        if let window = route.mute { draft.mute = [try add("\(name), mute", window)] }
        if let window = route.active { draft.active = [try add("\(name), active", window)] }
        let timed = outer.map(route.receiving) ?? route
        let steps = zip(route.escalation?.value ?? [], timed.escalationTimes).enumerated().map { index, timed in
            let (step, after) = timed
            let receiver = receiver("\(name), step \(index + 1)", step.channels, step.recipients, sendsResolved: true)
            receivers.append(receiver)
            return EscalationStep(after: after ?? .zero, receiver: receiver.name)
        }.sorted { $0.after < $1.after }
        if route.escalation != nil { draft.escalation = steps }
        let whole = outer.map(route.receiving) ?? route
        for (index, inner) in route.routes.enumerated() {
            draft.children.append(
                try self.draft(inner, named: "\(name).\(index + 1)", match: inner.match, within: whole))
        }
        return draft
    }

    /// Nil where it says nothing about that.
    private func timing(_ route: AlertRouteSettings) throws(CalendarError) -> Route.Timing? {
        if route.isImmediate == true { return .immediate }
        if let delay = route.delay { return .delayed(delay) }
        guard let isBatched = route.isBatched else { return route.isImmediate == nil ? nil : .standard }
        guard isBatched else { return .standard }
        guard let written = route.batchAt else { return .batched(.schedule(try Schedule("daily 08:00", in: context))) }
        return .batched(.schedule(try Schedule(written.value, in: context)))
    }

    private mutating func add(_ name: String, _ window: Written<ScheduleExpression>) throws(CalendarError) -> String {
        times.append(Times(name: name, schedules: [try Schedule(window.value, in: context)]))
        return name
    }

    /// What another Alertmanager takes for over after a day (see `AlertmanagerChannel`) is said again four times a day.
    private static let refresh: Duration = .seconds(6 * 3_600)

    private func receiver(_ name: String, _ channels: [String], _ recipients: [String], sendsResolved: Bool) -> Receiver
    {
        Receiver(
            name: name,
            deliveries: channels.compactMap { alerts[channel: $0] }.map { channel in
                var delivery = Receiver.Delivery(
                    channel: channel.name, recipients: alerts.recipients(recipients, of: channel),
                    sendsResolved: sendsResolved)
                delivery.addressing = channel.access.addressing
                delivery.standard = channel.access.recipients
                if case .alertmanager = channel.access { delivery.refresh = Self.refresh }
                if case .pagerduty = channel.access { delivery.hearsAcknowledgement = true }
                return delivery
            })
    }

    /// Every channel, with its own people, and where it has none with whomever the routes name.
    var ways: [Receiver.Delivery] {
        let reached = alerts.reached
        return alerts.channels.flatMap { channel in
            let own = channel.access.recipients
            let people = own.isEmpty ? reached[channel.name, default: []].sorted() : own
            guard !channel.access.addressesPeople || !people.isEmpty else { return [Receiver.Delivery]() }
            return receiver(channel.name, [channel.name], people, sendsResolved: true).deliveries
        }
    }

    func rotations() throws(CalendarError) -> [Rotation] {
        var rotations: [Rotation] = []
        for rotation in alerts.rotations {
            guard let handover = rotation.handover else { continue }
            rotations.append(
                Rotation(
                    name: rotation.name, members: rotation.members, since: rotation.since,
                    handover: .schedule(try Schedule(handover.value, in: context)),
                    overrides: rotation.overrides.map { .init(member: $0.member, from: $0.from, until: $0.until) }))
        }
        return rotations
    }
}

/// Findings about a channel: their object is its name, and behind a space whom it is to tell.
package enum ChannelTrouble {
    /// It does not take what it is to tell.
    package static let undelivered = "AL001"
    /// It has not taken its canary.
    package static let missedCanary = "AL003"

    static let codes: Set<String> = [undelivered, missedCanary]
}
