import Alert
import Maintenance
import Testing

@Suite("simulation")
struct SimulationTests {
    private let start = Timestamp(microseconds: 1_800_000_000_000_000)

    private func rules(_ receiver: String, delay: Duration? = nil) -> AlertRules {
        var draft = RouteDraft(receiver: receiver)
        draft.groupWait = .zero
        draft.grouping = .all
        if let delay { draft.timing = .delayed(delay) }
        return AlertRules(
            route: draft.tree(receiver: receiver),
            receivers: [
                Receiver(
                    name: "both", deliveries: [.init(channel: "mail", recipients: [.address("a"), .address("b")])]),
                Receiver(name: "one", deliveries: [.init(channel: "mail", recipients: [.address("a")])]),
            ])
    }

    @Test("who is told less, later, or of less, is named")
    func differs() throws {
        let short: Labels = ["alert": "short"]
        let long: Labels = ["alert": "long"]
        let events: [(at: Timestamp, event: AlertEvent)] = [
            (start, .wrong(short, annotations: [:])), (start, .wrong(long, annotations: [:])),
            (start + .seconds(60), .well(short)),
        ]
        let end = start + .seconds(3_600)
        let before = AlertSimulation.run(events, rules("both"), until: end)
        let after = AlertSimulation.run(events, rules("one", delay: .seconds(300)), until: end)
        let differences = SimulationDifference.all(before: before, after: after)
        #expect(differences.map(\.recipient) == ["a", "b"])
        let first = try #require(differences.first)
        // Two that fire and the end of one; then one that fires.
        #expect((first.before, first.after) == (3, 1))
        #expect(first.lost.map(\.fingerprint) == [short.fingerprint])
        #expect(first.lost.map(\.labels) == [short])
        #expect(first.delayed.map(\.delaySeconds) == [300])
        #expect(differences[1].lost.count == 2)
        #expect(
            SimulationDifference.all(before: before, after: before).allSatisfy { $0.lost.isEmpty && $0.delayed.isEmpty }
        )
    }
}
