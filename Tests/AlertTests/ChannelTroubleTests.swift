import Alert
import Maintenance
import Testing

@Suite("alerts about a channel")
struct ChannelTroubleTests {
    private let start = Timestamp(microseconds: 1_800_000_000_000_000)
    private let trouble: Labels = ["alert": "AL001", "severity": "critical", "object": "mail ada@example.org"]
    private let other: Labels = ["alert": "DB012", "severity": "critical", "environment": "production"]

    private func router(
        _ channels: [String], ways: [String], steps: [[String]] = []
    ) -> Router {
        var draft = RouteDraft(receiver: "team")
        draft.timing = .immediate
        draft.groupInterval = .seconds(1)
        draft.escalation = steps.enumerated().map {
            EscalationStep(after: .seconds(60 * ($0.offset + 1)), receiver: "step \($0.offset)")
        }
        let receivers =
            [Receiver(name: "team", deliveries: channels.map { .init(channel: $0) })]
            + steps.enumerated().map { number, channels in
                Receiver(name: "step \(number)", deliveries: channels.map { .init(channel: $0) })
            }
        var rules = AlertRules(route: draft.tree(receiver: "team"), receivers: receivers)
        rules.aboutChannels = ["AL001"]
        rules.ways = ways.map { .init(channel: $0) }
        return Router(rules)
    }

    @Test(
        "are told by the others of the route, else by any other there is, and by that one only where there is no other",
        arguments: [
            (["mail", "chat"], ["mail", "chat", "page"], ["chat"]),
            (["mail"], ["mail", "chat", "page"], ["chat", "page"]), (["mail"], ["mail"], ["mail"]),
            (["chat"], ["mail", "chat", "page"], ["chat"]), ([], ["mail", "chat"], []),
        ])
    func others(channels: [String], ways: [String], told: [String]) {
        var router = router(channels, ways: ways)
        let outcome = router.take([.wrong(trouble, annotations: [:])], at: start)
        #expect(outcome.notifications.map(\.channel) == told)
        let over = router.take([.well(trouble)], at: start + .seconds(5))
        #expect(over.notifications.map(\.channel) == told)
        #expect(over.notifications.allSatisfy(\.isResolved))
        let isKept = outcome.decisions.contains { $0.reason == .aboutItsChannel && $0.channel == "mail" }
        #expect(isKept == (channels.contains("mail") && !told.contains("mail")))
    }

    @Test("leave the rest of their group where it was")
    func group() {
        var router = router(["mail"], ways: ["mail", "chat"])
        let told = router.take(
            [.wrong(trouble, annotations: [:]), .wrong(other, annotations: [:])], at: start
        ).notifications
        #expect(told.map(\.channel) == ["mail", "chat"])
        #expect(told.map { $0.firing.map(\.labels) } == [[other], [trouble]])
    }

    @Test("climb by others too")
    func climbs() {
        var router = router(["chat"], ways: ["mail", "chat", "page"], steps: [["mail"], ["mail", "page"]])
        _ = router.take([.wrong(trouble, annotations: [:])], at: start)
        let first = router.take(at: start + .seconds(60)).notifications
        #expect(first.map(\.channel) == ["chat", "page"])
        let second = router.take(at: start + .seconds(120)).notifications
        #expect(second.map(\.channel) == ["page"])
    }
}
