import Alert
import Maintenance
import Testing

@Suite("what a simulation begins and ends with")
struct SimulationBordersTests {
    private let start = Timestamp(microseconds: 1_800_000_000_000_000)

    private func rules(_ timing: Route.Timing) -> AlertRules {
        var draft = RouteDraft(receiver: "team")
        draft.timing = timing
        draft.groupWait = .seconds(30)
        return AlertRules(
            route: draft.tree(receiver: "team"),
            receivers: [Receiver(name: "team", deliveries: [.init(channel: "mail")])])
    }

    @Test("what fired before is known when it begins, and told of before")
    func before() {
        let labels: Labels = ["alert": "down"]
        let events: [(at: Timestamp, event: AlertEvent)] = [
            (start, .wrong(labels, annotations: [:])), (start + .seconds(5_000), .well(labels)),
        ]
        let sent = AlertSimulation.run(
            events, rules(.immediate), from: start + .seconds(1_000), until: start + .seconds(9_000))
        #expect(sent.map(\.isResolved) == [true])
    }

    @Test(
        "what is told a little after its end is not lost",
        arguments: [
            Route.Timing.delayed(.seconds(7_200)), .batched(.every(.seconds(86_400 * 7))), .standard, .immediate,
        ])
    func after(timing: Route.Timing) {
        let labels: Labels = ["alert": "down"]
        let events: [(at: Timestamp, event: AlertEvent)] = [(start, .wrong(labels, annotations: [:]))]
        let sent = AlertSimulation.run(events, rules(timing), until: start + .seconds(10))
        #expect(sent.count == 1, "and repetitions after it are not counted")
        #expect(sent.first?.firing.map(\.labels) == [labels])
    }
}
