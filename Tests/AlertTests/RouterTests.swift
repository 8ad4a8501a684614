import Alert
import Maintenance
import Testing

@Suite("the router")
struct RouterTests {
    private let start = Timestamp(microseconds: 1_800_000_000_000_000)
    private func second(_ seconds: Int) -> Timestamp { start + .seconds(seconds) }

    private func alert(_ name: String, _ severity: Severity = .critical, _ more: [String: String] = [:]) -> AlertEvent {
        .wrong(Labels(more.merging(["alert": name, "severity": severity.rawValue]) { $1 }), annotations: [:])
    }

    private func labels(_ event: AlertEvent) -> Labels {
        if case .wrong(let labels, _) = event { labels } else { [:] }
    }

    /// A receiver of its own for each name, with one channel of that name.
    private func rules(
        _ draft: RouteDraft, receivers: [String] = ["team"], _ edit: (inout AlertRules) -> Void = { _ in }
    )
        -> AlertRules
    {
        var rules = AlertRules(
            route: draft.tree(receiver: "team"),
            receivers: receivers.map { Receiver(name: $0, deliveries: [.init(channel: $0)]) })
        edit(&rules)
        return rules
    }

    /// Everything sent until a second, the router woken when it asks for it.
    private func run(_ router: inout Router, until last: Int) -> [(second: Int, AlertNotification)] {
        var sent: [(Int, AlertNotification)] = []
        while let due = router.nextDue, due <= second(last) {
            let outcome = router.take(at: due)
            sent += outcome.notifications.map { (Int((due - start).microseconds / 1_000_000), $0) }
        }
        return sent
    }

    @Test("nobody acknowledges: each level is told when the one before has had its time, and hears of the end")
    func escalates() {
        var draft = RouteDraft(receiver: "team")
        draft.groupWait = .zero
        draft.escalation = [("dba", 3_600), ("lead", 5_400), ("cto", 6_300)].map {
            EscalationStep(after: .seconds($0.1), receiver: $0.0)
        }
        draft.repeatInterval = .seconds(86_400)
        var router = Router(rules(draft, receivers: ["team", "dba", "lead", "cto"]))
        let event = alert("down")
        let first = router.take([event], at: start).notifications
        #expect(first.map(\.channel) == ["team"])
        let later = run(&router, until: 8_000)
        #expect(later.map(\.1.channel) == ["dba", "lead", "cto"])
        #expect(later.map(\.second) == [3_600, 5_400, 6_300])
        let over = router.take([.well(labels(event))], at: second(8_001)).notifications
        #expect(over.map(\.channel) == ["dba", "lead", "cto"])
        #expect(over.allSatisfy { $0.isResolved })
    }

    @Test("an acknowledgement stops the climb, and one that ends lets it go on")
    func acknowledgedClimb() {
        var draft = RouteDraft(receiver: "team")
        draft.groupWait = .zero
        draft.escalation = [EscalationStep(after: .seconds(100), receiver: "dba")]
        var router = Router(rules(draft, receivers: ["team", "dba"]))
        let event = alert("down")
        _ = router.take([event], at: start)
        let until = second(500)
        _ = router.take(
            [
                .acknowledged(
                    fingerprint: labels(event).fingerprint, .init(by: "ada", comment: "", at: start, until: until))
            ],
            at: second(50))
        let sent = run(&router, until: 800).filter { $0.1.channel == "dba" }
        #expect(sent.map(\.second) == [500])
    }

    @Test("whoever is on call when it is decided is told")
    func onCall() {
        var draft = RouteDraft(receiver: "team")
        draft.groupWait = .zero
        let rotation = Rotation(
            name: "night", members: ["ada@example.org", "bob@example.org"], since: start,
            handover: .every(.seconds(600)),
            overrides: [.init(member: "eve@example.org", from: second(1_300), until: second(1_400))])
        let rules = rules(draft) {
            $0.rotations = ["night": rotation]
            $0.receivers["team"]?.deliveries[0].recipients = [.onCall("night"), .address("log@example.org")]
        }
        for (at, name) in [(0, "ada"), (700, "bob"), (1_250, "ada"), (1_350, "eve"), (1_450, "ada")] {
            var router = Router(rules)
            let sent = router.take([alert("down")], at: second(at)).notifications
            #expect(sent.first?.recipients == ["\(name)@example.org", "log@example.org"], "at \(at)")
        }
    }

    @Test("a dead host hides what runs on it, and the end of the host's trouble lets it out")
    func dependencies() {
        var draft = RouteDraft(receiver: "team")
        draft.groupWait = .zero
        draft.groupInterval = .seconds(10)
        draft.grouping = .all
        var router = Router(
            rules(draft) {
                $0.inhibitions = Inhibition.dependencies(
                    ["web": ["db"], "db": ["host"], "a": ["b"], "b": ["a"]], environment: "production")
            })
        let host = alert("unreachable", .critical, ["environment": "production", "resource": "host"])
        let web = alert("slow", .critical, ["environment": "production", "resource": "web"])
        let elsewhere = alert("slow", .critical, ["environment": "staging", "resource": "web"])
        let circle = ["a", "b"].map { alert("down", .critical, ["environment": "production", "resource": $0]) }
        let outcome = router.take([web, host, elsewhere] + circle, at: start)
        // Two that depend on each other do not hide each other.
        #expect(outcome.notifications.count == 4)
        let hidden = outcome.decisions.filter { $0.outcome == .withheld }
        #expect(hidden.map(\.alerts) == [[labels(web).fingerprint]])
        #expect(
            hidden.first?.reason
                == .inhibited(rule: "production/web depends on host", by: labels(host).fingerprint))
        let after = router.take([.well(labels(host))], at: second(10)).notifications
        #expect(after.contains { $0.firing.map(\.labels) == [labels(web)] })
    }

    @Test("an alert that was told and ends under a silence is told to have ended when the silence is over")
    func endUnderSilence() {
        var draft = RouteDraft(receiver: "team")
        draft.groupWait = .zero
        draft.groupInterval = .seconds(10)
        var router = Router(rules(draft))
        let event = alert("down")
        _ = router.take([event], at: start)
        let silence = Silence(
            id: "s", matchers: [Matcher("alert", is: "down")], starts: second(1), ends: second(95), author: "ada",
            comment: "disk is replaced")
        _ = router.take([.silenced(silence), .well(labels(event))], at: second(1))
        let sent = run(&router, until: 200)
        #expect(sent.map(\.second) == [100])
        #expect(sent.map(\.1.isResolved) == [true])
    }

    @Test("which silence covered something last is known, and which never did")
    func usedSilences() {
        var router = Router(rules(RouteDraft(receiver: "team")))
        let silences = ["down", "other"].map { name in
            Silence(
                id: name, matchers: [Matcher("alert", is: name)], starts: start, ends: second(1_000), author: "ada",
                comment: "")
        }
        _ = router.take(silences.map { .silenced($0) } + [alert("down")], at: start)
        _ = router.take(at: second(30))
        #expect(router.state.silencesUsed == ["down": second(30)])
    }

    @Test("a silence without matchers silences nothing")
    func emptySilence() {
        var draft = RouteDraft(receiver: "team")
        draft.groupWait = .zero
        var router = Router(rules(draft))
        let silence = Silence(
            id: "s", matchers: [], starts: start, ends: second(100), author: "ada", comment: "")
        #expect(router.take([.silenced(silence), alert("down")], at: start).notifications.count == 1)
    }

    @Test("other rules route what fires anew and do not tell anybody twice")
    func adopts() {
        var draft = RouteDraft(receiver: "team")
        draft.groupWait = .seconds(1)
        draft.groupInterval = .seconds(10)
        var router = Router(rules(draft))
        _ = router.take([alert("down")], at: start)
        #expect(run(&router, until: 5).count == 1)
        router.adopt(rules(draft), at: second(6))
        #expect(run(&router, until: 60).isEmpty)
        var child = RouteDraft(receiver: "dba")
        child.matchers = [Matcher("severity", is: "critical")]
        draft.children = [child]
        router.adopt(rules(draft, receivers: ["team", "dba"]), at: second(61))
        #expect(run(&router, until: 90).map(\.1.channel) == ["dba"])
    }

    @Test("five thousand alerts at once are decided in one go, and in time")
    func storm() {
        var draft = RouteDraft(receiver: "team")
        draft.groupWait = .seconds(1)
        draft.grouping = .labels(["environment"])
        var router = Router(
            rules(draft) {
                $0.inhibitions = [
                    Inhibition(
                        name: "critical hides warning", source: [Matcher("severity", is: "critical")],
                        target: [Matcher("severity", is: "warning")], equal: ["environment", "resource"])
                ]
            })
        let events = (0..<5_000).map {
            alert(
                "a", $0 % 2 == 0 ? .critical : .warning, ["environment": "e\($0 / 2 % 50)", "resource": "r\($0 / 2)"])
        }
        let clock = ContinuousClock()
        var sent: [AlertNotification] = []
        let taken = clock.measure {
            _ = router.take(events, at: start)
            sent = router.take(at: second(1)).notifications
        }
        #expect(sent.flatMap(\.firing).count == 2_500)
        #expect(taken < .seconds(20))
    }
}
