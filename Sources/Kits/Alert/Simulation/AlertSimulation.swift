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
