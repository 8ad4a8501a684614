import Alert
import Calendar
import Maintenance

extension AlertSections {
    /// Channels, rotations, environments and resources that are named and not there, and windows that never open.
    func judge(_ inventory: Inventory, _ reading: Reading) {
        guard let alerts = inventory.alerts else { return }
        for placed in alerts.allRoutes {
            let (keyPath, route) = ("alerts.\(placed.path)", placed.route)
            if placed.written.hasOwnReceiver {
                judge(
                    channels: route.channels, route.recipients, isOwn: !placed.written.recipients.isEmpty, alerts,
                    route.location, keyPath, reading)
            }
            for (index, time) in placed.route.escalationTimes.enumerated() where time == nil {
                reading.report(
                    "the step has no 'after', and what is before it no 'respond-within'", at: route.location,
                    keyPath.appending(key: "escalate").appending(index: index))
            }
            for (index, step) in (route.escalation?.value ?? []).enumerated() {
                judge(
                    channels: step.channels, step.recipients, isOwn: true, alerts, route.location,
                    keyPath.appending(key: "escalate").appending(index: index), reading)
            }
            for (key, window) in [("quiet", route.quiet?.value), ("mute", route.mute), ("active", route.active)] {
                reading.judge(window, in: inventory, zones, keyPath.appending(key: key))
            }
        }
        reading.judge(alerts.canary.schedule, in: inventory, zones, "alerts.canary.at")
        let names = alerts.channels.map(\.name)
        for name in alerts.canary.leftOut where !names.contains(name) {
            let keyPath = "alerts.canary.leave-out"
            reading.report(
                "there is no channel '\(name)'", at: reading.location(of: keyPath), keyPath,
                allowed: names.isEmpty
                    ? "a channel of 'alerts.channels', which has none" : names.joined(separator: ", "),
                nearest: nearest(to: name, among: names))
        }
        judgeFallbacks(alerts, reading)
        for rotation in alerts.rotations {
            for (index, override) in rotation.overrides.enumerated() where override.until <= override.from {
                reading.report(
                    "the time of \(override.member.printable) ends before it begins", at: rotation.location,
                    "alerts.on-call".appending(key: rotation.name).appending(key: "overrides").appending(index: index),
                    allowed: "an 'until' after \(override.from.iso8601)")
            }
        }
        for rotation in alerts.rotations where rotation.handover == nil || rotation.members.isEmpty {
            reading.report(
                "the rotation '\(rotation.name)' has no members or no handover", at: rotation.location, "alerts.on-call"
            )
        }
        for (name, dependencies) in alerts.dependencies.sorted(by: { $0.key < $1.key }) {
            judge(dependencies, of: name, inventory, reading)
        }
    }

    /// Channels that tell what another does not take: they are there, reach somebody, and lead not back to it.
    private func judgeFallbacks(_ alerts: AlertSettings, _ reading: Reading) {
        let names = alerts.channels.map(\.name)
        for channel in alerts.channels {
            let keyPath = "alerts.channels".appending(key: channel.name).appending(key: "fallback")
            for name in channel.access.fallback {
                guard let other = alerts[channel: name] else {
                    reading.report(
                        "there is no channel '\(name)'", at: channel.location, keyPath,
                        allowed: names.filter { $0 != channel.name }.joined(separator: ", "),
                        nearest: nearest(to: name, among: names.filter { $0 != channel.name }))
                    continue
                }
                if other.access.addressesPeople, other.access.recipients.isEmpty,
                    other.access.addressing != channel.access.addressing
                {
                    reading.report(
                        "the channel '\(name)' reaches nobody here: it has no 'to', and does not understand the addresses "
                            + "of '\(channel.name)'", at: channel.location, keyPath)
                }
            }
            if let circle = alerts.circle(from: channel.name) {
                reading.report(
                    "what '\(channel.name)' does not take would come back to it: "
                        + circle.joined(separator: ", then "), at: channel.location, keyPath)
            }
        }
    }

    /// - Parameter isOwn: whether the recipients are written here, and not around it.
    private func judge(
        channels: [String], _ recipients: [String], isOwn: Bool, _ alerts: AlertSettings, _ location: SourceLocation,
        _ keyPath: String, _ reading: Reading
    ) {
        let names = alerts.channels.map(\.name)
        for name in channels where !names.contains(name) {
            reading.report(
                "there is no channel '\(name)'", at: location, keyPath.appending(key: "channels"),
                allowed: names.isEmpty
                    ? "a channel of 'alerts.channels', which has none" : names.joined(separator: ", "),
                nearest: nearest(to: name, among: names))
        }
        let rotations = alerts.rotations.map(\.name)
        for recipient in recipients {
            guard let name = AlertRouteSettings.rotation(in: recipient), !rotations.contains(name) else { continue }
            reading.report(
                "there is no rotation '\(name)'", at: location, keyPath.appending(key: "recipients"),
                allowed: rotations.isEmpty
                    ? "a rotation of 'alerts.on-call', which has none" : rotations.joined(separator: ", "),
                nearest: nearest(to: name, among: rotations))
        }
        let channels = channels.compactMap { alerts[channel: $0] }
        for channel in channels where channel.access.addressesPeople {
            guard alerts.recipients(recipients, of: channel).isEmpty else { continue }
            reading.report(
                "the channel '\(channel.name)' reaches nobody here: it has no 'to', and none of the recipients is one for it",
                at: location, keyPath)
        }
        guard isOwn else { return }
        let allowed =
            "a mail address for a channel of kind email, a number such as +4930123456 for one of kind sms"
        for recipient in recipients {
            guard let name = AlertRouteSettings.rotation(in: recipient) else {
                guard !channels.contains(where: { $0.access.understands(recipient) }) else { continue }
                reading.report(
                    "no channel here understands the recipient '\(recipient.printable)'", at: location,
                    keyPath.appending(key: "recipients"), allowed: allowed)
                continue
            }
            // Whoever has the turn and cannot be reached would be found out in the night.
            let people = alerts.rotations.first { $0.name == name }?.people ?? []
            for person in people where !channels.contains(where: { $0.access.understands(person) }) {
                reading.report(
                    "no channel here understands '\(person.printable)' of the rotation '\(name)'", at: location,
                    keyPath.appending(key: "recipients"), allowed: allowed)
            }
        }
    }

    private func judge(
        _ dependencies: [String: [String]], of name: String, _ inventory: Inventory, _ reading: Reading
    ) {
        let keyPath = "alerts.depends.\(name)"
        let location = reading.location(of: keyPath)
        guard let environment = inventory[environment: name] else {
            let known = inventory.environments.map(\.name)
            return reading.report(
                "there is no environment '\(name)'", at: location, keyPath, allowed: known.joined(separator: ", "),
                nearest: nearest(to: name, among: known))
        }
        let known = environment.resources.map(\.name)
        for resource in Set(dependencies.keys).union(dependencies.values.joined()).sorted()
        where !known.contains(resource) {
            reading.report(
                "there is no resource '\(resource)' in the environment '\(name)'", at: location, keyPath,
                allowed: known.joined(separator: ", "), nearest: nearest(to: resource, among: known))
        }
    }
}

extension Inventory {
    /// What tells what is said about alerts from what was said before: secrets, which decide nothing, do not count.
    package var alertsDigest: String {
        var digest = CanonicalDigest()
        if let alerts { digest.add(AlertSections(zones: ZoneDirectory(environment: [:])).format.write(alerts).inline) }
        return digest.hexadecimal
    }
}

extension AlertRouteSettings {
    /// The rotation a recipient stands for.
    package static func rotation(in recipient: String) -> String? {
        recipient.hasPrefix("on-call:") ? String(recipient.dropFirst(8)) : nil
    }
}

extension AlertRotationSettings {
    /// Members and who stands in for them, each once.
    package var people: [String] {
        (members + overrides.map(\.member)).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }
}

extension AlertChannelAccess {
    /// What it can send to.
    package var addressing: Addressing {
        switch self {
        case .email: .mail
        case .sms: .telephone
        default: .any
        }
    }

    /// Whether it tells people, and can reach that address.
    package func understands(_ recipient: String) -> Bool {
        addressesPeople && addressing.understands(recipient)
    }
}

extension AlertSettings {
    /// The channels by which fail-over leads from a channel back to it, with it at both ends; nil where it does not.
    fileprivate func circle(from name: String) -> [String]? {
        var ways = [[name]]
        var seen: Set<String> = []
        while let way = ways.popLast() {
            guard let last = way.last else { continue }
            for next in self[channel: last]?.access.fallback ?? [] {
                if next == name { return way + [name] }
                if seen.insert(next).inserted { ways.append(way + [next]) }
            }
        }
        return nil
    }

    /// Whom a channel tells on a route: those of the route it understands, else its own. A rotation's members are asked for
    /// when it is decided.
    package func recipients(_ recipients: [String], of channel: AlertChannelSettings) -> [Recipient] {
        guard channel.access.addressesPeople else { return [] }
        let named = recipients.compactMap { recipient -> Recipient? in
            if let rotation = AlertRouteSettings.rotation(in: recipient) {
                let people = rotations.first { $0.name == rotation }?.people ?? []
                return people.contains(where: channel.access.understands) ? .onCall(rotation) : nil
            }
            return channel.access.understands(recipient) ? .address(recipient) : nil
        }
        return named.isEmpty ? channel.access.recipients.map { .address($0) } : named
    }

    /// By channel: everybody who may ever be told through it; nobody where the channel itself is the addressee.
    package var reached: [String: Set<String>] {
        let written = allRoutes.flatMap { placed in
            placed.route.recipients + (placed.route.escalation?.value ?? []).flatMap(\.recipients)
        }
        let named = written.flatMap { recipient in
            AlertRouteSettings.rotation(in: recipient).map { name in
                rotations.first { $0.name == name }?.people ?? []
            } ?? [recipient]
        }
        return Dictionary(
            channels.map { channel in
                (channel.name, Set((named + channel.access.recipients).filter(channel.access.understands)))
            }, uniquingKeysWith: { first, _ in first })
    }
}
