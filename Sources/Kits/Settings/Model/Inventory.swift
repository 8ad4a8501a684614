import Maintenance

/// What is maintained, and how: everything the configuration files say, checked and typed.
package struct Inventory: Sendable, Equatable {
    /// In the order of the files.
    package var environments: [Environment] = []
    /// For every environment; one may override them.
    package var checks: CheckSettings = [:]
    package var routines: [RoutineSettings] = []
    /// The zone of schedules that name none; nil for UTC.
    package var timeZone: String?
    package var calendars: [CalendarSettings] = []
    package var backups = BackupSettings()
    /// Nil where nothing is asked all the time.
    package var monitoring: MonitoringSettings?
    /// Nil where nothing is told to anybody.
    package var alerts: AlertSettings?
    /// Nil where nothing listens.
    package var server: DashboardSettings?
    package var reports = ReportSettings()
    package var history = HistorySettings()
    package var approvals = ApprovalSettings()
    package var checklists: [ChecklistSettings] = []
    /// For every environment; `windowRules(of:)` adds an environment's own.
    package var windows: [WindowRule] = []
    /// Where state is kept, absolute; nil where the command line or the default decides. `--state` wins over it.
    package var stateDirectory: String?
    /// The files this was read from, in reading order.
    package var sourceFiles: [String] = []
    /// SHA-256 over the names and texts of those files; nil where it was read from none. What stands elsewhere (`file:`,
    /// `command:`, variables) is not in it.
    package var sourceDigest: String?
    /// Where each key was written, by its path (`environments.production.protected`).
    package var locations: [String: SourceLocation] = [:]

    package init() {}

    package subscript(environment name: String) -> Environment? { environments.first { $0.name == name } }
    package subscript(routine name: String) -> RoutineSettings? { routines.first { $0.name == name } }
    package subscript(checklist name: String) -> ChecklistSettings? { checklists.first { $0.name == name } }

    package subscript(target: Target) -> Resource? {
        self[environment: target.environment]?.resources.first { $0.name == target.resource }
    }

    /// All resources of the named environments (all where nil), in the order of the files.
    package func targets(of kinds: Set<ResourceKind>, in names: [String]? = nil) -> [(
        target: Target, resource: Resource
    )] {
        environments.filter { names?.contains($0.name) ?? true }.flatMap { environment in
            environment.resources.filter { kinds.contains($0.kind) }
                .map { (Target(environment: environment.name, resource: $0.name), $0) }
        }
    }

    /// What the configuration says about a check in an environment: the environment's own words over those for all.
    package func check(_ name: String, in environment: String) -> CheckSetting {
        let general = checks[name] ?? CheckSetting()
        guard let own = self[environment: environment]?.checks[name] else { return general }
        return general.overridden(by: own)
    }
}

/// A set of resources that belong together: production, staging, test, …
package struct Environment: Sendable, Equatable {
    package var name: String
    /// Never the target of other environments' data, and nothing is destroyed in it without an approval.
    package var isProtected = false
    package var labels: [String: String] = [:]
    /// In the order of the files.
    package var resources: [Resource] = []
    /// What differs from `Inventory.checks`; `Inventory.check(_:in:)` puts them together.
    package var checks: CheckSettings = [:]
    /// Beside those of `Inventory.approvals`.
    package var approvals: [ApprovalRule] = []
    /// Beside those of `Inventory.windows`.
    package var windows: [WindowRule] = []
    /// What differs from the policy for all; `Inventory.backupPolicy(of:)` puts them together.
    package var backups = BackupPolicy()
    package var location: SourceLocation

    package init(name: String, location: SourceLocation) {
        self.name = name
        self.location = location
    }
}

/// One thing in an environment, and how to reach it.
package struct Resource: Sendable, Equatable {
    package var name: String
    package var access: ResourceAccess
    package var location: SourceLocation

    package init(name: String, access: ResourceAccess, location: SourceLocation) {
        self.name = name
        self.access = access
        self.location = location
    }

    package var kind: ResourceKind { access.kind }
}

/// How to reach a resource, one type for each kind.
package enum ResourceAccess: Sendable, Equatable {
    case postgresql(PostgreSQLAccess)
    case http(HTTPAccess)
    case host(HostAccess)
    case logs(LogAccess)
    case files(FileAccess)
    case storage(StorageAccess)
    case tcp(TCPAccess)
    case tls(TLSAccess)
    case command(ProgramAccess)
    case query(QueryAccess)
    case dns(DNSAccess)
    case ping(PingAccess)
    case redis(RedisAccess)
    case process(ProcessAccess)
    case service(ServiceAccess)
    case suite(SuiteAccess)
    case pgbouncer(PoolerAccess)
    case logPattern(LogPatternAccess)
    case heartbeat(HeartbeatAccess)

    package var kind: ResourceKind {
        switch self {
        case .postgresql: .postgresql
        case .http: .http
        case .host: .host
        case .logs: .logs
        case .files: .files
        case .storage: .storage
        case .tcp: .tcp
        case .tls: .tls
        case .command: .command
        case .query: .query
        case .dns: .dns
        case .ping: .ping
        case .redis: .redis
        case .process: .process
        case .service: .service
        case .suite: .suite
        case .pgbouncer: .pgbouncer
        case .logPattern: .logPattern
        case .heartbeat: .heartbeat
        }
    }
}

/// How long the state remembers what was done and measured. The audit trail is not part of it, and stays.
package struct HistorySettings: Sendable, Equatable {
    /// Nil keeps all.
    package var keep: Written<Period>?

    package init() {}
}
