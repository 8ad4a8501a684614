import Alert
import Calendar
import Command
import Engine
import Foundation
import Maintenance
import Outside
import Settings
import Synchronization

/// What runs inside `mainstay serve`: looks at what is open as soon as that changes, decides who is told, and hands it over.
///
/// Of several processes on one state one does, and the others wait. What it decides is written before anything is sent, so
/// it may be killed at any moment: the next one goes on from the store.
struct AlertService: Sendable {
    /// How often it is looked whether another process has found something, and whether something is due.
    static let period: Duration = .milliseconds(250)

    let running: HouseService.Running

    static let service = HouseService("alerts") { try await AlertService(running: $0).run() }

    private var application: Application { running.session.application }
    private var clock: WallClock { application.clock }

    func run() async throws {
        let log = running.session.log
        let lock = try await lead(log)
        defer { withExtendedLifetime(lock) {} }
        let current = CurrentRules(running.session.inventory)
        let addresses = CurrentLinks(running, current)
        let courier = Courier(
            log: log, clock: clock, answers: addresses.addresses,
            others: { item in
                // A canary says of its own channel that it is alive, and nothing of the others.
                guard !item.notification.isCanary else { return [] }
                return current.inventory.alerts?.others(than: item.notification) ?? []
            }, say: running.say)
        let rings = log.wake.rings()
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { for await inventory in running.inventories { current.replace(inventory) } }
            group.addTask {
                while true {
                    log.wake.ring()
                    try await clock.sleep(for: Self.period)
                }
            }
            var desk = DeskWork(
                tools: tools, zones: application.zones, checks: application.checks, log: log, say: running.say)
            for await _ in rings {
                do {
                    if try await desk.step(current.inventory, at: clock.now()) {
                        running.say(.info, "alerts follow the configuration", [("channels", "\(desk.channels.count)")])
                    }
                    try await courier.start(desk.channels, in: &group)
                } catch {
                    try await complain("alerts cannot be decided", error)
                }
            }
            // The stream ends where the service is to stop.
            throw CancellationError()
        }
    }

    private func lead(_ log: RunLog) async throws -> LockFile {
        while true {
            do {
                if let lock = try log.leadAlerts() { return lock }
                try await clock.sleep(for: .seconds(1))
            } catch {
                try await complain("it cannot be told who decides about alerts", error)
            }
        }
    }

    /// Says what goes wrong and waits a little; throws only where the service is to stop.
    private func complain(_ what: String, _ error: any Error) async throws {
        try Task.checkCancellation()
        let report = ErrorReport(error)
        running.say(.critical, what, [("code", report.code), ("problem", report.problem)])
        try await clock.sleep(for: .seconds(5))
    }

    private var tools: ChannelTools {
        ChannelTools(
            prober: HTTPProber(clock: clock), programs: application.programs, clock: clock,
            host: ProcessInfo.processInfo.hostName)
    }
}

/// The configuration that counts now.
private final class CurrentRules: Sendable {
    private let value: Mutex<Inventory>

    init(_ inventory: Inventory) { value = Mutex(inventory) }

    var inventory: Inventory { value.withLock { $0 } }

    func replace(_ inventory: Inventory) { value.withLock { $0 = inventory } }
}

/// The addresses by which notifications are answered, as the configuration that counts now has them.
private final class CurrentLinks: Sendable {
    private let running: HouseService.Running
    private let current: CurrentRules
    private let links: AlertLinksFile

    init(_ running: HouseService.Running, _ current: CurrentRules) {
        self.running = running
        self.current = current
        links = AlertLinksFile(state: running.session.stateDirectory)
    }

    /// Nil where there are none, or where their key cannot be read: nobody hears of an alert later for that.
    @Sendable
    func addresses(_ item: SpooledNotification) -> AnswerAddresses? {
        guard let server = current.inventory.server, let url = server.url, let length = server.answerLinks else {
            return nil
        }
        do {
            let links = try known()
            return AnswerAddresses(
                links: links, server: url,
                recipient: item.notification.recipients.first ?? item.notification.channel,
                ends: running.session.application.clock.now() + length)
        } catch {
            running.say(.warning, "alerts are told without links", [("problem", ErrorReport(error).problem)])
            return nil
        }
    }

    /// As the file has it now: whoever removed it takes back every link, and the next one is made with another key.
    private func known() throws -> AlertLinks {
        try links.read() ?? AlertLinks.readOrMake(state: running.session.stateDirectory)
    }
}
