import Alert
import Calendar
import Command
import Engine
import Maintenance
import Outside
import Settings
import Store

/// Rules and channels of the present configuration, and when something has to be decided.
struct DeskWork {
    /// How often it is looked anew although nothing is due: somebody may have acknowledged or silenced meanwhile.
    static let lookAgain: Duration = .seconds(30)
    /// How often the rules are made anew from the same configuration: the files of calendars are edited while it counts.
    static let makeAgain: Duration = .seconds(60)

    private let tools: ChannelTools
    private let zones: ZoneDirectory
    private let checks: [Check]
    private let log: RunLog
    private let say: @Sendable (Severity, String, [(String, String?)]) -> Void
    private(set) var channels: [String: any AlertChannel] = [:]
    private var desk: AlertDesk?
    private var canaries: Canaries?
    private var inventory: Inventory?
    /// As it was decided last; what people said since is in the store.
    private var state = RouterState()
    private var version = ""
    /// Of the store, when it was last looked at.
    private var storeVersion: Int64?
    /// Opened where it is asked first.
    private var storeWatch: StoreVersion?
    private var nextDue: Timestamp?
    private var decidedAt: Duration?
    private var madeAt: Duration?

    init(
        tools: ChannelTools, zones: ZoneDirectory, checks: [Check], log: RunLog,
        say: @escaping @Sendable (Severity, String, [(String, String?)]) -> Void
    ) {
        self.tools = tools
        self.zones = zones
        self.checks = checks
        self.log = log
        self.say = say
    }

    /// Decides where something is open that was not, is over, or is due; true where the configuration was taken up.
    mutating func step(_ inventory: Inventory, at now: Timestamp) async throws -> Bool {
        let isNew = self.inventory != inventory
        if isNew || isOlder(madeAt, than: Self.makeAgain) {
            let isMade = make(inventory)
            if isNew { try await take(up: inventory, keepingOthers: !isMade) }
        }
        guard let desk else { return isNew }
        let isDue = isNew || nextDue.map { $0 <= now } ?? false || isOlder(decidedAt, than: Self.lookAgain)
        let watch = try storeWatch ?? log.version()
        storeWatch = watch
        let written = try await watch.read()
        guard isDue || written != storeVersion else { return false }
        storeVersion = written
        let found = try await log.troubles(inventory, checks)
        let silences = try await maintenance(at: now)
        guard isDue || found.version != version || !silences.isEmpty else { return false }
        let taken = try await desk.decide(open: found.troubles, silences, at: now)
        version = found.version
        nextDue = taken.nextDue
        state = taken.state
        decidedAt = tools.clock.monotonic()
        let idle = IdleSilences.judge(taken.state, at: now)
        for finding in idle.open { try await log.open(alertFinding: finding) }
        for finding in idle.over { try await log.resolve(alertFinding: finding) }
        if let canaries {
            let missed = MissedCanaries.judge(
                try await log.send(canaries), open: try await log.openFindings(), at: now)
            for finding in missed.open { try await log.open(alertFinding: finding) }
            for finding in missed.over { try await log.resolve(alertFinding: finding) }
        }
        return isNew
    }

    /// What the runner takes out of service now, as silences that begin or end.
    private func maintenance(at now: Timestamp) async throws -> [AlertEvent] {
        let begin = MaintenanceSilences.begin(state, at: now)
        let work = try await log.plannedWork(from: begin, until: now)
        guard !work.isEmpty || begin < now else { return [] }
        return MaintenanceSilences(work: work, probes: try await log.monitored()).events(state, at: now)
    }

    private func isOlder(_ then: Duration?, than age: Duration) -> Bool {
        then.map { tools.clock.monotonic() - $0 >= age } ?? true
    }

    /// Where the rules cannot be made, a zone is gone, say, those before go on to count: nobody is told of less.
    private mutating func make(_ inventory: Inventory) -> Bool {
        madeAt = tools.clock.monotonic()
        do {
            desk = try inventory.alertRules(zones).map {
                AlertDesk(log: log, rules: $0, rulesDigest: inventory.alertsDigest)
            }
            canaries = try inventory.canaries(zones)
        } catch {
            say(.critical, "alerts keep to the rules before", [("problem", ErrorReport(error).problem)])
            return false
        }
        return true
    }

    /// - Parameter keepingOthers: whether the rules before count, which may decide for channels that are gone.
    private mutating func take(up inventory: Inventory, keepingOthers: Bool) async throws {
        if !keepingOthers { channels = [:] }
        for settings in inventory.alerts?.channels ?? [] {
            channels[settings.name] = AlertChannels.make(settings, tools)
        }
        if !keepingOthers {
            let reached = inventory.alerts?.reached ?? [:]
            for finding in DeliveryFinding.orphans(try await log.openFindings(), reached: reached) {
                try await log.resolve(alertFinding: finding)
            }
        }
        self.inventory = inventory
        version = ""
    }
}
