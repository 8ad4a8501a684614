import Alert
import Calendar
import Engine
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Settings
import Store
import Synchronization
import Testing

@testable import Alerts

@Suite("deciding and delivering", .temporaryDirectory)
struct DeliveryTests {
    private let clock = ManualClock(now: Samples.start)

    private func log() throws -> RunLog {
        let store = try Store(directory: TemporaryDirectory.current + "/state", migrations: EngineSchema.migrations)
        return RunLog(
            store: store, clock: clock.clock,
            actor: Requester(user: "ada", sudoUser: nil, host: "ops", processID: 1))
    }

    private func rules(recipients: [Recipient] = []) -> AlertRules {
        var draft = RouteDraft(receiver: "team")
        draft.groupWait = .seconds(5)
        draft.groupInterval = .seconds(10)
        return AlertRules(
            route: draft.tree(receiver: "team"),
            receivers: [Receiver(name: "team", deliveries: [.init(channel: "hook", recipients: recipients)])])
    }

    private func trouble(_ code: String = "DB012", _ severity: Severity = .critical) -> AlertTrouble {
        AlertTrouble(
            Finding(
                code: code, severity: severity, target: Target(environment: "production", resource: "main"),
                summary: "something is wrong"), in: Inventory())
    }

    /// Takes or refuses, as the test says, and remembers.
    private final class Taker: AlertChannel {
        let taken = Mutex<[String]>([])
        let answer: @Sendable (Int) throws -> String

        init(_ answer: @escaping @Sendable (Int) throws -> String = { _ in "taken" }) { self.answer = answer }

        func send(_ message: AlertMessage) async throws -> String {
            let count = taken.withLock {
                $0.append(message.id); return $0.count
            }
            return try answer(count)
        }
    }

    private func courier(_ log: RunLog) -> Courier { Courier(log: log, clock: clock.clock) { _, _, _ in } }

    private func deliver(_ log: RunLog, _ channel: any AlertChannel) async throws {
        let courier = courier(log)
        try await withThrowingDiscardingTaskGroup { group in
            try await courier.start(["hook": channel], in: &group)
        }
    }

    @Test("what is open is told after its group's wait, what is over after the interval, and all of it is kept")
    func wholeWay() async throws {
        let log = try log()
        let desk = AlertDesk(log: log, rules: rules(), rulesDigest: "1")
        let taker = Taker()
        let first = try await desk.decide(open: [trouble()], at: clock.clock.now())
        #expect(first.nextDue == Samples.start + .seconds(5))
        clock.advance(by: .seconds(5))
        _ = try await desk.decide(open: [trouble()], at: clock.clock.now())
        try await deliver(log, taker)
        _ = try await desk.decide(open: [], at: clock.clock.now())
        clock.advance(by: .seconds(10))
        _ = try await desk.decide(open: [], at: clock.clock.now())
        try await deliver(log, taker)
        #expect(taker.taken.withLock { $0.count } == 2)
        let spooled = try await log.notifications(since: Samples.start)
        #expect(spooled.map(\.state) == [.sent, .sent])
        #expect(spooled.map(\.notification.isResolved) == [false, true])
        #expect(spooled.allSatisfy { $0.answer == "taken" })
        let decisions = try await log.alertDecisions(trouble().labels.fingerprint, most: 10)
        #expect(decisions.map(\.reason).contains(.firstOfGroup))
        #expect(decisions.map(\.reason).contains(.allResolved))
        #expect(try await log.alertEvents().count == 2)
    }

    @Test("a finding that gets worse is told anew")
    func worse() async throws {
        let log = try log()
        let desk = AlertDesk(log: log, rules: rules(), rulesDigest: "1")
        _ = try await desk.decide(open: [trouble("DB012", .warning)], at: clock.clock.now())
        clock.advance(by: .seconds(5))
        _ = try await desk.decide(open: [trouble("DB012", .warning)], at: clock.clock.now())
        clock.advance(by: .seconds(10))
        let taken = try await desk.decide(open: [trouble("DB012", .critical)], at: clock.clock.now())
        let told = try #require(taken.outcome.notifications.first)
        #expect(told.firing.map { $0.labels.severity } == [.critical])
        #expect(told.resolved.map { $0.labels.severity } == [.warning])
    }

    @Test(
        "a channel that refuses for now gets it later, with the same id, and twice is a finding that its success ends")
    func triesAgain() async throws {
        let log = try log()
        let desk = AlertDesk(log: log, rules: rules(), rulesDigest: "1")
        _ = try await desk.decide(open: [trouble()], at: clock.clock.now())
        clock.advance(by: .seconds(5))
        _ = try await desk.decide(open: [trouble()], at: clock.clock.now())
        let taker = Taker {
            guard $0 < 4 else { return "taken" }
            throw ChannelError.answered(503, words: "later")
        }
        try await deliver(log, taker)
        try await deliver(log, taker)
        #expect(taker.taken.withLock { $0.count } == 1)
        for _ in 0..<2 {
            clock.advance(by: .seconds(20))
            try await deliver(log, taker)
        }
        let open = try await log.openFindings()
        #expect(open.map(\.finding.code) == ["AL001"])
        #expect(open.first?.finding.severity == .critical)
        clock.advance(by: .seconds(60))
        try await deliver(log, taker)
        #expect(Set(taker.taken.withLock { $0 }).count == 1)
        #expect(taker.taken.withLock { $0.count } == 4)
        #expect(try await log.openFindings().isEmpty)
    }

    @Test("what a channel refuses for good is not tried again, and is a finding at once")
    func givesUp() async throws {
        let log = try log()
        let desk = AlertDesk(log: log, rules: rules(), rulesDigest: "1")
        _ = try await desk.decide(open: [trouble()], at: clock.clock.now())
        clock.advance(by: .seconds(5))
        _ = try await desk.decide(open: [trouble()], at: clock.clock.now())
        let taker = Taker { _ in throw ChannelError.answered(404, words: "") }
        try await deliver(log, taker)
        clock.advance(by: .seconds(3_600))
        try await deliver(log, taker)
        #expect(taker.taken.withLock { $0.count } == 1)
        #expect(try await log.openFindings().map(\.finding.code) == ["AL001"])
        #expect(try await log.notifications(since: Samples.start).map(\.state) == [.failed])
    }

    @Test("one recipient who bounces keeps it from nobody else, and nothing overtakes anything in one lane")
    func lanes() async throws {
        let log = try log()
        let desk = AlertDesk(
            log: log, rules: rules(recipients: [.address("a@example.org"), .address("b@example.org")]), rulesDigest: "1"
        )
        _ = try await desk.decide(open: [trouble()], at: clock.clock.now())
        clock.advance(by: .seconds(5))
        _ = try await desk.decide(open: [trouble()], at: clock.clock.now())
        clock.advance(by: .seconds(10))
        _ = try await desk.decide(open: [], at: clock.clock.now())
        let due = try await log.dueNotifications(of: "hook", most: 100)
        #expect(due.map(\.notification.recipients) == [["a@example.org"], ["b@example.org"]])
        #expect(due.allSatisfy { !$0.notification.isResolved })
        try await log.settle(
            notification: due[0].id, .later(clock.clock.now() + .seconds(60), reason: "later"))
        try await log.settle(notification: due[1].id, .taken(receipt: "taken"))
        let next = try await log.dueNotifications(of: "hook", most: 100)
        #expect(next.map(\.notification.recipients) == [["b@example.org"]])
        #expect(next.allSatisfy { $0.notification.isResolved })
    }

    @Test("a process that dies between deciding and sending loses nothing: the next one finds it")
    func survives() async throws {
        let first = try log()
        var desk = AlertDesk(log: first, rules: rules(), rulesDigest: "1")
        _ = try await desk.decide(open: [trouble()], at: clock.clock.now())
        clock.advance(by: .seconds(5))
        _ = try await desk.decide(open: [trouble()], at: clock.clock.now())
        // Nothing of it is in memory any more.
        let second = try log()
        desk = AlertDesk(log: second, rules: rules(), rulesDigest: "1")
        let again = try await desk.decide(open: [trouble()], at: clock.clock.now())
        #expect(again.outcome.notifications.isEmpty)
        let taker = Taker()
        try await deliver(second, taker)
        try await deliver(second, taker)
        #expect(taker.taken.withLock { $0.count } == 1)
    }

    @Test("an acknowledgement of another process counts at the next decision")
    func acknowledges() async throws {
        let log = try log()
        let desk = AlertDesk(log: log, rules: rules(), rulesDigest: "1")
        _ = try await desk.decide(open: [trouble()], at: clock.clock.now())
        let fingerprint = trouble().labels.fingerprint
        try await log.note([
            .acknowledged(fingerprint: fingerprint, .init(by: "bob", comment: "", at: clock.clock.now()))
        ])
        let taken = try await desk.decide(open: [trouble()], at: clock.clock.now())
        #expect(taken.state.book[fingerprint]?.acknowledgement?.by == "bob")
    }

    @Test("the pause grows up to ten minutes, and differs from one to the other")
    func pauses() {
        let pauses = (0..<12).map { Courier.pause(after: $0, id: "x") }
        #expect(pauses == pauses.sorted())
        #expect(pauses[0] >= .seconds(2) && pauses[0] <= .milliseconds(2_500))
        #expect(pauses[11] >= .seconds(600) && pauses[11] <= .seconds(750))
        #expect(Set((0..<20).map { Courier.pause(after: 3, id: "id \($0)") }).count > 10)
    }
}
