import Maintenance

/// What rules would have made of what happened: the same router, woken at the same moments, without sending anything.
package enum AlertSimulation {
    /// So long after the last event what waits then may still be told, a delay or a quiet night; and a batch at its time.
    static let afterwards: Duration = .seconds(26 * 3_600)

    /// All notifications of a stretch of time, oldest first, and those after it that tell for the first time of what fired
    /// in it: whoever is told a little later has not lost it.
    ///
    /// - Parameters:
    ///   - events: in the order of their time, also from before, so that what went on when the stretch began is known.
    ///   - begin: nil for the first event.
    package static func run(
        _ events: [(at: Timestamp, event: AlertEvent)], _ rules: AlertRules, from begin: Timestamp? = nil,
        until end: Timestamp
    ) -> [AlertNotification] {
        var router = Router(rules)
        var notifications: [AlertNotification] = []
        var rest = events[...]
        let last = rules.route.all.reduce(end + afterwards) { last, route in
            guard case .batched(let beat) = route.timing, let next = beat.next(after: end) else { return last }
            return max(last, next)
        }
        var told: Set<[String]> = []
        while true {
            let next = [rest.first?.at, router.nextDue].compactMap(\.self).min()
            guard let next, next <= last else { return notifications }
            var now: [AlertEvent] = []
            while let first = rest.first, first.at <= next {
                now.append(first.event)
                rest = rest.dropFirst()
            }
            for notification in router.take(now, at: next).notifications {
                let people = notification.recipients.isEmpty ? [""] : notification.recipients
                let tellings = people.flatMap { name in
                    notification.firing.map { [notification.channel, name, $0.fingerprint] }
                }
                let isFirst = tellings.contains { !told.contains($0) }
                told.formUnion(tellings)
                if next <= end ? begin.map({ $0 <= next }) ?? true : isFirst { notifications.append(notification) }
            }
        }
    }
}

/// How two sets of rules differ for whoever is told: by channel and person.
package struct SimulationDifference: Codable, Hashable, Sendable {
    package var channel: String
    /// Nil where the channel is the addressee.
    package var recipient: String?
    package var before: Int
    package var after: Int
    /// Alerts told as firing before and never after.
    package var lost: [String]
    /// Alerts told as firing only after.
    package var gained: [String]
    /// Those of both that are told later, with the longest delay.
    package var later: Int
    package var longestDelay: Duration

    /// Sorted by channel and person.
    package static func all(before: [AlertNotification], after: [AlertNotification]) -> [SimulationDifference] {
        let old = Told(before)
        let new = Told(after)
        return Set(old.people.keys).union(new.people.keys).sorted { ($0.channel, $0.name) < ($1.channel, $1.name) }.map
        {
            let first = old.people[$0] ?? Told.Person()
            let second = new.people[$0] ?? Told.Person()
            let delays = second.firstTold.compactMap { alert, at in first.firstTold[alert].map { at - $0 } }
            return SimulationDifference(
                channel: $0.channel, recipient: $0.name.isEmpty ? nil : $0.name, before: first.count,
                after: second.count, lost: first.firstTold.keys.filter { second.firstTold[$0] == nil }.sorted(),
                gained: second.firstTold.keys.filter { first.firstTold[$0] == nil }.sorted(),
                later: delays.count { $0 > .zero }, longestDelay: max(delays.max() ?? .zero, .zero))
        }
    }

    private struct Told {
        struct Key: Hashable {
            var channel: String
            var name: String
        }

        struct Person {
            var count = 0
            /// When each alert was told as firing first.
            var firstTold: [String: Timestamp] = [:]
        }

        var people: [Key: Person] = [:]

        init(_ notifications: [AlertNotification]) {
            for notification in notifications {
                for name in notification.recipients.isEmpty ? [""] : notification.recipients {
                    let key = Key(channel: notification.channel, name: name)
                    people[key, default: Person()].count += 1
                    for alert in notification.firing where people[key]?.firstTold[alert.fingerprint] == nil {
                        people[key]?.firstTold[alert.fingerprint] = notification.decidedAt
                    }
                }
            }
        }
    }
}
