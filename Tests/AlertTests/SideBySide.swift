import Alert
import Maintenance
import Outside

/// One random story of a few seconds that a real Alertmanager and the router are both told, built so that nothing in it
/// depends on who of two is quicker by a quarter of a second.
struct SideBySide: Sendable {
    struct Told: Hashable, Sendable, CustomStringConvertible {
        /// Since the beginning of the story.
        var seconds: Double
        var firing: Set<String>
        var resolved: Set<String>

        var description: String {
            "\(seconds.formatted(decimals: 1))s +\(firing.sorted()) -\(resolved.sorted())"
        }
    }

    static let length = 16.0
    /// How much later something may come without becoming something else.
    static let slack = 0.25

    let seed: Int
    private(set) var draft: RouteDraft
    private(set) var inhibits: Bool
    private(set) var sendsResolved: Bool
    /// In the order of their time, seconds since the beginning.
    private(set) var events: [(at: Double, event: AlertEvent)] = []

    /// Draws until nothing in it is a matter of luck.
    static func stable(seed: Int) -> SideBySide {
        for attempt in 0..<1_000 {
            let story = SideBySide(seed: seed, attempt: attempt)
            let plain = story.told()
            guard !plain.isEmpty else { continue }
            let moved = (0..<6).map { story.told(jitter: $0 + 1) }
            let isStable = moved.allSatisfy { told in
                told.count == plain.count
                    && zip(told, plain).allSatisfy {
                        $0.firing == $1.firing && $0.resolved == $1.resolved
                            && abs($0.seconds - $1.seconds) < 2 * slack + 0.05
                    }
            }
            if isStable { return story }
        }
        preconditionFailure("seed \(seed) makes no stable story")
    }

    private init(seed: Int, attempt: Int) {
        self.seed = seed
        var random = SeededGenerator(seed: UInt64(seed * 1_000 + attempt))
        let scenario: Labels = ["scenario": "\(seed)"]
        draft = RouteDraft(matchers: [Matcher("scenario", is: "\(seed)")], receiver: "r\(seed)")
        draft.grouping = [.labels([]), .labels(["alert"]), .labels(["team"]), .all].randomElement(using: &random)
        draft.groupWait = .seconds(Int.random(in: 1...3, using: &random))
        draft.groupInterval = .seconds(Int.random(in: 2...4, using: &random))
        draft.repeatInterval = .milliseconds(Int.random(in: 2...7, using: &random) * 1_000 + 500)
        sendsResolved = Int.random(in: 0..<4, using: &random) > 0
        // Every third has routes within its route, to a depth of three.
        if seed % 3 == 0 { draft.children = Self.children(depth: 1, &random) }
        // What is hidden does not end in these stories: there the router differs on purpose.
        let hides = seed % 2 == 0
        inhibits = hides && Bool.random(using: &random)
        let alerts = (0..<Int.random(in: 1...4, using: &random)).map { index in
            Labels(
                [
                    "alert": ["a", "b"][index % 2], "team": ["x", "y"][index / 2 % 2],
                    "severity": index == 0 ? "critical" : "warning", "number": "\(index)",
                ].merging(scenario.values) { $1 })
        }
        var firing: Set<Labels> = []
        var at = 0.3
        while at < Self.length - 4 {
            let alert = alerts[Int.random(in: 0..<alerts.count, using: &random)]
            if hides, !inhibits, Int.random(in: 0..<4, using: &random) == 0 {
                let matchers = [Matcher("scenario", is: "\(seed)"), Matcher("number", is: alert["number"])]
                let start = RandomScenario.start + .milliseconds(Int64(at * 1_000))
                events.append(
                    (
                        at,
                        .silenced(
                            Silence(
                                id: "s\(seed)-\(events.count)", matchers: matchers, starts: start,
                                ends: start + .seconds(Int.random(in: 2...6, using: &random)), author: "ada",
                                comment: "test"))
                    ))
            } else if !firing.contains(alert) {
                firing.insert(alert)
                events.append((at, .wrong(alert, annotations: [:])))
            } else if !hides || alert["severity"] == "critical" && inhibits {
                firing.remove(alert)
                events.append((at, .well(alert)))
            }
            at += Double(Int.random(in: 4...25, using: &random)) / 10
        }
    }

    /// One or two beside each other, with other matchers each: those with the same ones share what was sent in
    /// Alertmanager 0.25.
    private static func children(depth: Int, _ random: inout SeededGenerator) -> [RouteDraft] {
        let matchers = [
            Matcher("severity", is: "critical"), Matcher("alert", is: "a"), Matcher("team", is: "x"),
            Matcher("number", is: "1"), Matcher("number", is: "2"),
        ].shuffled(using: &random)
        return matchers.prefix(Int.random(in: 1...2, using: &random)).map { matcher in
            var child = RouteDraft(matchers: [matcher])
            child.continues = Bool.random(using: &random)
            // What is not drawn is inherited.
            if Bool.random(using: &random) {
                child.grouping = [.labels([]), .labels(["alert"]), .all].randomElement(using: &random)
            }
            if Bool.random(using: &random) { child.groupWait = .seconds(Int.random(in: 1...3, using: &random)) }
            if Bool.random(using: &random) { child.groupInterval = .seconds(Int.random(in: 2...4, using: &random)) }
            if Bool.random(using: &random) {
                child.repeatInterval = .milliseconds(Int.random(in: 2...7, using: &random) * 1_000 + 500)
            }
            if depth < 3, Bool.random(using: &random) { child.children = children(depth: depth + 1, &random) }
            return child
        }
    }

    var inhibition: Inhibition {
        Inhibition(
            name: "scenario \(seed)",
            source: [Matcher("scenario", is: "\(seed)"), Matcher("severity", is: "critical")],
            target: [Matcher("scenario", is: "\(seed)"), Matcher("severity", is: "warning")], equal: ["alert"])
    }

    /// What the router tells; `jitter` moves every event a little, differently for each number.
    func told(jitter: Int = 0) -> [Told] {
        var random = SeededGenerator(seed: UInt64(jitter))
        return told(
            at: events.map { $0.at + (jitter == 0 ? 0 : Double.random(in: 0...Self.slack, using: &random)) })
    }

    /// What the router tells of events that came at these seconds.
    func told(at seconds: [Double]) -> [Told] {
        let rules = AlertRules(
            route: draft.tree(receiver: "r\(seed)"),
            receivers: [
                Receiver(name: "r\(seed)", deliveries: [.init(channel: "hook", sendsResolved: sendsResolved)])
            ], inhibitions: inhibits ? [inhibition] : [], terms: AlertTerms(flapLimit: 0))
        var router = Router(rules)
        var told: [Told] = []
        let start = RandomScenario.start
        var rest = zip(events, seconds).map { event, second in
            (at: start + .milliseconds(Int64(second * 1_000)), event: event.event)
        }[...]
        let end = start + .milliseconds(Int64(Self.length * 1_000))
        while let next = [rest.first?.at, router.nextDue].compactMap(\.self).min(), next <= end {
            var now: [AlertEvent] = []
            while let first = rest.first, first.at <= next {
                now.append(first.event)
                rest = rest.dropFirst()
            }
            for notification in router.take(now, at: next).notifications {
                told.append(
                    Told(
                        seconds: (next - start).inSeconds, firing: Set(notification.firing.map { $0.labels["number"] }),
                        resolved: Set(notification.resolved.map { $0.labels["number"] })))
            }
        }
        // Groups that are told at the same moment have no order.
        return told.sorted { ($0.seconds, $0.description) < ($1.seconds, $1.description) }
    }

    /// The same as a route, an inhibition and a receiver of `alertmanager.yml`.
    var configuration: (route: String, inhibition: String?, receiver: String) {
        let route = draft.alertmanager(indent: 2)
        let rule = """
              - source_matchers: ['scenario="\(seed)"', 'severity="critical"']
                target_matchers: ['scenario="\(seed)"', 'severity="warning"']
                equal: [alert]
            """
        let receiver = """
              - name: r\(seed)
                webhook_configs:
                  - {url: 'http://127.0.0.1:PORT/\(seed)', send_resolved: \(sendsResolved), max_alerts: 0}
            """
        return (route, inhibits ? rule : nil, receiver)
    }
}

extension RouteDraft {
    /// As an item of `routes` in `alertmanager.yml`; what is inherited is not written.
    func alertmanager(indent: Int) -> String {
        var lines = ["matchers: [\(matchers.map { "'\($0.name)=\"\($0.value)\"'" }.joined(separator: ", "))]"]
        if let receiver { lines.append("receiver: \(receiver)") }
        switch grouping {
        case .all?: lines.append("group_by: ['...']")
        case .labels(let names)?: lines.append("group_by: [\(names.joined(separator: ", "))]")
        case nil: break
        }
        for (name, span) in [
            ("group_wait", groupWait), ("group_interval", groupInterval), ("repeat_interval", repeatInterval),
        ] {
            if let span { lines.append("\(name): \(span.canonical)") }
        }
        if continues { lines.append("continue: true") }
        let space = String(repeating: " ", count: indent)
        var text = "\(space)- " + lines.joined(separator: "\n\(space)  ")
        if !children.isEmpty {
            text +=
                "\n\(space)  routes:\n" + children.map { $0.alertmanager(indent: indent + 4) }.joined(separator: "\n")
        }
        return text
    }
}
