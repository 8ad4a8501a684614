import Command
import Composition
import Engine

/// Whether what is maintained is well: checks of databases, endpoints and machines.
extension Capability {
    package static let health = Capability(
        "health",
        tasks: [.init(CheckHealth.self)],
        checks: HealthChecks.all)
}

/// THE list of health checks: one line each.
enum HealthChecks {
    static let all: [Check] = [
        .databaseConnectivity,
        .connectionsUsed,
    ]
}
