import Alert
import Maintenance
import MaintenanceTesting
import Monitor
import Outside
import Settings
import Testing

@testable import Alerts
@testable import Engine

/// What the runner takes out of service is told to nobody, exactly for so long.
@Suite("silences of maintenance", .temporaryDirectory)
struct MaintenanceSilenceTests {
    private let now = Samples.start
    private let shop = Target(environment: "production", resource: "shop")

    private func work(until end: Timestamp? = nil, began: Timestamp? = nil, of target: Target? = nil) -> PlannedWork {
        PlannedWork(
            target: target ?? shop, runID: "r1", step: 2, task: "backup.restore", kind: "replace",
            began: began ?? now, ended: end)
    }

    /// A check of the shop as it was seen last.
    private func probe(at instant: Timestamp, countsUntil: Timestamp? = nil) -> MonitoredCheck {
        MonitoredCheck(
            outcome: CheckOutcome(
                check: "endpoint.answer", code: "HC1", title: "answers", target: shop, state: .critical,
                summary: "down", seconds: 0.1),
            standing: .critical, phase: .failing, since: now, seenAt: instant,
            countsUntil: countsUntil ?? instant + .seconds(60), isPlanned: false)
    }

    /// After what these silences' events have done.
    private func follow(
        _ state: inout RouterState, _ work: [PlannedWork], _ probes: [MonitoredCheck] = [], at instant: Timestamp
    ) -> [Silence] {
        for event in MaintenanceSilences(work: work, probes: probes).events(state, at: instant) {
            state.note(event, at: instant)
        }
        return state.silences.values.filter { $0.isActive(at: instant) }
    }

    @Test("covers what is taken out of service and nothing else, from the first moment on")
    func exact() throws {
        var state = RouterState()
        let silences = follow(&state, [work()], at: now)
        let silence = try #require(silences.first)
        #expect(silences.count == 1)
        #expect(silence.origin == .step(run: "r1", number: 2))
        func covers(_ environment: String, _ resource: String) -> Bool {
            silence.covers(["alert": "HC1", "environment": environment, "resource": resource])
        }
        #expect(covers("production", "shop"))
        #expect(!covers("production", "db"))
        #expect(!covers("staging", "shop"))
        #expect(follow(&state, [work()], at: now + .seconds(10)) == silences)
    }

    @Test("a probe closes it and no clock: one that looked after the end, whatever it says")
    func probed() {
        var state = RouterState()
        let end = now + .seconds(30)
        _ = follow(&state, [work()], [probe(at: now)], at: now)
        #expect(follow(&state, [work(until: end)], [probe(at: end - .seconds(1))], at: end + .seconds(5)).count == 1)
        #expect(follow(&state, [work(until: end)], [probe(at: end + .seconds(6))], at: end + .seconds(6)).isEmpty)
    }

    @Test(
        "where nobody looks all the time the change's own proof closes it, and a process that died leaves none open",
        arguments: [true, false])
    func unprobed(isDead: Bool) {
        var state = RouterState()
        _ = follow(&state, [work()], at: now)
        let end = now + .seconds(30)
        let old = probe(at: now - .seconds(600), countsUntil: now - .seconds(540))
        #expect(follow(&state, isDead ? [] : [work(until: end)], [old], at: end).isEmpty)
    }

    @Test("who ends it while the change goes on has the last word, until the next change")
    func ended() throws {
        var state = RouterState()
        let silence = try #require(follow(&state, [work()], at: now).first)
        state.note(.unsilenced(id: silence.id), at: now + .seconds(5))
        #expect(follow(&state, [work()], at: now + .seconds(6)).isEmpty)
        let next = now + .seconds(20)
        let all = [work(until: now + .seconds(10)), work(began: next)]
        #expect(follow(&state, all, at: next).count == 1)
    }

    @Test("a service that starts again goes on with what is silenced, and an alert waits for the end of the work")
    func whole() async throws {
        let clock = ManualClock(now: now)
        let log = try Samples.log(clock.clock)
        var draft = RouteDraft(receiver: "team")
        draft.timing = .immediate
        let rules = AlertRules(
            route: draft.tree(receiver: "team"),
            receivers: [Alert.Receiver(name: "team", deliveries: [.init(channel: "hook", recipients: [])])])
        let desk = AlertDesk(log: log, rules: rules, rulesDigest: "1")
        let trouble = AlertTrouble(
            Finding(code: "HC1", severity: .critical, target: shop, summary: "down"), in: Inventory())
        let first = MaintenanceSilences(work: [work()], probes: []).events(RouterState(), at: now)
        var taken = try await desk.decide(open: [trouble], first, at: now)
        #expect(taken.outcome.notifications.isEmpty)
        clock.advance(by: .seconds(600))
        let later = clock.clock.now()
        let state = try await log.alertState()
        #expect(MaintenanceSilences.begin(state, at: later) == now)
        let over = MaintenanceSilences(work: [work(until: later)], probes: []).events(state, at: later)
        taken = try await desk.decide(open: [trouble], over, at: later)
        clock.advance(by: .seconds(600))
        taken.outcome.notifications += try await desk.decide(open: [trouble], at: clock.clock.now()).outcome
            .notifications
        #expect(taken.outcome.notifications.count == 1)
    }
}
