import Alert
import Maintenance
import Testing

/// What is remembered of who was told, and of whose turn it is.
@Suite("the router's memory")
struct MemoryTests {
    private let start = Timestamp(microseconds: 1_800_000_000_000_000)
    private func second(_ seconds: Int) -> Timestamp { start + .seconds(seconds) }
    private let labels: Labels = ["alert": "down", "severity": "critical"]
    private var event: AlertEvent { .wrong(labels, annotations: [:]) }

    /// A tree as `AlertRules+Inventory` makes it: receivers are called by their place.
    private func rules(
        _ routes: [[Matcher]], channels: [String] = ["mail"], _ edit: (inout RouteDraft) -> Void = { _ in }
    ) -> AlertRules {
        var root = RouteDraft(receiver: "nobody")
        var receivers = [Receiver(name: "nobody", deliveries: [])]
        for (place, matchers) in routes.enumerated() {
            var draft = RouteDraft(matchers: matchers, receiver: "route \(place + 1)")
            draft.groupWait = .zero
            draft.groupInterval = .seconds(10)
            edit(&draft)
            root.children.append(draft)
            receivers.append(
                Receiver(name: "route \(place + 1)", deliveries: channels.map { .init(channel: $0) }))
        }
        return AlertRules(route: root.tree(receiver: "nobody"), receivers: receivers)
    }

    private let critical = [Matcher("severity", is: "critical")]
    private let other = [Matcher("team", is: "db")]

    private func run(_ router: inout Router, until last: Int) -> [AlertNotification] {
        var sent: [AlertNotification] = []
        while let due = router.nextDue, due <= second(last) { sent += router.take(at: due).notifications }
        return sent
    }

    @Test("a route that is put in before the others tells nobody again what they were told")
    func insertedRoute() {
        var router = Router(rules([critical]))
        #expect(router.take([event], at: start).notifications.count == 1)
        router.adopt(rules([other, critical]), at: second(5))
        #expect(run(&router, until: 100).isEmpty)
        _ = router.take([.well(labels)], at: second(101))
        #expect(run(&router, until: 120).map(\.isResolved) == [true])
    }

    @Test("a channel that is put before another does not inherit what that was told")
    func insertedChannel() {
        var router = Router(rules([critical]))
        #expect(router.take([event], at: start).notifications.map(\.channel) == ["mail"])
        router.adopt(rules([critical], channels: ["phone", "mail"]), at: second(5))
        #expect(run(&router, until: 100).map(\.channel) == ["phone"])
    }

    @Test("what an older version remembered by places counts for the channels that stand there")
    func migrates() throws {
        var router = Router(rules([critical], channels: ["mail", "chat"]))
        #expect(router.take([event], at: start).notifications.count == 2)
        let old = try OlderState.written(from: router.state) { "route 1|\($0 == "mail" ? 0 : 1)" }
        var other = Router(rules([critical], channels: ["mail", "chat"]), state: old)
        other.adopt(rules([critical], channels: ["mail", "chat"]), at: second(5))
        #expect(run(&other, until: 100).isEmpty)
        _ = other.take([.well(labels)], at: second(101))
        #expect(run(&other, until: 120).map(\.channel) == ["mail", "chat"])
    }

    @Test("a channel that is named twice is told once")
    func twice() {
        var router = Router(rules([critical], channels: ["mail", "mail"]))
        #expect(router.take([event], at: start).notifications.map(\.channel) == ["mail"])
    }

    @Test("with a shorter wait or at once, nobody waits for the tick of before")
    func shorter() {
        var router = Router(rules([critical]) { $0.groupWait = .seconds(3_600) })
        #expect(router.take([event], at: start).notifications.isEmpty)
        router.adopt(rules([critical]) { $0.timing = .immediate }, at: second(5))
        #expect(router.nextDue == second(5))
        #expect(router.take(at: second(5)).notifications.count == 1)
    }

    @Test("whose turn it is does not jump when the handovers that were are counted otherwise")
    func turns() {
        var rules = rules([critical])
        rules.receivers["route 1"]?.deliveries[0].recipients = [.onCall("week")]
        let rotation = Rotation(
            name: "week", members: ["ada", "bob", "eve"], since: start, handover: .every(.seconds(1_000)))
        rules.rotations = ["week": rotation]
        func onCall(_ router: inout Router, at: Int, _ name: String) -> [String]? {
            let labels: Labels = ["alert": name, "severity": "critical"]
            var sent = router.take([.wrong(labels, annotations: [:])], at: second(at)).notifications
            sent += router.take([.well(labels)], at: second(at + 20)).notifications
            return sent.first?.recipients
        }
        var router = Router(rules)
        #expect(onCall(&router, at: 1_500, "a") == ["bob"])
        // Somebody is put in before: the turn stays whose it is, and the order goes on from there.
        rules.rotations["week"]?.members = ["zoe", "ada", "bob", "eve"]
        router.adopt(rules, at: second(1_600))
        #expect(onCall(&router, at: 1_700, "b") == ["bob"])
        #expect(onCall(&router, at: 2_500, "c") == ["eve"])
        #expect(onCall(&router, at: 3_500, "d") == ["zoe"])
        // Another beginning is counted from there.
        rules.rotations["week"]?.since = second(3_000)
        router.adopt(rules, at: second(3_600))
        #expect(onCall(&router, at: 3_700, "e") == ["zoe"])
    }

    @Test("who is on call and cannot be reached through a channel keeps nobody from being told, and why says so")
    func standIns() {
        var rules = rules([critical], channels: ["mail", "phone", "pager"])
        rules.rotations = [
            "week": Rotation(name: "week", members: ["ada@example.org"], since: start, handover: .every(.seconds(60)))
        ]
        let addressings: [(Int, Addressing, [String])] = [
            (0, .mail, []), (1, .telephone, ["+4930"]), (2, .telephone, []),
        ]
        for (place, addressing, standard) in addressings {
            rules.receivers["route 1"]?.deliveries[place].recipients = [.onCall("week")]
            rules.receivers["route 1"]?.deliveries[place].addressing = addressing
            rules.receivers["route 1"]?.deliveries[place].standard = standard.map { $0 + "123456" }
        }
        var router = Router(rules)
        let outcome = router.take([event], at: start)
        #expect(outcome.notifications.map(\.recipients) == [["ada@example.org"], ["+4930123456"]])
        let withheld = outcome.decisions.filter { $0.outcome == .withheld }
        #expect(withheld.map(\.channel) == ["phone", "pager"])
        #expect(withheld.map(\.reason) == [.standIns(for: ["ada@example.org"]), .nobody(receiver: "route 1")])
    }

    @Test("who takes for over what he does not hear of hears of it, acknowledged and silenced as it may be")
    func refreshed() {
        var rules = rules([critical], channels: ["upstream", "mail"])
        rules.receivers["route 1"]?.deliveries[0].refresh = .seconds(600)
        var router = Router(rules)
        let silence = Silence(
            id: "s", matchers: critical, starts: second(700), ends: second(5_000), author: "ada", comment: "")
        #expect(router.take([event], at: start).notifications.count == 2)
        _ = router.take(
            [
                .acknowledged(fingerprint: labels.fingerprint, .init(by: "ada", comment: "", at: second(10))),
                .silenced(silence),
            ], at: second(10))
        let sent = run(&router, until: 2_000)
        #expect(sent.map(\.channel) == ["upstream", "upstream", "upstream"])
        #expect(sent.map(\.decidedAt) == [second(600), second(1_200), second(1_800)])
        #expect(sent.allSatisfy { $0.firing.map(\.labels) == [labels] && $0.resolved.isEmpty })
    }

    @Test("what hides an alert a second time is said a second time")
    func hiddenAgain() {
        var rules = rules([critical]) { $0.mute = ["noon"] }
        rules.times["noon"] = Times(
            name: "noon", spans: [second(20)..<second(40), second(60)..<second(80)])
        var router = Router(rules)
        _ = router.take([event], at: start)
        var muted = 0
        while let due = router.nextDue, due <= second(120) {
            muted += router.take(at: due).decisions.count { $0.reason == .muted(times: "noon") }
        }
        #expect(muted == 2)
    }

    @Test("it is not said that everything is over while something that was told still fires in silence")
    func notAll() {
        var router = Router(rules([critical]))
        let second: Labels = ["alert": "other", "severity": "critical"]
        _ = router.take([event, .wrong(second, annotations: [:])], at: start)
        let silence = Silence(
            id: "s", matchers: [Matcher("alert", is: "down")], starts: start, ends: self.second(500), author: "ada",
            comment: "")
        _ = router.take([.silenced(silence), .well(second)], at: self.second(1))
        #expect(run(&router, until: 20).map(\.reason) == [.newlyResolved([second.fingerprint])])
    }

    @Test("a batch keeps to its hour after the clock was set back")
    func batchAfterSetback() {
        let hour = Duration.seconds(3_600)
        var router = Router(rules([critical]) { $0.timing = .batched(.every(hour * 24)) })
        _ = router.take([event], at: start)
        let next = Beat.every(hour * 24).next(after: start)
        _ = router.take(at: start - hour * 5)
        #expect(router.nextDue == Beat.every(hour * 24).next(after: start - hour * 5))
        #expect(next != nil)
    }
}
