import Calendar
import Engine
import Maintenance
import MaintenanceTesting
import Outside
import Settings

/// A task that needs no database: one change in each environment, of which a test says what it does and how it is seen.
struct Effort: MaintenanceTask {
    struct Options: Sendable {}

    static let declaration = TaskDeclaration(
        name: "test.effort", summary: "do something", explanation: "For tests.", effect: .destroys,
        subject: .environments)

    var effect: Effect = .maintains
    var body: @Sendable (Target) async throws -> Void = { _ in }
    var verdict: @Sendable (Target) -> Proof = { _ in .done([:]) }

    init(_ options: Options) {}
    init() {}

    func survey(_ look: Look) async throws -> Observation {
        var observation = Observation()
        observation.changes = [
            Change(
                kind: "effort", object: look.target.environment, action: .program(["true"]), effect: effect,
                reversal: "none is needed", identity: [:], reason: "a test wants it", keeps: "everything")
        ]
        return observation
    }

    func inspect(_ change: Change, _ look: Look) async throws -> Inspection { Inspection(identity: [:], witness: [:]) }

    func apply(_ change: Change, _ act: Act) async throws { try await body(act.look.target) }

    func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof { verdict(look.target) }

    /// With this task alone, in these environments.
    func harness(_ environments: [Environment], clock: WallClock = .system) throws -> TaskHarness {
        var inventory = Inventory(environments[0])
        inventory.environments = environments
        return try TaskHarness([TaskEntry(self)], inventory: inventory, clock: clock)
    }
}

extension TaskHarness {
    /// What needs somebody, as `mainstay status` says it, without the scheduler.
    func attentions() async throws -> [ScheduleStanding.Attention] {
        try await ScheduleStanding(log, inventory, [], ZoneDirectory(environment: [:])).attentions
            .filter { $0.kind != .notRunning }
    }
}
