import Calendar
import Engine
import Maintenance
import MaintenanceTesting
import PostgreSQL
import Settings

/// An environment with windows, one database and the ledger, whose changes take as long as a test says on a clock that
/// stands still otherwise. It is Saturday, 2026-11-21 02:00 UTC.
struct WindowEstate: Sendable {
    let clock = ManualClock()
    let harness: TaskHarness

    init(
        _ windows: [WindowRule], isProtected: Bool = false, keys: [String] = ["a", "b", "c"], minutes: Int = 12,
        adapting: (inout Ledger) -> Void = { _ in }
    ) async throws {
        try await TestDatabase.current.run("create table if not exists ledger (key text not null, step serial)")
        let clock = clock
        var ledger = Ledger()
        ledger.keys = keys
        ledger.before = { _, _ in clock.advance(by: .seconds(minutes * 60)) }
        adapting(&ledger)
        var inventory = Inventory(
            Environment("production", isProtected: isProtected, [try TestDatabase.current.resource("main")]))
        inventory.environments[0].windows = windows
        harness = try TaskHarness([TaskEntry(ledger)], inventory: inventory, clock: clock.clock)
    }

    /// The same estate and state, in which the task proposes something else.
    func proposing(_ keys: [String], minutes: Int = 12, adapting: (inout Ledger) -> Void = { _ in }) -> TaskHarness {
        let clock = clock
        var ledger = Ledger()
        ledger.keys = keys
        ledger.before = { _, _ in clock.advance(by: .seconds(minutes * 60)) }
        adapting(&ledger)
        var copy = harness
        copy.catalog = TaskCatalog([TaskEntry(ledger)])
        return copy
    }

    func rows() async throws -> [String] { try await Ledger.rows(TestDatabase.current) }

    func set(_ text: String) throws {
        guard let instant = Timestamp(iso8601: text) else { preconditionFailure("\(text) is no time") }
        clock.set(instant)
    }

    /// The only approval that is waited for.
    func request() async throws -> String? {
        let waiting = try await harness.approvals(by: .bob).waiting()
        guard waiting.count < 2 else { preconditionFailure("\(waiting.count) approvals wait") }
        return waiting.first?.ballot.request.id
    }

    /// What needs somebody, as `mainstay status` says it, without the scheduler.
    func attentions() async throws -> [ScheduleStanding.Attention] {
        try await ScheduleStanding(harness.log, harness.inventory, [], ZoneDirectory(environment: [:])).attentions
            .filter { $0.kind != .notRunning }
    }
}

extension WindowRule {
    static func test(
        _ during: String?, _ kind: Kind = .primary, effects: [Effect]? = nil, tasks: [String]? = nil
    ) throws -> WindowRule {
        var rule = WindowRule(location: .test)
        rule.kind = kind
        rule.during = try during.map {
            Written(try ScheduleExpression($0, zones: ZoneDirectory(environment: [:])), at: .test)
        }
        rule.effects = effects
        rule.tasks = tasks
        return rule
    }
}
