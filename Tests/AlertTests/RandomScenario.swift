import Alert
import Maintenance
import Outside

/// A small random configuration and a minute of random events for it, all at whole seconds.
struct RandomScenario {
    static let start = Timestamp(microseconds: 1_800_000_000_000_000)
    static let length = 70

    var rules: AlertRules
    var events: [Int: [AlertEvent]] = [:]

    static func at(_ second: Int) -> Timestamp { start + .seconds(second) }

    init(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        rules = Self.rules(&random)
        let alerts = Self.alerts(&random)
        var wrong: Set<Labels> = []
        for second in 0..<Self.length where Int.random(in: 0..<3, using: &random) == 0 {
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let labels = alerts[Int.random(in: 0..<alerts.count, using: &random)]
                switch Int.random(in: 0..<12, using: &random) {
                case 0:
                    events[second, default: []].append(.silenced(Self.silence(alerts, second, &random)))
                case 1: events[second, default: []].append(.unsilenced(id: "\(Int.random(in: 0..<3, using: &random))"))
                case 2:
                    // A later one may end sooner than the one before.
                    let length = Int.random(in: 0...20, using: &random)
                    let until = length == 0 ? nil : Self.at(second + length)
                    events[second, default: []].append(
                        .acknowledged(
                            fingerprint: labels.fingerprint,
                            .init(by: "ada", comment: "", at: Self.at(second), until: until)))
                case 3...6 where wrong.contains(labels):
                    wrong.remove(labels)
                    events[second, default: []].append(.well(labels))
                default:
                    wrong.insert(labels)
                    events[second, default: []].append(.wrong(labels, annotations: [:]))
                }
            }
        }
    }

    private static func alerts(_ random: inout SeededGenerator) -> [Labels] {
        (0..<Int.random(in: 1...6, using: &random)).map { _ in
            Labels([
                "alert": pick(["a", "b", "c"], &random), "team": pick(["x", "y", ""], &random),
                "severity": pick(["warning", "critical"], &random),
                // Of some rules the alert `c` is about the channel that this begins with.
                "object": pick(["", "one0", "one0 x", "two0", "two1"], &random),
            ])
        }
    }

    private static func silence(_ alerts: [Labels], _ second: Int, _ random: inout SeededGenerator) -> Silence {
        let starts = second + Int.random(in: 0...5, using: &random)
        return Silence(
            id: "\(Int.random(in: 0..<3, using: &random))", matchers: [matcher(&random)], starts: at(starts),
            ends: at(starts + Int.random(in: 1...25, using: &random)), author: "ada", comment: "")
    }

    private static func matcher(_ random: inout SeededGenerator) -> Matcher {
        pick(
            [
                Matcher("severity", is: "critical"), Matcher("severity", is: "warning"), Matcher("team", is: "x"),
                Matcher("team", is: ""), Matcher("alert", is: "a"), Matcher("alert", is: "b"),
            ], &random)
    }

    private static func rules(_ random: inout SeededGenerator) -> AlertRules {
        var root = draft(&random)
        root.mute = []
        root.active = []
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            var child = draft(&random)
            child.matchers = [matcher(&random)]
            child.continues = Bool.random(using: &random)
            if Int.random(in: 0..<4, using: &random) == 0 {
                var grandchild = draft(&random)
                grandchild.matchers = [matcher(&random)]
                child.children = [grandchild]
            }
            root.children.append(child)
        }
        let receivers = ["one", "two"].map { name in
            Receiver(
                name: name,
                deliveries: (0...Int.random(in: 0...1, using: &random)).map { place in
                    let recipients: [[Recipient]] = [[], [.onCall("turns")], [.address("x"), .onCall("turns")]]
                    return Receiver.Delivery(
                        channel: "\(name)\(place)", recipients: pick(recipients, &random),
                        sendsResolved: Bool.random(using: &random))
                })
        }
        var inhibitions: [Inhibition] = []
        for index in 0..<Int.random(in: 0...2, using: &random) {
            inhibitions.append(
                Inhibition(
                    name: "rule \(index)", source: [matcher(&random)], target: [matcher(&random)],
                    equal: pick([[], ["team"], ["alert", "team"]], &random)))
        }
        let times = ["night", "noon"].map { name in
            let spans = (0..<Int.random(in: 1...2, using: &random)).map { _ in
                let from = Int.random(in: 0..<length, using: &random)
                return at(from)..<at(from + Int.random(in: 2...20, using: &random))
            }
            return Times(name: name, spans: spans)
        }
        let overrides = (0..<Int.random(in: 0...2, using: &random)).map { _ in
            let from = Int.random(in: 0..<length, using: &random)
            return Rotation.Override(
                member: pick(["y", "w"], &random), from: at(from),
                until: at(from + Int.random(in: 1...25, using: &random)))
        }
        var rules = AlertRules(
            route: root.tree(receiver: "one"), receivers: receivers, inhibitions: inhibitions, times: times,
            rotations: [
                Rotation(
                    name: "turns", members: ["x", "y", "z"], since: start,
                    handover: .every(.seconds(Int.random(in: 5...20, using: &random))), overrides: overrides)
            ],
            terms: AlertTerms(
                hold: .seconds(pick([0, 0, 2], &random)), flapLimit: pick([0, 0, 1, 2], &random),
                flapWindow: .seconds(Int.random(in: 5...30, using: &random)),
                calm: .seconds(Int.random(in: 2...10, using: &random))))
        if Bool.random(using: &random) {
            rules.aboutChannels = ["c"]
            // Sometimes there is no other way than those of the receiver.
            rules.ways = Bool.random(using: &random) ? receivers.flatMap(\.deliveries) : []
        }
        return rules
    }

    private static func draft(_ random: inout SeededGenerator) -> RouteDraft {
        var draft = RouteDraft(receiver: pick(["one", "two"], &random))
        draft.grouping = pick([.labels([]), .labels(["alert"]), .labels(["team"]), .all], &random)
        draft.groupWait = .seconds(Int.random(in: 0...5, using: &random))
        draft.groupInterval = .seconds(Int.random(in: 1...8, using: &random))
        draft.repeatInterval = .seconds(Int.random(in: 3...30, using: &random))
        draft.timing = pick(
            [.standard, .standard, .standard, .immediate, .delayed(.seconds(4)), .batched(.every(.seconds(15)))],
            &random)
        let some = { (random: inout SeededGenerator) -> [String] in
            Int.random(in: 0..<5, using: &random) == 0 ? [pick(["night", "noon"], &random)] : []
        }
        draft.mute = some(&random)
        draft.active = some(&random)
        draft.quiet = some(&random)
        if Int.random(in: 0..<2, using: &random) == 0 {
            var after = 0
            draft.escalation = (0..<Int.random(in: 1...3, using: &random)).map { _ in
                after += Int.random(in: 1...10, using: &random)
                return EscalationStep(after: .seconds(after), receiver: pick(["one", "two"], &random))
            }
        }
        return draft
    }

    private static func pick<Value>(_ values: [Value], _ random: inout SeededGenerator) -> Value {
        values[Int.random(in: 0..<values.count, using: &random)]
    }
}
