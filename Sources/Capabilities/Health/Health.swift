import Command
import Composition
import Engine
import Maintenance

/// Whether what is maintained is well: checks of databases, endpoints and machines.
extension Capability {
    package static let health = Capability(
        "health",
        tasks: [.init(CheckHealth.self)],
        checks: HealthChecks.all,
        commands: [
            ("health", AcceptSchema.self), ("monitor", EnableMonitoring.self),
            ("monitor", ShowMonitoring.self),
            ("monitor", ShowPerformance.self), ("monitor", ExportMonitoring.self),
        ],
        services: [MonitorService.service])
}

/// THE list of health checks: one line each.
enum HealthChecks {
    static let all: [Check] = [
        .databaseConnectivity,
        .responseTime,
        .connectionsUsed,
        .longTransactions,
        .idleInTransaction,
        .replicationLag,
        .replicationSlots,
        .locksWaiting,
        .preparedTransactions,
        .transactionIDWraparound,
        .cacheHitRatio,
        .invalidIndexes,
        .schemaIntegrity,
        .dataConsistency,
        .sequencesUsed,
        .backupAge,
        .backupProof,
        .physicalBackup,
        .archiving,
        .recoveryDrill,
        .endpointAnswer,
        .endpointResponseTime,
        .endpointCertificate,
        .processorUse,
        .memoryUse,
        .diskUse,
        .diskInodes,
        .machineLoad,
    ]

    /// What has to be answered before anything else is asked of a resource of this kind.
    static func gate(_ kind: ResourceKind) -> Check? {
        switch kind {
        case .postgresql: .databaseConnectivity
        case .http: .endpointAnswer
        case .host, .logs, .files, .storage: nil
        }
    }
}
