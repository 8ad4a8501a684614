import Command
import Composition
import Engine
import Maintenance
import Settings

/// Whether what is maintained is well: checks of databases, endpoints and machines.
extension Capability {
    package static let health = Capability(
        "health",
        tasks: [.init(CheckHealth.self)],
        checks: HealthChecks.all,
        findingPages: MonitorFinding.pages,
        commands: [
            ("health", AcceptSchema.self), ("health", AcceptSettings.self), ("monitor", EnableMonitoring.self),
            ("monitor", ConfigureMonitoring.self),
            ("health", AutomateHealthChecks.self),
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
        .deadlocks,
        .temporaryFiles,
        .commitRatio,
        .requestedCheckpoints,
        .walOnDisk,
        .freezeAge,
        .pendingSettings,
        .acceptedSettings,
        .disabledTriggers,
        .unvalidatedConstraints,
        .outdatedExtensions,
        .expiringRoles,
        .checksumFailures,
        .standbyConflicts,
        .replayPaused,
        .subscriptions,
        .clockDifference,
        .databaseSize,
        .databaseSessions,
        .serverVersion,
        .locksHeld,
        .checkpointAge,
        .deadRows,
        .staleStatistics,
        .backupAge,
        .backupProof,
        .physicalBackup,
        .archiving,
        .recoveryDrill,
        .portAnswer,
        .tlsAnswer,
        .commandResult,
        .queryResult,
        .redisAnswer,
        .nameAnswer,
        .echoAnswer,
        .processesRunning,
        .serviceState,
        .suiteSteps,
        .poolerState,
        .logMatches,
        .heartbeatHeard,
        .endpointAnswer,
        .endpointResponseTime,
        .endpointCertificate,
        .processorUse,
        .memoryUse,
        .diskUse,
        .diskInodes,
        .machineLoad,
        .hostPressure,
        .hostClock,
        .diskActivity,
        .networkErrors,
    ]

    /// What is asked of a resource: the one place everybody who runs checks starts from.
    static func of(_ resource: Resource) -> [Check] { all.filter { $0.kind == resource.kind } }

    /// What has to be answered before anything else is asked of a resource of this kind.
    static func gate(_ kind: ResourceKind) -> Check? {
        switch kind {
        case .postgresql: .databaseConnectivity
        case .http: .endpointAnswer
        case .host, .logs, .files, .storage, .tcp, .tls, .command, .query, .dns, .ping, .redis, .process, .service,
            .suite, .pgbouncer, .logPattern, .heartbeat:
            nil
        }
    }
}
