import Alert
import Engine
import Maintenance
import Outside
import Settings
import Synchronization

/// Takes notifications from the spool and hands them over, each channel by itself, so that one that hangs keeps nobody
/// else waiting. At least once: it is ticked off after the channel has taken it, and its id is the same at every attempt.
final class Courier: Sendable {
    /// How long is tried, from the decision on: an alert of yesterday that nobody could be told is a finding by then.
    static let patience: Duration = .seconds(86_400)
    private static let longestPause: Duration = .seconds(600)
    /// What one channel takes before it is asked again what is due.
    private static let atOnce = 50

    private let log: RunLog
    private let clock: WallClock
    private let busy = Mutex<Set<String>>([])
    private let say: @Sendable (Severity, String, [(String, String?)]) -> Void

    init(log: RunLog, clock: WallClock, say: @escaping @Sendable (Severity, String, [(String, String?)]) -> Void) {
        self.log = log
        self.clock = clock
        self.say = say
    }

    /// Starts every channel that has something to send and is not at work.
    func start(
        _ channels: [String: any AlertChannel], in group: inout ThrowingDiscardingTaskGroup<any Error>
    ) async throws {
        let due = try await log.dueNotifications(most: 1_000)
        for (name, items) in Dictionary(grouping: due, by: \.notification.channel) {
            guard busy.withLock({ $0.insert(name).inserted }) else { continue }
            let batch = items.prefix(Self.atOnce)
            group.addTask { [self] in
                defer { _ = busy.withLock { $0.remove(name) } }
                for item in batch {
                    try Task.checkCancellation()
                    try await deliver(item, by: channels[name], named: name)
                }
            }
        }
    }

    /// One attempt, and what came of it in the store.
    ///
    /// - Throws: where the store cannot be written, and on cancellation; then it is sent again.
    func deliver(_ item: SpooledNotification, by channel: (any AlertChannel)?, named name: String) async throws {
        let trouble = DeliveryFinding.undelivered(name)
        do {
            guard let channel else { throw DeliveryError.noSuchChannel(name) }
            let receipt = try await channel.send(AlertMessage(item))
            try await log.end(notification: item.id, .sent, answer: receipt)
            try await log.resolve(alertFinding: trouble.finding(""))
            say(.info, "alert told", [("channel", name), ("id", item.id), ("receipt", receipt)])
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            try await fail(item, ErrorReport(error), trouble)
        }
    }

    private func fail(_ item: SpooledNotification, _ error: ErrorReport, _ trouble: DeliveryFinding) async throws {
        let now = clock.now()
        let isLast = now - item.notification.decidedAt >= Self.patience
        say(
            .warning, "alert not taken",
            [("channel", item.notification.channel), ("id", item.id), ("problem", error.problem)])
        // From the third attempt on it is trouble of its own, which other channels tell of.
        if !error.isRetryable || isLast || item.attempts >= 2 {
            try await log.open(
                alertFinding: trouble.finding(
                    error.problem, severity: item.notification.severity == .critical ? .critical : .warning))
        }
        if error.isRetryable, !isLast {
            try await log.postpone(
                notification: item.id, until: now + Self.pause(after: item.attempts, id: item.id),
                answer: error.problem)
        } else {
            try await log.end(notification: item.id, .failed, answer: error.problem)
        }
    }

    /// 2 s, 4 s, 8 s … at most ten minutes, up to a quarter more, so that what failed together does not come back together.
    static func pause(after attempts: Int, id: String) -> Duration {
        let base = min(Duration.seconds(2 << min(attempts, 12)), longestPause)
        let spread = id.utf8.reduce(UInt64(1)) { ($0 &* 31) &+ UInt64($1) } % 250
        return base + .microseconds(base.microseconds * Int64(spread) / 1_000)
    }
}

/// The channel of a notification is not in the configuration any more.
enum DeliveryError: MaintenanceError, Equatable {
    case noSuchChannel(String)

    var code: String { "alert.no-such-channel" }
    var problem: String {
        switch self {
        case .noSuchChannel(let name): "there is no channel '\(name.printable)' any more"
        }
    }
}
