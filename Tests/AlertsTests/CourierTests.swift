import Alert
import Calendar
import Engine
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Settings
import Synchronization
import Testing

@testable import Alerts
@testable import Store

private enum Hidden: String, StatementSet {
    /// What a store that cannot be written is to the courier, for as long as it lasts.
    case away = "alter table alert_notification rename to hidden"
    case back = "alter table hidden rename to alert_notification"
}

/// One says it, another waits for it.
private struct Signal: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream() }

    func give() { continuation.yield() }
    func wait() async { for await _ in stream { return } }
}

/// What becomes of a message where the channel, the store or the service itself fails.
@Suite("a courier in trouble", .temporaryDirectory)
struct CourierTests {
    private let clock = ManualClock(now: Samples.start)
    private let log: RunLog
    private let store: Store
    private let courier: Courier
    private static let people = ["ada@example.org", "bob@example.org"]

    init() throws {
        store = try Store(directory: TemporaryDirectory.current + "/state", migrations: EngineSchema.migrations)
        log = RunLog(
            store: store, clock: clock.clock,
            actor: Requester(user: "ada", sudoUser: nil, host: "ops", processID: 1))
        courier = Courier(log: log, clock: clock.clock) { _, _, _ in }
    }

    /// Answers as the test says, and counts.
    private final class Channel: AlertChannel {
        let taken = Mutex<[String]>([])
        let answer: @Sendable (AlertMessage, Int) async throws -> String

        init(_ answer: @escaping @Sendable (AlertMessage, Int) async throws -> String = { _, _ in "taken" }) {
            self.answer = answer
        }

        var count: Int { taken.withLock { $0.count } }

        func send(_ message: AlertMessage) async throws -> String {
            let count = taken.withLock {
                $0.append(message.id)
                return $0.count
            }
            return try await answer(message, count)
        }
    }

    /// So many alerts, each told by itself, on the channels.
    private func decide(
        _ severities: [Severity] = [.critical], channels: [String] = ["hook"], recipients: [String] = [],
        name: String = "DB"
    ) async throws {
        var draft = RouteDraft(receiver: "team")
        draft.timing = .immediate
        draft.grouping = .all
        let rules = AlertRules(
            route: draft.tree(receiver: "team"),
            receivers: [
                Alert.Receiver(
                    name: "team",
                    deliveries: channels.map { .init(channel: $0, recipients: recipients.map { .address($0) }) })
            ])
        let troubles = severities.enumerated().map { number, severity in
            AlertTrouble(
                Finding(
                    code: "\(name)\(number)", severity: severity,
                    target: Target(environment: "production", resource: "main"), summary: "wrong"), in: Inventory())
        }
        _ = try await AlertDesk(log: log, rules: rules, rulesDigest: "1").decide(
            open: troubles, at: clock.clock.now())
    }

    private func deliver(_ channels: [String: any AlertChannel]) async throws {
        try await withThrowingDiscardingTaskGroup { group in try await courier.start(channels, in: &group) }
    }

    private func states() async throws -> [SpooledNotification.State] {
        try await log.notifications(since: Samples.start - .seconds(1)).map(\.state)
    }

    private func troubles() async throws -> [String?] {
        try await log.openFindings().filter { $0.finding.code == "AL001" }.map(\.finding.object).sorted {
            ($0 ?? "") < ($1 ?? "")
        }
    }

    @Test("while the store cannot be written nobody hears of the same thing twice, and no service ends")
    func storeIsAway() async throws {
        try await decide()
        let channel = Channel { [store] _, _ in
            try await store.write { try $0.run(Hidden.away) }
            return "taken"
        }
        async let first: Void = deliver(["hook": channel])
        for _ in 0..<3 {
            await clock.sleepers(atLeast: 1)
            clock.advance(by: .seconds(3))
        }
        // Nothing is thrown: the group of the service goes on.
        try await first
        try await store.write { try $0.run(Hidden.back) }
        #expect(try await states() == [.queued])
        try await deliver(["hook": channel])
        #expect(channel.count == 1)
        #expect(try await states() == [.sent])
        #expect(try await log.notifications(since: Samples.start).map(\.answer) == ["taken"])
    }

    @Test("what the channel takes while the service stops is ticked off, and not sent again after a restart")
    func stops() async throws {
        try await decide()
        let begun = Signal()
        let goOn = Signal()
        let channel = Channel { _, _ in
            begun.give()
            await goOn.wait()
            return "taken"
        }
        let courier = courier
        await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await withThrowingDiscardingTaskGroup { try await courier.start(["hook": channel], in: &$0) }
            }
            await begun.wait()
            group.cancelAll()
            goOn.give()
            // Cancelled or at its end: what counts is what the store says.
            _ = await group.nextResult()
        }
        #expect(try await states() == [.sent])
    }

    @Test("a message that hangs while the service stops keeps it for a while only, and is sent again")
    func hangs() async throws {
        try await decide()
        let begun = Signal()
        let channel = Channel { [clock] _, _ in
            begun.give()
            try await clock.clock.sleep(for: .seconds(86_400))
            return "taken"
        }
        let courier = courier
        await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await withThrowingDiscardingTaskGroup { try await courier.start(["hook": channel], in: &$0) }
            }
            await begun.wait()
            group.cancelAll()
            await clock.sleepers(atLeast: 2)
            clock.advance(by: Courier.grace)
            _ = await group.nextResult()
        }
        #expect(try await states() == [.queued])
    }

    @Test("a secret that cannot be read drops no alert: it is trouble at once, and tried again for the day")
    func ours() async throws {
        try await decide()
        let channel = Channel { _, count in
            if count < 4 { throw SecretError.missingVariable("TOKEN") }
            return "taken"
        }
        for _ in 0..<3 {
            try await deliver(["hook": channel])
            #expect(try await troubles() == ["hook"])
            clock.advance(by: .seconds(20))
        }
        try await deliver(["hook": channel])
        #expect(try await states() == [.sent])
        #expect(try await troubles().isEmpty)
    }

    @Test(
        "only a definite answer is final",
        arguments: [
            (ChannelError.answered(404, words: ""), Refusal.final), (.answered(413, words: ""), .final),
            (.answered(408, words: ""), .later), (.answered(425, words: ""), .later),
            (.answered(429, words: ""), .later), (.answered(302, words: ""), .later),
            (.answered(503, words: ""), .later),
            (.noRecipient, .final), (.untrusted(reason: ""), .later),
            (.unreachable(code: "http.handshake-failed"), .later),
            (.unreachable(code: "http.malformed-answer"), .later), (.unreachable(code: "http.forbidden"), .ours),
            (.unreachable(code: "http.malformed-url"), .ours),
            (.program("curl", status: "", words: "", isRetryable: false), .final),
            (.program("curl", status: "", words: "", isRetryable: true), .later),
        ])
    func refusals(error: ChannelError, refusal: Refusal) {
        #expect(Refusal(error) == refusal)
    }

    @Test("what was decided days ago is tried more than once before it is given up")
    func oldOnes() async throws {
        try await decide()
        clock.advance(by: .seconds(3 * 86_400))
        let channel = Channel { _, _ in throw ChannelError.answered(503, words: "") }
        for attempt in 1...Courier.leastAttempts {
            #expect(try await states() == [.queued], "before attempt \(attempt)")
            try await deliver(["hook": channel])
            clock.advance(by: .seconds(800))
        }
        #expect(try await states() == [.failed])
        #expect(channel.count == Courier.leastAttempts)
    }

    @Test("trouble with one recipient is not ended by the success of another, and its own success ends it")
    func recipients() async throws {
        try await decide(channels: ["mail"], recipients: Self.people)
        let channel = Channel { message, count in
            if message.notification.recipients == ["ada@example.org"], count < 3 {
                throw ChannelError.program("curl", status: "", words: "no such user", isRetryable: false)
            }
            return "taken"
        }
        try await deliver(["mail": channel])
        #expect(try await troubles() == ["mail ada@example.org"])
        let finding = try #require(try await log.openFindings().first?.finding)
        #expect(finding.mend == "mainstay alerts test mail --to=ada@example.org")
        try await decide([.critical], channels: ["mail"], recipients: Self.people, name: "OTHER")
        try await deliver(["mail": channel])
        #expect(try await troubles().isEmpty)
    }

    @Test("what no success can end any more is ended with the configuration that took it away")
    func orphans() async throws {
        for (channel, recipient) in [("mail", "old@example.org"), ("mail", "ada@example.org"), ("gone", nil)] {
            try await log.open(alertFinding: DeliveryFinding.undelivered(channel, to: recipient).finding("x"))
        }
        let orphans = DeliveryFinding.orphans(
            try await log.openFindings(), reached: ["mail": ["ada@example.org"], "hook": []])
        #expect(Set(orphans.map(\.object)) == ["mail old@example.org", "gone"])
    }

    @Test("what a channel that is not configured any more was to tell is given up, and is nobody's trouble")
    func removed() async throws {
        try await decide()
        try await log.open(alertFinding: DeliveryFinding.undelivered("hook", to: nil).finding("x"))
        try await deliver([:])
        #expect(try await states() == [.failed])
        #expect(try await troubles().isEmpty)
    }

    @Test("a message that is too long is said once more in few words")
    func tooLong() async throws {
        try await decide()
        let shares = Mutex<[Int]>([])
        let channel = Channel { message, _ in
            shares.withLock { $0.append(message.share) }
            if message.share == 1 { throw ChannelError.answered(413, words: "") }
            return "taken"
        }
        try await deliver(["hook": channel])
        #expect(shares.withLock { $0 } == [1, 8])
        #expect(try await states() == [.sent])
        try await withReceiver(webReceiver) { receiver in
            let access = try Samples.hook("http://127.0.0.1:\(receiver.port)/short")
            let webhook = WebhookChannel(access: access, tools: Samples.tools())
            let storm = try Samples.storm(5_000, summary: LengthTests.costly)
            let error = await #expect(throws: ChannelError.self) { try await webhook.send(storm) }
            #expect(error?.isTooLong == true)
            var shorter = storm
            shorter.share = 8
            #expect(try await webhook.send(shorter) == "200 taken")
        }
    }

    @Test("after the clock was set back what was to be tried again is tried, and holds up nothing behind it")
    func clockSetBack() async throws {
        try await decide()
        let channel = Channel { _, count in
            if count == 1 { throw ChannelError.answered(503, words: "") }
            return "taken"
        }
        try await deliver(["hook": channel])
        clock.set(Samples.start - .seconds(5 * 3_600))
        try await deliver(["hook": channel])
        #expect(channel.count == 2)
        #expect(try await log.notifications(since: Samples.start).map(\.state) == [.sent])
    }

    @Test("a channel with hundreds of messages keeps no other waiting, and what is critical goes first")
    func fair() async throws {
        try await decide(Array(repeating: .warning, count: 300), channels: ["slow"])
        try await decide([.critical], channels: ["slow", "quick"], name: "LATE")
        let slow = Channel()
        let quick = Channel()
        try await deliver(["slow": slow, "quick": quick])
        #expect(quick.count == 1)
        let first = try #require(slow.taken.withLock { $0.first })
        let critical = try await log.notifications(since: Samples.start).filter {
            $0.notification.severity == .critical && $0.notification.channel == "slow"
        }
        #expect(critical.map(\.id) == [first])
    }

    @Test("a channel that does not answer in time is asked once, and then what is critical goes first")
    func slowChannel() async throws {
        try await decide(Array(repeating: .warning, count: 5), channels: ["slow"])
        let channel = Channel { [clock] _, _ in
            clock.advance(by: .seconds(20))
            throw ChannelError.unreachable(code: "http.timed-out")
        }
        try await deliver(["slow": channel])
        #expect(channel.count == 1)
    }
}
