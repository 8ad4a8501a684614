import Alert
import Engine
import Maintenance
import Outside
import Settings
import Synchronization

/// Takes notifications from the spool and hands them over, each channel by itself, so that one that hangs keeps nobody
/// else waiting. At least once: it is ticked off after the channel has taken it, and its id is the same at every attempt.
///
/// What came of an attempt is known here until the store has it too: a store that cannot be written makes nobody hear of
/// the same thing twice, and ends no service.
final class Courier: Sendable {
    /// How long is tried, from the decision on: an alert of yesterday that nobody could be told is a finding by then.
    static let patience: Duration = .seconds(86_400)
    /// So often it is tried at least, although it is old: the service may have been down for a day.
    static let leastAttempts = 10
    /// So long a message that is on its way when the service stops may still take.
    static let grace: Duration = .seconds(10)
    /// What one channel takes before it is asked again what is due.
    private static let atOnce = 50
    /// A channel that fails after so long is asked anew what is due: something critical may have come meanwhile.
    private static let slow: Duration = .seconds(5)
    /// Between attempts to write down what came of it.
    private static let writingPauses: [Duration] = [.milliseconds(200), .seconds(1), .seconds(3)]

    private let log: RunLog
    private let clock: WallClock
    private let busy = Mutex<Set<String>>([])
    /// By the notification's id: what the store does not know yet.
    private let unwritten = Mutex<[String: Settlement]>([:])
    private let answers: @Sendable (SpooledNotification) -> AnswerAddresses?
    private let say: @Sendable (Severity, String, [(String, String?)]) -> Void

    /// What came of an attempt, with the finding that it opens or ends.
    private struct Settlement {
        var outcome: DeliveryOutcome
        var opens: Finding?
        var ends: Finding?

        var isTaken: Bool { if case .taken = outcome { true } else { false } }
    }

    /// - Parameter answers: by which addresses a notification is answered.
    init(
        log: RunLog, clock: WallClock,
        answers: @escaping @Sendable (SpooledNotification) -> AnswerAddresses? = { _ in nil },
        say: @escaping @Sendable (Severity, String, [(String, String?)]) -> Void
    ) {
        self.log = log
        self.clock = clock
        self.answers = answers
        self.say = say
    }

    /// Starts every channel that something waits for and that is not at work.
    func start(
        _ channels: [String: any AlertChannel], in group: inout ThrowingDiscardingTaskGroup<any Error>
    ) async throws {
        for name in try await log.waitingChannels() {
            guard busy.withLock({ $0.insert(name).inserted }) else { continue }
            group.addTask { [self] in
                defer { _ = busy.withLock { $0.remove(name) } }
                await work(name, channels[name])
            }
        }
    }

    /// Nothing leaves it: what goes wrong is said, and tried again when the channel is started next.
    private func work(_ name: String, _ channel: (any AlertChannel)?) async {
        do {
            for item in try await log.dueNotifications(of: name, most: Self.atOnce) {
                guard !Task.isCancelled, await deliver(item, by: channel) else { return }
            }
        } catch {
            guard !Task.isCancelled else { return }
            let report = ErrorReport(error)
            say(.critical, "alerts cannot be read", [("channel", name), ("problem", report.problem)])
        }
    }

    /// One attempt, and what came of it in the store.
    ///
    /// - Returns: false where the rest of the channel's messages better waits until it is known anew what is due.
    func deliver(_ item: SpooledNotification, by channel: (any AlertChannel)?) async -> Bool {
        let began = clock.monotonic()
        guard let settlement = await attempt(item, by: channel) else { return false }
        let isQuick = settlement.isTaken || clock.monotonic() - began < Self.slow
        return await write(settlement, of: item) && isQuick
    }

    /// Nil where the service stops and nobody knows whether the message was taken.
    private func attempt(_ item: SpooledNotification, by channel: (any AlertChannel)?) async -> Settlement? {
        if let known = unwritten.withLock({ $0[item.id] }) { return known }
        let name = item.notification.channel
        let settlement: Settlement
        do {
            guard let channel else { throw DeliveryError.noSuchChannel(name) }
            let message = AlertMessage(item, answers: answers(item))
            let receipt = try await despiteCancellation(for: Self.grace, by: clock) {
                try await Self.send(message, by: channel)
            }
            settlement = Settlement(outcome: .taken(receipt: receipt), ends: Self.trouble(item).finding(""))
            say(.info, "alert told", [("channel", name), ("id", item.id), ("receipt", receipt)])
        } catch {
            if error is CancellationError, Task.isCancelled { return nil }
            settlement = refusal(error, of: item)
            say(
                .warning, "alert not taken",
                [("channel", name), ("id", item.id), ("problem", ErrorReport(error).problem)])
        }
        unwritten.withLock { $0[item.id] = settlement }
        return settlement
    }

    /// What is too long for the other side is said once more in few words.
    private static func send(_ message: AlertMessage, by channel: any AlertChannel) async throws -> String {
        do {
            return try await channel.send(message)
        } catch let error as ChannelError where error.isTooLong {
            var shorter = message
            shorter.share = 8
            return try await channel.send(shorter)
        }
    }

    private func refusal(_ error: any Error, of item: SpooledNotification) -> Settlement {
        let now = clock.now()
        let problem = ErrorReport(error).problem
        let refusal = Refusal(error)
        let isLast = now - item.notification.decidedAt >= Self.patience && item.attempts + 1 >= Self.leastAttempts
        let trouble = Self.trouble(item).finding(
            problem, severity: item.notification.severity == .critical ? .critical : .warning)
        // From the third attempt on it is trouble of its own, which other channels tell of.
        let isTrouble = refusal != .later || isLast || item.attempts >= 2
        switch refusal {
        // Whoever took the channel away knows; what it told is told by those that took its place.
        case .removed: return Settlement(outcome: .givenUp(reason: problem), ends: trouble)
        case .final: return Settlement(outcome: .givenUp(reason: problem), opens: trouble)
        case .ours, .later:
            if isLast { return Settlement(outcome: .givenUp(reason: problem), opens: trouble) }
            let next = now + Self.pause(after: item.attempts, id: item.id)
            return Settlement(outcome: .later(next, reason: problem), opens: isTrouble ? trouble : nil)
        }
    }

    private static func trouble(_ item: SpooledNotification) -> DeliveryFinding {
        .undelivered(item.notification.channel, to: item.notification.recipients.first)
    }

    /// Also while the service stops, and more than once where the store is busy.
    private func write(_ settlement: Settlement, of item: SpooledNotification) async -> Bool {
        do {
            try await despiteCancellation { [log, clock] in
                for pause in Self.writingPauses {
                    do {
                        return try await log.settle(
                            notification: item.id, settlement.outcome, opens: settlement.opens, ends: settlement.ends)
                    } catch {
                        try await clock.sleep(for: pause)
                    }
                }
                try await log.settle(
                    notification: item.id, settlement.outcome, opens: settlement.opens, ends: settlement.ends)
            }
            _ = unwritten.withLock { $0.removeValue(forKey: item.id) }
            return true
        } catch {
            say(
                .critical, "what came of an alert cannot be written",
                [("channel", item.notification.channel), ("id", item.id), ("problem", ErrorReport(error).problem)])
            return false
        }
    }

    /// 2 s, 4 s, 8 s … at most ten minutes, up to a quarter more, so that what failed together does not come back together.
    static func pause(after attempts: Int, id: String) -> Duration {
        let base = min(Duration.seconds(2 << min(attempts, 12)), SpooledNotification.longestPause)
        let spread = id.utf8.reduce(UInt64(1)) { ($0 &* 31) &+ UInt64($1) } % 250
        return base + .microseconds(base.microseconds * Int64(spread) / 1_000)
    }
}
