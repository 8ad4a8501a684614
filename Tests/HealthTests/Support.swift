import Command
import Composition
import Engine
import Health
import Maintenance
import MaintenanceTesting
import PostgreSQL
import Settings

let healthEntries = Capability.health.tasks.map(\.entry)

/// Runs one check on the test's database.
///
/// - Parameters:
///   - user: the login role; the superuser where nil.
///   - warning, critical: over the check's own thresholds, in its unit; infinity for none.
func check(
    _ name: String, user: String? = nil, warning: Double? = nil, critical: Double? = nil,
    options: [String: Scalar] = [:]
) async throws -> RunSummary {
    try await check(
        name, on: [TestDatabase.current.resource("main", user: user)], warning: warning, critical: critical,
        options: options)
}

func check(
    _ name: String, on resources: [Resource], warning: Double? = nil, critical: Double? = nil,
    options: [String: Scalar] = [:]
) async throws -> RunSummary {
    var harness = try TaskHarness(
        healthEntries, inventory: Inventory(Environment("test", resources)))
    var setting = CheckSetting()
    setting.warning = warning.map { Written($0.isFinite ? .at($0) : .none, at: .test) }
    setting.critical = critical.map { Written($0.isFinite ? .at($0) : .none, at: .test) }
    setting.options = options.mapValues { Written($0, at: .test) }
    setting.retries = Written(0, at: .test)
    harness.inventory.checks[name] = setting
    if name != "database.connectivity" {
        // It always comes first, and a busy machine is not what is tested.
        var gate = CheckSetting()
        gate.warning = Written(.none, at: .test)
        gate.critical = Written(.none, at: .test)
        harness.inventory.checks["database.connectivity"] = gate
    }
    return try await harness.run("health check --check=\(name)")
}

/// What a listing of names is worst at: quotes, commands, markup, escapes, line breaks.
let hostileName = "o'\"; drop table x; --<script>\u{1B}[31m\nü"
