import Alert
import Maintenance
import Testing

@Suite("the life of an alert")
struct AlertLifeTests {
    static let labels: Labels = ["alert": "DB012", "environment": "production", "severity": "critical"]
    private let start = Timestamp(microseconds: 1_800_000_000_000_000)

    private func router(_ terms: AlertTerms) -> Router {
        var draft = RouteDraft(receiver: "team")
        draft.groupWait = .zero
        draft.groupInterval = .seconds(1)
        return Router(
            AlertRules(
                route: draft.tree(receiver: "team"),
                receivers: [Receiver(name: "team", deliveries: [.init(channel: "mail")])], terms: terms))
    }

    private func reasons(_ outcome: AlertOutcome) -> [Reason] { outcome.decisions.map(\.reason) }

    @Test("it is pending for its time, and then it fires")
    func pends() {
        var router = router(AlertTerms(hold: .seconds(60)))
        let pending = router.take([.wrong(Self.labels, annotations: [:])], at: start)
        #expect(pending.notifications.isEmpty)
        #expect(reasons(pending) == [.pending(until: start + .seconds(60))])
        #expect(router.nextDue == start + .seconds(60))
        #expect(router.take(at: start + .seconds(59)).notifications.isEmpty)
        let fired = router.take(at: start + .seconds(60))
        #expect(fired.notifications.map(\.reason) == [.firstOfGroup])
        #expect(fired.notifications.first?.firing.first?.firedAt == start + .seconds(60))
    }

    @Test("what is over while it is pending is never told, and why not is known")
    func passes() {
        var router = router(AlertTerms(hold: .seconds(60)))
        _ = router.take([.wrong(Self.labels, annotations: [:])], at: start)
        #expect(reasons(router.take([.well(Self.labels)], at: start + .seconds(30))) == [.passed])
        #expect(router.take(at: start + .seconds(600)).notifications.isEmpty)
    }

    @Test("what comes and goes counts as firing until it has been well for long enough")
    func flaps() {
        var router = router(AlertTerms(flapLimit: 3, flapWindow: .seconds(3_600), calm: .seconds(300)))
        var told: [AlertNotification] = []
        for turn in 0..<10 {
            let at = start + .seconds(turn * 20)
            told += router.take([.wrong(Self.labels, annotations: [:])], at: at).notifications
            told += router.take(at: at + .seconds(5)).notifications
            told += router.take([.well(Self.labels)], at: at + .seconds(10)).notifications
            told += router.take(at: at + .seconds(15)).notifications
        }
        // Two honest ends; the third is not believed any more.
        #expect(told.filter(\.isResolved).count == 2)
        #expect(told.filter { !$0.isResolved }.count == 3)
        let over = start + .seconds(9 * 20 + 10 + 300)
        #expect(router.take(at: over - .seconds(1)).notifications.isEmpty)
        #expect(router.take(at: over).notifications.map(\.isResolved) == [true])
    }

    @Test("the same event a second time changes nothing")
    func levelTriggered() {
        var router = router(AlertTerms())
        _ = router.take([.wrong(Self.labels, annotations: [:])], at: start)
        let before = router.state
        let again = router.take([.wrong(Self.labels, annotations: [:])], at: start)
        #expect(again.notifications.isEmpty && again.decisions.isEmpty && again.turns.isEmpty)
        #expect(router.state == before)
    }

    @Test("an acknowledged alert is not repeated, and a new one of its group is told all the same")
    func acknowledged() throws {
        var draft = RouteDraft(receiver: "team")
        draft.groupWait = .zero
        draft.groupInterval = .seconds(10)
        draft.repeatInterval = .seconds(60)
        var router = Router(
            AlertRules(
                route: draft.tree(receiver: "team"),
                receivers: [Receiver(name: "team", deliveries: [.init(channel: "mail")])]))
        _ = router.take([.wrong(Self.labels, annotations: [:])], at: start)
        _ = router.take(
            [
                .acknowledged(
                    fingerprint: Self.labels.fingerprint,
                    .init(by: "ada", comment: "on it", at: start, until: start + .seconds(200)))
            ], at: start + .seconds(5))
        var told: [AlertNotification] = []
        var said: [Reason] = []
        for second in stride(from: 10, through: 190, by: 10) {
            let outcome = router.take(at: start + .seconds(second))
            told += outcome.notifications
            said += reasons(outcome)
        }
        #expect(told.isEmpty)
        #expect(said.contains(.acknowledged(by: "ada", comment: "on it")))
        _ = router.take([.wrong(["alert": "other"], annotations: [:])], at: start + .seconds(191))
        #expect(router.take(at: start + .seconds(200)).notifications.first?.firing.count == 2)
    }

    @Test("a clock that is set back an hour delays nothing by an hour")
    func clockSetBack() {
        var router = router(AlertTerms(hold: .seconds(60)))
        _ = router.take([.wrong(Self.labels, annotations: [:])], at: start)
        let back = start - .seconds(3_600)
        #expect(router.take(at: back + .seconds(1)).notifications.isEmpty)
        #expect(router.take(at: back + .seconds(61)).notifications.count == 1)
    }
}
