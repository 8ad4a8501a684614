import Maintenance

/// A node of the routing tree with everything it inherits written out.
package struct Route: Hashable, Sendable {
    /// Which alerts go into one notification.
    package enum Grouping: Hashable, Sendable {
        /// Those with equal values of these labels; all of a route where there are none.
        case labels([String])
        /// Those with equal labels: every alert by itself.
        case all
    }

    /// When a group's notifications go out.
    package enum Timing: Hashable, Sendable {
        /// As Alertmanager: after `groupWait`, then at every `groupInterval` where there is something new.
        case standard
        /// What is new goes out at once, also into a group that has been told of before.
        case immediate
        /// Only what still fires after this long, each alert counted for itself.
        case delayed(Duration)
        /// Everything of the time between two beats in one notification, what has ended meanwhile too.
        case batched(Beat)
    }

    /// Stable while the matchers on the way to it are: a restart or a new configuration finds what was sent by it.
    package let key: String
    package let matchers: [Matcher]
    package let receiver: String
    package let grouping: Grouping
    package let groupWait: Duration
    package let groupInterval: Duration
    package let repeatInterval: Duration
    package let timing: Timing
    /// Names of `Times`: nothing is sent in these.
    package let mute: [String]
    /// Names of `Times`: nothing is sent outside of these.
    package let active: [String]
    /// Names of `Times`: what is not critical waits until these end.
    package let quiet: [String]
    package let escalation: [EscalationStep]
    /// Whether the siblings behind it are asked too.
    package let continues: Bool
    package let children: [Route]

    /// The nodes whose notifications an alert with these labels goes into (Alertmanager, dispatch/route.go): the deepest
    /// that match, and of siblings the first unless it continues. Empty where the node itself does not match.
    package func matching(_ labels: Labels) -> [Route] {
        guard matchers.match(labels) else { return [] }
        var found: [Route] = []
        for child in children {
            let routes = child.matching(labels)
            found += routes
            if !routes.isEmpty, !child.continues { break }
        }
        return found.isEmpty ? [self] : found
    }

    /// It and everything below it.
    package var all: [Route] { [self] + children.flatMap(\.all) }

    func groupLabels(_ labels: Labels) -> Labels {
        switch grouping {
        case .labels(let names): labels.only(names)
        case .all: labels
        }
    }
}

/// A node as it is written: what is nil is inherited.
package struct RouteDraft: Hashable, Sendable {
    package var matchers: [Matcher] = []
    package var receiver: String?
    package var grouping: Route.Grouping?
    package var groupWait: Duration?
    package var groupInterval: Duration?
    package var repeatInterval: Duration?
    package var timing: Route.Timing?
    package var quiet: [String]?
    package var escalation: [EscalationStep]?
    /// These two are a node's own and not inherited, as in Alertmanager.
    package var mute: [String] = []
    package var active: [String] = []
    package var continues = false
    package var children: [RouteDraft] = []

    package init(matchers: [Matcher] = [], receiver: String? = nil) {
        self.matchers = matchers
        self.receiver = receiver
    }

    /// The tree with this node as its root. Alertmanager's standards: 30 s, 5 min, 4 h, everything in one group.
    package func tree(receiver standard: String) -> Route {
        resolved(
            key: matchers.text, receiver: standard, .labels([]), .seconds(30), .seconds(300), .seconds(14_400),
            .standard,
            [], [])
    }

    private func resolved(
        key: String, receiver: String, _ grouping: Route.Grouping, _ wait: Duration, _ interval: Duration,
        _ repeats: Duration, _ timing: Route.Timing, _ quiet: [String], _ escalation: [EscalationStep]
    ) -> Route {
        let own = (
            receiver: self.receiver ?? receiver, grouping: self.grouping ?? grouping, wait: groupWait ?? wait,
            interval: groupInterval ?? interval, repeats: repeatInterval ?? repeats, timing: self.timing ?? timing,
            quiet: self.quiet ?? quiet, escalation: self.escalation ?? escalation
        )
        // Siblings with the same matchers are told apart by their place; in Alertmanager 0.25 they share what was sent.
        var seen: [String: Int] = [:]
        let nodes = children.map { child in
            let text = child.matchers.text
            let place = seen[text, default: 0]
            seen[text] = place + 1
            return child.resolved(
                key: "\(key)/\(text)\(place == 0 ? "" : "#\(place)")", receiver: own.receiver, own.grouping, own.wait,
                own.interval, own.repeats, own.timing, own.quiet, own.escalation)
        }
        return Route(
            key: key, matchers: matchers, receiver: own.receiver, grouping: own.grouping, groupWait: own.wait,
            groupInterval: own.interval, repeatInterval: own.repeats, timing: own.timing, mute: mute, active: active,
            quiet: own.quiet, escalation: own.escalation, continues: continues, children: nodes)
    }
}
