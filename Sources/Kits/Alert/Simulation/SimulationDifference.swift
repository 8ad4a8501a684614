import Maintenance

/// How two sets of rules differ for whoever is told: by channel and person.
package struct SimulationDifference: Codable, Hashable, Sendable {
    /// One alert that somebody hears of otherwise than before.
    package struct Change: Codable, Hashable, Sendable {
        package var fingerprint: String
        package var labels: Labels
        /// How much later it is told; nil for one that is not told, or was not.
        package var delaySeconds: Double?
    }

    package var channel: String
    /// Nil where the channel is the addressee.
    package var recipient: String?
    package var before: Int
    package var after: Int
    /// Alerts told as firing before and never after.
    package var lost: [Change]
    /// Alerts told as firing only after.
    package var gained: [Change]
    /// Those of both that are told later, the longest delay first.
    package var delayed: [Change]

    /// Sorted by channel and person.
    package static func all(before: [AlertNotification], after: [AlertNotification]) -> [SimulationDifference] {
        let old = Told(before)
        let new = Told(after)
        return Set(old.people.keys).union(new.people.keys).sorted { ($0.channel, $0.name) < ($1.channel, $1.name) }.map
        { key in
            let first = old.people[key] ?? Told.Person()
            let second = new.people[key] ?? Told.Person()
            let delayed = second.told.values.compactMap { telling -> Change? in
                guard let known = first.told[telling.fingerprint], known.at < telling.at else { return nil }
                var change = telling.change
                change.delaySeconds = (telling.at - known.at).inSeconds
                return change
            }
            return SimulationDifference(
                channel: key.channel, recipient: key.name.isEmpty ? nil : key.name, before: first.count,
                after: second.count, lost: first.without(second), gained: second.without(first),
                delayed: delayed.sorted {
                    ($1.delaySeconds ?? 0, $0.fingerprint) < ($0.delaySeconds ?? 0, $1.fingerprint)
                })
        }
    }

    private struct Told {
        struct Key: Hashable {
            var channel: String
            var name: String
        }

        /// That an alert fires, told for the first time.
        struct Telling {
            var fingerprint: String
            var labels: Labels
            var at: Timestamp

            var change: Change { Change(fingerprint: fingerprint, labels: labels, delaySeconds: nil) }
        }

        struct Person {
            var count = 0
            /// By fingerprint.
            var told: [String: Telling] = [:]

            func without(_ other: Person) -> [Change] {
                told.values.filter { other.told[$0.fingerprint] == nil }.sorted {
                    ($0.at, $0.fingerprint) < ($1.at, $1.fingerprint)
                }.map(\.change)
            }
        }

        var people: [Key: Person] = [:]

        init(_ notifications: [AlertNotification]) {
            for notification in notifications {
                for name in notification.recipients.isEmpty ? [""] : notification.recipients {
                    let key = Key(channel: notification.channel, name: name)
                    people[key, default: Person()].count += 1
                    for alert in notification.firing where people[key]?.told[alert.fingerprint] == nil {
                        people[key]?.told[alert.fingerprint] = Telling(
                            fingerprint: alert.fingerprint, labels: alert.labels, at: notification.decidedAt)
                    }
                }
            }
        }
    }
}
