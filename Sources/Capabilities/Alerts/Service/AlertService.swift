import Alert
import Calendar
import Command
import Engine
import Foundation
import Maintenance
import Outside
import Settings
import Synchronization

/// What runs inside `mainstay serve`: looks at what is open, decides who is told, and hands it over.
///
/// Of several processes on one state one does, and the others wait. What it decides is written before anything is sent, so
/// it may be killed at any moment: the next one goes on from the store.
struct AlertService: Sendable {
    /// How often it is looked whether something else is open.
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
        let courier = Courier(log: log, clock: clock, say: running.say)
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { for await inventory in running.inventories { current.replace(inventory) } }
            var desk = DeskWork(tools: tools, zones: application.zones, checks: application.checks, log: log)
            while true {
                do {
                    if try await desk.step(current.inventory, at: clock.now()) {
                        running.say(.info, "alerts follow the configuration", [("channels", "\(desk.channels.count)")])
                    }
                    try await courier.start(desk.channels, in: &group)
                } catch is CancellationError {
                    throw CancellationError()
                } catch {
                    let report = ErrorReport(error)
                    running.say(
                        .critical, "alerts cannot be decided", [("code", report.code), ("problem", report.problem)])
                    try await clock.sleep(for: .seconds(5))
                }
                try await clock.sleep(for: Self.period)
            }
        }
    }

    private func lead(_ log: RunLog) async throws -> LockFile {
        while true {
            if let lock = try log.leadAlerts() { return lock }
            try await clock.sleep(for: .seconds(1))
        }
    }

    private var tools: ChannelTools {
        ChannelTools(
            prober: HTTPProber(clock: clock), programs: application.programs, clock: clock,
            host: ProcessInfo.processInfo.hostName)
    }
}

/// Rules and channels of the present configuration, and when something has to be decided.
struct DeskWork {
    private let tools: ChannelTools
    private let zones: ZoneDirectory
    private let checks: [Check]
    private let log: RunLog
    private(set) var channels: [String: any AlertChannel] = [:]
    private var desk: AlertDesk?
    private var inventory: Inventory?
    private var version = ""
    private var nextDue: Timestamp?
    private var decidedAt: Duration?

    init(tools: ChannelTools, zones: ZoneDirectory, checks: [Check], log: RunLog) {
        self.tools = tools
        self.zones = zones
        self.checks = checks
        self.log = log
    }

    /// Decides where something is open that was not, is over, or is due; true where the configuration was taken up.
    mutating func step(_ inventory: Inventory, at now: Timestamp) async throws -> Bool {
        let isNew = self.inventory != inventory
        if isNew { try take(up: inventory) }
        guard let desk else { return isNew }
        let found = try await log.troubles(inventory, checks)
        let isDue = nextDue.map { $0 <= now } ?? false
        // Somebody may have acknowledged or silenced meanwhile, and calendars change: at least so often it is looked anew.
        let isOld = decidedAt.map { tools.clock.monotonic() - $0 >= .seconds(30) } ?? true
        guard isNew || isDue || isOld || found.version != version else { return isNew }
        let taken = try await desk.decide(open: found.troubles, at: now)
        version = found.version
        nextDue = taken.nextDue
        decidedAt = tools.clock.monotonic()
        let idle = IdleSilences.judge(taken.state, at: now)
        for finding in idle.open { try await log.open(alertFinding: finding) }
        for finding in idle.over { try await log.resolve(alertFinding: finding) }
        return isNew
    }

    private mutating func take(up inventory: Inventory) throws {
        let rules = try inventory.alertRules(zones)
        channels = [:]
        for settings in inventory.alerts?.channels ?? [] {
            channels[settings.name] = AlertChannels.make(settings, tools)
        }
        desk = rules.map { AlertDesk(log: log, rules: $0, rulesDigest: inventory.alertsDigest) }
        self.inventory = inventory
        version = ""
    }
}

/// The configuration that counts now.
private final class CurrentRules: Sendable {
    private let value: Mutex<Inventory>

    init(_ inventory: Inventory) { value = Mutex(inventory) }

    var inventory: Inventory { value.withLock { $0 } }

    func replace(_ inventory: Inventory) { value.withLock { $0 = inventory } }
}
