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
    /// So often as many as a channel takes beside each other it is given, before it is asked again what is due: something
    /// critical may have come meanwhile.
    private static let rounds = 12
    /// From the third failure on others are told.
    private static let failuresBeforeOthers = 3
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
    private let others: @Sendable (SpooledNotification) -> [FailOver.Way]
    private let say: @Sendable (Severity, String, [(String, String?)]) -> Void

    /// What came of an attempt, with the finding that it opens or ends.
    private struct Settlement {
        var outcome: DeliveryOutcome
        var opens: Finding?
        var ends: Finding?
        /// What it means to other channels.
        var turn: DeliveryTurn?

        var isTaken: Bool { if case .taken = outcome { true } else { false } }
    }

    /// - Parameters:
    ///   - answers: by which addresses a notification is answered.
    ///   - others: who is told where its channel does not take it.
    init(
        log: RunLog, clock: WallClock,
        answers: @escaping @Sendable (SpooledNotification) -> AnswerAddresses? = { _ in nil },
        others: @escaping @Sendable (SpooledNotification) -> [FailOver.Way] = { _ in [] },
        say: @escaping @Sendable (Severity, String, [(String, String?)]) -> Void
    ) {
        self.log = log
        self.clock = clock
        self.answers = answers
        self.others = others
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
            try await failOverHeldUp(name)
            let most = (channel?.mostAtOnce ?? 1) * Self.rounds
            // The first alone: a channel that does not answer is asked once, and not by many at once.
            var first = 1
            var isGoingOn = true
            while isGoingOn {
                let due = try await log.dueNotifications(of: name, most: most)
                isGoingOn = !due.isEmpty
                for item in due.prefix(first) { isGoingOn = await deliver(item, by: channel) }
                if isGoingOn { isGoingOn = await deliver(due.dropFirst(first), by: channel) }
                first = 0
            }
        } catch {
            guard !Task.isCancelled else { return }
            let report = ErrorReport(error)
            say(.critical, "alerts cannot be read", [("channel", name), ("problem", report.problem)])
        }
    }

    /// Several beside each other, as many as the channel takes: they are of different lanes, so none overtakes another
    /// that it has to follow.
    ///
    /// - Returns: false as soon as one of them is a reason to ask anew.
    private func deliver(_ items: ArraySlice<SpooledNotification>, by channel: (any AlertChannel)?) async -> Bool {
        var rest = items
        return await withTaskGroup(of: Bool.self) { group in
            for item in rest.prefix(channel?.mostAtOnce ?? 1) {
                group.addTask { [self] in await deliver(item, by: channel) }
            }
            rest = rest.dropFirst(channel?.mostAtOnce ?? 1)
            var isGoingOn = !Task.isCancelled
            while let next = await group.next() {
                isGoingOn = isGoingOn && next && !Task.isCancelled
                guard isGoingOn, let item = rest.popFirst() else { continue }
                group.addTask { [self] in await deliver(item, by: channel) }
            }
            return isGoingOn
        }
    }

    /// What is critical and has to wait for something before it that the channel does not take is told by others.
    private func failOverHeldUp(_ channel: String) async throws {
        let heldUp = try await log.heldUpNotifications(
            of: channel, attempts: Self.failuresBeforeOthers, most: 100)
        for item in heldUp {
            let ways = others(item)
            guard !ways.isEmpty else { return }
            try await log.failOver(
                item, ways: ways,
                problem: "what came before it is not taken since \(Self.failuresBeforeOthers) attempts")
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
            var message = AlertMessage(item, answers: answers(item))
            if channel.changesMessages, item.notification.isResolved {
                message.receipts = try await log.receipts(before: item.notification)
            }
            let told = message
            let receipt = try await despiteCancellation(for: Self.grace, by: clock) {
                try await Self.send(told, by: channel)
            }
            settlement = Settlement(
                outcome: .taken(receipt: receipt), ends: Self.trouble(item).finding(""), turn: .taken(item.notification)
            )
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
        let isTrouble = refusal != .later || isLast || item.attempts + 1 >= Self.failuresBeforeOthers
        let turn = DeliveryTurn.refused(item.notification, ways: others(item), problem: problem)
        switch refusal {
        // Whoever took the channel away knows; what it told is told by those that took its place.
        case .removed: return Settlement(outcome: .givenUp(reason: problem), ends: trouble)
        case .final: return Settlement(outcome: .givenUp(reason: problem), opens: trouble, turn: turn)
        case .ours, .later:
            if isLast { return Settlement(outcome: .givenUp(reason: problem), opens: trouble, turn: turn) }
            let next = now + Self.pause(after: item.attempts, id: item.id)
            let isUrgent = isTrouble && item.notification.severity == .critical
            return Settlement(
                outcome: .later(next, reason: problem), opens: isTrouble ? trouble : nil, turn: isUrgent ? turn : nil)
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
                            notification: item.id, settlement.outcome, opens: settlement.opens, ends: settlement.ends,
                            then: settlement.turn)
                    } catch {
                        try await clock.sleep(for: pause)
                    }
                }
                try await log.settle(
                    notification: item.id, settlement.outcome, opens: settlement.opens, ends: settlement.ends,
                    then: settlement.turn)
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
