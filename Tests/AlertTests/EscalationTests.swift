import Alert
import Maintenance
import Testing

@Suite("escalation")
struct EscalationTests {
    private let start = Timestamp(microseconds: 1_800_000_000_000_000)
    private func second(_ seconds: Int) -> Timestamp { start + .seconds(seconds) }

    private func labels(_ name: String, _ severity: Severity = .critical) -> Labels {
        ["alert": name, "severity": severity.rawValue]
    }

    private func wrong(_ name: String, _ severity: Severity = .critical) -> AlertEvent {
        .wrong(labels(name, severity), annotations: [:])
    }

    /// The team at once, the chief a hundred seconds later.
    private func rules(_ edit: (inout RouteDraft, inout AlertRules) -> Void = { _, _ in }) -> AlertRules {
        var draft = RouteDraft(receiver: "team")
        draft.timing = .immediate
        draft.groupInterval = .seconds(30)
        draft.repeatInterval = .seconds(86_400)
        draft.escalation = [EscalationStep(after: .seconds(100), receiver: "chief")]
        let receivers = ["team", "chief"].map { Receiver(name: $0, deliveries: [.init(channel: $0)]) }
        var rules = AlertRules(route: draft.tree(receiver: "team"), receivers: receivers)
        edit(&draft, &rules)
        rules.route = draft.tree(receiver: "team")
        return rules
    }

    /// What the chief hears until a second, the router woken when it asks for it.
    private func chief(_ router: inout Router, until last: Int) -> [(second: Int, AlertNotification)] {
        var sent: [(Int, AlertNotification)] = []
        while let due = router.nextDue, due <= second(last) {
            let outcome = router.take(at: due)
            sent += outcome.notifications.filter { $0.channel == "chief" }
                .map { (Int((due - start).microseconds / 1_000_000), $0) }
        }
        return sent
    }

    @Test("an incident is over with the last alert it tells of, and not with the first that ends")
    func fullUpdates() throws {
        var router = Router(rules())
        _ = router.take([wrong("a"), wrong("b")], at: start)
        let up = chief(&router, until: 150)
        #expect(up.map(\.second) == [100])
        #expect(up.first?.1.firing.count == 2)
        let first = router.take([.well(labels("a"))], at: second(160)).notifications.filter { $0.channel == "chief" }
        #expect(first.map(\.isResolved) == [false])
        #expect(first.first?.resolved.map(\.labels) == [labels("a")])
        #expect(first.first?.firing.map(\.labels) == [labels("b")])
        let last = router.take([.well(labels("b"))], at: second(170)).notifications.filter { $0.channel == "chief" }
        #expect(last.map(\.isResolved) == [true])
        #expect(Set((up.map(\.1) + first + last).map(\.groupKey)).count == 1)
    }

    @Test("alerts of different groups are different incidents")
    func groups() {
        var router = Router(rules { draft, _ in draft.grouping = .labels(["alert"]) })
        _ = router.take([wrong("a"), wrong("b")], at: start)
        #expect(Set(chief(&router, until: 150).map(\.1.groupKey)).count == 2)
    }

    @Test("whoever was told hears of the end, and not whoever has the turn by then")
    func sameOnes() {
        let rules = rules { _, rules in
            rules.receivers["chief"]?.deliveries[0].recipients = [.onCall("night")]
            rules.rotations["night"] = Rotation(
                name: "night", members: ["ada", "bob"], since: start, handover: .every(.seconds(600)))
        }
        var router = Router(rules)
        _ = router.take([wrong("a")], at: start)
        #expect(chief(&router, until: 590).map(\.1.recipients) == [["ada"]])
        // Another one, told to another person: to each his own.
        _ = router.take([wrong("b")], at: second(601))
        #expect(chief(&router, until: 710).map(\.1.recipients) == [["bob"]])
        let over = router.take([.well(labels("a"))], at: second(720)).notifications.filter { $0.channel == "chief" }
        #expect(over.map(\.recipients) == [["ada"]])
        #expect(over.map(\.isResolved) == [true])
    }

    @Test("an acknowledgement that is shortened lets it climb at its new end", arguments: [Int?.none, 5_000])
    func shortened(first: Int?) {
        var router = Router(rules())
        func taken(until: Int?, at: Int) -> AlertEvent {
            .acknowledged(
                fingerprint: labels("a").fingerprint,
                .init(by: "ada", comment: "", at: second(at), until: until.map(second)))
        }
        _ = router.take([wrong("a")], at: start)
        _ = router.take([taken(until: first, at: 50)], at: second(50))
        #expect(chief(&router, until: 200).isEmpty)
        _ = router.take([taken(until: 300, at: 210)], at: second(210))
        #expect(chief(&router, until: 400).map(\.second) == [300])
    }

    struct Hiding: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var until: Int
        var severity = Severity.warning
        var edit: @Sendable (inout RouteDraft) -> Void
    }

    @Test(
        "what is not said of a group is not said by its escalation either, and is when that is over",
        arguments: [
            Hiding(testDescription: "quiet", until: 150) { $0.quiet = ["night"] },
            Hiding(testDescription: "mute", until: 160, severity: .critical) { $0.mute = ["night"] },
            Hiding(testDescription: "active", until: 160, severity: .critical) { $0.active = ["day"] },
        ])
    func hidden(hiding: Hiding) {
        var router = Router(
            rules { draft, rules in
                hiding.edit(&draft)
                rules.times["night"] = Times(name: "night", spans: [second(90)..<second(150)])
                rules.times["day"] = Times(name: "day", spans: [start..<second(90), second(150)..<second(9_000)])
            })
        _ = router.take([wrong("a", hiding.severity)], at: start)
        #expect(chief(&router, until: 400).map(\.second) == [hiding.until])
    }

    @Test("the end of what is silenced is told to whoever it climbed to when the silence is over")
    func silencedEnd() {
        var router = Router(rules())
        _ = router.take([wrong("a")], at: start)
        #expect(chief(&router, until: 110).count == 1)
        let silence = Silence(
            id: "s", matchers: [Matcher("alert", is: "a")], starts: second(120), ends: second(200), author: "ada",
            comment: "")
        _ = router.take([.silenced(silence)], at: second(120))
        let outcome = router.take([.well(labels("a"))], at: second(130))
        #expect(outcome.notifications.isEmpty)
        let over = chief(&router, until: 400)
        #expect(over.map(\.second) == [220])
        #expect(over.map(\.1.isResolved) == [true])
    }

    @Test("with a route that is gone whoever was told still hears of the end")
    func routeGone() {
        var router = Router(rules())
        _ = router.take([wrong("a")], at: start)
        #expect(chief(&router, until: 110).count == 1)
        router.adopt(
            rules { draft, _ in
                draft.matchers = [Matcher("severity", is: "critical")]
                draft.escalation = []
            }, at: second(120))
        let over = router.take([.well(labels("a"))], at: second(130)).notifications.filter { $0.channel == "chief" }
        #expect(over.map(\.isResolved) == [true])
    }

    @Test("what an older version has written goes on: nobody is told again, and the end is told")
    func older() throws {
        var router = Router(rules())
        _ = router.take([wrong("a")], at: start)
        #expect(chief(&router, until: 110).count == 1)
        let old = try OlderState.written(from: router.state) { slot in "team|\(slot == "team" ? 0 : 1)" }
        var other = Router(rules(), state: old)
        other.adopt(rules(), at: second(120))
        let quiet = other.take(at: second(121)).notifications
        #expect(quiet.isEmpty)
        var over = other.take([.well(labels("a"))], at: second(130)).notifications
        while let due = other.nextDue, due <= second(200) { over += other.take(at: due).notifications }
        #expect(Set(over.map(\.channel)) == ["team", "chief"])
        #expect(over.allSatisfy { $0.isResolved })
    }
}
