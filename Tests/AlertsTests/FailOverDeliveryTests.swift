import Alert
import Calendar
import Engine
import Maintenance
import MaintenanceTesting
import Outside
import Settings
import Store
import Synchronization
import Testing

@testable import Alerts

/// What a channel does not take is told by those that stand in for it.
@Suite("fail-over from a channel that bounces", .temporaryDirectory)
struct FailOverDeliveryTests {
    private let clock = ManualClock(now: Samples.start)
    private let log: RunLog
    private let courier: Courier

    init() throws {
        log = try Samples.log(clock.clock)
        courier = Courier(
            log: log, clock: clock.clock,
            others: { item in
                item.notification.channel == "first" ? [FailOver.Way(channel: "second")] : []
            }, say: { _, _, _ in })
    }

    /// Refuses as long as it is told to, and remembers what it has taken.
    private final class Channel: AlertChannel {
        let taken = Mutex<[AlertMessage]>([])
        let error = Mutex<ChannelError?>(nil)

        init(_ error: ChannelError? = nil) { self.error.withLock { $0 = error } }

        var told: [AlertMessage] { taken.withLock { $0 } }

        func send(_ message: AlertMessage) async throws -> String {
            if let error = error.withLock({ $0 }) { throw error }
            taken.withLock { $0.append(message) }
            return "taken"
        }
    }

    private func decide(_ open: [String], _ severity: Severity = .critical, channels: [String] = ["first"]) async throws
    {
        var draft = RouteDraft(receiver: "team")
        draft.timing = .immediate
        draft.groupInterval = .seconds(1)
        draft.grouping = .labels([Labels.Name.environment])
        let rules = AlertRules(
            route: draft.tree(receiver: "team"),
            receivers: [Alert.Receiver(name: "team", deliveries: channels.map { .init(channel: $0) })])
        let troubles = open.map { code in
            AlertTrouble(
                Finding(
                    code: code, severity: severity, target: Target(environment: "production", resource: "main"),
                    summary: "wrong"), in: Inventory())
        }
        _ = try await AlertDesk(log: log, rules: rules, rulesDigest: "1").decide(open: troubles, at: clock.clock.now())
    }

    private func deliver(_ first: Channel, _ second: Channel) async throws {
        // The second time for what the first has put into the spool.
        for _ in 0..<2 {
            try await withThrowingDiscardingTaskGroup { group in
                try await courier.start(["first": first, "second": second], in: &group)
            }
        }
    }

    private func codes(_ message: AlertMessage) -> [String] {
        (message.notification.firing + message.notification.resolved).map { $0.labels[Labels.Name.alert] }.sorted()
    }

    @Test("what is refused for good is told by the other at once, with its reason, and so is its end")
    func final() async throws {
        let (first, second) = (Channel(.answered(404, words: "")), Channel())
        try await decide(["A"])
        try await deliver(first, second)
        let told = try #require(second.told.first)
        #expect(second.told.count == 1)
        #expect(codes(told) == ["A"])
        #expect(told.notification.reason == .instead(of: "first", problem: "it answered with status 404"))
        let fingerprint = try #require(told.notification.firing.first?.fingerprint)
        let decisions = try await log.alertDecisions(fingerprint, most: 10)
        #expect(decisions.contains { $0.channel == "second" && $0.outcome == .sent(told.notification.id) })
        #expect(try await log.notifications(told.notification.id).map(\.state) == [.sent])
        // The first is mended, and takes the end; whoever was told instead hears it too.
        first.error.withLock { $0 = nil }
        clock.advance(by: .seconds(5))
        try await decide([])
        try await deliver(first, second)
        #expect(first.told.map(\.notification.isResolved) == [true])
        #expect(second.told.map(\.notification.isResolved) == [false, true])
        #expect(second.told.last?.notification.reason == .insteadOver(of: "first"))
        // Nothing is open there any more: the next end is the first's alone.
        clock.advance(by: .seconds(5))
        try await decide(["B"])
        try await deliver(first, second)
        clock.advance(by: .seconds(5))
        try await decide([])
        try await deliver(first, second)
        #expect(second.told.count == 2)
    }

    @Test("what is critical is told by the other from the third failure on, once, and what waits behind it too")
    func down() async throws {
        let (first, second) = (Channel(.answered(503, words: "")), Channel())
        try await decide(["A"])
        for attempt in 1...2 {
            try await deliver(first, second)
            #expect(second.told.isEmpty, "after attempt \(attempt)")
            clock.advance(by: .seconds(20))
        }
        try await deliver(first, second)
        #expect(second.told.map(codes) == [["A"]])
        // News of the same group waits for its turn at the first, and not to be told.
        try await decide(["A", "B"])
        try await deliver(first, second)
        #expect(second.told.map(codes) == [["A"], ["A", "B"]])
        for _ in 0..<3 {
            clock.advance(by: .seconds(800))
            try await deliver(first, second)
        }
        #expect(second.told.count == 2)
        first.error.withLock { $0 = nil }
        clock.advance(by: .seconds(800))
        try await deliver(first, second)
        #expect(first.told.map(codes) == [["A"], ["A", "B"]])
        #expect(second.told.count == 2)
    }

    @Test("a warning waits for its channel, and the other is told when that is given up")
    func warning() async throws {
        let (first, second) = (Channel(.answered(503, words: "")), Channel())
        try await decide(["A"], .warning)
        for _ in 0..<5 {
            try await deliver(first, second)
            clock.advance(by: .seconds(800))
        }
        #expect(second.told.isEmpty)
        clock.advance(by: .seconds(86_400))
        for _ in 0..<Courier.leastAttempts {
            try await deliver(first, second)
            clock.advance(by: .seconds(800))
        }
        #expect(second.told.map(codes) == [["A"]])
    }

    @Test("a channel that the same decision has told is not told again instead of another")
    func toldAlready() async throws {
        let (first, second) = (Channel(.answered(404, words: "")), Channel())
        try await decide(["A"], channels: ["first", "second"])
        try await deliver(first, second)
        clock.advance(by: .seconds(5))
        try await decide([], channels: ["first", "second"])
        try await deliver(first, second)
        #expect(second.told.map(\.notification.isResolved) == [false, true])
        #expect(
            second.told.allSatisfy { $0.notification.reason == .firstOfGroup || $0.notification.reason == .allResolved }
        )
    }

    @Test("it goes to whom the other channel understands, and otherwise to its own people")
    func people() throws {
        var alerts = AlertSettings()
        var mail = EmailAccess(host: "mail.example.org", port: 25, sender: "m@example.org")
        mail.fallback = ["other", "phone", "chat"]
        var other = EmailAccess(host: "other.example.org", port: 25, sender: "m@example.org")
        other.recipients = ["team@example.org"]
        let phone = SMSAccess(url: try Samples.url("https://sms.example.org"), recipients: ["+4930123456"])
        alerts.channels = [
            AlertChannelSettings(name: "mail", access: .email(mail), location: Samples.place),
            AlertChannelSettings(name: "other", access: .email(other), location: Samples.place),
            AlertChannelSettings(name: "phone", access: .sms(phone), location: Samples.place),
            AlertChannelSettings(
                name: "chat", access: .slack(try Samples.hook("https://chat.example.org")), location: Samples.place),
        ]
        var notification = try Samples.message(recipients: [.address("ada@example.org")]).notification
        notification.channel = "mail"
        #expect(
            alerts.others(than: notification) == [
                .init(channel: "other", recipient: "ada@example.org"),
                .init(channel: "phone", recipient: "+4930123456"), .init(channel: "chat"),
            ])
    }
}
