import Maintenance

/// The whole configuration as data: everything that reads, writes, describes or checks it starts here.
struct ConfigurationSection: Sendable {
    var vocabulary: SettingsVocabulary

    private var checks: CheckSections { CheckSections(schemas: vocabulary.checks) }
    private var calendars: CalendarSections { CalendarSections(zones: vocabulary.zones) }
    private var approvals: ApprovalSections { ApprovalSections(tasks: vocabulary.tasks) }
    private var alerts: AlertSections { AlertSections(zones: vocabulary.zones) }
    private var checklists: ChecklistSections {
        ChecklistSections(
            checks: vocabulary.checks.map(\.name),
            steps: StepSections(judgeTask: vocabulary.judgeStep, zones: vocabulary.zones))
    }
    private var server: ServerSections {
        ServerSections(
            statusPage: StatusPageSections(checks: vocabulary.checks.map(\.name), zones: vocabulary.zones))
    }
    private var windows: WindowSections { WindowSections(tasks: vocabulary.tasks, zones: vocabulary.zones) }

    var section: Section<Inventory> {
        Section(
            prototype: { _ in Inventory() },
            keys: [
                Key("environments", \.environments, environments, "What is maintained: environments by name."),
                Key("checks", \.checks, checks.format, "What differs from the checks' defaults, for all environments."),
                Key(
                    "routines", \.routines,
                    RoutineSections(
                        judgeStep: vocabulary.judgeStep, shipped: vocabulary.shippedRoutines, zones: vocabulary.zones
                    ).format,
                    "Named lists of steps."),
                Key(
                    "time-zone", \.timeZone, .zone(vocabulary.zones), standard: .text("UTC"),
                    "The zone of schedules that name none."),
                Key("calendars", \.calendars, calendars.format, "Named days on which schedules start nothing."),
                Key(
                    "backups", \.backups, BackupSections.format,
                    "Where backups go, which stay, and how fresh they have to be."),
                Key(
                    "approvals", \.approvals, approvals.format,
                    "What has to be approved, by whom, and for how long that counts."),
                Key(
                    "checklists", \.checklists, checklists.format,
                    "What differs from the shipped checklists, and lists of one's own."),
                Key(
                    "windows", \.windows, windows.format,
                    "When changes may be made, in all environments; a change that no window speaks of is not "
                        + "restricted."),
                Key(
                    "monitoring", \.monitoring, MonitoringSections.format,
                    "What is asked all the time while 'mainstay serve' runs, and how often."),
                Key("alerts", \.alerts, alerts.format, "What is told to whom, when, and over what."),
                Key("server", \.server, server.format, "The dashboard: where it listens, and how."),
                Key("reports", \.reports, reports, "Where reports go and how long they stay."),
                Key("history", \.history, history, "How long runs, samples and findings that are over are remembered."),
                Key(
                    "state", \.stateDirectory, .path,
                    "The directory for Mainstay's own state; '--state' on the command line wins over it."),
            ],
            later: [
                "alerting", "api", "backup", "calendar", "capacity",
                "compliance", "dashboard", "frequency", "guides", "incidents", "leases", "limits", "metrics",
                "notifications", "notifiers", "owners", "people", "policies", "recipients", "retention", "schedule",
                "schedules", "secrets", "serve", "storage", "storages", "store", "teams", "thresholds",
                "training", "users", "window", "workers",
            ])
    }

    private var environments: Format<[Environment]> {
        let section = Section<EnvironmentDraft>(
            prototype: { _ in EnvironmentDraft() },
            keys: [
                Key(
                    "protected", \.isProtected, .boolean, standard: false,
                    "Whether nothing is destroyed in it without an approval, and other environments' data never gets in."
                ),
                Key("labels", \.labels, .dictionary("label", .text), "Words to choose environments by."),
                Key("resources", \.resources, resources, "What belongs to it, by name."),
                Key(
                    "checks", \.checks, checks.format.described(as: "checks"),
                    "What differs from the checks for all environments."),
                Key(
                    "approvals", \.approvals, approvals.environmentRules,
                    "What has to be approved in it, beside the rules for all environments."),
                Key(
                    "windows", \.windows, windows.format.described(as: "windows"),
                    "When changes may be made in it, beside the windows for all environments."),
                Key(
                    "backups", \.backups, BackupPolicySection.format,
                    "What differs in it from the policy for all backups."),
            ],
            later: [
                "window", "policies", "retention", "schedule", "backup", "refresh",
                "notify", "alerts", "owner", "owners", "routines", "frequency",
            ])
        return Format<[Named<EnvironmentDraft>]>.named("environment", section.format).map(
            { items, _, _, _ in
                items.map { item in
                    var environment = Environment(name: item.name, location: item.location)
                    environment.isProtected = item.value.isProtected
                    environment.labels = item.value.labels
                    environment.resources = item.value.resources
                    environment.checks = item.value.checks
                    environment.approvals = item.value.approvals
                    environment.windows = item.value.windows
                    environment.backups = item.value.backups
                    return environment
                }
            },
            writing: { environments in
                environments.map { environment in
                    Named(
                        name: environment.name,
                        value: EnvironmentDraft(
                            isProtected: environment.isProtected, labels: environment.labels,
                            resources: environment.resources, checks: environment.checks,
                            approvals: environment.approvals, windows: environment.windows,
                            backups: environment.backups),
                        location: environment.location)
                }
            })
    }

    private var resources: Format<[Resource]> {
        let access = Format<ResourceAccess>.variants(
            "kind",
            ResourceKind.allCases.map { kind in
                let section: MappedSection<ResourceAccess> =
                    switch kind {
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
                return (kind.rawValue, section)
            },
            later: ["cluster", "certificate", "source", "repository", "container", "supabase", "grpc"],
            name: { $0.kind.rawValue })
        return Format<[Named<ResourceAccess>]>.named("resource", access).map(
            { items, _, _, _ in
                items.map { Resource(name: $0.name, access: $0.value, location: $0.location) }
            },
            writing: { resources in
                resources.map { Named(name: $0.name, value: $0.access, location: $0.location) }
            })
    }

    private var history: Format<HistorySettings> {
        Section<HistorySettings>(
            prototype: { _ in HistorySettings() },
            keys: [
                Key(
                    "keep", \.keep, Format.age.written,
                    "What ended longer ago is removed by 'history prune'; without it, nothing. The audit trail stays.")
            ],
            later: ["runs", "samples", "findings", "audit"]
        ).format
    }

    private var reports: Format<ReportSettings> {
        Section<ReportSettings>(
            prototype: { _ in ReportSettings() },
            keys: [
                Key("directory", \.directory, .path, "Where they are written; without it, under the state directory."),
                Key("keep", \.keep, Format.age.written, "Older ones are removed; without it, none."),
                Key(
                    "channel", \.channel, .text,
                    "The channel of kind 'email' under 'alerts.channels' that mails them; without it, the first."),
                Key(
                    "recipients", \.recipients, Self.recipients,
                    "Who gets each kind of report, or all, whenever it is written to its own place."),
            ],
            later: ["format", "schedule", "mail", "title", "logo"]
        ).format
    }

    static var recipients: Format<ReportSettings.Recipients> {
        let kinds = ReportKind.allCases.map { kind in
            Key<ReportSettings.Recipients>(
                kind.rawValue, \.[kind], .oneOrMore(.address), "Who gets the \(kind.rawValue) report.")
        }
        return Section<ReportSettings.Recipients>(
            prototype: { _ in ReportSettings.Recipients() },
            keys: kinds + [Key("all", \.all, .oneOrMore(.address), "Who gets every report.")],
            later: ["security", "capacity", "upgrade"]
        ).format
    }

    /// What only shows when everything is put together.
    func judge(_ inventory: Inventory, _ reading: Reading) {
        RoutineSections.judge(inventory, vocabulary, reading)
        ReportSettings.judge(inventory, reading)
        checks.judgeOrder(inventory, reading)
        calendars.judge(inventory, reading)
        ApprovalSections.judge(inventory, routines: vocabulary.routines, reading)
        ChecklistSections.judge(inventory, vocabulary, reading)
        windows.judge(inventory, reading)
        BackupPolicySection.judge(inventory, reading)
        PhysicalSections.judge(inventory, reading)
        ProbeSections.judge(inventory, reading)
        SuiteSections.judge(inventory, reading)
        MonitoringSections.judge(inventory, reading)
        alerts.judge(inventory, reading)
        server.judge(inventory, vocabulary.routines, reading)
    }

    private struct EnvironmentDraft: Sendable {
        var isProtected = false
        var labels: [String: String] = [:]
        var resources: [Resource] = []
        var checks: CheckSettings = [:]
        var approvals: [ApprovalRule] = []
        var windows: [WindowRule] = []
        var backups = BackupPolicy()
    }
}
